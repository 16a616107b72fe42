//! EventBridge's envelope around an event.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The fields of the envelope that are read.
#[derive(Deserialize)]
pub(super) struct Envelope<Detail> {
    /// Only in rollcall's own messages.
    pub(super) rollcall: Option<IgnoredAny>,
    #[serde(rename = "detail-type")]
    pub(super) detail_type: Option<String>,
    pub(super) id: Option<String>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) time: Option<String>,
    pub(super) detail: Option<Detail>,
}
