//! Large files of events, as real ones are made: calls of many services, at random but the same each time.

use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// What is replayed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Workload {
    /// A CloudTrail log file; one call in a hundred is an `UpdateService`.
    Log,
    /// JSON lines of EventBridge events, gzipped; one call in a hundred is an `UpdateService`.
    Lines,
    /// The same with nothing but `UpdateService`: 500 services twice a day, for years.
    Calls,
}

impl Workload {
    pub(crate) const ALL: [Self; 3] = [Self::Log, Self::Lines, Self::Calls];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Log => "a CloudTrail log file",
            Self::Lines => "JSON lines, gzipped",
            Self::Calls => "JSON lines of calls alone, gzipped",
        }
    }

    /// Writes a file of about so many bytes, before compression.
    pub(crate) fn write(self, bytes: usize) -> NamedTempFile {
        let file = NamedTempFile::new().unwrap();
        let writer = BufWriter::new(file.reopen().unwrap());
        match self {
            Self::Log => self.records(writer, bytes).flush(),
            Self::Lines | Self::Calls => {
                let encoder = GzEncoder::new(writer, Compression::fast());
                self.records(encoder, bytes).finish().map(drop)
            }
        }
        .unwrap();
        file
    }

    fn records<W: Write>(self, writer: W, bytes: usize) -> W {
        let mut counted = Counted { writer, bytes: 0 };
        let mut random = fastrand::Rng::with_seed(1);
        let is_log = matches!(self, Self::Log);
        if is_log {
            counted.write_all(b"{\"Records\":[").unwrap();
        }
        for number in 0.. {
            let is_call = matches!(self, Self::Calls) || number % 100 == 0;
            let record = if is_call {
                call(number / if matches!(self, Self::Calls) { 1 } else { 100 })
            } else {
                other(number, &mut random)
            };
            if counted.bytes > bytes {
                break;
            }
            if is_log {
                let comma = if number == 0 { "" } else { "," };
                write!(counted, "{comma}{record}").unwrap();
            } else {
                let event = json!({
                    "version": "0", "id": format!("{number:032x}"), "detail-type": "AWS API Call via CloudTrail",
                    "source": "aws.any", "account": "111122223333", "region": "ap-northeast-2", "detail": record,
                });
                writeln!(counted, "{event}").unwrap();
            }
        }
        if is_log {
            counted.write_all(b"]}").unwrap();
        }
        counted.writer
    }
}

/// A call of one of 500 services, twice a day.
fn call(number: usize) -> Value {
    let (half_day, service) = (number / 500, number % 500);
    let seconds = i64::try_from(half_day * 43_200 + service / 2).unwrap();
    let time = chrono::DateTime::from_timestamp(seconds, 0);
    let count = (half_day + 1) % 2;
    let arn = format!("arn:aws:ecs:ap-northeast-2:111122223333:service/dev/service-{service:03}");
    record(
        number,
        &time.unwrap().to_rfc3339(),
        "ecs.amazonaws.com",
        "UpdateService",
        &json!({
            "cluster": "dev", "service": format!("service-{service:03}"), "desiredCount": count,
        }),
        &json!({"service": {
            "serviceArn": arn, "serviceName": format!("service-{service:03}"), "runningCount": 1 - count,
            "desiredCount": count, "status": "ACTIVE", "launchType": "FARGATE", "platformVersion": "LATEST",
            "events": [{"id": format!("{number:032x}"), "message": "(service) has reached a steady state."}],
        }}),
    )
}

fn other(number: usize, random: &mut fastrand::Rng) -> Value {
    const CALLS: [(&str, &str); 5] = [
        ("s3.amazonaws.com", "GetObject"),
        ("sts.amazonaws.com", "AssumeRole"),
        ("kms.amazonaws.com", "Decrypt"),
        ("ecs.amazonaws.com", "DescribeServices"),
        ("logs.amazonaws.com", "CreateLogStream"),
    ];
    let (source, name) = CALLS[random.usize(..CALLS.len())];
    let key = format!("{:032x}/{:032x}", random.u128(..), random.u128(..));
    record(
        number,
        "2024-01-15T00:00:00Z",
        source,
        name,
        &json!({"bucketName": "logs", "key": key}),
        &Value::Null,
    )
}

fn record(
    number: usize,
    time: &str,
    source: &str,
    name: &str,
    request: &Value,
    response: &Value,
) -> Value {
    json!({
        "eventVersion": "1.11", "eventTime": time, "eventSource": source, "eventName": name,
        "awsRegion": "ap-northeast-2", "sourceIPAddress": "scheduler.amazonaws.com",
        "userAgent": "AmazonEventBridgeScheduler", "requestParameters": request, "responseElements": response,
        "requestID": format!("{number:032x}"), "eventID": format!("{number:08x}-0000-4000-8000-{number:012x}"),
        "readOnly": false, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLE:session", "accountId": "111122223333",
            "arn": "arn:aws:sts::111122223333:assumed-role/dev-ecs-scheduler/session",
            "sessionContext": {"sessionIssuer": {
                "type": "Role", "principalId": "AROAEXAMPLE", "accountId": "111122223333",
                "arn": "arn:aws:iam::111122223333:role/dev-ecs-scheduler", "userName": "dev-ecs-scheduler",
            }},
        },
    })
}

/// Counts what is written before it is compressed.
struct Counted<W> {
    writer: W,
    bytes: usize,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(buffer)?;
        self.bytes += written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
