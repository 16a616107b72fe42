//! A fake Systems Manager that holds one parameter, and a fake of all AWS whose answers cannot be read.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::http::{Request, Server, response};

/// Answers `GetParameter` in the JSON 1.1 protocol, and stores the requests.
pub(crate) struct FakeSsm {
    server: Server,
    requests: Arc<Mutex<Vec<Value>>>,
    value: Arc<Mutex<String>>,
}

impl FakeSsm {
    /// Holds the parameter `name` and no other.
    pub(crate) fn holding(name: &'static str, value: String) -> Self {
        let requests: Arc<Mutex<Vec<Value>>> = Arc::default();
        let value = Arc::new(Mutex::new(value));
        let server = Server::start({
            let requests = Arc::clone(&requests);
            let value = Arc::clone(&value);
            move |request: Request| {
                assert_eq!(request.headers["x-amz-target"], "AmazonSSM.GetParameter");
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                let mut answer = if body["Name"] == name {
                    response(200, json!({"Parameter": {"Name": name, "Type": "SecureString", "Value": *value.lock().unwrap()}}).to_string())
                } else {
                    response(
                        400,
                        json!({"__type": "ParameterNotFound", "message": ""}).to_string(),
                    )
                };
                answer.headers_mut().insert(
                    "content-type",
                    "application/x-amz-json-1.1".parse().unwrap(),
                );
                requests.lock().unwrap().push(body);
                std::future::ready(Some(answer))
            }
        });
        Self {
            server,
            requests,
            value,
        }
    }

    /// Holds another value from now on.
    pub(crate) fn put(&self, value: String) {
        *self.value.lock().unwrap() = value;
    }

    /// For `AWS_ENDPOINT_URL`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The bodies of the requests so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }
}

/// Answers every request to every service of AWS in the same way.
pub(crate) struct BrokenAws(Server);

impl BrokenAws {
    /// Answers with this status and body.
    pub(crate) fn answering(status: u16, body: String) -> Self {
        Self(Server::start(move |_| {
            let mut answer = response(status, body.clone());
            let json = "application/x-amz-json-1.1".parse().unwrap();
            answer.headers_mut().insert("content-type", json);
            // The SDK's errors print headers as well as the body.
            let header = body.lines().next().and_then(|line| line.parse().ok());
            if let Some(value) = header {
                answer.headers_mut().insert("x-echo", value);
            }
            std::future::ready(Some(answer))
        }))
    }

    /// For `AWS_ENDPOINT_URL`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.0.address())
    }
}
