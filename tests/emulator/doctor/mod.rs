//! `rollcall doctor` on a deployment in the emulator: nothing is wrong on the healthy one, and each fault that is planted
//! is found. `stack.py` builds the deployment anew for each fault, and answers what moto lacks.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use crate::mapping::Mapping;

/// Each fault with the area of the finding and some of its words.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "alarm-absent",
        "alarms",
        "rollcall-dev-rules-dead: no alarm watches this dead-letter queue",
    ),
    (
        "alarm-of-errors-absent",
        "alarms",
        "no alarm watches the function's errors",
    ),
    (
        "alarm-rings",
        "alarms",
        "rollcall-dev-function-errors: is ringing",
    ),
    (
        "alarm-with-actions-off",
        "alarms",
        "rollcall-dev-records-dead: tells nobody",
    ),
    (
        "alarm-without-actions",
        "alarms",
        "rollcall-dev-records-dead: tells nobody",
    ),
    (
        "bot-not-in-channel",
        "slack",
        "the bot is not in the channel",
    ),
    ("channel-absent", "slack", "there is no such channel"),
    ("channel-archived", "slack", "is archived"),
    ("cluster-absent", "services", "dve/api: does not exist"),
    (
        "dead-letter-queue-absent",
        "letters",
        "rollcall-dev-rules-dead: does not exist",
    ),
    (
        "dead-letter-waits",
        "letters",
        "rollcall-dev-rules-dead: holds 1 messages",
    ),
    (
        "events-secret-absent",
        "secrets",
        "/rollcall/dev/signing: does not exist",
    ),
    (
        "function-absent",
        "function",
        "rollcall-dev: does not exist",
    ),
    (
        "function-ends-loops",
        "function",
        "recursive loops: Terminate",
    ),
    (
        "function-lacks-a-variable",
        "function",
        "ROLLCALL_QUEUE_URL: expected the URL",
    ),
    (
        "function-logs-too-little",
        "function",
        "logs from the level WARN on",
    ),
    (
        "function-may-not-ask-ecs",
        "roles",
        "rollcall-dev-function: may not ecs:DescribeServices on arn:aws:ecs:",
    ),
    (
        "function-may-not-put-events",
        "roles",
        "rollcall-dev-function: may not events:PutEvents on",
    ),
    (
        "function-may-not-query",
        "roles",
        "rollcall-dev-function: may not dynamodb:Query on arn:aws:dynamodb:",
    ),
    (
        "function-may-not-read-secrets",
        "roles",
        "rollcall-dev-function: may not ssm:GetParameter on",
    ),
    (
        "function-may-not-send",
        "roles",
        "rollcall-dev-function: may not sqs:SendMessage on",
    ),
    (
        "function-reserves-too-little",
        "function",
        "has 1 instances reserved, and its mappings may use 4",
    ),
    (
        "function-sends-timers-elsewhere",
        "queue",
        "rollcall-dev-records-dead: the function sends its timers there",
    ),
    (
        "mapping-absent",
        "mapping",
        "no event source mapping feeds the function",
    ),
    (
        "mapping-disabled",
        "mapping",
        "rollcall-dev-records: is Disabled",
    ),
    (
        "mapping-without-maximum",
        "mapping",
        "rollcall-dev-records: has no maximum concurrency",
    ),
    (
        "mapping-without-partial-failures",
        "mapping",
        "does not have ReportBatchItemFailures",
    ),
    (
        "policy-absent",
        "policy",
        "does not let rules send: rollcall-dev-",
    ),
    (
        "policy-without-function",
        "policy",
        "does not let roles send: rollcall-dev-function",
    ),
    (
        "policy-without-rosters",
        "policy",
        "does not let roles send: rollcall-dev-rosters-role",
    ),
    (
        "queue-hides-too-shortly",
        "queue",
        "hides a message for 60 s; at least 360 s",
    ),
    (
        "queue-outlives-dead-letters",
        "queue",
        "keeps messages longer than its dead-letter queue",
    ),
    (
        "queue-with-other-receives",
        "queue",
        "gives a message 5 receives, and the function counts on 30",
    ),
    (
        "queue-without-redrive",
        "queue",
        "rollcall-dev-records: has no redrive policy",
    ),
    (
        "roster-escaped",
        "rosters",
        "main.morning: does not hold the placeholder",
    ),
    (
        "roster-to-another-queue",
        "rosters",
        "main.morning: goes to rollcall-dev-rules-dead",
    ),
    (
        "roster-unreadable",
        "rosters",
        "main.morning: the function does not understand it",
    ),
    (
        "roster-with-another-count",
        "rosters",
        "dev/api: have another count",
    ),
    (
        "roster-with-another-service",
        "rosters",
        "dev/gone: are in a roster and not scheduled",
    ),
    (
        "roster-without-a-service",
        "rosters",
        "dev/web: are scheduled and in no roster",
    ),
    (
        "rosters-may-not-send",
        "roles",
        "rollcall-dev-rosters-role: may not sqs:SendMessage on",
    ),
    (
        "route-secret-absent",
        "secrets",
        "/rollcall/search/webhook: does not exist",
    ),
    (
        "rule-disabled",
        "rules",
        "rollcall-dev-failures: is disabled",
    ),
    (
        "rule-of-another-role",
        "rules",
        "no enabled rule matches an accepted UpdateService call of rollcall-dev-schedules",
    ),
    (
        "rule-without-dead-letters",
        "rules",
        "rollcall-dev-successes: its target has no dead-letter queue",
    ),
    (
        "rules-absent",
        "rules",
        "no rule has the queue as its target",
    ),
    (
        "schedule-crosses-windows",
        "windows",
        "report: cron(28 2 * * ? *) with a flexible window of 5 min reaches beyond",
    ),
    (
        "schedule-disabled",
        "schedules",
        "morning.api: 1 of 5 are disabled",
    ),
    (
        "schedule-over",
        "schedules",
        "morning.api: 1 of 5 are over: their end date has passed",
    ),
    (
        "schedule-with-unreadable-input",
        "schedules",
        "morning.api: 1 of 5 have an input that ECS would refuse",
    ),
    (
        "schedule-without-dead-letters",
        "schedules",
        "morning.api: 1 of 5 have no dead-letter queue",
    ),
    (
        "schedules-absent",
        "schedules",
        "no schedule starts or stops anything",
    ),
    (
        "schedules-may-not-bury",
        "roles",
        "rollcall-dev-schedules: may not sqs:SendMessage on",
    ),
    (
        "schedules-may-not-pass-roles",
        "roles",
        "rollcall-dev-schedules: may not iam:PassRole on",
    ),
    (
        "schedules-may-not-update",
        "roles",
        "rollcall-dev-schedules: may not ecs:UpdateService on",
    ),
    (
        "secret-absent",
        "secrets",
        "/rollcall/dev/webhook: does not exist",
    ),
    (
        "secret-malformed",
        "secrets",
        "/rollcall/dev/webhook: does not hold what it should",
    ),
    ("service-absent", "services", "dev/apj: does not exist"),
    (
        "service-counted-by-terraform",
        "services",
        "dev/api: Terraform set its count to 1",
    ),
    ("service-inactive", "services", "dev/api: "),
    ("service-is-a-daemon", "services", "dev/api: is a daemon"),
    (
        "service-kept-within-bounds",
        "services",
        "dev/api: is to get 0, and Application Auto Scaling keeps it between 1 and 4",
    ),
    (
        "subscription-pending",
        "alarms",
        "alarms: nobody has confirmed a subscription",
    ),
    (
        "table-absent",
        "table",
        "rollcall-dev-windows: does not exist",
    ),
    ("table-keeps-for-ever", "table", "its time to live is off"),
    (
        "table-with-other-keys",
        "table",
        "has the keys pk (HASH, S) and other (RANGE, S)",
    ),
    (
        "task-definition-absent",
        "services",
        "rapport: there is no such task definition",
    ),
    (
        "token-revoked",
        "slack",
        "bot: Slack does not take the token",
    ),
    ("trail-absent", "trail", "there is no trail"),
    (
        "trail-reads-only",
        "trail",
        "audit leaves out write management events",
    ),
    ("trail-stopped", "trail", "audit is stopped"),
    (
        "trail-without-management",
        "trail",
        "audit leaves out write management events",
    ),
];

