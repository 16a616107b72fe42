//! The queues that feed the function: how long messages are hidden, and what becomes of those that fail.

use crate::cli::doctor::finding::Finding;
use crate::cli::doctor::seen::{Mapping, Queue, Seen, name_of};
use crate::config::TableConfig;

const AREA: &str = "queue";
/// AWS recommends at least so many receives before a message counts as failed (Lambda developer guide, «Using Lambda with
/// Amazon SQS»).
const LEAST_RECEIVES: u32 = 5;

pub(super) fn check(seen: &Seen, table: Option<&TableConfig>) -> Vec<Finding> {
    let mappings = seen.mappings.iter().flatten();
    let mut findings: Vec<Finding> = mappings
        .flat_map(|mapping| of_mapping(seen, mapping, table))
        .collect();
    findings.extend(table.and_then(|table| own_queue(seen, table)));
    findings
}

fn of_mapping(seen: &Seen, mapping: &Mapping, table: Option<&TableConfig>) -> Vec<Finding> {
    let name = name_of(&mapping.queue_arn);
    let queue = match seen.queues.get(&mapping.queue_arn) {
        None => return Vec::new(),
        Some(Err(why)) => return vec![Finding::unknown(AREA, name, why)],
        Some(Ok(None)) => {
            return vec![Finding::wrong(
                AREA,
                name,
                "does not exist",
                "create the queue, or take away its mapping",
            )];
        }
        Some(Ok(Some(queue))) => queue,
    };
    let mut findings = vec![visibility(seen, mapping, queue)];
    findings.extend(redrive(seen, queue, table));
    findings
}

/// Lambda retries a batch that was throttled; these retries have to end before SQS delivers the records again.
fn visibility(seen: &Seen, mapping: &Mapping, queue: &Queue) -> Finding {
    let least = 6 * seen.function.timeout_seconds + mapping.batching_window_seconds;
    Finding::holds(
        AREA,
        name_of(&queue.arn),
        queue.visibility_seconds >= least,
        format!(
            "hides a message for {} s; at least {least} s are needed",
            queue.visibility_seconds
        ),
        format!(
            "set the visibility timeout to {least} s: six times the function's timeout and the batching window"
        ),
    )
}

fn redrive(seen: &Seen, queue: &Queue, table: Option<&TableConfig>) -> Vec<Finding> {
    let name = name_of(&queue.arn);
    let wrong = |text: String, advice: &str| vec![Finding::wrong(AREA, name, text, advice)];
    let Some(redrive) = &queue.redrive else {
        return wrong(
            "has no redrive policy, so a record that the function cannot handle comes back until it expires".to_owned(),
            "give the queue a dead-letter queue",
        );
    };
    let receives = redrive.max_receives;
    if let Some(table) = table.filter(|table| table.max_receives != receives) {
        return wrong(
            format!(
                "gives a message {receives} receives, and the function counts on {}",
                table.max_receives
            ),
            "set ROLLCALL_MAX_RECEIVES to the maxReceiveCount of the queue's redrive policy",
        );
    }
    if receives < LEAST_RECEIVES {
        return wrong(
            format!("gives a message only {receives} receives"),
            "set maxReceiveCount to 5 or more: Lambda's throttling alone may take some",
        );
    }
    let target = name_of(&redrive.target_arn);
    match seen.queues.get(&redrive.target_arn) {
        Some(Err(why)) => vec![Finding::unknown(AREA, target, why)],
        Some(Ok(None)) => wrong(
            format!("sends its dead letters to {target}, which does not exist"),
            "create the dead-letter queue",
        ),
        // A dead letter keeps the time at which it was first sent, and expires by that.
        Some(Ok(Some(dead))) if dead.retention_seconds < queue.retention_seconds => wrong(
            format!(
                "keeps messages longer than its dead-letter queue {target}, where they expire at once"
            ),
            "let the dead-letter queue retain messages for 14 days",
        ),
        _ => vec![Finding::fine(
            AREA,
            name,
            format!("moves a message to {target} after {receives} receives"),
        )],
    }
}

/// Timers go to the queue that the variable names.
fn own_queue(seen: &Seen, table: &TableConfig) -> Option<Finding> {
    let own = table.queue_url.rsplit('/').next().unwrap_or_default();
    let records = name_of(seen.records_arn.as_deref()?);
    (own != records).then(|| {
        Finding::wrong(
            AREA,
            own,
            format!("the function sends its timers there, and is fed from {records}"),
            "set ROLLCALL_QUEUE_URL to the queue that feeds the function",
        )
    })
}
