//! Asking ECS in several accounts: each by its own role, and none because of another.

use std::collections::BTreeMap;

use rollcall::aws::EcsAccess;
use rollcall::core::fact::ClusterId;
use rollcall::core::look::Wanted;
use rollcall::ports::ecs::{Asked as Looked, Ecs as _};
use serde_json::json;
use tokio::time::Instant;

use super::{AMPLE, client, dev, failed, now, runtime, seen, service, services, texts};
use crate::support::ecs::{Asked, FakeEcs, Reply};

/// The access key of the function's own credentials.
const OWN_KEY: &str = "AKIDEXAMPLE";

fn elsewhere(account: &str) -> ClusterId {
    ClusterId {
        account: account.to_owned(),
        ..dev()
    }
}

/// A service in the own account, and one in each of two others.
fn wanted() -> Wanted {
    let mut wanted = Wanted::default();
    for account in ["111122223333", "123456789012", "444455556666"] {
        wanted
            .services
            .extend(services(&elsewhere(account), 1).services);
    }
    wanted
}

/// Roles in these accounts, of a function in the account of [`dev`].
fn access(accounts: &[&str]) -> EcsAccess {
    let role = |account: &&str| {
        let role = format!("arn:aws:iam::{account}:role/rollcall-reader");
        ((*account).to_owned(), role)
    };
    EcsAccess {
        own_account: Some("123456789012".to_owned()),
        roles: accounts.iter().map(role).collect(),
    }
}

/// An ECS of several accounts, which describes services only to the credentials of their account; STS gives out the key
/// `KEY<account>`, and refuses to give that of `denied`.
fn of_accounts(denied: &'static str) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static {
    move |asked| match asked.operation.as_str() {
        "AssumeRole" => {
            let account = asked.body["RoleArn"]
                .as_str()
                .unwrap()
                .split(':')
                .nth(4)
                .unwrap();
            if account == denied {
                return Reply::Error("AccessDenied", "not authorized to perform: sts:AssumeRole");
            }
            Reply::Credentials(format!("KEY{account}"))
        }
        "DescribeServices" => {
            let account = asked.body["cluster"]
                .as_str()
                .unwrap()
                .split(':')
                .nth(4)
                .unwrap();
            let key = match account {
                "123456789012" => OWN_KEY.to_owned(),
                account => format!("KEY{account}"),
            };
            if asked.access_key != key {
                return Reply::Error("AccessDeniedException", "another account");
            }
            let names = texts(&asked.body["services"]);
            let described = names.iter().map(|name| service(asked, name, 2, 1));
            Reply::Answer(json!({"services": described.collect::<Vec<_>>(), "failures": []}))
        }
        "DescribeScalableTargets" => Reply::Answer(json!({"ScalableTargets": []})),
        "ListTasks" => Reply::Answer(json!({"taskArns": []})),
        other => panic!("{other} was not expected"),
    }
}

fn look(fake: &FakeEcs, access: EcsAccess, times: usize) -> Looked {
    runtime().block_on(async {
        let ecs = client(fake, access).await;
        let mut looked = Looked::default();
        for _ in 0..times {
            looked = ecs.look(&wanted(), now(), Instant::now() + AMPLE).await;
        }
        looked
    })
}

/// The accounts whose services were described.
fn described(looked: &Looked) -> Vec<&str> {
    let looks = seen(&looked.answers).into_iter();
    looks.map(|look| look.service.account.as_str()).collect()
}

#[test]
fn every_account_is_asked_by_its_role_which_is_assumed_once() {
    let fake = FakeEcs::answering(of_accounts("nobody"));
    let looked = look(&fake, access(&["111122223333", "444455556666"]), 2);
    assert_eq!(
        described(&looked),
        ["111122223333", "123456789012", "444455556666"]
    );
    let assumed = fake.asked("AssumeRole");
    let assumed: Vec<_> = assumed
        .iter()
        .map(|asked| {
            assert_eq!(asked.access_key, OWN_KEY);
            assert_eq!(asked.body["RoleSessionName"], "rollcall");
            asked.body["RoleArn"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(
        assumed,
        [
            "arn:aws:iam::111122223333:role/rollcall-reader",
            "arn:aws:iam::444455556666:role/rollcall-reader"
        ]
    );
    // What explains services, and what scales them, is asked with the same credentials.
    for operation in ["ListTasks", "DescribeScalableTargets"] {
        let mut keys: BTreeMap<String, usize> = BTreeMap::new();
        for asked in fake.asked(operation) {
            *keys.entry(asked.access_key).or_default() += 1;
        }
        let keys: Vec<&str> = keys.keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [OWN_KEY, "KEY111122223333", "KEY444455556666"],
            "{operation}"
        );
    }
}

#[test]
fn a_role_that_may_not_be_assumed_disturbs_no_other_account() {
    let fake = FakeEcs::answering(of_accounts("111122223333"));
    let looked = look(&fake, access(&["111122223333", "444455556666"]), 1);
    assert_eq!(looked.services, 3);
    assert_eq!(described(&looked), ["123456789012", "444455556666"]);
    assert_eq!(failed(&looked.answers), [("dev", "AccessDenied")]);
    assert_eq!(
        fake.asked("AssumeRole").len(),
        2,
        "a refusal is not repeated"
    );
}

#[test]
fn an_account_without_a_role_is_never_asked() {
    let fake = FakeEcs::answering(of_accounts("nobody"));
    let looked = look(&fake, access(&["444455556666"]), 1);
    assert_eq!(looked.services, 3);
    assert_eq!(described(&looked), ["123456789012", "444455556666"]);
    assert_eq!(failed(&looked.answers), [("dev", "NoReaderRole")]);
    let clusters = fake.asked("DescribeServices").into_iter();
    let clusters: Vec<String> = clusters
        .map(|asked| asked.body["cluster"].to_string())
        .collect();
    assert!(
        !clusters
            .iter()
            .any(|cluster| cluster.contains("111122223333")),
        "{clusters:?}"
    );
}

#[test]
fn where_the_own_account_is_unknown_its_credentials_are_tried() {
    let fake = FakeEcs::answering(of_accounts("nobody"));
    let looked = look(&fake, EcsAccess::default(), 1);
    assert_eq!(described(&looked), ["123456789012"]);
    assert_eq!(
        failed(&looked.answers),
        [
            ("dev", "AccessDeniedException"),
            ("dev", "AccessDeniedException")
        ]
    );
}
