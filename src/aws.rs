//! AWS clients, built when they are needed.

use anyhow::Context;
use aws_config::BehaviorVersion;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use secrecy::{ExposeSecret, SecretString};

use crate::config::WebhookSource;
use crate::slack::webhook::WebhookUrl;

/// The webhook's address, from wherever it is kept.
///
/// # Errors
/// When the parameter cannot be read, or does not hold an address.
pub async fn webhook_url(source: &WebhookSource) -> anyhow::Result<WebhookUrl> {
    match source {
        WebhookSource::Url(url) => Ok(url.clone()),
        WebhookSource::Parameter(name) => {
            let value = read_parameter(name).await?;
            WebhookUrl::parse(value.expose_secret()).with_context(|| {
                format!("the SSM parameter {name} does not hold a webhook's address")
            })
        }
    }
}

/// Reads a parameter with decryption. A secret of Secrets Manager is read through the name
/// `/aws/reference/secretsmanager/NAME`.
///
/// # Errors
/// Names the parameter and what AWS said; the value never stands in an error.
async fn read_parameter(name: &str) -> Result<SecretString, ParameterError> {
    let error = |reason: String| ParameterError {
        name: name.to_owned(),
        reason,
    };
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .load()
        .await;
    let output = aws_sdk_ssm::Client::new(&config)
        .get_parameter()
        .name(name)
        .with_decryption(true)
        .send()
        .await
        .map_err(|cause| error(aws_sdk_ssm::error::DisplayErrorContext(cause).to_string()))?;
    let value = output.parameter.and_then(|parameter| parameter.value);
    value
        .map(SecretString::from)
        .ok_or_else(|| error("it has no value".to_owned()))
}

/// A parameter could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the SSM parameter {name}: {reason}")]
struct ParameterError {
    name: String,
    reason: String,
}
