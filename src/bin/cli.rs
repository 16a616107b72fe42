//! The command line's entry point: parses the arguments, and calls [`rollcall::cli`].

use std::io;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{CommandFactory, Parser};
use rollcall::cli::{Args, Command, man, replay, routes, simulate};
#[cfg(feature = "operator")]
use rollcall::cli::{cancel, doctor, down, export, extend, overrides, silence, skip, status, up};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Replay(args) => replay(&args, environment, SystemTime::now().into()).await,
        #[cfg(feature = "operator")]
        Command::Silence(command) => silence(&command, environment, SystemTime::now().into()).await,
        #[cfg(feature = "operator")]
        Command::Export(args) => export(&args, environment).await,
        #[cfg(feature = "operator")]
        Command::Doctor(args) => doctor(&args, environment, SystemTime::now().into()).await,
        #[cfg(feature = "operator")]
        Command::Status(args) => status(&args, environment, SystemTime::now().into()).await,
        #[cfg(feature = "operator")]
        Command::Extend(args) => extend(&args, now).await,
        #[cfg(feature = "operator")]
        Command::Skip(args) => skip(&args, now).await,
        #[cfg(feature = "operator")]
        Command::Up(args) => up(&args, now).await,
        #[cfg(feature = "operator")]
        Command::Down(args) => down(&args, now).await,
        #[cfg(feature = "operator")]
        Command::Overrides(args) => overrides(&args, environment, SystemTime::now().into()).await,
        #[cfg(feature = "operator")]
        Command::Cancel(args) => cancel(&args, now).await,
        #[cfg(not(feature = "operator"))]
        Command::Silence(_)
        | Command::Export(_)
        | Command::Doctor(_)
        | Command::Status(_)
        | Command::Extend(_)
        | Command::Skip(_)
        | Command::Up(_)
        | Command::Down(_)
        | Command::Overrides(_)
        | Command::Cancel(_) => Err(anyhow::anyhow!(rollcall::cli::NO_CLIENTS)),
        Command::Routes(command) => routes(&command, environment),
        Command::Simulate(args) => simulate(&args, environment).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Args::command(), "rollcall", &mut io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Man { path } => man(Args::command(), &path, &mut io::stdout()),
    };
    result.unwrap_or_else(|error| {
        anstream::eprintln!("rollcall: {error:#}");
        ExitCode::from(2)
    })
}

#[cfg(feature = "operator")]
fn now() -> chrono::DateTime<chrono::Utc> {
    SystemTime::now().into()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
