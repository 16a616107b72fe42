//! `rollcall export`: brings what the function knows of windows out of its table, in a form that `rollcall replay` reads,
//! so that a bad morning becomes a file.
//!
//! Each line is a JSON object: a batch of facts, or a part of what ECS answered.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::aws::StoredObservations;
use crate::core::fact::Fact;
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
    /// Some of what ECS answered, with the number of the chunk in which the log keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) observations: Option<(usize, StoredObservations)>,
}
