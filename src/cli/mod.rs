//! The command line: reads files, shows summaries in the terminal, silences windows, and simulates. In between it runs
//! the same code as the function.

mod args;
mod described;
mod input;
mod replay;
mod silence;
mod simulate;
mod terminal;
mod trace;

pub use self::args::{Args, Command};
pub use self::replay::replay;
pub use self::silence::silence;
pub use self::simulate::simulate;
