//! The stand-ins of names.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::text;

/// Which stand-in stands for which name. One name has one stand-in, whatever it names.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: BTreeMap<String, String>,
    given: BTreeSet<String>,
    of_several_words: Vec<(String, String)>,
    /// How many stand-ins of each sort there are.
    counts: BTreeMap<&'static str, u64>,
}

/// The form of a name, which its stand-in keeps because rollcall and its readers tell things apart by it.
enum Form {
    Account,
    /// So many hexadecimal digits, such as the id of a task.
    Hex(usize),
    Uuid,
    Email,
    Ipv4,
    Ipv6,
    Other,
}

impl Form {
    fn of(name: &str) -> Self {
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let has_digit = name.bytes().any(|byte| byte.is_ascii_digit());
        let groups: Vec<usize> = name.split('-').map(str::len).collect();
        if name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit()) {
            Self::Account
        } else if (16..=64).contains(&name.len()) && has_digit && is_hex(name) {
            Self::Hex(name.len())
        } else if groups == [8, 4, 4, 4, 12] && name.split('-').all(is_hex) {
            Self::Uuid
        } else if name.contains('@') {
            Self::Email
        } else {
            match name.parse() {
                Ok(IpAddr::V4(_)) => Self::Ipv4,
                Ok(IpAddr::V6(_)) => Self::Ipv6,
                Err(_) => Self::Other,
            }
        }
    }
}

impl Names {
    /// The stand-in of a name; a new one begins with `sort`, unless the name has a form of its own.
    pub(super) fn stand_in(&mut self, sort: &'static str, name: &str) -> String {
        // AWS's own names: the cluster of requests that name none, and the roles that services of AWS call with.
        if name.is_empty() || name == "default" || is_role_of_aws(name) {
            return name.to_owned();
        }
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let stand_in = self.new_stand_in(sort, name);
        self.known.insert(name.to_owned(), stand_in.clone());
        self.given.insert(stand_in.clone());
        if !text::is_one_word(name) && name.contains(char::is_alphanumeric) {
            let (names, length) = (&mut self.of_several_words, name.len());
            let place = names.partition_point(|(known, _)| known.len() >= length);
            names.insert(place, (name.to_owned(), stand_in.clone()));
        }
        stand_in
    }

    fn new_stand_in(&mut self, sort: &'static str, name: &str) -> String {
        // The roles of IAM Identity Center, whose callers are people: `AWSReservedSSO_<permission set>_<hash>`.
        if let Some(role) = name.strip_prefix("AWSReservedSSO_") {
            let number = self.next("hash");
            return format!(
                "AWSReservedSSO_{}_{number:016x}",
                self.stand_in("role", role)
            );
        }
        match Form::of(name) {
            Form::Account => format!("{:012}", 100_000_000_000 + self.next("account")),
            Form::Hex(length) => format!("{:0length$x}", self.next("hex")),
            Form::Uuid => format!("00000000-0000-4000-8000-{:012x}", self.next("uuid")),
            Form::Email => format!("user-{}@example.com", self.next("user")),
            Form::Ipv4 => ipv4(self.next("address")),
            Form::Ipv6 => format!("2001:db8::{:x}", self.next("address")),
            Form::Other => format!("{sort}-{}", self.next(sort)),
        }
    }

    fn next(&mut self, sort: &'static str) -> u64 {
        let count = self.counts.entry(sort).or_default();
        *count += 1;
        *count
    }

    /// The stand-in of a name that a field held.
    pub(super) fn known(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(String::as_str)
    }

    pub(super) fn is_stand_in(&self, text: &str) -> bool {
        self.given.contains(text)
    }

    /// The names that are no single word of a text, the longest first, with their stand-ins.
    pub(super) fn of_several_words(&self) -> &[(String, String)] {
        &self.of_several_words
    }
}

/// An address of the blocks that are reserved for documentation, and of the one for benchmarks once these are used up.
fn ipv4(number: u64) -> String {
    match number {
        1..=254 => format!("203.0.113.{number}"),
        _ => format!("198.18.{}.{}", number / 256 % 256, number % 256),
    }
}

fn is_role_of_aws(name: &str) -> bool {
    let role = name.strip_prefix("AWSServiceRoleFor");
    role.is_some_and(|role| {
        role.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}
