//! Renders the list of failures with their reasons: one line for each failure while they fit, else one for each error.
//!
//! Pure. Failures are the last part that a message leaves out; even then each error keeps a line with a count.

use std::cmp::Reverse;
use std::fmt::Write;

use super::escape::mrkdwn;
use super::limits;
use crate::core::summary::Failure;

/// What the end of a line or a list that is cut short may take: `… and 123 more failed, with 45 other errors`.
const REST: usize = 80;

/// The failures as the texts of sections, none longer than a section may be.
pub(super) fn sections(failures: &[Failure], heading: &str) -> Vec<String> {
    let heading = bold(heading);
    if failures.is_empty() {
        return Vec::new();
    }
    let space = limits::FAILURES - heading.len() - 1;
    let lines = each(failures, linked, space)
        .or_else(|| each(failures, advised, space))
        .or_else(|| each(failures, brief, space))
        .unwrap_or_else(|| by_error(failures, space));
    let mut sections = vec![heading];
    for line in lines {
        match sections.last_mut() {
            Some(last) if last.len() + 1 + line.len() <= limits::SECTION => {
                last.push('\n');
                last.push_str(&line);
            }
            _ => sections.push(line),
        }
    }
    sections
}

/// `❌ *Failures*`.
fn bold(heading: &str) -> String {
    match heading.split_once(' ') {
        Some((mark, words)) => format!("{mark} *{words}*"),
        None => heading.to_owned(),
    }
}

/// The failures as lines of Slack's markup, which take at most `space` bytes with their line ends.
pub(super) fn lines(failures: &[Failure], space: usize) -> Vec<String> {
    each(failures, brief, space).unwrap_or_else(|| by_error(failures, space))
}

fn each(failures: &[Failure], line: fn(&Failure) -> String, space: usize) -> Option<Vec<String>> {
    let mut left = space;
    let mut lines = Vec::new();
    for failure in failures {
        let line = line(failure);
        left = left.checked_sub(line.len() + 1)?;
        lines.push(line);
    }
    Some(lines)
}

/// `• frontend: ServiceNotFoundException - Service not found.`
fn brief(failure: &Failure) -> String {
    bullet(&mrkdwn(&failure.subject, limits::NAME), failure)
}

/// The line with the advice under it.
fn advised(failure: &Failure) -> String {
    brief(failure) + &advice(failure)
}

/// The line with the service's name as a link to the console.
fn linked(failure: &Failure) -> String {
    let subject = mrkdwn(&failure.subject, limits::NAME);
    // A link is as long as the names in it.
    match failure
        .console_url
        .as_ref()
        .filter(|url| url.len() <= limits::ERROR)
    {
        Some(url) => bullet(&format!("<{url}|{subject}>"), failure) + &advice(failure),
        None => advised(failure),
    }
}

fn bullet(subject: &str, failure: &Failure) -> String {
    format!("• {subject}: {}", mrkdwn(&failure.reason, limits::ERROR))
}

fn advice(failure: &Failure) -> String {
    failure
        .advice
        .map_or_else(String::new, |advice| format!("\n↳ _{advice}_"))
}

/// One line for each error code, the most frequent first, with as many names as fit.
fn by_error(failures: &[Failure], space: usize) -> Vec<String> {
    let mut groups: Vec<Vec<&Failure>> = Vec::new();
    for failure in failures {
        match groups
            .iter_mut()
            .find(|group| group[0].code == failure.code)
        {
            Some(group) => group.push(failure),
            None => groups.push(vec![failure]),
        }
    }
    groups.sort_by_key(|group| Reverse(count(group)));
    let mut lines = Vec::new();
    let mut left = space.saturating_sub(REST);
    for (index, group) in groups.iter().enumerate() {
        let rest = &groups[index..];
        // Every group gets its share of what is left, and no less than a line that people can read.
        let line = group_line(
            group,
            (left / rest.len()).clamp(2 * limits::NAME, limits::SECTION - REST),
        );
        let Some(still_left) = left.checked_sub(line.len() + 1) else {
            let more: usize = rest.iter().map(|group| count(group)).sum();
            lines.push(format!(
                "• … and {more} more failed, with {} other errors",
                rest.len()
            ));
            break;
        };
        left = still_left;
        lines.push(line);
    }
    lines
}

fn count(group: &[&Failure]) -> usize {
    group.iter().map(|failure| failure.count).sum()
}

/// `• ThrottlingException (37): api, auth … and 35 more`, and what to do about it, in about `space` bytes.
fn group_line(group: &[&Failure], space: usize) -> String {
    let mut line = format!(
        "• {} ({}):",
        mrkdwn(&group[0].code, limits::NAME),
        count(group)
    );
    let is_shared = group
        .iter()
        .all(|failure| failure.advice == group[0].advice);
    let advice = if is_shared {
        advice(group[0])
    } else {
        String::new()
    };
    let mut named = 0;
    for failure in group {
        let name = mrkdwn(&failure.subject, limits::CELL);
        if line.len() + name.len() + advice.len() + REST > space {
            break;
        }
        line.push_str(if named == 0 { " " } else { ", " });
        line.push_str(&name);
        named += 1;
    }
    if named < group.len() {
        // Writing to a string cannot fail.
        let _ = write!(line, " … and {} more", count(&group[named..]));
    }
    line + &advice
}

#[cfg(test)]
mod tests {
    use super::{REST, group_line};
    use crate::core::summary::Failure;

    #[test]
    fn a_group_counts_every_call_that_it_does_not_name() {
        let failure = |subject: &str, count| Failure {
            subject: subject.to_owned(),
            count,
            console_url: None,
            code: "ThrottlingException".to_owned(),
            reason: "ThrottlingException".to_owned(),
            advice: None,
        };
        let failures = [failure("api", 1), failure("unknown services", 5)];
        let group: Vec<&Failure> = failures.iter().collect();
        assert_eq!(
            group_line(&group, REST + 31),
            "• ThrottlingException (6): api … and 5 more"
        );
    }
}
