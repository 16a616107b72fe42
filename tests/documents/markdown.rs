//! Reads what the tests need of Markdown: fenced blocks and code in sentences.

use std::fs;
use std::path::Path;

use super::ROOT;

/// A document of the repository.
pub struct Document {
    /// Relative to the repository.
    pub path: String,
    pub blocks: Vec<Block>,
    /// What stands between backticks outside of blocks.
    pub inline: Vec<String>,
}

/// A fenced block of code.
pub struct Block {
    language: String,
    text: String,
}

impl Block {
    /// Text that is read as a block of shell.
    pub fn of_shell(text: &str) -> Self {
        Self {
            language: "sh".to_owned(),
            text: text.to_owned(),
        }
    }

    /// Whether it holds commands; blocks without a language do, too.
    pub fn is_shell(&self) -> bool {
        matches!(self.language.as_str(), "" | "sh" | "bash" | "console")
    }

    /// Whether it holds commands after `$ `, each with its output.
    pub fn is_console(&self) -> bool {
        self.language == "console"
    }

    /// Its lines, those that end in a backslash joined with the next.
    pub fn lines(&self) -> Vec<String> {
        let joined = self.text.replace("\\\n", " ");
        joined.lines().map(str::to_owned).collect()
    }

    /// Each command of a console with the output that is shown below it.
    pub fn sessions(&self) -> Vec<(String, String)> {
        let mut sessions: Vec<(String, String)> = Vec::new();
        for line in self.lines() {
            if let Some(command) = line.trim_start().strip_prefix("$ ") {
                sessions.push((command.to_owned(), String::new()));
            } else if let Some((_, output)) = sessions.last_mut() {
                output.push_str(&line);
                output.push('\n');
            }
        }
        for (_, output) in &mut sessions {
            output.truncate(output.trim_end().len());
        }
        sessions
    }
}

/// All documents that people read, and the forms for issues, but for those that name commands of older versions.
pub fn documents() -> Vec<Document> {
    let mut paths = Vec::new();
    collect(Path::new(ROOT), &mut paths);
    collect(&Path::new(ROOT).join(".github/ISSUE_TEMPLATE"), &mut paths);
    paths.sort();
    assert!(paths.len() > 10, "{paths:?}");
    paths.iter().map(|path| read(path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            // Nothing that is built or installed, and no snapshots.
            let is_code = matches!(name, "src" | "tests" | "benches");
            if !is_code && !name.starts_with('.') && !name.starts_with("target") {
                collect(&path, paths);
            }
        } else if path.extension().is_some_and(|it| it == "md" || it == "yml")
            && !matches!(name, "CHANGELOG.md" | "upgrading.md")
        {
            let relative = path.strip_prefix(ROOT).unwrap();
            paths.push(relative.to_str().unwrap().to_owned());
        }
    }
}

fn read(path: &str) -> Document {
    let text = fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
    let mut blocks = Vec::new();
    let mut sentences = String::new();
    let mut block: Option<Block> = None;
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut block) {
            (Some(_), Some(_)) => blocks.extend(block.take()),
            (Some(language), None) => {
                block = Some(Block {
                    language: language.trim().to_owned(),
                    text: String::new(),
                });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {
                // A table escapes the bar.
                sentences.push_str(&line.replace("\\|", "|"));
                sentences.push('\n');
            }
        }
    }
    assert!(block.is_none(), "{path}: a block is not closed");
    Document {
        path: path.to_owned(),
        blocks,
        inline: inline(&sentences),
    }
}

fn inline(sentences: &str) -> Vec<String> {
    let mut parts = sentences.split('`');
    let mut codes = Vec::new();
    // Text and code alternate, where all backticks are single ones.
    while let (Some(_), Some(code)) = (parts.next(), parts.next()) {
        codes.push(code.replace('\n', " "));
    }
    codes
}
