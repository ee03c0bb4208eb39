//! Counted assertions: the run goes on after a failed one, and names it at its end.

use std::fmt::{Debug, Display};
use std::process::ExitCode;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// What was asserted so far.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    held: usize,
    failed: Vec<String>,
}

impl Checks {
    /// Begins a part of the report.
    pub(crate) fn section(&self, title: &str) {
        say(&format!("\n-- {title} ({} held so far)", self.held));
    }

    /// Asserts that something holds.
    pub(crate) fn that(&mut self, what: impl Display, holds: bool) {
        if holds {
            self.held += 1;
        } else {
            say(&format!("FAILED: {what}"));
            self.failed.push(what.to_string());
        }
    }

    /// Asserts that what was found is what was expected.
    pub(crate) fn equal<T: Debug + PartialEq>(&mut self, what: &str, found: &T, expected: &T) {
        if found == expected {
            self.held += 1;
        } else {
            self.that(
                format!("{what}: found {found:?}, expected {expected:?}"),
                false,
            );
        }
    }

    /// Asserts that `look` finds something within `limit`.
    pub(crate) async fn comes_true<T, F: Future<Output = Option<T>>>(
        &mut self,
        limit: Duration,
        what: &str,
        mut look: impl FnMut() -> F,
    ) -> Option<T> {
        let began = Instant::now();
        let found = loop {
            if let Some(found) = look().await {
                break Some(found);
            }
            if began.elapsed() >= limit {
                break None;
            }
            sleep(Duration::from_millis(100)).await;
        };
        self.that(format!("within {limit:?}: {what}"), found.is_some());
        found
    }

    /// Prints the count and names what failed.
    pub(crate) fn end(self) -> ExitCode {
        say("");
        for what in &self.failed {
            say(&format!("FAILED: {what}"));
        }
        say(&format!(
            "stack: {} passed, {} failed",
            self.held,
            self.failed.len()
        ));
        if self.failed.is_empty() && self.held > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Prints a line of the report.
#[expect(clippy::print_stdout, reason = "the report is what the run is for")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
