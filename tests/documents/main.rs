//! Holds the documents to the command line: each `rollcall …` in them is a command with options that exist, and what
//! they show of a fixture is what the program prints.
//!
//! A test of its own and not a part of `it`, because it needs no client of AWS: `cargo test --test documents` is quick.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]
#![allow(missing_docs, unreachable_pub, reason = "nothing outside uses this")]

mod markdown;
mod schemas;

use std::path::Path;
use std::process::Command;

use clap::CommandFactory;
use clap::error::ErrorKind;
use markdown::{Block, documents};
use rollcall::cli::Args;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Arguments of the rollcall command in a line of shell; `None` where the line holds none. What follows a pipe, a
/// redirection or a second command belongs to the shell.
fn arguments(line: &str) -> Option<Vec<String>> {
    let line = line.trim().trim_start_matches("$ ");
    let words = shlex::split(line)?;
    let is_variable = |word: &String| {
        word.split_once('=')
            .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    };
    let command: Vec<String> = words.into_iter().skip_while(is_variable).collect();
    let rest = if command.first()? == "rollcall" {
        &command[1..]
    } else if command.starts_with(&["cargo".into(), "run".into()]) {
        let end = command.iter().position(|word| word == "--")?;
        &command[end + 1..]
    } else {
        return None;
    };
    let is_shell = |word: &&String| !matches!(word.as_str(), "|" | ">" | ">>" | "&&" | "||" | ";");
    Some(rest.iter().take_while(is_shell).cloned().collect())
}

fn parse(arguments: &[String]) -> Result<(), clap::Error> {
    let words = std::iter::once("rollcall").chain(arguments.iter().map(String::as_str));
    match Args::command().try_get_matches_from(words) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

#[test]
fn commands_in_blocks_are_accepted() {
    let mut faults = Vec::new();
    let mut count = 0;
    for document in documents() {
        for block in document.blocks.iter().filter(|block| block.is_shell()) {
            for line in block.lines() {
                if let Some(arguments) = arguments(&line) {
                    count += 1;
                    if let Err(error) = parse(&arguments) {
                        faults.push(format!("{}: {line}\n{error}", document.path));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count >= 10, "{count} commands were found");
}

/// In a sentence a command may leave its arguments out, or have words in their place such as FILE.
#[test]
fn commands_in_sentences_and_tables_have_names_and_options_that_exist() {
    let mut faults = Vec::new();
    let mut count = 0;
    for document in documents() {
        for code in &document.inline {
            let Some(arguments) = arguments(code) else {
                continue;
            };
            count += 1;
            if let Err(error) = parse(&arguments)
                && matches!(
                    error.kind(),
                    ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand
                )
            {
                faults.push(format!("{}: {code}\n{error}", document.path));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count >= 10, "{count} commands were found");
}

#[test]
fn examples_in_the_help_are_accepted() {
    let mut faults = Vec::new();
    let mut count = 0;
    let mut commands = vec![Args::command()];
    while let Some(command) = commands.pop() {
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        for line in Block::of_shell(&help).lines() {
            // An example may begin with a command of somebody else, and pipe its output into rollcall.
            for part in line.split(" | ") {
                if let Some(arguments) = arguments(part) {
                    count += 1;
                    if let Err(error) = parse(&arguments) {
                        faults.push(format!("{line}\n{error}"));
                    }
                }
            }
        }
        commands.extend(command.get_subcommands().cloned());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count >= 10, "{count} examples were found");
}

#[test]
fn what_documents_show_of_fixtures_is_what_is_printed() {
    let mut compared = 0;
    for document in documents() {
        for block in document.blocks.iter().filter(|block| block.is_console()) {
            for (command, shown) in block.sessions() {
                let Some(arguments) = arguments(&command) else {
                    continue;
                };
                if !arguments.iter().any(|word| word.starts_with("fixtures/")) {
                    continue;
                }
                let output = Command::new(env!("CARGO_BIN_EXE_rollcall"))
                    .current_dir(Path::new(ROOT))
                    .env_clear()
                    .args(&arguments)
                    .output()
                    .unwrap();
                assert!(output.status.success(), "{}: {command}", document.path);
                if !shown.is_empty() {
                    compared += 1;
                    let printed = String::from_utf8(output.stdout).unwrap();
                    assert_eq!(printed.trim_end(), shown, "{}: {command}", document.path);
                }
            }
        }
    }
    assert!(compared > 0, "no document shows what a command prints");
}
