//! Which rollcall this is: the version of Cargo.toml, and the commit that a release was built from.
//!
//! `scripts/release` tells the compiler the commit by the environment variable `RELEASE_COMMIT`. Every other build says
//! `unknown`: a build script that asked git would run in everybody's inner loop, and without git a build would fail.

use std::sync::LazyLock;

/// The version, such as `0.2.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit's hash in hexadecimal, with `-dirty` where the files were not those of the commit, or `unknown`.
pub const COMMIT: &str = match option_env!("RELEASE_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// Version and commit, such as `0.2.0 (commit 1a2b…)`, as `rollcall --version` and the function's first log line say them.
#[must_use]
pub fn version_and_commit() -> &'static str {
    static BOTH: LazyLock<String> = LazyLock::new(|| format!("{VERSION} (commit {COMMIT})"));
    &BOTH
}
