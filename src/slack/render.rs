//! Renders a summary as a Slack message in Block Kit, within Slack's limits for any input.
//!
//! Pure. Space is given to the parts in the order of their importance: title and totals, then the failures with their
//! reasons, then the table, whose last rows are those that succeeded. Rows and failures that do not fit are counted.

use super::escape::{mrkdwn, plain};
use super::message::{Block, Cell, ColumnSetting, Message, TableForm, Text};
use super::{failures, limits};
use crate::core::status::Kind;
use crate::core::summary::{Row, Summary};
use crate::core::table;

/// Renders a summary. `mention` is added where something failed, so that Slack notifies people.
#[must_use]
pub fn render(summary: &Summary, mention: Option<&str>, form: TableForm) -> Message {
    let mention = mention.filter(|_| summary.has_failures());
    let title = title(summary);
    let notes = match summary.notes.join("  ") {
        notes if notes.is_empty() => notes,
        notes => mrkdwn(&notes, limits::NOTES),
    };
    let failures = failures::sections(&summary.failures, summary.reasons_heading());
    let subtitle = mrkdwn(&summary.subtitle(), limits::SUBTITLE);
    let mut space = limits::MESSAGE
        - [&title, &subtitle, &notes]
            .map(String::len)
            .iter()
            .sum::<usize>()
        - failures.iter().map(String::len).sum::<usize>()
        - TOTALS_RESERVE
        - mention.map_or(0, str::len);

    let (table, shown) = match form {
        TableForm::Table => table_block(&summary.rows, &mut space),
        TableForm::Preformatted => preformatted(&summary.rows, &mut space),
    };
    let totals = totals(summary, &summary.rows[shown..], mention);

    let mut blocks = vec![Block::Header {
        text: Text::PlainText { text: title },
    }];
    blocks.push(context(subtitle));
    blocks.extend(table);
    blocks.push(section(totals));
    blocks.extend(failures.into_iter().map(section));
    blocks.extend(Some(notes).filter(|notes| !notes.is_empty()).map(context));
    Message {
        text: text(summary, mention),
        blocks,
        unfurl_links: false,
        unfurl_media: false,
    }
}

/// How much `totals` may take besides the mention: the counts, and how many rows the table leaves out.
const TOTALS_RESERVE: usize = 300;
/// The table's head.
pub(crate) const HEADINGS: [&str; 3] = ["Service", "Action", "Status"];

fn title(summary: &Summary) -> String {
    let mark = match &summary.progress {
        Some(progress) => format!("{progress} ·"),
        None => "📊".to_owned(),
    };
    let headline = format!("{mark} {} · ", summary.headline());
    let space = limits::HEADER - headline.len();
    headline + &plain(&summary.environment, space)
}

fn section(text: String) -> Block {
    Block::Section {
        text: Text::Mrkdwn {
            text,
            verbatim: true,
        },
    }
}

fn context(text: String) -> Block {
    Block::Context {
        elements: vec![Text::Mrkdwn {
            text,
            verbatim: true,
        }],
    }
}

/// The totals, how many rows the table leaves out, and the mention.
fn totals(summary: &Summary, left_out: &[Row], mention: Option<&str>) -> String {
    let mut counts = Vec::new();
    for kind in Kind::WORST_FIRST {
        let of_kind = left_out
            .iter()
            .flat_map(|row| &row.counts)
            .filter(|(of, _)| *of == kind);
        let count: usize = of_kind.map(|(_, count)| count).sum();
        if count > 0 {
            counts.push(format!("{count} more {}", kind.word()));
        }
    }
    let mut lines = Vec::new();
    if !counts.is_empty() {
        lines.push(format!("… and {}", counts.join(", ")));
    }
    lines.push(format!("*{}*", summary.totals()));
    lines.extend(mention.map(str::to_owned));
    lines.join("\n")
}

