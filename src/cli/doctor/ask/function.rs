//! What Lambda says of the function.

use std::collections::HashMap;

use aws_sdk_lambda::types::{
    EnvironmentResponse, EventSourceMappingConfiguration, FunctionResponseType, LogFormat,
    LoggingConfig, State,
};

use super::{Action, Ask, cannot, unless_absent};
use crate::cli::doctor::seen::{Function, Looked, Mapping};

impl Ask {
    /// The function's configuration; `None` where there is no such function.
    pub(in crate::cli) async fn function(&self, name: &str) -> Looked<Option<Function>> {
        let answer = self.lambda.get_function_configuration();
        let answer = answer.function_name(name).send().await;
        let action = Action::GetFunctionConfiguration;
        let answer = unless_absent(answer, action, &["ResourceNotFoundException"])?;
        Ok(answer.map(|answer| {
            let log = answer.logging_config;
            let log_group = log.as_ref().and_then(LoggingConfig::log_group);
            Function {
                name: name.to_owned(),
                arn: answer.function_arn.unwrap_or_default(),
                role_arn: answer.role.unwrap_or_default(),
                environment: variables(answer.environment),
                timeout_seconds: seconds(answer.timeout),
                state: answer.state.unwrap_or(State::Active).to_string(),
                is_json_log: log.as_ref().and_then(LoggingConfig::log_format)
                    == Some(&LogFormat::Json),
                log_level: log
                    .as_ref()
                    .and_then(|log| log.application_log_level())
                    .map(ToString::to_string),
                log_group: log_group.map_or_else(|| format!("/aws/lambda/{name}"), str::to_owned),
            }
        }))
    }

    /// What Lambda does with chains of the function's own messages: `Allow` or `Terminate`.
    pub(in crate::cli) async fn recursive_loop(&self, function: &str) -> Looked<String> {
        let ask = self.lambda.get_function_recursion_config();
        let answer = ask.function_name(function).send().await;
        let answer = answer.map_err(cannot(Action::GetFunctionRecursionConfig))?;
        Ok(answer
            .recursive_loop
            .map(|recursive_loop| recursive_loop.to_string())
            .unwrap_or_default())
    }

    /// How many instances are reserved for the function; `None` where it shares the account's.
    pub(in crate::cli) async fn concurrency(&self, function: &str) -> Looked<Option<i32>> {
        let ask = self.lambda.get_function_concurrency();
        let answer = ask.function_name(function).send().await;
        let answer = answer.map_err(cannot(Action::GetFunctionConcurrency))?;
        Ok(answer.reserved_concurrent_executions)
    }

    /// The queues that Lambda reads for the function, and how.
    pub(in crate::cli) async fn mappings(&self, function: &str) -> Looked<Vec<Mapping>> {
        let ask = self.lambda.list_event_source_mappings();
        let pages = ask.function_name(function).into_paginator().items().send();
        let mappings: Result<Vec<_>, _> = pages.try_collect().await;
        let mappings = mappings.map_err(cannot(Action::ListEventSourceMappings))?;
        Ok(mappings.into_iter().filter_map(mapping).collect())
    }
}

fn variables(
    environment: Option<EnvironmentResponse>,
) -> std::collections::BTreeMap<String, String> {
    let variables: Option<HashMap<_, _>> =
        environment.and_then(|environment| environment.variables);
    variables.into_iter().flatten().collect()
}

fn seconds(seconds: Option<i32>) -> u64 {
    seconds
        .and_then(|seconds| seconds.try_into().ok())
        .unwrap_or(0)
}

fn mapping(mapping: EventSourceMappingConfiguration) -> Option<Mapping> {
    let responses = mapping.function_response_types.unwrap_or_default();
    Some(Mapping {
        queue_arn: mapping.event_source_arn?,
        state: mapping.state.unwrap_or_default(),
        is_partial: responses.contains(&FunctionResponseType::ReportBatchItemFailures),
        batching_window_seconds: seconds(mapping.maximum_batching_window_in_seconds),
        maximum_concurrency: mapping
            .scaling_config
            .and_then(|config| config.maximum_concurrency),
    })
}
