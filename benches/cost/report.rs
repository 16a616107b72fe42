//! The figures of all runs as one table for each mode, beside the limits of the cost law.

use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::run::Run;

/// From one size to the next one, which is ten times as large, a figure grows by no more than this.
const GROWTH: f64 = 12.0;
/// A window is read so often at most, in bytes.
const READS: f64 = 6.0;
const MEMORY: f64 = 128.0 * 1_048_576.0;
const TIMEOUT_SECONDS: f64 = 30.0;

/// One line of the table.
struct Figure {
    name: &'static str,
    value: fn(&Run) -> f64,
    show: fn(f64) -> String,
    limit: Limit,
}

/// What a figure is held against.
#[derive(Clone, Copy)]
enum Limit {
    None,
    /// It may grow as [`GROWTH`] says.
    Growth,
    /// At most so much.
    Most(f64),
    /// At least so much.
    Least(f64),
}

const fn figure(
    name: &'static str,
    value: fn(&Run) -> f64,
    show: fn(f64) -> String,
    limit: Limit,
) -> Figure {
    Figure {
        name,
        value,
        show,
        limit,
    }
}

const FIGURES: [Figure; 26] = [
    figure(
        "write units",
        |run| run.charges.write_units,
        number,
        Limit::Growth,
    ),
    figure(
        "read units",
        |run| run.charges.read_units,
        number,
        Limit::Growth,
    ),
    figure(
        "DynamoDB requests",
        |run| count(run.charges.requests.values().sum()),
        number,
        Limit::Growth,
    ),
    figure(
        "bytes of facts",
        |run| count(run.fact_bytes),
        number,
        Limit::None,
    ),
    figure(
        "bytes stored",
        |run| count(run.stored_bytes),
        number,
        Limit::None,
    ),
    figure(
        "bytes read / bytes of facts",
        Run::reads,
        ratio,
        Limit::Most(READS),
    ),
    figure(
        "SQS messages sent",
        |run| count(run.sent),
        number,
        Limit::Growth,
    ),
    figure(
        "visibility changes",
        |run| count(run.visibility_changes),
        number,
        Limit::Growth,
    ),
    figure(
        "invocations",
        |run| count(run.measured.invocations),
        number,
        Limit::Growth,
    ),
    figure(
        "ECS requests",
        |run| count(run.ecs_requests.values().sum()),
        number,
        Limit::Growth,
    ),
    figure(
        "messages, without edits and replies",
        Run::messages,
        number,
        Limit::None,
    ),
    figure(
        "Slack calls",
        |run| count(run.slack_calls.values().sum()),
        number,
        Limit::Growth,
    ),
    figure(
        "billed time",
        |run| run.measured.billed.as_secs_f64(),
        seconds,
        Limit::Growth,
    ),
    figure("CPU", |run| run.cpu.as_secs_f64(), seconds, Limit::Growth),
    figure(
        "peak memory",
        |run| bytes(run.measured.peak),
        mebibytes,
        Limit::Most(MEMORY),
    ),
    figure(
        "most CPU of an invocation",
        |run| run.measured.most_cpu.as_secs_f64(),
        seconds,
        Limit::None,
    ),
    figure(
        "longest invocation",
        |run| run.measured.longest.as_secs_f64(),
        seconds,
        Limit::None,
    ),
    figure(
        "… without waiting for a core",
        |run| run.measured.longest_undisturbed.as_secs_f64(),
        seconds,
        Limit::Most(TIMEOUT_SECONDS),
    ),
    figure(
        "timeouts and errors",
        |run| count(run.measured.timeouts + run.measured.errors),
        number,
        Limit::Most(0.0),
    ),
    figure(
        "records given back",
        |run| count(run.measured.failed_records),
        number,
        Limit::None,
    ),
    figure(
        "dead letters",
        |run| count(run.dead_letters),
        number,
        Limit::Most(0.0),
    ),
    figure(
        "looked at within 10 min",
        |run| run.looked_at,
        percent,
        Limit::Least(1.0),
    ),
    figure(
        "slowest first look",
        |run| run.slowest_look.as_secs_f64(),
        clock,
        Limit::None,
    ),
    figure(
        "first message after",
        |run| run.said_after(0),
        clock,
        Limit::None,
    ),
    figure(
        "last message after",
        |run| run.said_after(usize::MAX),
        clock,
        Limit::None,
    ),
    figure(
        "said as it is",
        |run| f64::from(u8::from(run.is_said())),
        yes,
        Limit::Least(1.0),
    ),
];

/// The table of the runs of one mode, smallest first, and how many limits are broken.
pub(crate) fn table(runs: &[Run]) -> (String, usize) {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let heading = |run: &Run| format!("{} services", run.services);
    let headings = std::iter::once(String::new()).chain(runs.iter().map(heading));
    table.set_header(headings.chain(["growth".to_owned(), "limit".to_owned(), String::new()]));
    let mut broken = 0;
    for figure in &FIGURES {
        let values: Vec<f64> = runs.iter().map(figure.value).collect();
        let growth = values.last_chunk().map(|[before, last]| last / before);
        let is_tenfold = runs
            .last_chunk()
            .is_some_and(|[before, last]| last.services == 10 * before.services);
        let (limit, is_kept) = match figure.limit {
            Limit::None => (String::new(), None),
            Limit::Growth => {
                let is_kept = growth.filter(|growth| is_tenfold && growth.is_finite());
                (ratio(GROWTH), is_kept.map(|growth| growth <= GROWTH))
            }
            Limit::Most(most) => ((figure.show)(most), values.last().map(|last| *last <= most)),
            Limit::Least(least) => (
                (figure.show)(least),
                values.last().map(|last| *last >= least),
            ),
        };
        broken += usize::from(is_kept == Some(false));
        let mark = match is_kept {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "",
        };
        let growth = growth.filter(|growth| growth.is_finite());
        let shown = values.iter().map(|value| (figure.show)(*value));
        let cells = std::iter::once(figure.name.to_owned()).chain(shown).chain([
            growth.map_or_else(String::new, ratio),
            limit,
            mark.to_owned(),
        ]);
        table.add_row(cells.enumerate().map(|(column, text)| {
            let cell = Cell::new(text);
            if column == 0 {
                cell
            } else {
                cell.set_alignment(CellAlignment::Right)
            }
        }));
    }
    (table.to_string(), broken)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn count(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn bytes(number: u64) -> f64 {
    number as f64
}

fn number(value: f64) -> String {
    format!("{value:.0}")
}

fn ratio(value: f64) -> String {
    format!("{value:.1} ×")
}

fn seconds(value: f64) -> String {
    format!("{value:.2} s")
}

fn percent(value: f64) -> String {
    format!("{:.1} %", 100.0 * value)
}

fn mebibytes(value: f64) -> String {
    format!("{:.1} MiB", value / 1_048_576.0)
}

fn yes(value: f64) -> String {
    (if value > 0.0 { "yes" } else { "no" }).to_owned()
}

fn clock(value: f64) -> String {
    let seconds = Duration::from_secs_f64(value.max(0.0)).as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