/// The table with as many rows as fit, and how many those are.
fn table_block(rows: &[Row], space: &mut usize) -> (Vec<Block>, usize) {
    let mut table = vec![HEADINGS.map(str::to_owned).to_vec()];
    *space = space.saturating_sub(HEADINGS.iter().map(|heading| heading.len()).sum());
    for row in rows.iter().take(limits::TABLE_ROWS - 1) {
        let cells = [
            plain(&row.service, limits::CELL),
            row.action.clone(),
            row.status.to_string(),
        ];
        let Some(left) = space.checked_sub(cells.iter().map(String::len).sum()) else {
            break;
        };
        *space = left;
        table.push(cells.to_vec());
    }
    let shown = table.len() - 1;
    if shown == 0 {
        return (Vec::new(), 0);
    }
    let raw_text = |row: Vec<String>| row.into_iter().map(|text| Cell::RawText { text }).collect();
    let column_settings = HEADINGS
        .map(|_| ColumnSetting { is_wrapped: true })
        .to_vec();
    (
        vec![Block::Table {
            column_settings,
            rows: table.into_iter().map(raw_text).collect(),
        }],
        shown,
    )
}

/// The same table as aligned text, in as many preformatted sections as it takes.
fn preformatted(rows: &[Row], space: &mut usize) -> (Vec<Block>, usize) {
    const FENCE: &str = "```";
    let cells = rows.iter().take(limits::TABLE_ROWS - 1).map(|row| {
        // The width of emoji in a preformatted block differs between Slack's clients, so words stand for them.
        let service = plain(&row.service, limits::CELL);
        [service, row.action.clone(), row.status.in_ascii()]
    });
    let mut lines = table::aligned(&HEADINGS.map(str::to_owned), cells);
    let heading: Vec<String> = lines.drain(..2).collect();
    let overhead = 2 * FENCE.len() + 2;
    let per_section = limits::SECTION - overhead;
    let mut sections = vec![heading.join("\n")];
    let mut used = sections[0].len() + overhead;
    let mut shown = 0;
    for line in lines {
        let starts_section = sections
            .last()
            .is_some_and(|last| last.len() + 1 + line.len() > per_section);
        used += line.len() + if starts_section { overhead } else { 1 };
        if used > *space {
            break;
        }
        match sections.last_mut().filter(|_| !starts_section) {
            Some(last) => *last = format!("{last}\n{line}"),
            None => sections.push(line),
        }
        shown += 1;
    }
    *space = space.saturating_sub(used);
    if shown == 0 {
        return (Vec::new(), 0);
    }
    (
        sections
            .iter()
            .map(|lines| section(format!("{FENCE}\n{lines}\n{FENCE}")))
            .collect(),
        shown,
    )
}

