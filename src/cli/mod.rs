//! The command line: reads files and CloudTrail's event history, shows summaries in the terminal, silences and exports
//! windows, simulates, and looks at deployments. In between it runs the same code as the function.
//!
//! What asks AWS is behind the feature `operator`, so that whoever only replays files does not build AWS's clients.

mod args;
mod described;
#[cfg(feature = "operator")]
mod doctor;
#[cfg(feature = "operator")]
mod export;
mod exported;
mod gathered;
mod history;
mod input;
mod man;
#[cfg(feature = "operator")]
mod occurrences;
mod override_args;
#[cfg(feature = "operator")]
mod overrides;
mod progress;
mod replay;
mod routes;
#[cfg(feature = "operator")]
mod silence;
mod simulate;
mod spool;
#[cfg(feature = "operator")]
mod status;
mod terminal;
mod time;
mod trace;
mod words;

/// What a command says that needs AWS, in a build without its clients.
pub const NO_CLIENTS: &str =
    "this build has no clients for AWS: build it with `--features operator`";

pub use self::args::{Args, Command};
#[cfg(feature = "operator")]
pub use self::doctor::doctor;
#[cfg(feature = "operator")]
pub use self::export::export;
pub use self::man::man;
#[cfg(feature = "operator")]
pub use self::overrides::{cancel, down, extend, overrides, skip, up};
pub use self::replay::replay;
pub use self::routes::routes;
#[cfg(feature = "operator")]
pub use self::silence::silence;
pub use self::simulate::simulate;
#[cfg(feature = "operator")]
pub use self::status::status;
