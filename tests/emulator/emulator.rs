//! moto's server, with a table and a queue for each test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_sqs::types::QueueAttributeName;
use rollcall::tls;

static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// A running emulator; dropping it ends the process.
pub struct Emulator {
    process: Child,
    endpoint: String,
    runtime: tokio::runtime::Runtime,
}

/// What the function is given of AWS.
pub struct Resources {
    pub table: String,
    pub queue_url: String,
}

impl Emulator {
    /// Starts moto on a port of its own choice.
    pub fn start() -> Self {
        let mut process = Command::new("python3")
            .args([
                "-u",
                concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulator/moto_server.py"),
            ])
            .args(["-p", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this test needs python3 with moto: pip install 'moto[server]'");
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let endpoint = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("Running on ")
                    .map(|(_, address)| address.trim().to_owned())
            })
            .expect("this test needs moto's server: pip install 'moto[server]'");
        // It writes a line for each request, and must not block on it.
        std::thread::spawn(move || lines.for_each(drop));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        Self {
            process,
            endpoint,
            runtime,
        }
    }

    /// Waits for what needs the emulator.
    pub fn wait_for<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// For the function's `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A new table of this name.
    pub fn table(&self, name: &str) {
        let table = self
            .dynamodb()
            .create_table()
            .table_name(name)
            .billing_mode(BillingMode::PayPerRequest);
        let table = [("pk", KeyType::Hash), ("sk", KeyType::Range)]
            .into_iter()
            .fold(table, |table, (key, kind)| {
                let attribute = AttributeDefinition::builder()
                    .attribute_name(key)
                    .attribute_type(ScalarAttributeType::S);
                let schema = KeySchemaElement::builder()
                    .attribute_name(key)
                    .key_type(kind);
                table
                    .attribute_definitions(attribute.build().unwrap())
                    .key_schema(schema.build().unwrap())
            });
        self.runtime.block_on(table.send()).unwrap();
    }

    /// A new table and a new queue.
    pub fn resources(&self) -> Resources {
        let name = format!("rollcall-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.table(&name);
        let queue = self.sqs().create_queue().queue_name(&name);
        // How soon a batch comes again whose function was killed.
        let queue = queue.attributes(QueueAttributeName::VisibilityTimeout, "3");
        let queue_url = self
            .runtime
            .block_on(queue.send())
            .unwrap()
            .queue_url
            .unwrap();
        Resources {
            table: name,
            queue_url,
        }
    }

    /// A cluster with services: what each was created with, which the emulator never starts, and what it was updated
    /// to, which runs at once.
    pub fn cluster(&self, name: &str, services: &[(&str, i32, Option<i32>)]) {
        let own = aws_sdk_ecs::config::Credentials::new("test", "test", None, None, "test");
        self.cluster_of(own, name, services);
    }

    /// As [`Self::cluster`], in the account of a role: credentials of an assumed role belong to its account.
    pub fn cluster_elsewhere(&self, role: &str, name: &str, services: &[(&str, i32, Option<i32>)]) {
        let config = aws_sdk_sts::Config::builder()
            .behavior_version(aws_sdk_sts::config::BehaviorVersion::latest())
            .region(aws_sdk_sts::config::Region::new("ap-northeast-2"))
            .credentials_provider(aws_sdk_sts::config::Credentials::new(
                "test", "test", None, None, "test",
            ))
            .http_client(tls::aws_http_client())
            .endpoint_url(&self.endpoint);
        let sts = aws_sdk_sts::Client::from_conf(config.build());
        let assume = sts.assume_role().role_arn(role).role_session_name("test");
        let assumed = self.runtime.block_on(assume.send()).unwrap();
        let given = assumed.credentials.unwrap();
        let credentials = aws_sdk_ecs::config::Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            None,
            "test",
        );
        self.cluster_of(credentials, name, services);
    }

    fn cluster_of(
        &self,
        credentials: aws_sdk_ecs::config::Credentials,
        name: &str,
        services: &[(&str, i32, Option<i32>)],
    ) {
        let config = aws_sdk_ecs::Config::builder()
            .behavior_version(aws_sdk_ecs::config::BehaviorVersion::latest())
            .region(aws_sdk_ecs::config::Region::new("ap-northeast-2"))
            .credentials_provider(credentials)
            .http_client(tls::aws_http_client())
            .endpoint_url(&self.endpoint);
        let ecs = aws_sdk_ecs::Client::from_conf(config.build());
        self.runtime.block_on(async {
            ecs.create_cluster()
                .cluster_name(name)
                .send()
                .await
                .unwrap();
            for (service, created_with, updated_to) in services {
                let create = ecs.create_service().cluster(name).service_name(*service);
                create.desired_count(*created_with).send().await.unwrap();
                if let Some(count) = updated_to {
                    let update = ecs.update_service().cluster(name).service(*service);
                    update.desired_count(*count).send().await.unwrap();
                }
            }
        });
    }

    /// A client of the emulator's SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .region(aws_sdk_sqs::config::Region::new("ap-northeast-2"))
            .credentials_provider(aws_sdk_sqs::config::Credentials::new(
                "test", "test", None, None, "test",
            ))
            .http_client(tls::aws_http_client())
            .endpoint_url(&self.endpoint);
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// A client of the emulator's DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
            .region(aws_sdk_dynamodb::config::Region::new("ap-northeast-2"))
            .credentials_provider(aws_sdk_dynamodb::config::Credentials::new(
                "test", "test", None, None, "test",
            ))
            .http_client(tls::aws_http_client())
            .endpoint_url(&self.endpoint);
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
