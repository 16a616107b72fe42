//! What people see on a terminal: the real command line on a pseudo-terminal of a given width.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use nix::pty::{Winsize, openpty};
use unicode_width::UnicodeWidthStr;

use super::{fixture, rollcall};

fn terminal(columns: u16) -> (File, OwnedFd) {
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let terminal = openpty(&size, None).unwrap();
    (terminal.master.into(), terminal.slave)
}

/// What a terminal got, without colour codes; Linux ends it with an error once nobody can write to it any more.
fn seen(mut terminal: File) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = terminal.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..read]);
    }
    let text = String::from_utf8(bytes).unwrap();
    anstream::adapter::strip_str(&text).to_string()
}

fn replay(name: &str, columns: u16) -> String {
    let path = fixture(name);
    shown(&["replay", path.to_str().unwrap()], columns)
}

fn shown(arguments: &[&str], columns: u16) -> String {
    let (terminal, end) = terminal(columns);
    let mut child = rollcall(arguments)
        .stdout(Stdio::from(end))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let text = seen(terminal);
    assert!(child.wait().unwrap().success());
    text
}

#[test]
fn tables_fit_the_terminal() {
    for columns in [40, 60, 80, 120] {
        let texts = [
            replay("jobs.json", columns),
            replay("interventions.json", columns),
            replay("multi-region.json", columns),
            shown(&["simulate", "--services", "2"], columns),
        ];
        for text in texts {
            let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
            assert!(rows.len() > 3, "{text}");
            for row in rows {
                let width = row.trim_end().width();
                assert!(width <= columns.into(), "{width} > {columns}: {row}");
            }
        }
    }
}

#[test]
fn a_wide_terminal_gets_what_a_file_gets() {
    let file = rollcall(&["replay"])
        .arg(fixture("jobs.json"))
        .output()
        .unwrap();
    let rows = |text: &str| -> Vec<String> {
        let rows = text.lines().filter(|line| line.starts_with('|'));
        rows.map(|line| line.trim_end().to_owned()).collect()
    };
    let file = String::from_utf8(file.stdout).unwrap();
    assert_eq!(rows(&replay("jobs.json", 300)), rows(&file));
}

#[test]
fn nothing_is_lost_where_a_table_is_narrow() {
    let squeezed = |text: &str| -> String {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        let mut letters: Vec<char> = letters.collect();
        letters.sort_unstable();
        letters.into_iter().collect()
    };
    let wide = replay("interventions.json", 300);
    assert_eq!(squeezed(&replay("interventions.json", 60)), squeezed(&wide));
}

#[test]
fn columns_says_how_wide_where_there_is_no_terminal() {
    let output = rollcall(&["replay"])
        .env("COLUMNS", "60")
        .arg(fixture("interventions.json"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().filter(|line| line.starts_with('|'));
    assert!(
        rows.map(UnicodeWidthStr::width).max().unwrap() <= 60,
        "{text}"
    );
}

#[test]
fn progress_is_shown_on_a_terminal_and_gone_in_the_end() {
    let (terminal, end) = terminal(80);
    let mut child = rollcall(&["replay"])
        .env("TERM", "xterm")
        // By its name alone: the path of a clone may be longer than the terminal is wide.
        .current_dir(fixture("all-succeeded.json").parent().unwrap())
        .arg("all-succeeded.json")
        .stdout(Stdio::null())
        .stderr(Stdio::from(end))
        .spawn()
        .unwrap();
    let text = seen(terminal);
    assert!(child.wait().unwrap().success());
    assert!(text.contains("all-succeeded.json"), "{text:?}");
    let last = text.rsplit('\r').next().unwrap();
    assert!(!last.contains("all-succeeded.json"), "{text:?}");
}
