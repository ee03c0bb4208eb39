//! A process that has ended, with all that it printed.

use std::process::ExitStatus;

/// A process that has ended, with all that it printed.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// Its standard output, line by line.
    pub stdout: Vec<String>,
    /// Its standard error, line by line.
    pub stderr: Vec<String>,
}

impl Ended {
    /// Whether a line of either output has these words.
    pub fn said(&self, words: &str) -> bool {
        let mut lines = self.stdout.iter().chain(&self.stderr);
        lines.any(|line| line.contains(words))
    }
}
