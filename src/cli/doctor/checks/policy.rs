//! The policy of the queue of records: the rules may send, and so may the function and the rosters' role, as far as the
//! queue has a say. IAM's simulator does not take a queue's policy together with a role, so it is read here.

use serde_json::Value;

use crate::cli::doctor::finding::{Finding, names};
use crate::cli::doctor::seen::{Seen, name_of};
use crate::core::arn::last_segment;

const AREA: &str = "policy";
const EVENTS: &str = "events.amazonaws.com";

pub(super) fn check(seen: &Seen, has_timers: bool) -> Vec<Finding> {
    let Some(arn) = &seen.records_arn else {
        return Vec::new();
    };
    let Some(Ok(Some(queue))) = seen.queues.get(arn) else {
        return Vec::new();
    };
    let policy = queue.policy.as_deref().unwrap_or("{}");
    let Ok(policy) = serde_json::from_str::<Value>(policy) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let mut shut_out = |which: Vec<&str>, who: &str, advice: &str| {
        if !which.is_empty() {
            let text = format!("does not let {who} send: {}", names(which));
            findings.push(Finding::wrong(AREA, name_of(arn), text, advice));
        }
    };
    let rules = seen.rules.iter().flatten().filter(|rule| {
        let sender = Sender::Service {
            service: EVENTS,
            source_arn: &rule.arn,
        };
        decide(&policy, arn, &sender) != Decision::Allowed
    });
    shut_out(
        rules.map(|rule| rule.name.as_str()).collect(),
        "rules",
        "allow events.amazonaws.com sqs:SendMessage with the rule's ARN as aws:SourceArn",
    );
    let mut senders: Vec<&str> = has_timers
        .then_some(seen.function.role_arn.as_str())
        .into_iter()
        .collect();
    senders.extend(
        seen.rosters
            .iter()
            .flatten()
            .map(|roster| roster.role_arn.as_str()),
    );
    senders.sort_unstable();
    senders.dedup();
    // A role needs no statement of the queue's: its own policies allow it, which the check of roles asks about.
    senders.retain(|role| decide(&policy, arn, &Sender::Role(role)) == Decision::Denied);
    shut_out(
        senders.into_iter().map(last_segment).collect(),
        "roles",
        "take the role out of the policy's Deny statement: timers and rosters come from it",
    );
    if findings.is_empty() {
        let text = "lets the rules, the function and the rosters send";
        findings.push(Finding::fine(AREA, name_of(arn), text));
    }
    findings
}

/// Who sends a message.
enum Sender<'a> {
    Service {
        service: &'a str,
        source_arn: &'a str,
    },
    Role(&'a str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Allowed,
    Denied,
    /// No statement is about it.
    Silent,
}

/// What a queue's policy says of `sqs:SendMessage`. A condition that is not known here counts as holding where the
/// statement allows and as not holding where it denies, so that the doctor calls no policy wrong that it cannot read.
fn decide(policy: &Value, queue_arn: &str, sender: &Sender<'_>) -> Decision {
    let statements = list(&policy["Statement"]);
    let applying: Vec<&str> = statements
        .iter()
        .filter(|statement| applies(statement, queue_arn, sender))
        .filter_map(|statement| statement["Effect"].as_str())
        .collect();
    if applying.contains(&"Deny") {
        Decision::Denied
    } else if applying.contains(&"Allow") {
        Decision::Allowed
    } else {
        Decision::Silent
    }
}

fn applies(statement: &Value, queue_arn: &str, sender: &Sender<'_>) -> bool {
    let has = |field: &str, is_it: &dyn Fn(&str) -> bool| {
        list(&statement[field])
            .iter()
            .filter_map(|value| value.as_str())
            .any(is_it)
    };
    let is_send = |action: &str| is_like(&action.to_ascii_lowercase(), "sqs:sendmessage");
    has("Action", &is_send)
        && (statement["Resource"].is_null()
            || has("Resource", &|resource| is_like(resource, queue_arn)))
        && is_principal(&statement["Principal"], sender)
        && conditions(statement).all(|(operator, key, values)| {
            let holds = holds(operator, key, &values, sender);
            holds.unwrap_or(statement["Effect"] == "Allow")
        })
}

fn is_principal(principal: &Value, sender: &Sender<'_>) -> bool {
    if principal == "*" {
        return true;
    }
    let named = |kind: &str| -> Vec<&str> {
        let Some(principal) = principal.get(kind) else {
            return Vec::new();
        };
        list(principal)
            .into_iter()
            .filter_map(Value::as_str)
            .collect()
    };
    match sender {
        Sender::Service { service, .. } => {
            named("Service").contains(service) || named("AWS").contains(&"*")
        }
        Sender::Role(role) => {
            let account = role.split(':').nth(4).unwrap_or_default();
            named("AWS").iter().any(|one| {
                *one == "*"
                    || one == role
                    || *one == account
                    || one.ends_with(&format!("::{account}:root"))
            })
        }
    }
}

