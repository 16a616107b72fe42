//! `rollcall routes`: tells who hears of a service by the routes in a file, and draws them. Asks nothing of AWS.

pub(super) mod args;
mod describe;
mod show;
mod test;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

pub(super) use self::args::RoutesCommand;
use self::args::RoutesFile;
use super::terminal::Width;
use super::words::counted;
use crate::core::routes::{Routes, TEXT_LIMIT};

/// Carries out `rollcall routes`; `lookup` gives the value of an environment variable.
///
/// # Errors
/// When the routes cannot be read or something is wrong with them, or the output cannot be written.
pub fn routes(
    command: &RoutesCommand,
    lookup: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<ExitCode> {
    match command {
        RoutesCommand::Test(args) => test::test(args, &args.file.read(&lookup)?),
        RoutesCommand::Show(args) => {
            let routes = args.file.read(&lookup)?;
            show::show(args, &routes, Width::of(lookup))
        }
    }
}

impl RoutesFile {
    fn read(&self, lookup: impl Fn(&str) -> Option<String>) -> anyhow::Result<Routes> {
        if let Some(path) = &self.routes {
            return read_routes(path);
        }
        let json = lookup("ROLLCALL_ROUTES")
            .filter(|json| !json.is_empty())
            .context("--routes: expected a file, or ROLLCALL_ROUTES to be set")?;
        parse("ROLLCALL_ROUTES", &json)
    }
}

/// Reads the routes of a file; `-` is standard input.
///
/// # Errors
/// When it cannot be read, or something is wrong with the routes, which is all named.
pub(super) fn read_routes(path: &Path) -> anyhow::Result<Routes> {
    let (name, read) = if path == Path::new("-") {
        ("standard input".to_owned(), read_text(io::stdin().lock()))
    } else {
        let read = File::open(path).and_then(read_text);
        (path.display().to_string(), read)
    };
    parse(&name, &read.with_context(|| format!("cannot read {name}"))?)
}

/// Reads little more than routes may have, however much there is.
fn read_text(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    let limit = TEXT_LIMIT as u64 + 1;
    from.take(limit).read_to_string(&mut text)?;
    Ok(text)
}

fn parse(name: &str, json: &str) -> anyhow::Result<Routes> {
    Routes::parse(json).map_err(|invalid| {
        let count = counted(invalid.0.len() as u64, "problem", "problems");
        anyhow::anyhow!("{name}: {count}\n  {}", invalid.0.join("\n  "))
    })
}
