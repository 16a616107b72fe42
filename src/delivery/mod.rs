//! When to speak: pure decisions, and the short list of steps that carries them out.
//!
//! [`decide`](decide()) and [`decide_live`] are pure, for messages that are said once and for a message that
//! is edited; [`visit`](visit()) carries them out.

mod decide;
mod live;
mod look;
mod speak;
mod visit;

pub use self::decide::{Decision, Knowledge, Patience, Reason, deadline, decide, over};
pub use self::live::{Picture, Shown, decide_live};
pub use self::look::{Plan, plan};
pub use self::visit::{Ports, Visit, VisitError, visit};
