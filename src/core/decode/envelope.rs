//! The envelope that EventBridge puts around an event.
//!
//! Pure.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The fields of the envelope that are read.
#[derive(Deserialize)]
pub(super) struct Envelope<Detail> {
    /// The key that only rollcall's own messages have.
    pub(super) rollcall: Option<IgnoredAny>,
    #[serde(rename = "detail-type")]
    pub(super) detail_type: Option<String>,
    pub(super) id: Option<String>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) time: Option<String>,
    pub(super) detail: Option<Detail>,
}