/// Title, totals and failures in one text, which a phone shows as the notification.
fn text(summary: &Summary, mention: Option<&str>) -> String {
    let environment = mrkdwn(&summary.environment, limits::NAME);
    let mut text = format!(
        "{} · {environment}\n{}\n{}",
        summary.headline(),
        mrkdwn(&summary.subtitle(), limits::SUBTITLE),
        summary.totals()
    );
    if let Some(progress) = &summary.progress {
        text = format!("{progress} · {text}");
    }
    if let Some(mention) = mention {
        text = format!("{mention} {text}");
    }
    if summary.has_failures() {
        text.push('\n');
        text.push_str(summary.reasons_heading());
        for line in failures::lines(&summary.failures, limits::TEXT - text.len()) {
            text.push('\n');
            text.push_str(&line);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Message, TableForm, render};
    use crate::core::decide::MessageKind;
    use crate::core::status::{Kind, Severity};
    use crate::core::summary::{Counts, Failure, Row, RowStatus, Summary};

    fn two_rows(form: TableForm) -> Message {
        let row = |service: &str, severity, words: &str, kind| Row {
            service: service.to_owned(),
            action: "Scale Up (→ 1)".to_owned(),
            status: RowStatus {
                severity,
                words: words.to_owned(),
            },
            counts: vec![(kind, 1)],
        };
        let mut counts = Counts::new(Kind::Succeeded, false);
        counts.add(Kind::Succeeded, 1);
        counts.add(Kind::Failed, 1);
        let summary = Summary {
            environment: "dev".to_owned(),
            period: "2024-01-15 09:00~09:05 KST".to_owned(),
            kind: MessageKind::First,
            schedules: Vec::new(),
            rows: vec![
                row("frontend", Severity::Bad, "Error", Kind::Failed),
                row(
                    "nestjs",
                    Severity::Good,
                    "after 2 attempts",
                    Kind::Succeeded,
                ),
            ],
            failures: vec![Failure {
                subject: "frontend".to_owned(),
                count: 1,
                console_url: Some("https://console.example/frontend".to_owned()),
                code: "ServiceNotFoundException".to_owned(),
                reason: "ServiceNotFoundException - Service not found.".to_owned(),
                advice: Some("Correct the schedule."),
            }],
            counts,
            jobs: Counts::new(Kind::Finished, false),
            notes: vec!["Called by jane (3).".to_owned()],
            progress: None,
        };
        render(&summary, Some("<!here>"), form)
    }

    fn lines(message: &Message) -> String {
        let blocks = message.blocks.iter();
        let blocks: Vec<String> = blocks
            .map(|block| serde_json::to_string(block).unwrap())
            .collect();
        format!("{}\n\n{}", message.text, blocks.join("\n"))
    }

    #[test]
    fn a_message_is_title_period_table_totals_failures_and_notes() {
        insta::assert_snapshot!(lines(&two_rows(TableForm::Table)), @r#"
        <!here> ECS Scheduled Scaling Summary · dev
        2024-01-15 09:00~09:05 KST
        Total: 1 succeeded, 1 failed
        ❌ Failures
        • frontend: ServiceNotFoundException - Service not found.

        {"type":"header","text":{"type":"plain_text","text":"📊 ECS Scheduled Scaling Summary · dev"}}
        {"type":"context","elements":[{"type":"mrkdwn","text":"2024-01-15 09:00~09:05 KST","verbatim":true}]}
        {"type":"table","column_settings":[{"is_wrapped":true},{"is_wrapped":true},{"is_wrapped":true}],"rows":[[{"type":"raw_text","text":"Service"},{"type":"raw_text","text":"Action"},{"type":"raw_text","text":"Status"}],[{"type":"raw_text","text":"frontend"},{"type":"raw_text","text":"Scale Up (→ 1)"},{"type":"raw_text","text":"❌ Error"}],[{"type":"raw_text","text":"nestjs"},{"type":"raw_text","text":"Scale Up (→ 1)"},{"type":"raw_text","text":"✅ after 2 attempts"}]]}
        {"type":"section","text":{"type":"mrkdwn","text":"*Total: 1 succeeded, 1 failed*\n<!here>","verbatim":true}}
        {"type":"section","text":{"type":"mrkdwn","text":"❌ *Failures*\n• <https://console.example/frontend|frontend>: ServiceNotFoundException - Service not found.\n↳ _Correct the schedule._","verbatim":true}}
        {"type":"context","elements":[{"type":"mrkdwn","text":"Called by jane (3).","verbatim":true}]}
        "#);
    }

    #[test]
    fn without_the_table_block_it_is_aligned_text() {
        insta::assert_snapshot!(lines(&two_rows(TableForm::Preformatted)), @r#"
        <!here> ECS Scheduled Scaling Summary · dev
        2024-01-15 09:00~09:05 KST
        Total: 1 succeeded, 1 failed
        ❌ Failures
        • frontend: ServiceNotFoundException - Service not found.

        {"type":"header","text":{"type":"plain_text","text":"📊 ECS Scheduled Scaling Summary · dev"}}
        {"type":"context","elements":[{"type":"mrkdwn","text":"2024-01-15 09:00~09:05 KST","verbatim":true}]}
        {"type":"section","text":{"type":"mrkdwn","text":"```\n| Service  | Action         | Status              |\n|----------|----------------|---------------------|\n| frontend | Scale Up (→ 1) | ERROR               |\n| nestjs   | Scale Up (→ 1) | ok after 2 attempts |\n```","verbatim":true}}
        {"type":"section","text":{"type":"mrkdwn","text":"*Total: 1 succeeded, 1 failed*\n<!here>","verbatim":true}}
        {"type":"section","text":{"type":"mrkdwn","text":"❌ *Failures*\n• <https://console.example/frontend|frontend>: ServiceNotFoundException - Service not found.\n↳ _Correct the schedule._","verbatim":true}}
        {"type":"context","elements":[{"type":"mrkdwn","text":"Called by jane (3).","verbatim":true}]}
        "#);
    }
}
