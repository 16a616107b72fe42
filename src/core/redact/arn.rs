//! Redacts ARNs: their form stays, and each name in them becomes its stand-in.

use super::names::Names;

/// An ARN: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
pub(super) fn arn(names: &mut Names, text: &str) -> String {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [_, partition, service, region_of, account, resource_of] = parts[..] else {
        return names.stand_in("name", text);
    };
    if !is_small(partition) || !partition.starts_with("aws") || !is_small(service) {
        return names.stand_in("name", text);
    }
    let region_of = region(names, region_of);
    // The account `aws` owns what AWS made for everybody.
    let account = match account {
        "aws" => "aws".to_owned(),
        account => names.stand_in("account", account),
    };
    let resource = resource(names, resource_of);
    format!("arn:{partition}:{service}:{region_of}:{account}:{resource}")
}

/// A Region, such as `ap-northeast-2`. Everybody has the same ones, so they stay.
pub(super) fn region(names: &mut Names, text: &str) -> String {
    if text.is_empty() || is_region(text) {
        text.to_owned()
    } else {
        names.stand_in("region", text)
    }
}

/// Whether a text has the form of a Region.
pub(super) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    match parts.split_last() {
        Some((number, [area, rest @ ..])) => {
            area.len() == 2
                && (1..=2).contains(&rest.len())
                && number.len() == 1
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && parts[..parts.len() - 1]
                    .iter()
                    .all(|part| is_small(part) && !part.contains('-'))
                && rest.iter().all(|part| DIRECTIONS.contains(part))
        }
        _ => false,
    }
}

/// The words that Regions are made of behind the area.
const DIRECTIONS: [&str; 15] = [
    "north",
    "south",
    "east",
    "west",
    "central",
    "northeast",
    "northwest",
    "southeast",
    "southwest",
    "gov",
    "iso",
    "isob",
    "isoe",
    "isof",
    "eusc",
];

/// What an ARN says behind the account: a kind, and names behind it.
pub(super) fn resource(names: &mut Names, text: &str) -> String {
    let Some((kind, sorts)) = kind(text) else {
        return whole(names, text);
    };
    let mut redacted = kind.to_owned();
    let mut rest = &text[kind.len()..];
    let ends_in_revision = text
        .rsplit_once(':')
        .is_some_and(|(_, end)| end.parse::<u32>().is_ok());
    let last = rest
        .split(['/', ':'])
        .count()
        .saturating_sub(2 + usize::from(ends_in_revision));
    let mut number = 0;
    while let Some(separator) = rest.chars().next() {
        let from = &rest[1..];
        let end = from.find(['/', ':']).unwrap_or(from.len());
        let segment = &from[..end];
        redacted.push(separator);
        // A revision follows a family.
        let is_revision = separator == ':' && segment.parse::<u32>().is_ok();
        if segment == "*" || is_revision {
            redacted.push_str(segment);
        } else {
            // Of a shorter path, the first names are left out: `service/NAME` has no cluster.
            let sort = last
                .checked_sub(number)
                .and_then(|place| sorts.iter().rev().nth(place));
            redacted.push_str(&names.stand_in(sort.copied().unwrap_or("name"), segment));
        }
        number += 1;
        rest = &from[end..];
    }
    redacted
}

/// A resource of another kind: a queue has its name alone.
fn whole(names: &mut Names, text: &str) -> String {
    if text == "*" {
        return text.to_owned();
    }
    names.stand_in("name", text)
}

/// The kind of a resource, and how the stand-ins of the names behind it begin.
fn kind(text: &str) -> Option<(&'static str, &'static [&'static str])> {
    const KINDS: [(&str, &[&str]); 12] = [
        ("cluster", &["cluster"]),
        ("service", &["cluster", "service"]),
        ("task", &["cluster", "task"]),
        ("task-set", &["cluster", "service", "name"]),
        ("task-definition", &["family"]),
        ("container-instance", &["cluster", "name"]),
        ("role", &["role"]),
        ("assumed-role", &["role", "session"]),
        ("user", &["user"]),
        ("schedule", &["group", "schedule"]),
        ("targetgroup", &["name", "name"]),
        ("secret", &["name"]),
    ];
    let kind = text.split(['/', ':']).next()?;
    KINDS
        .into_iter()
        .find(|(known, _)| *known == kind && text.len() > kind.len())
}

/// Whether a text is of small letters, digits and hyphens, as AWS names its services.
fn is_small(text: &str) -> bool {
    text.len() <= 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
