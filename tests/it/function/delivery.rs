//! What the function does while Slack limits, fails or refuses: it waits and repeats where that may help, ends before
//! the invocation's deadline, and brings back every record whose message Slack did not confirm.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use super::{AMPLE, reporting_to};
use crate::support::event::{fixture, ids};
use crate::support::function::{Function, Response};
use crate::support::slack::{FakeSlack, Reply, SECRET};

/// Enough time for a second attempt, in tests that use all of it.
const SHORT: Duration = Duration::from_secs(4);

fn batch() -> Value {
    fixture("denied.json")
}

fn report<const N: usize>(script: [Reply; N], time_left: Duration) -> (FakeSlack, Response) {
    let slack = FakeSlack::answering(script);
    let response = reporting_to(&slack).invoke(&batch(), time_left);
    (slack, response)
}

#[track_caller]
fn assert_delivered(response: &Response) {
    assert_eq!(response.body, json!({"batchItemFailures": []}));
}

#[track_caller]
fn assert_every_record_comes_back(response: &Response) {
    let batch = batch();
    let mut expected = ids(&batch);
    let mut failed = response.failed_ids();
    expected.sort_unstable();
    failed.sort_unstable();
    assert_eq!(failed, expected);
}

#[test]
fn waits_as_long_as_retry_after_says() {
    let (slack, response) = report([Reply::too_many_requests(2), Reply::ok()], AMPLE);

    assert_delivered(&response);
    let [first, second] = &slack.posts()[..] else {
        panic!("{:#?}", slack.posts())
    };
    assert!(
        second.at - first.at >= Duration::from_secs(2),
        "{:?}",
        second.at - first.at
    );
    assert_eq!(first.message, second.message);
}

#[test]
fn gives_up_at_once_where_retry_after_exceeds_the_time_left() {
    let (slack, response) = report([Reply::too_many_requests(60)], Duration::from_secs(15));

    assert_every_record_comes_back(&response);
    assert_eq!(slack.posts().len(), 1);
    assert!(
        response.elapsed < Duration::from_secs(10),
        "{:?}",
        response.elapsed
    );
}

#[test]
fn a_retry_after_beyond_every_clock_brings_every_record_back_at_once() {
    for seconds in ["18446744073709551615", "99999999999999999999"] {
        let (slack, response) = report([Reply::retry_after(seconds)], Duration::from_secs(15));

        assert_every_record_comes_back(&response);
        assert_eq!(slack.posts().len(), 1);
        assert!(
            response.elapsed < Duration::from_secs(10),
            "{:?}",
            response.elapsed
        );
    }
}

#[test]
fn a_retry_after_that_is_no_number_of_seconds_counts_as_one_second() {
    for text in ["Fri, 31 Dec 9999 23:59:59 GMT", "-5", "1.5", "soon", ""] {
        let (slack, response) = report([Reply::retry_after(text), Reply::ok()], AMPLE);

        assert_delivered(&response);
        let [first, second] = &slack.posts()[..] else {
            panic!("{text:?}: {:#?}", slack.posts())
        };
        let wait = second.at - first.at;
        assert!(
            (Duration::from_secs(1)..Duration::from_secs(4)).contains(&wait),
            "{text:?}: {wait:?}"
        );
    }
}

#[test]
fn the_next_invocation_sends_nothing_before_the_time_that_slack_asked_for() {
    let slack = FakeSlack::answering([Reply::too_many_requests(6), Reply::ok()]);
    let mut function = reporting_to(&slack);
    let limited = function.invoke(&batch(), SHORT);
    assert_every_record_comes_back(&limited);

    let without_time = function.invoke(&batch(), SHORT);
    assert_every_record_comes_back(&without_time);
    assert!(
        without_time.elapsed < Duration::from_secs(1),
        "{:?}",
        without_time.elapsed
    );
    assert_eq!(slack.posts().len(), 1);

    let with_time = function.invoke(&batch(), AMPLE);
    assert_delivered(&with_time);
    let [first, second] = &slack.posts()[..] else {
        panic!("{:#?}", slack.posts())
    };
    let wait = second.at - first.at;
    assert!(wait >= Duration::from_secs(6), "{wait:?}");
}

