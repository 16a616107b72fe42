//! How far a long command is, as a bar on standard error where that is a terminal, and nothing anywhere else.

use std::io::Read;

use indicatif::{ProgressBar, ProgressStyle};

/// How finely a bar shows shares.
#[cfg(feature = "operator")]
const SHARES: u64 = 1_000;

/// A bar that vanishes with its owner.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// For so many bytes to read; a spinner where nobody knows how many.
    pub(super) fn of_bytes(bytes: u64) -> Self {
        let template = if bytes == 0 {
            "{spinner} {bytes} {wide_msg}"
        } else {
            "{bar:20} {bytes}/{total_bytes} {eta} {wide_msg}"
        };
        Self::new(bytes, template)
    }

    /// For so many steps.
    #[cfg(feature = "operator")]
    pub(super) fn of_steps(steps: u64) -> Self {
        Self::new(steps, "{bar:20} {pos}/{len} {eta} {wide_msg}")
    }

    /// For work of which only the share that is done is known.
    #[cfg(feature = "operator")]
    pub(super) fn of_shares() -> Self {
        Self::new(SHARES, "{bar:20} {percent}% {wide_msg}")
    }

    /// Moves to where `share` of the work is done, from 0 to 1; never back.
    #[cfg(feature = "operator")]
    pub(super) fn reach(&self, share: f64) {
        let shares = f64::from(u32::try_from(SHARES).unwrap_or(u32::MAX));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 0 and the number of shares"
        )]
        let position = (share.clamp(0.0, 1.0) * shares) as u64;
        self.0.set_position(position.max(self.0.position()));
    }

    fn new(length: u64, template: &str) -> Self {
        // indicatif draws nothing where standard error is no terminal.
        let bar = ProgressBar::new(length);
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Says what is under way.
    pub(super) fn is_at(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }

    /// Moves along with what is read.
    pub(super) fn follow<R: Read>(&self, reader: R) -> impl Read + use<R> {
        self.0.wrap_read(reader)
    }

    /// Moves by one step.
    #[cfg(feature = "operator")]
    pub(super) fn step(&self) {
        self.0.inc(1);
    }

    /// Writes a line to standard error above the bar.
    pub(super) fn say(&self, line: &str) {
        self.0.suspend(|| anstream::eprintln!("{line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
