//! Signatures after Standard Webhooks 1.0
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
//!
//! Pure. A signature is the base64 of the HMAC-SHA256 of `ID.TIMESTAMP.BODY`. While a secret is replaced by another, the
//! header holds one signature for each of them, so that receivers with either one accept the request.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

/// The secrets that sign each request.
#[derive(Debug, Clone)]
pub struct SigningSecrets(Vec<SecretSlice<u8>>);

/// The text given holds no secrets of the form that Standard Webhooks has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "expected whsec_ and the base64 of 24 to 64 random bytes, or several such secrets separated by spaces"
)]
pub struct InvalidSecrets;

/// What stands before each secret.
const PREFIX: &str = "whsec_";
/// How many bytes a secret has, by the specification.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
/// So many secrets sign at most: one to come, one to go, and some to spare.
const MOST_SECRETS: usize = 8;

impl SigningSecrets {
    /// Takes one secret or several, separated by white space.
    ///
    /// # Errors
    /// Says what form is expected; never quotes the text.
    pub fn parse(text: &str) -> Result<Self, InvalidSecrets> {
        let secrets: Option<Vec<_>> = text.split_whitespace().map(secret).collect();
        let secrets = secrets.filter(|secrets| (1..=MOST_SECRETS).contains(&secrets.len()));
        secrets.map(Self).ok_or(InvalidSecrets)
    }

    /// The header `webhook-signature` of a request with this id, this time in seconds after 1970, and this body.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let content = format!("{id}.{timestamp}.{body}");
        let signature = |secret: &SecretSlice<u8>| {
            let mut mac = keyed(secret);
            mac.update(content.as_bytes());
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        };
        let signatures: Vec<String> = self.0.iter().map(signature).collect();
        signatures.join(" ")
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn keyed(secret: &SecretSlice<u8>) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret.expose_secret()).expect("HMAC takes keys of any length")
}

fn secret(text: &str) -> Option<SecretSlice<u8>> {
    // Secrets are found with and without the padding of base64.
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let base64 = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    let bytes = base64.decode(text.strip_prefix(PREFIX)?).ok()?;
    LENGTHS
        .contains(&bytes.len())
        .then(|| SecretSlice::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::{InvalidSecrets, SigningSecrets};

    const FIRST: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SECOND: &str = "whsec_dGhpcnR5LXR3byBieXRlcyBvZiBhIG5ldyBzZWNyZXQ=";

    fn sign(secrets: &str) -> String {
        let secrets = SigningSecrets::parse(secrets).unwrap();
        secrets.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        )
    }

    #[test]
    fn signs_as_the_reference_implementation_does() {
        // The vector of the tests of Standard Webhooks' own libraries.
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign(FIRST), expected);
    }

    #[test]
    fn signs_once_for_each_secret() {
        let both = sign(&format!("{FIRST} {SECOND}"));
        assert_eq!(both, format!("{} {}", sign(FIRST), sign(SECOND)));
        assert_ne!(sign(FIRST), sign(SECOND));
        assert_eq!(sign(SECOND.trim_end_matches('=')), sign(SECOND));
    }

    #[test]
    fn takes_secrets_of_the_form_that_is_specified_alone() {
        let p = |text: &str| SigningSecrets::parse(text).err();
        let plain = FIRST.trim_start_matches("whsec_");
        for wrong in [
            "",
            " ",
            plain,
            "whsec_",
            "whsec_c2hvcnQ=",
            "whsec_*",
            &format!("{FIRST},{SECOND}"),
        ] {
            assert_eq!(p(wrong), Some(InvalidSecrets), "{wrong}");
        }
        assert_eq!(p(&format!("{FIRST} ").repeat(9)), Some(InvalidSecrets));
        let secrets = SigningSecrets::parse(FIRST).unwrap();
        assert!(!format!("{secrets:?}").contains("MfKQ"));
    }
}
