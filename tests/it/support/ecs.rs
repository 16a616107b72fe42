//! A fake of ECS and Application Auto Scaling, which answers every request by one function and stores it.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

use super::http::{Request, Server, response};

/// What the fake does about one request.
pub(crate) enum Reply {
    /// It answers.
    Answer(Value),
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
                let reply = reply(&asked);
                requests.lock().unwrap().push(asked);
                async move {
                    let (status, body) = match reply {
                        Reply::Answer(body) => (200, body),
                        Reply::Error(code, message) => {
                            (400, json!({"__type": code, "message": message}))
                        }
                        Reply::Hang => std::future::pending().await,
                        Reply::Close => return None,
                    };
                    let mut answer = response(status, body.to_string());
                    let json = "application/x-amz-json-1.1".parse().unwrap();
                    answer.headers_mut().insert("content-type", json);
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

fn asked(request: &Request) -> Asked {
    let target = request.headers["x-amz-target"].to_str().unwrap();
    let (service, operation) = target.split_once('.').unwrap();
    assert!(
        matches!(
            service,
            "AmazonEC2ContainerServiceV20141113" | "AnyScaleFrontendService"
        ),
        "{target}"
    );
    // … Credential=KEY/DATE/REGION/SERVICE/aws4_request, …
    let signature = request.headers["authorization"].to_str().unwrap();
    Asked {
        operation: operation.to_owned(),
        region: signature.split('/').nth(2).unwrap().to_owned(),
        body: serde_json::from_slice(&request.body).unwrap(),
        at: request.at,
    }
}
