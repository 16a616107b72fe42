//! The command line: reads files, shows summaries in the terminal, silences and exports windows, simulates, and looks at
//! deployments. In between it runs the same code as the function.

mod args;
mod described;
#[cfg(feature = "operator")]
mod doctor;
mod export;
mod input;
mod man;
mod progress;
mod replay;
mod silence;
mod simulate;
mod spool;
mod terminal;
mod time;
mod trace;
mod words;

pub use self::args::{Args, Command};
#[cfg(feature = "operator")]
pub use self::doctor::doctor;
pub use self::export::export;
pub use self::man::man;
pub use self::replay::replay;
pub use self::silence::silence;
pub use self::simulate::simulate;
