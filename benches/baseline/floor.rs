//! The floor: the least that any program has to do for the same job. It reads events over the Runtime API on
//! a plain socket, parses the same bytes into the same fields with `serde_json`, and posts bytes that are given.
//!
//! No decoding beyond parsing, no folding, no rendering, no runtime, no client, no log.

#![expect(
    dead_code,
    reason = "the fields are parsed, which is the point, and never read"
)]

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use serde::Deserialize;

/// Serves invocations until the connection closes: posts `message` to `slack` for each.
pub(crate) fn serve(runtime_api: &str, slack: &str, message: &[u8]) {
    let mut runtime = BufReader::new(TcpStream::connect(runtime_api).unwrap());
    let path = "/2018-06-01/runtime/invocation";
    loop {
        let (request_id, event) = request(&mut runtime, "GET", &format!("{path}/next"), b"");
        let batch: Batch = serde_json::from_slice(&event).unwrap();
        for record in &batch.records {
            let envelope: Envelope = serde_json::from_str(record.body.as_deref().unwrap()).unwrap();
            black_box((record, envelope));
        }
        request(
            &mut BufReader::new(TcpStream::connect(slack).unwrap()),
            "POST",
            "/services/floor",
            message,
        );
        let answer = br#"{"batchItemFailures":[]}"#;
        request(
            &mut runtime,
            "POST",
            &format!("{path}/{request_id}/response"),
            answer,
        );
    }
}

/// One exchange; gives the request id among the answer's headers, and the answer's body.
fn request(
    server: &mut BufReader<TcpStream>,
    method: &str,
    path: &str,
    body: &[u8],
) -> (String, Vec<u8>) {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: loopback\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    server
        .get_mut()
        .write_all(&[head.as_bytes(), body].concat())
        .unwrap();
    let (mut request_id, mut length, mut line) = (String::new(), 0, String::new());
    loop {
        line.clear();
        if server.read_line(&mut line).unwrap() == 0 {
            std::process::exit(0);
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line == "\r\n" {
                break;
            }
            continue;
        };
        match name {
            "content-length" => length = value.parse().unwrap(),
            "lambda-runtime-aws-request-id" => value.clone_into(&mut request_id),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    server.read_exact(&mut body).unwrap();
    (request_id, body)
}

type Text = Option<String>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    records: Vec<SqsMessage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SqsMessage {
    message_id: Text,
    body: Text,
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    approximate_receive_count: Text,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "detail-type")]
    detail_type: Text,
    id: Text,
    account: Text,
    region: Text,
    time: Text,
    detail: Option<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_version: Text,
    event_source: Text,
    event_name: Text,
    #[serde(rename = "eventID")]
    event_id: Text,
    event_time: Text,
    aws_region: Text,
    recipient_account_id: Text,
    user_agent: Text,
    user_identity: Option<UserIdentity>,
    error_code: Text,
    error_message: Text,
    request_parameters: Option<RequestParameters>,
    response_elements: Option<ResponseElements>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserIdentity {
    arn: Text,
    account_id: Text,
    user_name: Text,
    invoked_by: Text,
    session_context: Option<SessionContext>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext {
    session_issuer: Option<SessionIssuer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer {
    arn: Text,
    user_name: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestParameters {
    cluster: Text,
    service: Text,
    desired_count: Option<i64>,
    force_new_deployment: Option<bool>,
}

#[derive(Deserialize)]
struct ResponseElements {
    service: Option<ServiceResponse>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceResponse {
    service_arn: Text,
    service_name: Text,
    cluster_arn: Text,
    desired_count: Option<i64>,
    running_count: Option<i64>,
}
