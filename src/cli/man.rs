//! `rollcall man`: the manual, made of the same descriptions as the help.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Command;
use clap_mangen::Man;

/// Writes the page of a command of `program`, which `path` leads to: `silence`, `add`.
///
/// # Errors
/// When there is no such command, or the page cannot be written.
pub fn man(program: Command, path: &[String], out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut name = program.get_name().to_owned();
    let mut command = program;
    // Makes every command know its full name.
    command.build();
    for part in path {
        let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        let known = known.join(", ");
        command = command
            .find_subcommand(part)
            .cloned()
            .with_context(|| format!("COMMAND: {name} has no command {part}; it has {known}"))?;
        name = format!("{name} {part}");
    }
    Man::new(command).render(out).context("cannot write")?;
    Ok(ExitCode::SUCCESS)
}