/// The server, which ends with its standard input.
pub(crate) struct Stack {
    process: Child,
    wishes: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    hello: Hello,
}

#[derive(Deserialize)]
struct Hello {
    endpoint: String,
    faults: Vec<String>,
}

impl Stack {
    /// Where the emulator answers.
    pub(crate) fn endpoint(&self) -> &str {
        &self.hello.endpoint
    }

    pub(crate) fn start() -> Self {
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/emulator/doctor/stack.py"
        );
        let mut process = Command::new("python3")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this test needs python3 with moto: pip install 'moto[server]'");
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        Self {
            wishes: process.stdin.take(),
            process,
            answers,
            hello: serde_json::from_str(&line)
                .expect("this test needs moto's server: pip install 'moto[server]'"),
        }
    }

    pub(crate) fn ask(&mut self, wish: &str) -> String {
        writeln!(self.wishes.as_mut().unwrap(), "{wish}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// The real command line, with the caller that `stack.py` calls `doctor`.
    fn doctor(&self, arguments: &[&str]) -> Command {
        let mut command = self.rollcall("doctor");
        command.args(arguments);
        command
    }

    /// A command of the real command line, about the environment of the deployment.
    pub(crate) fn rollcall(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command
            .args([name, "--environment", "dev"])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .envs([
                ("AWS_ENDPOINT_URL", self.hello.endpoint.as_str()),
                ("AWS_ACCESS_KEY_ID", "doctor"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("AWS_REGION", "ap-northeast-2"),
            ]);
        command
    }

    /// Builds the deployment anew with this planted, and looks at it.
    fn look(&mut self, planted: &str, arguments: &[&str]) -> Looked {
        assert_eq!(self.ask(planted), "ready", "{planted}");
        Looked::of(self.doctor(arguments).output().unwrap())
    }

    /// Lambda, which hands the queue's messages to the function.
    fn mapping(&mut self) -> Arc<Mapping> {
        let variables = self.ask("variables");
        let mut variables: BTreeMap<String, String> = serde_json::from_str(&variables).unwrap();
        let queue_url = variables["ROLLCALL_QUEUE_URL"].clone();
        let own = [
            ("AWS_ENDPOINT_URL", self.hello.endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "function"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ];
        variables.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .region(aws_sdk_sqs::config::Region::new("ap-northeast-2"))
            .credentials_provider(aws_sdk_sqs::config::Credentials::new(
                "test", "test", None, None, "test",
            ))
            .http_client(rollcall::tls::aws_http_client())
            .endpoint_url(&self.hello.endpoint);
        let sqs = aws_sdk_sqs::Client::from_conf(config.build());
        Mapping::new(
            sqs,
            queue_url,
            variables.into_iter().collect(),
            1,
            Vec::new(),
        )
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        drop(self.wishes.take());
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(5) {
            if let Ok(Some(_)) = self.process.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Looked {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let looked = Self {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        // Every secret of the stack has this word in it, and so has the name of a variable.
        let shows = |text: &str| {
            text.replace("EVENTS_SECRET_PARAMETER", "")
                .contains("SECRET")
        };
        let has_secret = shows(&looked.stdout) || shows(&looked.stderr);
        assert!(!has_secret, "{looked:?}");
        looked
    }

    /// The findings of one outcome: area, and subject with text.
    fn findings(&self, outcome: &str) -> Vec<(String, String)> {
        let report: Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("{self:?}"));
        let findings = report["findings"].as_array().unwrap().iter();
        let of_it = findings.filter(|finding| finding["outcome"] == outcome);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        of_it
            .map(|finding| {
                let said = format!("{}: {}", text(&finding["subject"]), text(&finding["text"]));
                (text(&finding["area"]), said)
            })
            .collect()
    }
}

#[test]
fn nothing_is_wrong_with_a_healthy_deployment_and_every_question_is_in_the_policy() {
    let mut stack = Stack::start();
    let healthy = stack.look("healthy", &[]);
    assert_eq!(healthy.status, Some(0), "{}", healthy.stdout);
    assert!(
        !healthy.stdout.contains('✗') && !healthy.stdout.contains("\n?"),
        "{}",
        healthy.stdout
    );
    assert!(
        healthy
            .stdout
            .trim_end()
            .ends_with(" fine, 0 wrong, 0 unknown"),
        "{}",
        healthy.stdout
    );

    let policy = include_str!("../../../docs/operator-policy.json");
    let policy: Value = serde_json::from_str(policy).unwrap();
    let mut called: Vec<String> = serde_json::from_str(&stack.ask("calls")).unwrap();
    called.sort();
    let allowed: Vec<String> =
        serde_json::from_value(policy["Statement"][0]["Action"].clone()).unwrap();
    assert_eq!(
        called, allowed,
        "the policy for operators allows what is called and nothing else"
    );
}

/// How many deployments are looked at side by side, each in an emulator of its own: most of a look is waiting, among others
/// for Slack's pace of a request a second.
const SIDE_BY_SIDE: usize = 3;

#[test]
fn each_fault_that_is_planted_is_found() {
    let missed: Vec<String> = std::thread::scope(|scope| {
        let parts = FAULTS.chunks(FAULTS.len().div_ceil(SIDE_BY_SIDE));
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(move || missed(part)))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap());
        joined.flatten().collect()
    });
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

/// Those of these faults that the doctor does not find where the table says.
fn missed(faults: &[(&str, &str, &str)]) -> Vec<String> {
    let mut stack = Stack::start();
    let names: Vec<&str> = FAULTS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(
        stack.hello.faults, names,
        "each fault of stack.py is in the table"
    );
    let mut missed = Vec::new();
    for &(name, area, words) in faults {
        let looked = stack.look(name, &["--json"]);
        let wrong = looked.findings("wrong");
        let is_found = wrong
            .iter()
            .any(|(of, said)| of == area && said.contains(words));
        if looked.status != Some(1) || !is_found {
            missed.push(format!("{name}: {looked:?}"));
        }
    }
    missed
}

#[test]
fn what_may_not_be_read_is_unknown_and_named_with_its_permission() {
    let mut stack = Stack::start();
    let policy = include_str!("../../../docs/operator-policy.json");
    let policy: Value = serde_json::from_str(policy).unwrap();
    let actions = policy["Statement"][0]["Action"].as_array().unwrap();
    for action in actions.iter().map(|action| action.as_str().unwrap()) {
        let looked = stack.look(&format!("deny {action}"), &["--json"]);
        let unknown = looked.findings("unknown");
        let named = format!("cannot look ({action}): AccessDenied");
        assert!(
            unknown.iter().any(|(_, said)| said.contains(&named)),
            "{action}: {looked:?}"
        );
        assert_eq!(looked.findings("wrong"), [], "{action}");
        // Without the function's configuration there is nothing else to look at.
        let status = if action == "lambda:GetFunctionConfiguration" {
            2
        } else {
            0
        };
        assert_eq!(looked.status, Some(status), "{action}");
    }
}

#[test]
fn status_shows_the_schedules_and_the_services_of_one_environment() {
    let mut stack = Stack::start();
    assert_eq!(stack.ask("healthy"), "ready");
    let shown = Looked::of(stack.rollcall("status").arg("--json").output().unwrap());
    assert_eq!(shown.status, Some(0), "{shown:?}");
    let board: Value = serde_json::from_str(&shown.stdout).unwrap();
    let names = |list: &str, key: &str| -> Vec<String> {
        let list = board[list].as_array().unwrap().iter();
        let mut names: Vec<_> = list
            .map(|one| one[key].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    let services = names("services", "service");
    assert_eq!(services, ["api", "web"], "not the other environment's");
    assert_eq!(names("schedules", "name"), ["evening", "morning", "report"]);
    assert_eq!(board["services"][0]["desired"], 1);
    assert!(board["services"][0]["next"]["at"].is_string());

    let wrong = stack
        .rollcall("status")
        .args(["--group", "none"])
        .output()
        .unwrap();
    let wrong = Looked::of(wrong);
    assert_eq!(wrong.status, Some(2));
    let expected = "no schedule of dev starts or stops anything";
    assert!(wrong.stderr.contains(expected), "{wrong:?}");

    assert_eq!(stack.ask("deny scheduler:ListSchedules"), "ready");
    let denied = Looked::of(stack.rollcall("status").output().unwrap());
    assert_eq!(denied.status, Some(2));
    let expected = "cannot look (scheduler:ListSchedules): AccessDenied";
    assert!(denied.stderr.contains(expected), "{denied:?}");
}

#[test]
fn a_bot_that_may_not_look_at_its_channel_is_no_fault() {
    let mut stack = Stack::start();
    let looked = stack.look("bot-lacks-scope", &["--json"]);
    assert_eq!(looked.status, Some(0), "{looked:?}");
    assert_eq!(looked.findings("wrong"), []);
    let [(area, said)] = &looked.findings("unknown")[..] else {
        panic!("{looked:?}");
    };
    assert_eq!(area, "slack");
    assert!(said.contains("missing_scope"), "{said}");
}

#[test]
fn without_a_table_a_test_event_is_sent_and_the_reader_has_to_look() {
    let mut stack = Stack::start();
    let looked = stack.look("without-a-table", &["--json", "--send-test"]);
    let unknown = looked.findings("unknown");
    let sent = unknown.iter().find(|(area, _)| area == "test");
    let (_, said) = sent.unwrap_or_else(|| panic!("{looked:?}"));
    assert!(said.contains("was sent as rollcall-doctor-"), "{said}");
    assert_eq!(looked.findings("wrong"), [], "{looked:?}");
}

#[test]
fn a_test_event_goes_through_the_queue_and_is_told() {
    let of_test = |looked: &Looked, outcome: &str| -> String {
        let mut findings = looked.findings(outcome).into_iter();
        let found = findings.find(|(area, _)| area == "test");
        found.unwrap_or_else(|| panic!("{looked:?}")).1
    };
    let mut stack = Stack::start();
    let unread = stack.look("hurried", &["--json", "--send-test", "--wait", "2s"]);
    let said = of_test(&unread, "wrong");
    assert!(
        said.contains("did not reach the table within 2 s"),
        "{said}"
    );

    assert_eq!(stack.ask("hurried"), "ready");
    let mapping = stack.mapping();
    let mut function = mapping.function();
    let arguments = ["--json", "--send-test", "--wait", "2m"];
    let mut doctor = stack.doctor(&arguments).spawn().unwrap();
    // The doctor ends by itself, when it was told or has waited long enough.
    while doctor.try_wait().unwrap().is_none() {
        mapping.hand_out_once(&mut function);
    }
    let told = Looked::of(doctor.wait_with_output().unwrap());
    let said = of_test(&told, "fine");
    assert!(
        said.contains("rollcall-doctor-") && said.contains("was told to Slack"),
        "{said}"
    );
}
