//! The questions to AWS: one small function for each, which answers in the plain structs of `seen`.
//!
//! A question that may not be asked is an answer too: it names the permission that it takes.

mod actions;
mod alarms;
mod ecs;
mod function;
mod history;
mod queues;
mod roles;
mod rules;
mod schedules;
mod secrets;
mod slack;
mod table;
mod trails;

use aws_config::SdkConfig;
use aws_sdk_ssm::config::http::HttpResponse;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};

pub(in crate::cli) use self::actions::Action;
use super::seen::{CannotLook, Looked};
use crate::aws::error::RequestError;

/// The clients of all services that are asked.
pub(in crate::cli) struct Ask {
    pub(in crate::cli) region: String,
    cloudtrail: aws_sdk_cloudtrail::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    ecs: aws_sdk_ecs::Client,
    events: aws_sdk_eventbridge::Client,
    iam: aws_sdk_iam::Client,
    lambda: aws_sdk_lambda::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    scheduler: aws_sdk_scheduler::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
    ssm: aws_sdk_ssm::Client,
}

impl Ask {
    /// Clients that share a configuration; none of them connects before it is asked something.
    pub(in crate::cli) fn new(config: &SdkConfig, region: String) -> Self {
        Self {
            region,
            cloudtrail: aws_sdk_cloudtrail::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            ecs: aws_sdk_ecs::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
            iam: aws_sdk_iam::Client::new(config),
            lambda: aws_sdk_lambda::Client::new(config),
            scaling: aws_sdk_applicationautoscaling::Client::new(config),
            scheduler: aws_sdk_scheduler::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            ssm: aws_sdk_ssm::Client::new(config),
        }
    }
}

type Failed<E> = SdkError<E, HttpResponse>;

/// For `map_err`: why the question that takes this action has no answer.
fn cannot<E: ProvideErrorMetadata + std::error::Error + 'static>(
    action: Action,
) -> impl FnOnce(Failed<E>) -> CannotLook {
    move |error| CannotLook {
        action: action.name(),
        error: RequestError::from(&error),
    }
}

/// As [`cannot`], where one of these error codes means that the thing does not exist.
fn unless_absent<T, E: ProvideErrorMetadata + std::error::Error + 'static>(
    answer: Result<T, Failed<E>>,
    action: Action,
    absent: &[&str],
) -> Looked<Option<T>> {
    match answer.map_err(cannot(action)) {
        Ok(answer) => Ok(Some(answer)),
        Err(why) if absent.contains(&why.error.code.as_str()) => Ok(None),
        Err(why) => Err(why),
    }
}
