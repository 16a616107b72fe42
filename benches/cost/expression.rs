//! The part of DynamoDB's expression language that a log needs: conditions, and operands of updates.
//!
//! Paths are names of attributes, without dots and indices. What is not known here is an error that names it, so
//! that the function meets a refusal and never a wrong answer.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// An item's attributes, each as DynamoDB writes it in JSON, such as `{"S": "text"}`.
pub(crate) type Attributes = Map<String, Value>;

/// What a request gives beside its expressions.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The whole request, with its `ExpressionAttributeNames` and `ExpressionAttributeValues`.
    pub(crate) request: &'a Value,
    /// The item as it is, empty where there is none.
    pub(crate) item: &'a Attributes,
}

/// An expression, read from left to right.
pub(crate) struct Reader<'a> {
    tokens: Vec<&'a str>,
    at: usize,
    scope: Scope<'a>,
}

type Answer<T> = Result<T, String>;

impl<'a> Reader<'a> {
    pub(crate) fn new(expression: &'a str, scope: Scope<'a>) -> Self {
        Self {
            tokens: tokens(expression),
            at: 0,
            scope,
        }
    }

    /// Whether a whole condition holds.
    pub(crate) fn holds(mut self) -> Answer<bool> {
        let holds = self.or()?;
        match self.peek() {
            None => Ok(holds),
            Some(rest) => Err(format!("unexpected {rest}")),
        }
    }

    pub(crate) fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).copied()
    }

    pub(crate) fn next(&mut self) -> Answer<&'a str> {
        let token = self.peek().ok_or("the expression ends too soon")?;
        self.at += 1;
        Ok(token)
    }

    /// Takes the next token if it is this word, in capital letters or not.
    pub(crate) fn take(&mut self, word: &str) -> bool {
        let is_it = self
            .peek()
            .is_some_and(|token| token.eq_ignore_ascii_case(word));
        self.at += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, word: &str) -> Answer<()> {
        if self.take(word) {
            return Ok(());
        }
        Err(format!("expected {word} before {:?}", self.peek()))
    }

    fn or(&mut self) -> Answer<bool> {
        let mut holds = self.and()?;
        while self.take("OR") {
            holds |= self.and()?;
        }
        Ok(holds)
    }

    fn and(&mut self) -> Answer<bool> {
        let mut holds = self.not()?;
        while self.take("AND") {
            holds &= self.not()?;
        }
        Ok(holds)
    }

    fn not(&mut self) -> Answer<bool> {
        if self.take("NOT") {
            return Ok(!self.not()?);
        }
        if self.take("(") {
            let holds = self.or()?;
            self.expect(")")?;
            return Ok(holds);
        }
        if let Some(function) = self.peek().filter(|word| is_condition(word)) {
            self.at += 1;
            return self.function(function);
        }
        self.comparison()
    }

    fn function(&mut self, function: &str) -> Answer<bool> {
        self.expect("(")?;
        let subject = self.operand()?;
        let holds = match function {
            "attribute_exists" => subject.is_some(),
            "attribute_not_exists" => subject.is_none(),
            _ => {
                self.expect(",")?;
                let other = self.operand()?;
                let (subject, other) = (text(subject.as_ref()), text(other.as_ref()));
                subject.zip(other).is_some_and(|(subject, other)| {
                    if function == "contains" {
                        subject.contains(other)
                    } else {
                        subject.starts_with(other)
                    }
                })
            }
        };
        self.expect(")")?;
        Ok(holds)
    }

    fn comparison(&mut self) -> Answer<bool> {
        let left = self.operand()?;
        let operator = self.next()?.to_ascii_uppercase();
        if operator == "IN" {
            self.expect("(")?;
            let mut holds = false;
            loop {
                let right = self.operand()?;
                holds |= order(left.as_ref(), right.as_ref()) == Some(Ordering::Equal);
                if !self.take(",") {
                    break;
                }
            }
            self.expect(")")?;
            return Ok(holds);
        }
        let right = self.operand()?;
        let order_of_both = order(left.as_ref(), right.as_ref());
        if operator == "BETWEEN" {
            self.expect("AND")?;
            let most = self.operand()?;
            let below = order(left.as_ref(), most.as_ref());
            return Ok(
                order_of_both.is_some_and(Ordering::is_ge) && below.is_some_and(Ordering::is_le)
            );
        }
        Ok(match operator.as_str() {
            "=" => left.is_some() && left == right,
            "<>" => left != right,
            "<" => order_of_both.is_some_and(Ordering::is_lt),
            "<=" => order_of_both.is_some_and(Ordering::is_le),
            ">" => order_of_both.is_some_and(Ordering::is_gt),
            ">=" => order_of_both.is_some_and(Ordering::is_ge),
            other => return Err(format!("unknown operator {other}")),
        })
    }

    /// An attribute, a value of the request, or what a function makes of them; none where it does not exist.
    pub(crate) fn operand(&mut self) -> Answer<Option<Value>> {
        let token = self.next()?;
        let is_call = self.peek() == Some("(");
        if token.starts_with(':') {
            let value = &self.scope.request["ExpressionAttributeValues"][token];
            return match value {
                Value::Null => Err(format!("{token} has no value")),
                value => Ok(Some(value.clone())),
            };
        }
        if token == "if_not_exists" && is_call {
            self.expect("(")?;
            let present = self.operand()?;
            self.expect(",")?;
            let otherwise = self.operand()?;
            self.expect(")")?;
            return Ok(present.or(otherwise));
        }
        if token == "size" && is_call {
            self.expect("(")?;
            let value = self.operand()?;
            self.expect(")")?;
            let size = value.map(|value| super::table::value_size(&value).to_string());
            return Ok(size.map(|size| serde_json::json!({"N": size})));
        }
        if is_call {
            return Err(format!("unknown function {token}"));
        }
        Ok(self.scope.item.get(self.name(token)?).cloned())
    }

    /// The attribute's name that a token stands for.
    pub(crate) fn name(&self, token: &'a str) -> Answer<&'a str> {
        let is_first = |first: char| first.is_ascii_alphabetic() || first == '_';
        let is_name = |text: &str| text.starts_with(is_first) && !text.contains('.');
        if token.starts_with('#') {
            let name = self.scope.request["ExpressionAttributeNames"][token].as_str();
            return name.ok_or_else(|| format!("{token} has no name"));
        }
        if is_name(token) {
            return Ok(token);
        }
        Err(format!("unexpected {token}"))
    }
}

fn is_condition(word: &str) -> bool {
    let known = [
        "attribute_exists",
        "attribute_not_exists",
        "begins_with",
        "contains",
    ];
    known.contains(&word)
}

fn text(value: Option<&Value>) -> Option<&str> {
    value?["S"].as_str()
}

/// How two values of one type are ordered.
fn order(left: Option<&Value>, right: Option<&Value>) -> Option<Ordering> {
    let number = |value: &Value| value["N"].as_str()?.parse::<f64>().ok();
    let (left, right) = (left?, right?);
    if let (Some(left), Some(right)) = (left["S"].as_str(), right["S"].as_str()) {
        return Some(left.cmp(right));
    }
    number(left)?.partial_cmp(&number(right)?)
}

/// Words with their marks, and operators.
fn tokens(expression: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_alphanumeric() || "_#:.".contains(letter);
        let length = if is_word(first) {
            rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())
        } else if ["<>", "<=", ">="].iter().any(|two| rest.starts_with(two)) {
            2
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}
