//! A fake of ECS, Application Auto Scaling and STS, which answers every request by one function and stores it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

use super::http::{Request, Server, response};

/// What the fake does about one request.
pub(crate) enum Reply {
    /// It answers.
    Answer(Value),
    /// It answers with the credentials of a role, of which this is the access key.
    Credentials(String),
    /// It refuses, with a code and a message.
    Error(&'static str, &'static str),
    /// It never answers.
    Hang,
    /// It closes the connection.
    Close,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Such as `DescribeServices`.
    pub(crate) operation: String,
    /// The Region that it was signed for.
    pub(crate) region: String,
    /// The access key that it was signed with.
    pub(crate) access_key: String,
    /// Its parameters.
    pub(crate) body: Value,
    /// When it arrived.
    pub(crate) at: Instant,
}

/// ECS and Application Auto Scaling, in every Region.
pub(crate) struct FakeEcs {
    server: Server,
    requests: Arc<Mutex<Vec<Asked>>>,
}

impl FakeEcs {
    /// A fake that answers every request with what `reply` returns.
    pub(crate) fn answering(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let requests: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let server = Server::start({
            let requests = Arc::clone(&requests);
            move |request: Request| {
                let asked = asked(&request);
                let is_sts = asked.operation == "AssumeRole";
                let reply = reply(&asked);
                requests.lock().unwrap().push(asked);
                async move {
                    let (status, body) = match reply {
                        Reply::Answer(body) => (200, body.to_string()),
                        Reply::Credentials(access_key) => (200, credentials(&access_key)),
                        Reply::Error(code, message) if is_sts => (403, sts_error(code, message)),
                        Reply::Error(code, message) => {
                            (400, json!({"__type": code, "message": message}).to_string())
                        }
                        Reply::Hang => std::future::pending().await,
                        Reply::Close => return None,
                    };
                    let mut answer = response(status, body);
                    let form = if is_sts {
                        "text/xml"
                    } else {
                        "application/x-amz-json-1.1"
                    };
                    let form = form.parse().unwrap();
                    answer.headers_mut().insert("content-type", form);
                    Some(answer)
                }
            }
        });
        Self { server, requests }
    }

    /// For `AWS_ENDPOINT_URL`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Asked> {
        self.requests.lock().unwrap().clone()
    }

    /// The requests for one operation so far.
    pub(crate) fn asked(&self, operation: &str) -> Vec<Asked> {
        let mut requests = self.requests();
        requests.retain(|asked| asked.operation == operation);
        requests
    }
}

/// The answer of STS to `AssumeRole`.
fn credentials(access_key: &str) -> String {
    format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>{access_key}</AccessKeyId><SecretAccessKey>XROLESECRETX</SecretAccessKey>\
         <SessionToken>XROLETOKENX</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
         <AssumedRoleUser><Arn>arn:aws:sts::444455556666:assumed-role/rollcall-reader/rollcall</Arn>\
         <AssumedRoleId>AROAEXAMPLE:rollcall</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
    )
}

fn sts_error(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    )
}

/// The name of the operation and its parameters: STS takes them as a form, the others as JSON.
fn operation(request: &Request) -> (String, Value) {
    let Some(target) = request.headers.get("x-amz-target") else {
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(&request.body)
            .into_owned()
            .collect();
        return (form["Action"].clone(), json!(form));
    };
    let target = target.to_str().unwrap();
    let (service, operation) = target.split_once('.').unwrap();
    assert!(
        matches!(
            service,
            "AmazonEC2ContainerServiceV20141113" | "AnyScaleFrontendService"
        ),
        "{target}"
    );
    (
        operation.to_owned(),
        serde_json::from_slice(&request.body).unwrap(),
    )
}

fn asked(request: &Request) -> Asked {
    let (operation, body) = operation(request);
    // … Credential=KEY/DATE/REGION/SERVICE/aws4_request, …
    let signature = request.headers["authorization"].to_str().unwrap();
    let (_, credential) = signature.split_once("Credential=").unwrap();
    let (access_key, _) = credential.split_once('/').unwrap();
    Asked {
        operation,
        region: signature.split('/').nth(2).unwrap().to_owned(),
        access_key: access_key.to_owned(),
        body,
        at: request.at,
    }
}
