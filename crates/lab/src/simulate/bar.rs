//! A progress bar for several runs: redrawn in place on a terminal, otherwise an occasional line on standard error,
//! because standard output is for results.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::print;
use crate::terminal::{can_draw, columns};
use crate::together::words::clock;

/// How often the bar is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// How often a line is printed if nothing can be drawn.
const LINE: Duration = Duration::from_secs(5);
/// Columns of the bar itself.
const COLUMNS: usize = 24;

/// The way in which progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    InPlace,
    Lines,
    Not,
}

/// The progress of several runs. Threads may share it.
#[derive(Debug)]
pub(crate) struct Bar {
    began: Instant,
    way: Way,
    next: Mutex<Instant>,
}

impl Bar {
    /// Makes a bar for a terminal, lines for anything else, and nothing if it is not wanted.
    pub(crate) fn new(quiet: bool) -> Self {
        let way = match quiet {
            true => Way::Not,
            false if can_draw() => Way::InPlace,
            false => Way::Lines,
        };
        let began = Instant::now();
        let first = if way == Way::Lines {
            LINE
        } else {
            Duration::ZERO
        };
        Self {
            began,
            way,
            next: Mutex::new(began + first),
        }
    }

    /// Notes how many of all runs have ended. Reports that come faster than people can read are left out.
    pub(crate) fn show(&self, done: usize, all: usize) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if self.way == Way::Not || now < *next {
            return;
        }
        let said = said(done, all, now - self.began);
        if self.way == Way::InPlace {
            *next = now + FRAME;
            let row = fitted(&drawn(done, all), &said, columns());
            print::drawing(format!("\r{row}\x1b[K").into_bytes());
        } else {
            *next = now + LINE;
            print::error(&said);
        }
    }

    /// Clears the line for what comes next.
    pub(crate) fn end(&self) {
        if self.way == Way::InPlace {
            print::drawing(b"\r\x1b[K".to_vec());
        }
    }
}

/// The text that fits into one row of the terminal, leaving its last column free: a row that wraps cannot be
/// overwritten. The bar is left out first.
fn fitted(bar: &str, said: &str, columns: usize) -> String {
    let room = columns.saturating_sub(1);
    let whole = format!("{bar} {said}");
    let shown = if whole.chars().count() <= room {
        &*whole
    } else {
        said
    };
    shown.chars().take(room).collect()
}

fn drawn(done: usize, all: usize) -> String {
    let full = COLUMNS * done.min(all) / all.max(1);
    format!("[{:.<COLUMNS$}]", "#".repeat(full))
}

/// What has ended, how long it took, and how long the rest will take at that pace.
fn said(done: usize, all: usize, elapsed: Duration) -> String {
    let runs = format!("{done} of {all} runs, {} elapsed", clock(elapsed));
    let left = all.saturating_sub(done);
    if done == 0 || left == 0 {
        return runs;
    }
    #[expect(clippy::cast_precision_loss, reason = "numbers of runs are small")]
    let left = elapsed.mul_f64(left as f64 / done as f64);
    format!("{runs}, about {} left", clock(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_fits_the_terminal() {
        let said = "10 of 30 runs";

        assert_eq!(fitted("[##..]", said, 80), "[##..] 10 of 30 runs");
        assert_eq!(fitted("[##..]", said, 20), "10 of 30 runs");
        assert_eq!(fitted("[##..]", said, 6), "10 of");
        assert_eq!(fitted("[##..]", said, 0), "");
    }

    #[test]
    fn the_bar_fills_and_says_what_is_left() {
        let seconds = Duration::from_secs;

        assert_eq!(drawn(0, 30), "[........................]");
        assert_eq!(drawn(15, 30), "[############............]");
        assert_eq!(drawn(30, 30), "[########################]");
        assert_eq!(said(0, 30, seconds(2)), "0 of 30 runs, 0:02.0 elapsed");
        assert_eq!(
            said(10, 30, seconds(4)),
            "10 of 30 runs, 0:04.0 elapsed, about 0:08.0 left"
        );
        assert_eq!(said(30, 30, seconds(4)), "30 of 30 runs, 0:04.0 elapsed");
    }
}
