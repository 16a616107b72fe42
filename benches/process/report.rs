//! The medians as one table, against what the project promises.

use rollcall::core::table::aligned;

use crate::batch::EVENT_LIMIT;
use crate::contender::Contender;
use crate::measure::Samples;

/// One line of the table.
struct Measure {
    name: &'static str,
    values: fn(&Samples) -> &[f64],
    show: fn(f64) -> String,
    target: Target,
}

/// What a measure is held against.
#[derive(Clone, Copy)]
enum Target {
    /// At most this share of what the contender takes.
    Share(Contender, f64),
    /// At most so much.
    Absolute(f64),
}

const MEASURES: [Measure; 6] = [
    Measure {
        name: "start to first poll",
        values: |samples| &samples.first_poll,
        show: milliseconds,
        target: Target::Share(Contender::Python, 1.0 / 8.0),
    },
    Measure {
        name: "20 records, first invocation",
        values: |samples| &samples.first_invocation,
        show: milliseconds,
        target: Target::Share(Contender::Python, 1.0 / 3.0),
    },
    Measure {
        name: "20 records, later invocation",
        values: |samples| &samples.later_invocation,
        show: milliseconds,
        target: Target::Share(Contender::Python, 1.0 / 3.0),
    },
    Measure {
        name: "20 records, peak memory",
        values: |samples| &samples.small_peak,
        show: mebibytes,
        target: Target::Share(Contender::Python, 1.0 / 2.0),
    },
    Measure {
        name: "6 MB batch, peak memory",
        values: |samples| &samples.large_peak,
        show: mebibytes,
        #[expect(clippy::cast_precision_loss, reason = "a small integer")]
        target: Target::Absolute(5.0 * EVENT_LIMIT as f64),
    },
    Measure {
        name: "6 MB batch, CPU of the process",
        values: |samples| &samples.large_cpu,
        show: milliseconds,
        target: Target::Share(Contender::Floor, 1.5),
    },
];

/// One line for each measure, with rollcall's ratio and whether it keeps its promise.
pub(crate) fn table(samples: &[(Contender, Samples)]) -> String {
    let headings = ["", "rollcall", "Python", "floor", "ratio", "target", ""].map(str::to_owned);
    aligned(&headings, MEASURES.map(|measure| row(&measure, samples))).join("\n")
}

fn row(measure: &Measure, samples: &[(Contender, Samples)]) -> [String; 7] {
    let value = |wanted: Contender| {
        let (_, samples) = samples.iter().find(|(contender, _)| *contender == wanted)?;
        Some(median((measure.values)(samples)))
    };
    let shown =
        |contender: Contender| value(contender).map_or_else(|| "–".to_owned(), measure.show);
    let rollcall = value(Contender::Rollcall).unwrap();
    let (limit, target) = match measure.target {
        Target::Share(contender, share) => (
            value(contender).map(|other| other * share),
            format!("≤ {} of {contender:?}", times(share)),
        ),
        Target::Absolute(limit) => (Some(limit), format!("≤ {}", (measure.show)(limit))),
    };
    let ratio = match measure.target {
        Target::Share(contender, _) => value(contender).map(|other| times(rollcall / other)),
        Target::Absolute(limit) => Some(times(rollcall / limit)),
    };
    let mark = match limit {
        Some(limit) if rollcall <= limit => "✓",
        Some(_) => "✗",
        None => "–",
    };
    [
        measure.name.to_owned(),
        shown(Contender::Rollcall),
        shown(Contender::Python),
        shown(Contender::Floor),
        ratio.unwrap_or_else(|| "–".to_owned()),
        target,
        mark.to_owned(),
    ]
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
}

pub(crate) fn milliseconds(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1e3)
}

pub(crate) fn mebibytes(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / f64::from(1 << 20))
}

/// A share below one as a fraction, which is how the promises are made.
fn times(ratio: f64) -> String {
    if ratio < 1.0 {
        format!("1/{:.1}", 1.0 / ratio)
    } else {
        format!("{ratio:.2} ×")
    }
}
