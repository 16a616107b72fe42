//! What is pure: no clock, no environment, no I/O. `now` is an argument.
//!
//! ```text
//! record ──decode──▶ Fact ──▶ window log ──▶ Runs (the fold) ──▶ WindowSnapshot ──decide──▶ Message ──▶ Summary
//! ```
//!
//! Dependencies point downwards in this list:
//! - [`summary`]: what to say about runs, the worst first, to a [`reader`] in the [`words`] of a language; [`refusal`] and
//!   [`trouble`] are its dictionaries.
//! - [`decide`]: what to say now, or until when to wait; [`report`] and [`told`]: what was told before.
//! - [`audience`]: who hears of what in a window, by the [`routes`].
//! - [`look`]: whom to ask ECS about, and when.
//! - [`snapshot`]: how everything stands at a moment, from [`runs`], [`observation`] and [`standing`].
//! - [`runs`]: facts become runs, whatever their order, grouping or repetition.
//! - [`decode`]: one SQS record becomes a fact, a timer, a reason to ignore it, or an error.
//! - [`fact`], [`window`]: what can be learned, and which window it belongs to; [`overrides`]: the exceptions that people make;
//!   [`names`]: the forms of names in settings.

pub(crate) mod arn;
pub mod audience;
pub mod decide;
pub mod decode;
pub mod description;
pub mod event;
pub mod fact;
pub mod look;
pub mod names;
pub mod notice;
pub mod observation;
pub mod overrides;
pub mod policy;
pub mod reader;
#[cfg(feature = "cli")]
pub mod redact;
pub mod refusal;
pub mod report;
pub mod routes;
pub mod runs;
pub mod service_progress;
pub mod snapshot;
pub mod standing;
pub mod status;
pub mod summary;
pub mod table;
pub mod text;
pub mod told;
pub mod trouble;
pub mod window;
pub mod words;
