//! One clock for the bench and for the function's processes, faster than real time and with idle time left out.
//!
//! The function asks libc for the time. A small library in C (`clock.c`), which is compiled with `cc` at the start
//! and preloaded into each process, answers with the time of this clock. libfaketime does the same for one process,
//! but starts each process's clock when that process starts, and takes a lock for each reading.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use nix::time::{ClockId, clock_gettime};
use tempfile::TempDir;

/// The clock, and the library that shows it to a process.
pub(crate) struct Clock {
    start: DateTime<Utc>,
    origin: i64,
    speed: f64,
    skipped: AtomicI64,
    file: File,
    folder: TempDir,
}

impl Clock {
    /// Shows `start` now, and runs at `speed` from here on.
    pub(crate) fn start(start: DateTime<Utc>, speed: f64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("skipped")).unwrap();
        file.write_all_at(&0_i64.to_ne_bytes(), 0).unwrap();
        let source = folder.path().join("clock.c");
        std::fs::write(&source, include_str!("clock.c")).unwrap();
        let status = Command::new("cc")
            .args(["-O2", "-shared", "-fPIC", "-o"])
            .args([folder.path().join("clock.so"), source])
            .arg("-ldl")
            .status()
            .expect("this bench needs a C compiler named cc");
        assert!(status.success(), "cc cannot compile clock.c");
        Self {
            start,
            origin: monotonic(),
            speed,
            skipped: AtomicI64::new(0),
            file,
            folder,
        }
    }

    /// What a process needs in its environment to see this clock.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let start = self.start.timestamp_nanos_opt().unwrap();
        vec![
            ("LD_PRELOAD", path("clock.so")),
            ("COST_CLOCK_FILE", path("skipped")),
            ("COST_CLOCK_ORIGIN", self.origin.to_string()),
            ("COST_CLOCK_START", start.to_string()),
            ("COST_CLOCK_SPEED", self.speed.to_string()),
        ]
    }

    /// The present.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "the bench ends long before 2^53 nanoseconds"
        )]
        let ran = ((monotonic() - self.origin) as f64 * self.speed) as i64;
        self.start + TimeDelta::nanoseconds(ran + self.skipped.load(Ordering::SeqCst))
    }

    /// How long something takes in real time that takes so long on this clock.
    pub(crate) fn real(&self, duration: TimeDelta) -> Duration {
        duration.to_std().unwrap_or_default().div_f64(self.speed)
    }

    /// Leaves out the time until `then`.
    pub(crate) fn skip_to(&self, then: DateTime<Utc>) {
        let wait = (then - self.now()).num_nanoseconds().unwrap();
        if wait > 0 {
            let skipped = self.skipped.fetch_add(wait, Ordering::SeqCst) + wait;
            self.file.write_all_at(&skipped.to_ne_bytes(), 0).unwrap();
        }
    }
}

/// The system's steady clock in nanoseconds, which every process reads alike.
fn monotonic() -> i64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap();
    time.tv_sec() * 1_000_000_000 + time.tv_nsec()
}
