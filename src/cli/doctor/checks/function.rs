//! The function: its environment, its log level, its mappings and its guard against loops.

use crate::cli::doctor::finding::Finding;
use crate::cli::doctor::seen::{Function, Mapping, Seen, name_of};
use crate::config::{Config, ConfigErrors};

const AREA: &str = "function";

/// The function's variables, read by the function's own code.
pub(in crate::cli::doctor) fn config(function: &Function) -> Result<Config, ConfigErrors> {
    Config::from_lookup(|name| function.variable(name))
}

/// All about the function and its mappings.
pub(super) fn check(seen: &Seen, config: &Result<Config, ConfigErrors>) -> Vec<Finding> {
    let function = &seen.function;
    let mut findings = vec![
        Finding::holds(
            AREA,
            &function.name,
            function.state == "Active",
            format!("is {}", function.state),
            "look at the function's page in Lambda's console: it cannot be invoked",
        ),
        environment(function, config),
        log_level(function),
    ];
    let has_table = config.as_ref().is_ok_and(|config| config.table.is_some());
    findings.extend(has_table.then(|| recursion(seen)));
    findings.extend(mappings(seen));
    findings.extend(concurrency(seen));
    findings
}

fn environment(function: &Function, config: &Result<Config, ConfigErrors>) -> Finding {
    match config {
        Ok(_) => Finding::fine(
            AREA,
            &function.name,
            format!("understands its {} variables", function.environment.len()),
        ),
        Err(errors) => Finding::wrong(
            AREA,
            &function.name,
            errors.to_string(),
            "set these variables: the function does not start without them",
        ),
    }
}

/// Lines without a level, and metrics are such lines, are dropped by Lambda where the level is above INFO.
fn log_level(function: &Function) -> Finding {
    let level = function.log_level.as_deref().unwrap_or("INFO");
    let is_low = matches!(level, "TRACE" | "DEBUG" | "INFO");
    Finding::holds(
        AREA,
        &function.name,
        !function.is_json_log || is_low,
        format!("logs from the level {level} on"),
        "set the application log level to INFO: above it Lambda drops the function's metrics, and alarms fall silent",
    )
}

fn recursion(seen: &Seen) -> Finding {
    let name = &seen.function.name;
    match &seen.recursive_loop {
        Err(why) => Finding::unknown(AREA, name, why),
        Ok(recursive_loop) => Finding::holds(
            AREA,
            name,
            recursive_loop == "Allow",
            format!("recursive loops: {recursive_loop}"),
            "set the function's recursive loop detection to Allow: otherwise Lambda ends a window's timers after about 16 \
             of them, and its message is lost",
        ),
    }
}

fn mappings(seen: &Seen) -> Vec<Finding> {
    const AREA: &str = "mapping";
    let mappings = match &seen.mappings {
        Err(why) => return vec![Finding::unknown(AREA, &seen.function.name, why)],
        Ok(mappings) => mappings,
    };
    if seen.records_arn.is_none() {
        return vec![Finding::wrong(
            AREA,
            &seen.function.name,
            "no event source mapping feeds the function from its queue",
            "create the mapping from the queue of records to the function",
        )];
    }
    mappings.iter().map(mapping).collect()
}

fn mapping(mapping: &Mapping) -> Finding {
    const AREA: &str = "mapping";
    let queue = name_of(&mapping.queue_arn);
    let wrong = |text: String, advice: &str| Finding::wrong(AREA, queue, text, advice);
    if !matches!(mapping.state.as_str(), "Enabled" | "Enabling" | "Updating") {
        let text = format!("is {}, so the function gets nothing", mapping.state);
        return wrong(text, "enable the event source mapping");
    }
    if !mapping.is_partial {
        return wrong(
            "does not have ReportBatchItemFailures, so Lambda deletes the records that the function failed on".to_owned(),
            "set the mapping's function response types to ReportBatchItemFailures",
        );
    }
    match mapping.maximum_concurrency {
        None => wrong(
            "has no maximum concurrency, so Lambda may start many instances that wait for each other".to_owned(),
            "set the mapping's maximum concurrency to 2",
        ),
        Some(most) => Finding::fine(
            AREA,
            queue,
            format!("is enabled, reports failures one by one, and runs at most {most} at once"),
        ),
    }
}

/// With less reserved than the mappings may use, Lambda throttles them and records age.
fn concurrency(seen: &Seen) -> Option<Finding> {
    let name = &seen.function.name;
    let reserved = match &seen.reserved_concurrency {
        Err(why) => return Some(Finding::unknown(AREA, name, why)),
        Ok(reserved) => (*reserved)?,
    };
    let mappings = seen.mappings.as_ref().ok()?;
    let wanted: i32 = mappings
        .iter()
        .filter_map(|mapping| mapping.maximum_concurrency)
        .sum();
    Some(Finding::holds(
        AREA,
        name,
        reserved >= wanted,
        format!("has {reserved} instances reserved, and its mappings may use {wanted}"),
        format!("reserve {wanted} instances or none"),
    ))
}
