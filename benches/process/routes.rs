//! What routes add to a start of the function with a table, by their number.
//!
//! A route's secret is read when the route first has something to say, so a start reads the routes and asks nobody anything.

use std::path::Path;
use std::process::Command;

use rollcall::core::table::aligned;
use serde_json::json;

use crate::measure::peak;
use crate::report::{mebibytes, median, milliseconds};
use crate::support::function::Function;

/// None, a few, and as many as there may be.
const NUMBERS: [usize; 3] = [0, 10, 50];

/// One line for each number of routes, with medians of starts in turns.
pub(crate) fn table(function: &Path, repetitions: usize) -> String {
    let mut samples = NUMBERS.map(|routes| (routes, Vec::new(), Vec::new()));
    for _ in 0..repetitions {
        for (routes, starts, peaks) in &mut samples {
            let (start, peak) = start(function, *routes);
            starts.push(start);
            peaks.push(peak);
        }
    }
    let headings = ["", "start to first poll", "memory then"].map(str::to_owned);
    let rows = samples.map(|(routes, starts, peaks)| {
        let name = format!("{routes} routes");
        [
            name,
            milliseconds(median(&starts)),
            mebibytes(median(&peaks)),
        ]
    });
    aligned(&headings, rows).join("\n")
}

/// The seconds until the first poll, and the most memory until then.
fn start(function: &Path, routes: usize) -> (f64, f64) {
    let route = |number: usize| {
        json!({
            "name": format!("team-{number}"),
            "match": {"cluster": format!("team-{number}-*"), "labels": {"team": format!("team-{number}")}},
            "webhook": format!("/rollcall/team-{number}/webhook"),
            "label": format!("team {number}"),
            "timezone": "Europe/Berlin",
        })
    };
    let list: Vec<_> = (0..routes).map(route).collect();
    let json = json!({"routes": list}).to_string();
    let mut environment = vec![
        ("SLACK_WEBHOOK_URL", "http://127.0.0.1:9/webhook"),
        ("ROLLCALL_ENVIRONMENT", "dev"),
        ("ROLLCALL_TIMEZONE", "Asia/Seoul"),
        ("ROLLCALL_TABLE", "rollcall-dev-windows"),
        (
            "ROLLCALL_QUEUE_URL",
            "http://127.0.0.1:9/123456789012/rollcall-dev-records",
        ),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    if routes > 0 {
        environment.push(("ROLLCALL_ROUTES", &json));
    }
    let mut function = Function::start_program(Command::new(function), &environment);
    let until_poll = function.time_to_poll().as_secs_f64();
    (until_poll, peak(function.pid()))
}