/// Operator, key and values of each condition.
fn conditions(statement: &Value) -> impl Iterator<Item = (&str, &str, Vec<&str>)> {
    let operators = statement["Condition"].as_object().into_iter().flatten();
    operators.flat_map(|(operator, keys)| {
        keys.as_object()
            .into_iter()
            .flatten()
            .map(move |(key, values)| {
                let values = list(values).into_iter().filter_map(Value::as_str).collect();
                (operator.as_str(), key.as_str(), values)
            })
    })
}

/// Whether a condition holds; `None` where it cannot be known here.
fn holds(operator: &str, key: &str, values: &[&str], sender: &Sender<'_>) -> Option<bool> {
    let (operator, is_optional) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let is_like = |actual: &str| values.iter().any(|value| is_like(value, actual));
    let actual = match context(key, sender) {
        Context::Has(actual) => actual,
        // A key that the request does not have fits only what is negative or optional.
        Context::Lacks => return Some(is_optional || operator.contains("Not")),
        Context::Unknown => return None,
    };
    match operator {
        "ArnEquals" | "ArnLike" | "StringLike" => Some(is_like(actual)),
        "StringEquals" | "Bool" => Some(values.contains(&actual)),
        "ArnNotEquals" | "ArnNotLike" | "StringNotLike" => Some(!is_like(actual)),
        "StringNotEquals" => Some(!values.contains(&actual)),
        _ => None,
    }
}

/// What a request's context says of a key.
enum Context<'a> {
    Has(&'a str),
    Lacks,
    /// The key is not known here.
    Unknown,
}

/// The value of a key in the context of a request over TLS.
fn context<'a>(key: &str, sender: &Sender<'a>) -> Context<'a> {
    let account = |arn: &'a str| arn.split(':').nth(4);
    let (source, role) = match *sender {
        Sender::Service { source_arn, .. } => (Some(source_arn), None),
        Sender::Role(role) => (None, Some(role)),
    };
    let value = match key.to_ascii_lowercase().as_str() {
        "aws:securetransport" => Some("true"),
        "aws:sourcearn" => source,
        "aws:sourceaccount" => source.and_then(account),
        "aws:principalisawsservice" => Some(source.map_or("false", |_| "true")),
        "aws:principalarn" => role,
        "aws:principalaccount" => role.and_then(account),
        _ => return Context::Unknown,
    };
    value.map_or(Context::Lacks, Context::Has)
}

/// One value or a list of them.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        value => vec![value],
    }
}

/// Whether a text fits a pattern with `*` and `?`.
fn is_like(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            text.char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .any(|at| is_like(rest, &text[at..]))
        }
        Some(wanted) => {
            let mut chars = text.chars();
            let fits = chars
                .next()
                .is_some_and(|first| wanted == '?' || wanted == first);
            fits && is_like(&pattern[wanted.len_utf8()..], chars.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const QUEUE: &str = "arn:aws:sqs:ap-northeast-2:111122223333:records";
    const RULE: &str = "arn:aws:events:ap-northeast-2:111122223333:rule/failures";
    const ROLE: &str = "arn:aws:iam::111122223333:role/function";

    fn module_policy() -> Value {
        json!({"Statement": [
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Principal": {"Service": EVENTS}, "Resource": QUEUE,
             "Condition": {"ArnEquals": {"aws:SourceArn": [RULE]}}},
            {"Effect": "Deny", "Action": "sqs:SendMessage", "Principal": "*", "Resource": QUEUE,
             "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}, "ArnNotLike": {"aws:PrincipalArn": [ROLE]}}},
            {"Effect": "Deny", "Action": "sqs:*", "Principal": "*", "Resource": QUEUE,
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ]})
    }

    fn rule(source_arn: &str) -> Sender<'_> {
        Sender::Service {
            service: EVENTS,
            source_arn,
        }
    }

    #[test]
    fn the_modules_policy_lets_in_its_senders_and_nobody_else() {
        let policy = module_policy();
        assert_eq!(decide(&policy, QUEUE, &rule(RULE)), Decision::Allowed);
        assert_eq!(
            decide(&policy, QUEUE, &rule("arn:aws:events:x:y:rule/other")),
            Decision::Silent
        );
        assert_eq!(
            decide(&policy, QUEUE, &Sender::Role(ROLE)),
            Decision::Silent
        );
        let other = Sender::Role("arn:aws:iam::111122223333:role/other");
        assert_eq!(decide(&policy, QUEUE, &other), Decision::Denied);
    }

    #[test]
    fn wildcards_accounts_and_missing_policies() {
        let allow = |statement: Value| json!({"Statement": statement});
        let by_account = allow(
            json!({"Effect": "Allow", "Action": "SQS:Send*", "Principal": {"Service": [EVENTS]},
            "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}),
        );
        assert_eq!(decide(&by_account, QUEUE, &rule(RULE)), Decision::Allowed);
        let other_queue = allow(json!([{"Effect": "Allow", "Action": "sqs:SendMessage",
            "Principal": {"Service": EVENTS}, "Resource": "arn:aws:sqs:*:*:other"}]));
        assert_eq!(decide(&other_queue, QUEUE, &rule(RULE)), Decision::Silent);
        assert_eq!(decide(&json!({}), QUEUE, &rule(RULE)), Decision::Silent);
        assert!(is_like("a*c?e", "abbcde") && !is_like("a*c?e", "abbde"));
    }
}
