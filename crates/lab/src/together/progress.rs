//! Progress lines of several runs: elapsed and remaining time, of this run and of all.

use std::time::Duration;

use super::picture::Picture;
use super::words::clock;
use super::{Display, Watched};
use crate::print;

/// How often it is said.
const EVERY: Duration = Duration::from_secs(5);

/// Prints a line every five seconds.
pub(super) struct Progress {
    next: Duration,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            next: Duration::ZERO,
        }
    }
}

impl Display for Progress {
    fn show(&mut self, watched: &Watched) {
        let picture = Picture::of(watched);
        if picture.elapsed < self.next {
            return;
        }
        self.next = picture.elapsed + EVERY;
        print::line(&said(
            picture.elapsed,
            watched.until,
            watched.run,
            picture.seed,
        ));
    }
}

fn said(elapsed: Duration, until: Option<Duration>, [run, of]: [u32; 2], seed: u64) -> String {
    let length = until.unwrap_or_default();
    let left = length.saturating_sub(elapsed);
    let all = left + length * of.saturating_sub(run);
    format!(
        "run {run} of {of}, seed {seed}: {} of {}, {} left, {} for all runs",
        clock(elapsed),
        clock(length),
        clock(left),
        clock(all),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_is_that_of_this_run_and_of_all() {
        let seconds = Duration::from_secs;

        assert_eq!(
            said(seconds(10), Some(seconds(30)), [2, 5], 7),
            "run 2 of 5, seed 7: 0:10.0 of 0:30.0, 0:20.0 left, 1:50.0 for all runs"
        );
    }
}
