//! Who takes part, and how each is started.

use std::path::Path;
use std::process::Command;

use crate::floor;
use crate::support::function::Function;
use crate::support::slack::FakeSlack;

/// A program under measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The function.
    Rollcall,
    /// A handler on Python's standard library that does the same.
    Python,
    /// Parses the same bytes into the same fields and posts the same bytes.
    Floor,
}

/// As this argument's bearer, the bench's own executable is the floor.
pub(crate) const FLOOR_ROLE: &str = "floor";

impl Contender {
    /// Everybody.
    pub(crate) const ALL: [Self; 3] = [Self::Rollcall, Self::Python, Self::Floor];

    /// Starts the program, to report to this Slack. `function` is rollcall's executable; the floor posts `message`, a file.
    pub(crate) fn start(self, function: &Path, slack: &FakeSlack, message: &Path) -> Function {
        let program = match self {
            Self::Rollcall => Command::new(function),
            Self::Python => {
                let mut python = Command::new(python());
                // Without this machine's packages, some of which run code at every start; what is measured
                // is what a clean installation takes.
                python.arg("-S").arg(
                    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/baseline/bootstrap.py"),
                );
                python
            }
            Self::Floor => {
                let mut floor = Command::new(std::env::current_exe().unwrap());
                floor
                    .arg(FLOOR_ROLE)
                    .arg(slack.address().to_string())
                    .arg(message);
                floor
            }
        };
        Function::start_program(
            program,
            &[
                ("SLACK_WEBHOOK_URL", &slack.webhook()),
                ("ROLLCALL_ENVIRONMENT", "dev"),
                ("ROLLCALL_TIMEZONE", "Asia/Seoul"),
            ],
        )
    }
}

/// Where `python3` is: the path itself, so that no lookup and no wrapper is measured.
fn python() -> String {
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Such as `Python 3.13.1`; none where there is no `python3`.
pub(crate) fn python_version() -> Option<String> {
    let output = Command::new("python3").arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What this executable does as the floor.
#[expect(
    clippy::disallowed_methods,
    reason = "the floor is a program of its own"
)]
pub(crate) fn run_floor(slack: &str, message: &str) {
    let runtime_api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    floor::serve(&runtime_api, slack, &std::fs::read(message).unwrap());
}
