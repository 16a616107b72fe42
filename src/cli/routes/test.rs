//! `rollcall routes test`: who hears of a service.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::args::RoutesTestArgs;
use super::describe;
use crate::core::routes::{RouteReceiver, Routes, Traits};

/// Others hear of it than `--verify` names.
const OTHERS: u8 = 1;
/// How the default receiver is called.
const DEFAULT_NAME: &str = "default";

pub(super) fn test(args: &RoutesTestArgs, routes: &Routes) -> anyhow::Result<ExitCode> {
    let all = routes.receivers();
    let places = receivers_of(args, routes);
    let receivers: Vec<_> = places.into_iter().map(|place| &all[place]).collect();
    print(args.json, &receivers)?;
    let names: BTreeSet<&str> = receivers.iter().map(|one| name(one)).collect();
    let expected: BTreeSet<&str> = args.verify.iter().map(String::as_str).collect();
    if expected.is_empty() || expected == names {
        return Ok(ExitCode::SUCCESS);
    }
    let list = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(", ");
    let (expected_list, heard) = (list(&expected), list(&names));
    anstream::eprintln!("rollcall: --verify: expected {expected_list}; heard by {heard}");
    let known: BTreeSet<&str> = all.iter().map(name).collect();
    let unknown: BTreeSet<&str> = expected.difference(&known).copied().collect();
    if !unknown.is_empty() {
        let unknown = list(&unknown);
        anstream::eprintln!("rollcall: --verify: no route has the name {unknown}");
    }
    Ok(ExitCode::from(OTHERS))
}

/// The places of those who hear of what the arguments describe.
fn receivers_of(args: &RoutesTestArgs, routes: &Routes) -> BTreeSet<usize> {
    let labels: BTreeMap<String, String> = args.labels.iter().cloned().collect();
    routes.receivers_of(&Traits {
        environment: args.environment.as_deref(),
        cluster: args.cluster.as_deref(),
        service: args.service.as_deref(),
        account: args.account.as_deref(),
        region: args.region.as_deref(),
        schedule: args.schedule.as_deref(),
        labels: Some(&labels),
        outcome: args.outcome,
        // Who waits for an outcome does not yet hear of the run.
        is_open: false,
    })
}

fn name<'a>(receiver: &RouteReceiver<'a>) -> &'a str {
    receiver.name.unwrap_or(DEFAULT_NAME)
}

fn print(is_json: bool, receivers: &[&RouteReceiver<'_>]) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    if is_json {
        let receivers: Vec<Value> = receivers.iter().map(|one| to_json(one)).collect();
        return writeln!(out, "{:#}", json!({ "receivers": receivers }));
    }
    let width = receivers.iter().map(|one| name(one).len()).max();
    let width = width.unwrap_or_default();
    for one in receivers {
        writeln!(
            out,
            "{:width$}  {}",
            name(one),
            describe::way(&one.settings)
        )?;
    }
    Ok(())
}

fn to_json(receiver: &RouteReceiver<'_>) -> Value {
    let mut object = Map::new();
    object.insert("name".to_owned(), json!(name(receiver)));
    object.append(&mut receiver.settings.to_json());
    object.into()
}
