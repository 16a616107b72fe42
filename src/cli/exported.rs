//! The form in which `rollcall export` writes windows and `rollcall replay` reads them.

use serde::{Deserialize, Serialize};

use crate::core::fact::Fact;
use crate::core::observation::StoredObservations;
use crate::core::window::WindowKey;

/// One line of an export.
#[derive(Serialize, Deserialize)]
#[serde(tag = "rollcall", rename = "window")]
pub(super) struct ExportedPart {
    /// The window.
    pub(super) window: WindowKey,
    /// How long the window is.
    pub(super) window_seconds: u64,
    /// Some of its facts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) facts: Vec<Fact>,
    /// What ECS answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) observations: Option<StoredObservations>,
}
