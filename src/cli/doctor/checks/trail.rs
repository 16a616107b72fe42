//! EventBridge gets calls only where a trail logs the Region's write events.

use crate::cli::doctor::finding::{Finding, names};
use crate::cli::doctor::seen::{FieldSelector, Looked, Selector, Trail};

const AREA: &str = "trail";
const ADVICE: &str =
    "let a trail log write management events of this Region; without one EventBridge gets no calls";

pub(super) fn check(trails: &Looked<Vec<Trail>>) -> Vec<Finding> {
    let trails = match trails {
        Err(why) => return vec![Finding::unknown(AREA, "CloudTrail", why)],
        Ok(trails) => trails,
    };
    if let Some(trail) = trails.iter().find(|trail| problem(trail) == Ok(None)) {
        let text = "logs the write events of this Region";
        return vec![Finding::fine(AREA, &trail.name, text)];
    }
    let unknown = trails
        .iter()
        .find_map(|trail| Some((trail, problem(trail).err()?)));
    if let Some((trail, why)) = unknown {
        return vec![Finding::unknown(AREA, &trail.name, &why)];
    }
    if trails.is_empty() {
        return vec![Finding::wrong(
            AREA,
            "CloudTrail",
            "there is no trail",
            ADVICE,
        )];
    }
    let problems = trails.iter().filter_map(|trail| {
        let problem = problem(trail).ok()??;
        Some(format!("{} {problem}", trail.name))
    });
    let problems: Vec<String> = problems.collect();
    let text = format!(
        "no trail logs the write events: {}",
        names(problems.iter().map(String::as_str))
    );
    vec![Finding::wrong(AREA, "CloudTrail", text, ADVICE)]
}

/// Why a trail does not help; `Ok(None)` where it does.
fn problem(trail: &Trail) -> Looked<Option<&'static str>> {
    if !trail.is_here {
        return Ok(Some("is of another Region"));
    }
    if !trail.is_logging.clone()? {
        return Ok(Some("is stopped"));
    }
    let selectors = trail.selectors.clone()?;
    Ok((!selectors.iter().any(has_update_service)).then_some("leaves out write management events"))
}

fn has_update_service(selector: &Selector) -> bool {
    match selector {
        Selector::Basic {
            has_management,
            kind,
        } => *has_management && kind != "ReadOnly",
        Selector::Advanced(fields) => {
            fields
                .iter()
                .any(|field| field.field == "eventCategory" && takes(field, "Management"))
                && fields.iter().all(|field| match field.field.as_str() {
                    "readOnly" => takes(field, "false"),
                    "eventSource" => takes(field, "ecs.amazonaws.com"),
                    "eventName" => takes(field, "UpdateService"),
                    _ => true,
                })
        }
    }
}

fn takes(field: &FieldSelector, value: &str) -> bool {
    let is_value = |one: &String| one == value;
    (field.equals.is_empty() || field.equals.iter().any(is_value))
        && !field.not_equals.iter().any(is_value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Outcome;

    fn trail(selectors: Vec<Selector>) -> Trail {
        Trail {
            name: "audit".to_owned(),
            is_here: true,
            is_logging: Ok(true),
            selectors: Ok(selectors),
        }
    }

    fn basic(has_management: bool, kind: &str) -> Selector {
        let kind = kind.to_owned();
        Selector::Basic {
            has_management,
            kind,
        }
    }

    fn advanced(fields: &[(&str, &[&str], &[&str])]) -> Selector {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let field = |&(field, equals, not_equals): &(&str, &[&str], &[&str])| FieldSelector {
            field: field.to_owned(),
            equals: texts(equals),
            not_equals: texts(not_equals),
        };
        Selector::Advanced(fields.iter().map(field).collect())
    }

    fn text(trail: Trail) -> Option<String> {
        let finding = check(&Ok(vec![trail])).remove(0);
        (finding.outcome == Outcome::Wrong).then_some(finding.text)
    }

    #[test]
    fn a_trail_has_to_log_write_management_events() {
        let management: (&str, &[&str], &[&str]) = ("eventCategory", &["Management"], &[]);
        for selectors in [
            vec![basic(true, "All")],
            vec![basic(true, "WriteOnly")],
            vec![basic(false, "All"), basic(true, "WriteOnly")],
            vec![advanced(&[management])],
            vec![advanced(&[management, ("readOnly", &["false"], &[])])],
            vec![advanced(&[
                management,
                ("eventSource", &[], &["kms.amazonaws.com"]),
            ])],
        ] {
            assert_eq!(text(trail(selectors.clone())), None, "{selectors:?}");
        }
        for selectors in [
            vec![],
            vec![basic(false, "All")],
            vec![basic(true, "ReadOnly")],
            vec![advanced(&[("eventCategory", &["Data"], &[])])],
            vec![advanced(&[management, ("readOnly", &["true"], &[])])],
            vec![advanced(&[
                management,
                ("eventSource", &[], &["ecs.amazonaws.com"]),
            ])],
        ] {
            let text = text(trail(selectors.clone())).unwrap_or_else(|| panic!("{selectors:?}"));
            assert!(
                text.contains("leaves out write management events"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_trail_has_to_be_here_and_running() {
        let fine = trail(vec![basic(true, "All")]);
        let stopped = Trail {
            is_logging: Ok(false),
            ..fine.clone()
        };
        assert!(text(stopped).unwrap().contains("is stopped"));
        let elsewhere = Trail {
            is_here: false,
            ..fine
        };
        assert!(text(elsewhere).unwrap().contains("another Region"));
    }
}
