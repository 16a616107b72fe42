//! What the environment says about accounts: their names in messages, and the roles to ask ECS with.
//!
//! Pure. Both are JSON objects by account, so that an account stands in them once.

use std::collections::BTreeMap;

use super::Reader;
use crate::core::arn;
use crate::core::reader::AccountNames;

/// How many characters an account's name has at most, so that it fits before the name of a service.
const LONGEST_NAME: usize = 40;

const ALIASES: &str = "ROLLCALL_ACCOUNT_ALIASES";

/// The accounts that share a name with another one, together with those: rows of theirs could not be told apart.
fn accounts_of_one_name(names: &BTreeMap<String, String>) -> Vec<Vec<&str>> {
    let mut accounts = BTreeMap::<&str, Vec<&str>>::new();
    for (account, name) in names {
        accounts.entry(name).or_default().push(account);
    }
    accounts.into_values().filter(|of| of.len() > 1).collect()
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    /// The names of accounts in messages.
    pub(super) fn account_names(&mut self) -> AccountNames {
        let expected = format!(
            "expected a JSON object of names of at most {LONGEST_NAME} characters by account, such as {}",
            r#"{"111122223333":"pay-dev"}"#
        );
        let is_name = |_: &str, name: &str| {
            let length = name.chars().take(LONGEST_NAME + 1).count();
            (1..=LONGEST_NAME).contains(&length)
                && name.trim() == name
                && !name.chars().any(char::is_control)
        };
        let names = self.by_account(ALIASES, is_name, &expected);
        for accounts in accounts_of_one_name(&names) {
            let accounts = accounts.join(" and ");
            let problem = format!(
                "expected a name of its own for each account, but these have one name: {accounts}"
            );
            self.problem(ALIASES, problem);
        }
        AccountNames::new(names)
    }

    /// The ARNs of the roles to ask ECS with. A role is of the account that it stands for.
    pub(super) fn ecs_roles(&mut self) -> BTreeMap<String, String> {
        let expected = format!(
            "expected a JSON object of ARNs of roles by their account, such as {}",
            r#"{"111122223333":"arn:aws:iam::111122223333:role/rollcall-reader"}"#
        );
        let is_role = |account: &str, role: &str| {
            arn::account(role) == Some(account)
                && role.split(':').nth(5).is_some_and(|part| {
                    part.strip_prefix("role/")
                        .is_some_and(|name| !name.is_empty())
                })
        };
        self.by_account("ROLLCALL_ECS_ROLES", is_role, &expected)
    }

    /// A JSON object of texts by account; empty where the variable is not set or was reported as a problem.
    fn by_account(
        &mut self,
        name: &str,
        is_value: impl Fn(&str, &str) -> bool,
        expected: &str,
    ) -> BTreeMap<String, String> {
        let Some(text) = self.get(name) else {
            return BTreeMap::new();
        };
        match serde_json::from_str::<BTreeMap<String, String>>(&text) {
            Ok(values)
                if values.iter().all(|(account, value)| {
                    arn::is_account(account) && is_value(account, value)
                }) =>
            {
                values
            }
            _ => {
                self.problem(name, expected);
                BTreeMap::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    /// What the two variables come to: the name of an account, and its role.
    fn read(aliases: &str, roles: &str) -> Result<(String, Option<String>), String> {
        let lookup = |name: &str| match name {
            "SLACK_WEBHOOK_URL" => Some("https://hooks.slack.com/services/T/B/X".to_owned()),
            "ROLLCALL_TABLE" | "ROLLCALL_QUEUE_URL" => Some("https://sqs.example/q".to_owned()),
            "ROLLCALL_ACCOUNT_ALIASES" => Some(aliases.to_owned()),
            "ROLLCALL_ECS_ROLES" => Some(roles.to_owned()),
            _ => None,
        };
        let config = Config::from_lookup(lookup).map_err(|errors| errors.to_string())?;
        let name = config.settings.reader.accounts.name("111122223333");
        let role = config
            .table
            .and_then(|table| table.ecs_roles.get("444455556666").cloned());
        Ok((name.to_owned(), role))
    }

    #[test]
    fn accounts_have_names_and_roles() {
        let digits = "111122223333".to_owned();
        assert_eq!(read("", ""), Ok((digits.clone(), None)));
        assert_eq!(read("{}", "{}"), Ok((digits.clone(), None)));
        assert_eq!(
            read(r#"{"111122223333":"pay-dev"}"#, ""),
            Ok(("pay-dev".to_owned(), None))
        );
        for role in [
            "arn:aws:iam::444455556666:role/rollcall-reader",
            "arn:aws-cn:iam::444455556666:role/path/of/it",
        ] {
            let roles = format!(r#"{{"444455556666":"{role}"}}"#);
            assert_eq!(
                read("", &roles),
                Ok((digits.clone(), Some(role.to_owned())))
            );
        }
    }

    #[test]
    fn roles_are_checked_without_a_table_as_well() {
        let start = |roles: &str| {
            let lookup = |name: &str| match name {
                "SLACK_WEBHOOK_URL" => Some("https://hooks.slack.com/services/T/B/X".to_owned()),
                "ROLLCALL_ECS_ROLES" => Some(roles.to_owned()),
                _ => None,
            };
            Config::from_lookup(lookup).map(|config| config.table.is_some())
        };
        let wrong = start(r#"{"1":"canary"}"#).unwrap_err().to_string();
        assert!(wrong.contains("ROLLCALL_ECS_ROLES: expected"), "{wrong}");
        let role = r#"{"444455556666":"arn:aws:iam::444455556666:role/rollcall-reader"}"#;
        assert!(!start(role).unwrap());
    }

    #[test]
    fn what_is_wrong_with_both_is_said_at_once_and_not_quoted() {
        let (aliases, roles) = (r#"{"111122223333":"canary\n"}"#, "canary");
        insta::assert_snapshot!(read(aliases, roles).unwrap_err().replace("; ", ";\n"), @r#"
        invalid configuration: ROLLCALL_ACCOUNT_ALIASES: expected a JSON object of names of at most 40 characters by account, such as {"111122223333":"pay-dev"};
        ROLLCALL_ECS_ROLES: expected a JSON object of ARNs of roles by their account, such as {"111122223333":"arn:aws:iam::111122223333:role/rollcall-reader"}
        "#);
        let twice = r#"{"111122223333":"canary","444455556666":"pay","777788889999":"canary"}"#;
        insta::assert_snapshot!(read(twice, "").unwrap_err(), @r#"
        invalid configuration: ROLLCALL_ACCOUNT_ALIASES: expected a name of its own for each account, but these have one name: 111122223333 and 777788889999
        "#);
        let long = format!(r#"{{"111122223333":"{}"}}"#, "x".repeat(41));
        for aliases in [
            r#"["pay"]"#,
            r#"{"1111":"pay"}"#,
            r#"{"111122223333":7}"#,
            r#"{"111122223333":" pay"}"#,
            &long,
        ] {
            assert!(
                read(aliases, "")
                    .unwrap_err()
                    .contains("ROLLCALL_ACCOUNT_ALIASES"),
                "{aliases}"
            );
        }
        let another_account =
            r#"{"444455556666":"arn:aws:iam::111122223333:role/rollcall-reader"}"#;
        let a_user = r#"{"444455556666":"arn:aws:iam::444455556666:user/rollcall-reader"}"#;
        for roles in [
            another_account,
            a_user,
            r#"{"444455556666":"rollcall-reader"}"#,
        ] {
            assert!(
                read("", roles).unwrap_err().contains("ROLLCALL_ECS_ROLES"),
                "{roles}"
            );
        }
    }
}
