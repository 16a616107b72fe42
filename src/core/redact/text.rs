//! Redacts the texts of AWS: errors, reasons of stopped tasks, service events.
//!
//! A text is taken word by word. Words of plain letters stay, unless they are a known name, because they are AWS's
//! sentence and rollcall's dictionary reads them. Any other word stays only where its form is listed here: small numbers,
//! permissions such as `ecs:UpdateService`, Regions, times, and compounds of words that the dictionary knows. So ids, paths,
//! hosts and names with hyphens become stand-ins although no field named them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::DateTime;

use super::arn::{self, is_region};
use super::fields::is_principal;
use super::names::Names;
use crate::core::trouble;

/// Longer words of plain letters are no words, but keys and encoded messages. (AWS's longest error names have about 46.)
const LONGEST_WORD: usize = 50;

/// Marks of sentences at the end of a word.
const ENDS: [char; 5] = ['.', ':', '!', '?', '…'];

/// The services whose permissions AWS's texts name.
const SERVICES: [&str; 18] = [
    "application-autoscaling",
    "cloudtrail",
    "ec2",
    "ecr",
    "ecs",
    "elasticfilesystem",
    "elasticloadbalancing",
    "events",
    "iam",
    "kms",
    "logs",
    "s3",
    "scheduler",
    "secretsmanager",
    "servicediscovery",
    "sqs",
    "ssm",
    "sts",
];

/// The words that rollcall's dictionary looks for. They stay where they are somebody's name as well: nobody could tell
/// whether a text means the name.
static DICTIONARY: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| trouble::vocabulary().collect());

/// Words that may be parts of compounds, beside those of the dictionary.
static MORE: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    const WORDS: &str = "amd64 and api application arm64 auto availability aws back based boundary cloudwatch code \
        container count cross daemon date default definition desired docker elb error exit family fargate group health \
        http https id identity in instance interface launch linux load long max min multi name network no non on one or \
        out permissions policy pre process progress ps re read resource role rolled run scaling schedule server service \
        session set spot status tag target task tasks third time to up user v1 version windows write x86 zero zone";
    WORDS.split_whitespace().collect()
});

/// Learns the names in the ARNs of a text, and the service that ECS's events begin with: `(service api) has started …`.
pub(super) fn learn(names: &mut Names, text: &str) {
    let after = text.split("(service ").skip(1);
    for service in after.filter_map(|rest| rest.split(is_delimiter).next()) {
        names.stand_in("service", service);
    }
    for word in text.split(is_delimiter) {
        let word = word.trim_end_matches(ENDS);
        if word.starts_with("arn:") {
            let _ = arn::arn(names, word);
        }
    }
}

/// A text with its names replaced.
pub(super) fn redact(names: &mut Names, text: &str) -> String {
    let mut whole = text.to_owned();
    for (name, stand_in) in names.of_several_words() {
        if whole.contains(name) {
            whole = whole.replace(name, stand_in);
        }
    }
    let mut redacted = String::with_capacity(whole.len());
    let mut rest = whole.as_str();
    while !rest.is_empty() {
        let end = rest.find(is_delimiter).unwrap_or(rest.len());
        let word = rest[..end].trim_end_matches(ENDS);
        redacted.push_str(&redact_word(names, word));
        redacted.push_str(&rest[word.len()..end]);
        let delimiters = &rest[end..];
        let next = delimiters.find(|character| !is_delimiter(character));
        let next = next.unwrap_or(delimiters.len());
        redacted.push_str(&delimiters[..next]);
        rest = &delimiters[next..];
    }
    redacted
}

fn is_delimiter(character: char) -> bool {
    character.is_whitespace() || "\"'(),;<>[]{}`|".contains(character)
}

/// Whether a name can stand in a text as one word.
pub(super) fn is_one_word(name: &str) -> bool {
    !name.contains(is_delimiter) && !name.ends_with(ENDS)
}

fn redact_word(names: &mut Names, word: &str) -> String {
    if let Some(stand_in) = names.known(word).filter(|_| !is_of_dictionary(word)) {
        return stand_in.to_owned();
    }
    if word.starts_with("arn:") {
        return arn::arn(names, word);
    }
    if is_kept(names, word) || names.is_stand_in(word) {
        return word.to_owned();
    }
    // Such as `service/dev/api`, and `Reason:RESOURCE` without a space.
    for kind in [
        "service/",
        "cluster/",
        "task/",
        "task-definition/",
        "role/",
        "assumed-role/",
    ] {
        if word.starts_with(kind) {
            return arn::resource(names, word);
        }
    }
    if let Some((key, value)) = word.split_once('=') {
        return format!("{}={}", redact_word(names, key), redact_word(names, value));
    }
    // An address with its port.
    if let Some((address, port)) = word.rsplit_once(':')
        && address.parse::<std::net::IpAddr>().is_ok()
        && port.parse::<u16>().is_ok()
    {
        return format!("{}:{port}", names.stand_in("address", address));
    }
    names.stand_in("word", word)
}

/// Whether a word stays, whatever it stands for.
fn is_kept(names: &Names, word: &str) -> bool {
    let letters = word.len() <= LONGEST_WORD && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    letters
        || is_number(word)
        || is_permission(word)
        || is_region(word)
        || is_principal(word)
        || DateTime::parse_from_rfc3339(word).is_ok()
        || is_compound(names, word)
}

/// `137`, `0.25`, `80%`, `30s`: at most eight digits, because a number with more is an id.
fn is_number(word: &str) -> bool {
    let digits = word
        .trim_end_matches(|character: char| character.is_ascii_alphabetic() || character == '%');
    let unit = word.len() - digits.len();
    !digits.is_empty()
        && digits.len() <= 8
        && unit <= 3
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && word.parse::<std::net::Ipv4Addr>().is_err()
}

/// `ecs:UpdateService`.
fn is_permission(word: &str) -> bool {
    word.split_once(':').is_some_and(|(service, action)| {
        SERVICES.contains(&service)
            && action
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'*')
    })
}

/// `RESOURCE:CPU`, `health-checks`, `SERVICE_TASK_PLACEMENT_FAILURE`, `linux/arm64`: known words, of which none is a name,
/// and at most one small number.
fn is_compound(names: &Names, word: &str) -> bool {
    let parts = word.split(|character: char| !character.is_ascii_alphanumeric());
    let (numbers, words): (Vec<&str>, Vec<&str>) = parts
        .filter(|part| !part.is_empty())
        .partition(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let is_known = |part: &&str| {
        let small = part.to_ascii_lowercase();
        is_of_dictionary(part) || MORE.contains(small.as_str()) && names.known(part).is_none()
    };
    word.is_ascii()
        && !words.is_empty()
        && words.iter().all(is_known)
        && numbers.len() <= 1
        && numbers.iter().all(|number| number.len() <= 3)
}

fn is_of_dictionary(word: &str) -> bool {
    DICTIONARY.contains(word.to_ascii_lowercase().as_str())
}
