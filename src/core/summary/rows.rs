//! The rows that a table shows: what is not as it should be first, and the rest counted.
//!
//! Pure.

use super::Row;
use super::row_status::RowStatus;
use crate::core::reader::Reader;

/// The first `limit` rows, and for those of each severity among the others one row which counts them:
/// `… and 8 more | Scale Up (→ 1) | ✅`.
pub(super) fn bounded(rows: &[Row], limit: usize, reader: Reader) -> Vec<Row> {
    let (shown, rest) = rows.split_at(limit.min(rows.len()));
    let mut bounded = shown.to_vec();
    for of_severity in rest.chunk_by(|one, other| one.status.severity == other.status.severity) {
        bounded.extend(counted(of_severity, reader));
    }
    bounded
}

fn counted(rows: &[Row], reader: Reader) -> Option<Row> {
    let first = rows.first()?;
    let words = reader.words();
    let is_same_action = rows.iter().all(|row| row.action == first.action);
    let is_same_status = rows.iter().all(|row| row.status == first.status);
    Some(Row {
        service: words.more(rows.len()),
        action: if is_same_action {
            first.action.clone()
        } else {
            words.several().to_owned()
        },
        status: RowStatus {
            severity: first.status.severity,
            words: if is_same_status {
                first.status.words.clone()
            } else {
                String::new()
            },
        },
        counts: rows.iter().flat_map(|row| row.counts.clone()).collect(),
        is_job: rows.iter().all(|row| row.is_job),
    })
}
