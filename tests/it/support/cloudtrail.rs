//! A fake of CloudTrail's event history: `LookupEvents` in pages, newest first, as its API reference describes them.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

use super::http::{Request, Server, response};

/// A request for a page.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    /// The Region that it was signed for.
    pub(crate) region: String,
    /// Its parameters.
    pub(crate) body: Value,
    /// When it arrived.
    pub(crate) at: Instant,
}

impl Lookup {
    /// The name of the calls that it asks for.
    pub(crate) fn call(&self) -> &str {
        let attributes = self.body["LookupAttributes"].as_array().unwrap();
        assert_eq!(attributes.len(), 1, "LookupEvents takes one attribute");
        assert_eq!(attributes[0]["AttributeKey"], "EventName");
        attributes[0]["AttributeValue"].as_str().unwrap()
    }
}

/// What the fake does about one request.
pub(crate) enum Reply {
    /// It answers with a page.
    Page(Value),
    /// It refuses, with a code and a message.
    Error(&'static str, &'static str),
}

/// CloudTrail, in every Region.
pub(crate) struct FakeCloudTrail {
    server: Server,
    lookups: Arc<Mutex<Vec<Lookup>>>,
}

impl FakeCloudTrail {
    /// A fake that answers a request with what `reply` returns; it gets how many requests came before, too.
    pub(crate) fn answering(
        reply: impl Fn(&Lookup, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let lookups: Arc<Mutex<Vec<Lookup>>> = Arc::default();
        let server = Server::start({
            let lookups = Arc::clone(&lookups);
            move |request: Request| {
                let lookup = lookup(&request);
                let mut lookups = lookups.lock().unwrap();
                let (status, body) = match reply(&lookup, lookups.len()) {
                    Reply::Page(page) => (200, page),
                    Reply::Error(code, message) => {
                        (400, json!({"__type": code, "message": message}))
                    }
                };
                lookups.push(lookup);
                let mut answer = response(status, body.to_string());
                let json = "application/x-amz-json-1.1".parse().unwrap();
                answer.headers_mut().insert("content-type", json);
                std::future::ready(Some(answer))
            }
        });
        Self { server, lookups }
    }

    /// A fake that holds these records, in any order, and answers in pages of so many.
    pub(crate) fn holding(mut records: Vec<Value>, page: usize) -> Self {
        records.sort_by_key(|record| std::cmp::Reverse(seconds(record)));
        Self::answering(move |lookup, _| {
            assert_eq!(lookup.body["MaxResults"], 50);
            let time = |name: &str| lookup.body[name].as_f64().unwrap();
            let is_asked = |record: &&Value| {
                record["eventName"] == lookup.call()
                    && (time("StartTime")..=time("EndTime")).contains(&seconds_f64(record))
            };
            let found: Vec<&Value> = records.iter().filter(is_asked).collect();
            let start = lookup.body["NextToken"].as_str();
            let start: usize = start.map_or(0, |token| token.parse().unwrap());
            let end = (start + page).min(found.len());
            let next = (end < found.len()).then(|| end.to_string());
            let events = found[start..end].iter().map(|record| event(record));
            Reply::Page(json!({"Events": events.collect::<Vec<_>>(), "NextToken": next}))
        })
    }

    /// For `AWS_ENDPOINT_URL`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The requests so far.
    pub(crate) fn lookups(&self) -> Vec<Lookup> {
        self.lookups.lock().unwrap().clone()
    }
}

/// A record as `LookupEvents` gives it: as a JSON string, beside some of its fields.
fn event(record: &Value) -> Value {
    json!({
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "EventSource": record["eventSource"],
        "EventTime": seconds(record),
        "ReadOnly": "false",
        "CloudTrailEvent": record.to_string(),
    })
}

fn seconds(record: &Value) -> i64 {
    let time = record["eventTime"].as_str().unwrap();
    time.parse::<chrono::DateTime<chrono::Utc>>()
        .unwrap()
        .timestamp()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds since 1970 are small enough"
)]
fn seconds_f64(record: &Value) -> f64 {
    seconds(record) as f64
}

fn lookup(request: &Request) -> Lookup {
    let target = request.headers["x-amz-target"].to_str().unwrap();
    assert!(target.ends_with(".LookupEvents"), "{target}");
    // … Credential=KEY/DATE/REGION/SERVICE/aws4_request, …
    let signature = request.headers["authorization"].to_str().unwrap();
    Lookup {
        region: signature.split('/').nth(2).unwrap().to_owned(),
        body: serde_json::from_slice(&request.body).unwrap(),
        at: request.at,
    }
}
