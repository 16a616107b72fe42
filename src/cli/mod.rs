//! The command line's own parts: what it reads and how it shows a summary. Everything between is production's.

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
