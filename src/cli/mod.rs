//! The command line: reads files, shows summaries in the terminal, silences windows, and simulates. In between it runs
//! the same code as the function.

mod args;
mod described;
mod export;
mod input;
mod progress;
mod replay;
mod silence;
mod simulate;
mod spool;
mod terminal;
mod trace;
mod words;

pub use self::args::{Args, Command};
pub use self::replay::replay;
pub use self::silence::silence;
pub use self::simulate::simulate;