#[test]
fn tries_again_after_server_errors() {
    let (slack, response) = report(
        [
            Reply::status(500, "rollup_error"),
            Reply::status(503, "<html>"),
            Reply::ok(),
        ],
        AMPLE,
    );

    assert_delivered(&response);
    assert_eq!(slack.posts().len(), 3);
}

#[test]
fn tries_again_after_a_connection_that_was_closed_without_an_answer() {
    let (slack, response) = report([Reply::Close, Reply::ok()], AMPLE);

    assert_delivered(&response);
    assert!(slack.posts().len() >= 2);
}

#[test]
fn server_errors_for_ever_bring_every_record_back_before_the_deadline() {
    let (slack, response) = report([Reply::status(500, "rollup_error")], SHORT);

    assert_every_record_comes_back(&response);
    assert!(slack.posts().len() >= 2, "{:#?}", slack.posts());
    assert!(response.elapsed < SHORT, "{:?}", response.elapsed);
}

#[test]
fn a_slack_that_never_answers_brings_every_record_back_before_the_deadline() {
    let (_slack, response) = report([Reply::Hang], SHORT);

    assert_every_record_comes_back(&response);
    assert!(response.elapsed < SHORT, "{:?}", response.elapsed);
}

#[test]
fn a_slack_that_refuses_connections_brings_every_record_back_before_the_deadline() {
    let mut function = Function::start(&[("SLACK_WEBHOOK_URL", &refusing_address())]);
    let response = function.invoke(&batch(), SHORT);

    assert_every_record_comes_back(&response);
    assert!(response.elapsed < SHORT, "{:?}", response.elapsed);
}

#[test]
fn without_time_to_speak_nothing_is_posted_and_every_record_comes_back() {
    let (slack, response) = report([Reply::ok()], Duration::from_millis(200));

    assert_every_record_comes_back(&response);
    assert!(slack.posts().is_empty());
}

#[test]
fn says_it_preformatted_where_slack_refuses_the_table() {
    for refusal in ["invalid_blocks", "invalid_attachments"] {
        let (slack, response) = report([Reply::status(400, refusal), Reply::ok()], AMPLE);

        assert_delivered(&response);
        let [table, preformatted] = &slack.posts()[..] else {
            panic!("{:#?}", slack.posts())
        };
        assert_eq!((table.rows().len(), preformatted.rows().len()), (1 + 5, 0));
        assert!(
            preformatted.sections().contains("```"),
            "{}",
            preformatted.sections()
        );
        assert_eq!(table.message["text"], preformatted.message["text"]);
    }
}

#[test]
fn gives_up_where_slack_refuses_both_forms() {
    let (slack, response) = report([Reply::status(400, "invalid_blocks")], AMPLE);

    assert_every_record_comes_back(&response);
    assert_eq!(slack.posts().len(), 2);
}

#[test]
fn other_client_errors_are_permanent() {
    for (status, body) in [
        (400, "invalid_payload"),
        (403, "action_prohibited"),
        (404, "no_service"),
        (410, "channel_is_archived"),
    ] {
        let (slack, response) = report([Reply::status(status, body)], AMPLE);

        assert_every_record_comes_back(&response);
        assert_eq!(slack.posts().len(), 1, "{status} {body}");
    }
}

#[test]
fn an_answer_that_is_not_ok_is_not_success() {
    for (status, body) in [
        (200, "<html>Welcome to our proxy</html>"),
        (200, ""),
        (201, "ok"),
        (204, ""),
    ] {
        let (slack, response) = report([Reply::status(status, body)], AMPLE);

        assert_every_record_comes_back(&response);
        assert_eq!(slack.posts().len(), 1, "{status} {body}");
    }
}

#[test]
fn follows_no_redirect() {
    let elsewhere = FakeSlack::answering([Reply::ok()]);
    let (slack, response) = report([Reply::redirect(&elsewhere.webhook())], AMPLE);

    assert_every_record_comes_back(&response);
    assert_eq!(slack.posts().len(), 1);
    assert!(elsewhere.posts().is_empty());
}

/// A webhook's address with a port that nobody listens on.
fn refusing_address() -> String {
    let address = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    format!("http://{address}/services/T0000/B0000/{SECRET}")
}
