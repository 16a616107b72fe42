//! The real function with three routes, an event bus and an address that is called with events.

use std::collections::BTreeSet;

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::mapping::Mapping;
use crate::support::slack::{FakeSlack, Reply};
use crate::windows::{call, environment, roster, send};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BUS: &str = "rollcall";

/// Stores the address of a route's webhook.
fn store(emulator: &Emulator, name: &str, value: &str) {
    let config = aws_sdk_ssm::Config::builder()
        .behavior_version(aws_sdk_ssm::config::BehaviorVersion::latest())
        .region(aws_sdk_ssm::config::Region::new("ap-northeast-2"))
        .credentials_provider(aws_sdk_ssm::config::Credentials::new(
            "test", "test", None, None, "test",
        ))
        .http_client(rollcall::tls::aws_http_client())
        .endpoint_url(emulator.endpoint());
    let ssm = aws_sdk_ssm::Client::from_conf(config.build());
    let put = ssm.put_parameter().name(name).value(value);
    let put = put.r#type(aws_sdk_ssm::types::ParameterType::SecureString);
    emulator.wait_for(put.send()).unwrap();
}

/// A bus, a rule that takes every event of rollcall, and the queue to which it sends them. Returns the queue's URL.
fn bus(emulator: &Emulator) -> String {
    let sqs = emulator.sqs();
    let url = emulator.wait_for(sqs.create_queue().queue_name("events").send());
    let url = url.unwrap().queue_url.unwrap();
    let attributes = sqs.get_queue_attributes().queue_url(&url);
    let attributes = attributes.attribute_names(QueueAttributeName::QueueArn);
    let attributes = emulator.wait_for(attributes.send()).unwrap().attributes;
    let arn = attributes.unwrap()[&QueueAttributeName::QueueArn].clone();
    let config = aws_sdk_eventbridge::Config::builder()
        .behavior_version(aws_sdk_eventbridge::config::BehaviorVersion::latest())
        .region(aws_sdk_eventbridge::config::Region::new("ap-northeast-2"))
        .credentials_provider(aws_sdk_eventbridge::config::Credentials::new(
            "test", "test", None, None, "test",
        ))
        .http_client(rollcall::tls::aws_http_client())
        .endpoint_url(emulator.endpoint());
    let events = aws_sdk_eventbridge::Client::from_conf(config.build());
    let target = aws_sdk_eventbridge::types::Target::builder();
    let target = target.id("queue").arn(arn).build().unwrap();
    emulator.wait_for(async {
        events.create_event_bus().name(BUS).send().await.unwrap();
        let rule = events.put_rule().name("all").event_bus_name(BUS);
        let pattern = json!({"source": ["rollcall"]}).to_string();
        rule.event_pattern(pattern).send().await.unwrap();
        let targets = events.put_targets().rule("all").event_bus_name(BUS);
        targets.targets(target).send().await.unwrap();
    });
    url
}

/// The events that the rule sent to its queue.
fn received(emulator: &Emulator, queue_url: &str) -> Vec<Value> {
    let sqs = emulator.sqs();
    let receive = sqs.receive_message().queue_url(queue_url);
    let receive = receive.max_number_of_messages(10);
    let messages = emulator.wait_for(receive.send()).unwrap().messages;
    let bodies = messages.unwrap_or_default().into_iter();
    bodies
        .map(|message| serde_json::from_str(&message.body.unwrap()).unwrap())
        .collect()
}

fn in_cluster(mut record: Value, cluster: &str) -> Value {
    record["detail"]["requestParameters"]["cluster"] = json!(cluster);
    record
}

/// The services that a message is about.
fn services(slack: &FakeSlack) -> BTreeSet<String> {
    let posts = slack.posts();
    let last = posts.last().expect("it heard something");
    let rows = last.rows();
    let names = rows.iter().skip(1).map(|row| {
        let name = row[0].rsplit('/').next().unwrap_or_default();
        name.to_owned()
    });
    names.collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn each_team_hears_of_its_own_services_and_machines_of_all() {
    let emulator = Emulator::start();
    let resources = emulator.resources();
    let events = bus(&emulator);
    let ok = || FakeSlack::answering([Reply::ok()]);
    let (default, search, oncall, machine) = (ok(), ok(), ok(), ok());
    // The first message of this team is not taken, which holds up nobody else.
    let unavailable = Reply::status(500, "");
    let pay = FakeSlack::answering([unavailable, Reply::ok()]);
    for (name, slack) in [("pay", &pay), ("search", &search), ("oncall", &oncall)] {
        store(&emulator, &format!("/rollcall/{name}"), &slack.webhook());
    }
    let mut roster_of_dev = roster(4);
    roster_of_dev["labels"] = json!({"service-01": {"team": "search"}});
    let mut roster_of_pay = roster(2);
    roster_of_pay["cluster"] = json!("pay-dev");
    roster_of_pay["schedule"] = json!("pay-morning");
    roster_of_pay["services"] = json!({"service-10": 1, "service-11": 1});
    let bodies = [
        roster_of_dev,
        roster_of_pay,
        call(0, None),
        call(1, None),
        call(2, None),
        call(3, Some("ServiceNotFoundException")),
        in_cluster(call(10, None), "pay-dev"),
        in_cluster(call(11, None), "pay-dev"),
    ];
    send(&emulator, &resources, &bodies);
    let mut environment = environment(&emulator, &resources, &default);
    let routes = json!({"routes": [
        {"name": "pay", "match": {"cluster": "pay-*"}, "webhook": "/rollcall/pay", "label": "payments dev"},
        {"name": "search", "match": {"labels": {"team": "search"}}, "webhook": "/rollcall/search", "timezone": "Asia/Seoul"},
        {"name": "oncall", "match": {"outcome": "failed"}, "webhook": "/rollcall/oncall"},
    ]});
    for (name, value) in [
        ("ROLLCALL_ROUTES", routes.to_string()),
        ("ROLLCALL_EVENT_BUS", BUS.to_owned()),
        ("ROLLCALL_EVENTS_URL", machine.webhook()),
        ("ROLLCALL_EVENTS_SECRET", SECRET.to_owned()),
    ] {
        environment.push((name.to_owned(), value));
    }
    let queue_url = resources.queue_url.clone();
    let mapping = Mapping::new(emulator.sqs(), queue_url, environment, 2, Vec::new());
    mapping.drain();

    let all = ["service-00", "service-02", "service-03"];
    assert_eq!(services(&default), names(&all));
    assert_eq!(services(&search), names(&["service-01"]));
    assert_eq!(services(&pay), names(&["service-10", "service-11"]));
    assert_eq!(services(&oncall), names(&["service-03"]));
    for slack in [&default, &search, &oncall] {
        slack.only_post();
    }
    let of_pay = pay.posts();
    assert_eq!(of_pay.len(), 2, "the refused one and its repetition");
    assert_eq!(of_pay[1].title(), "✅ payments dev · both calls accepted");

    let body: Value = serde_json::from_slice(&machine.only_post().body).unwrap();
    assert_eq!(body["type"], "environment.incomplete");
    assert_eq!(body["data"]["environment"], "dev");
    assert_eq!(body["data"]["runs"].as_array().unwrap().len(), 6);
    let of_bus = received(&emulator, &events);
    let kinds: Vec<&Value> = of_bus.iter().map(|event| &event["detail-type"]).collect();
    assert_eq!(kinds, ["Environment Incomplete"]);
    assert_eq!(of_bus[0]["source"], "rollcall");
    // The same facts, but for which receiver it was made.
    assert_eq!(of_bus[0]["detail"]["runs"], body["data"]["runs"]);
}
