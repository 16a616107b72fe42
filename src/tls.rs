//! HTTPS without a certificate store: the roots are compiled in, so that no file is read and parsed at start.

use std::sync::Arc;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

/// A client that trusts Mozilla's roots and follows no redirect: a redirect could carry a secret elsewhere.
///
/// # Panics
/// Never: ring supports rustls' default protocol versions.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where clients are set up"
)]
pub fn client_builder() -> ClientBuilder {
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .referer(false)
        .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
}

/// The HTTPS client of the AWS SDK, on the same TLS library.
#[cfg(feature = "aws")]
#[must_use]
pub fn aws_http_client() -> aws_sdk_ssm::config::SharedHttpClient {
    use aws_smithy_http_client::Builder;
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

    Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https()
}
