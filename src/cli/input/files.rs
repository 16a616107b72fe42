//! Which files are read: those that were named, and those in directories that were named.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

/// What the names of the files end in that are read in a directory.
const ENDINGS: [&str; 4] = ["json", "jsonl", "ndjson", "gz"];
/// CloudTrail keeps these beside its log files: digests to verify them by, and findings about unusual activity.
const NO_LOGS: [&str; 2] = ["CloudTrail-Digest", "CloudTrail-Insight"];

/// The files to read, in order.
#[derive(Debug, Default)]
pub(in crate::cli) struct Files {
    /// `-` is standard input.
    pub(in crate::cli) paths: Vec<PathBuf>,
    /// What cannot be read, and why.
    pub(in crate::cli) errors: Vec<(PathBuf, io::Error)>,
    /// How many bytes the files have together; standard input counts as none.
    pub(in crate::cli) bytes: u64,
}

/// Finds the files: directories stand for the files in them and below, in the order of their paths, which for the trees
/// that CloudTrail writes is that of time.
pub(in crate::cli) fn files(names: &[PathBuf]) -> Files {
    let mut files = Files::default();
    for name in names {
        if name.is_dir() {
            files.add_directory(name);
        } else {
            files.add(name.clone());
        }
    }
    files
}

/// Opens a file; `-` is standard input.
pub(in crate::cli) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    Ok(if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path)?)
    })
}

impl Files {
    fn add(&mut self, path: PathBuf) {
        // What cannot be opened is named when it is its turn.
        self.bytes += path.metadata().map_or(0, |data| data.len());
        self.paths.push(path);
    }

    fn add_directory(&mut self, directory: &Path) {
        let before = self.paths.len() + self.errors.len();
        let walk = WalkDir::new(directory)
            .follow_links(true)
            .sort_by_file_name();
        for entry in walk.into_iter().filter_entry(is_wanted) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => self.add(entry.into_path()),
                Ok(_) => {}
                Err(error) => {
                    let path = error.path().unwrap_or(directory).to_owned();
                    self.errors.push((path, error.into()));
                }
            }
        }
        if self.paths.len() + self.errors.len() == before {
            let error = format!(
                "no file in it has a name that ends in .{}",
                ENDINGS.join(", .")
            );
            let error = io::Error::new(io::ErrorKind::NotFound, error);
            self.errors.push((directory.to_owned(), error));
        }
    }
}

fn is_wanted(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    if entry.depth() == 0 {
        true
    } else if entry.file_type().is_dir() {
        !name.starts_with('.') && !NO_LOGS.contains(&name.as_ref())
    } else {
        let ending = Path::new(name.as_ref()).extension().and_then(OsStr::to_str);
        !name.starts_with('.') && ending.is_some_and(|ending| ENDINGS.contains(&ending))
    }
}
