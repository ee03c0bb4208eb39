//! The keeper of a simulation's runs, which stores them as they end, so that killing the process loses at most the
//! last second.
//!
//! The result is one file, which is rewritten from time to time: so rarely that writing takes at most a tenth of the
//! time.

use std::time::Duration;

use experiment::result::{Repetition, RunResult};
use tokio::time::Instant;

use crate::failure::Failure;
use crate::run::{Folder, keep};

/// The least time between two writings.
const PAUSE: Duration = Duration::from_secs(1);
/// How many times longer than a writing the pause after it is.
const SHARE: u32 = 10;

/// The result so far.
#[derive(Debug)]
pub(super) struct Keeper {
    folder: Folder,
    result: RunResult,
    /// The places of the runs of the result among all runs, in their order.
    places: Vec<usize>,
    /// Runs that were cut short, which count only when there are no others.
    cut: Vec<(usize, Repetition)>,
    next: Instant,
}

impl Keeper {
    /// A result without runs, for this folder.
    pub(super) fn new(folder: Folder, result: RunResult) -> Self {
        Self {
            folder,
            result,
            places: Vec::new(),
            cut: Vec::new(),
            next: Instant::now() + PAUSE,
        }
    }

    /// Adds the run at this place among all, in whatever order they end.
    pub(super) fn take(&mut self, place: usize, run: Repetition) -> Result<(), Failure> {
        if run.cut_short {
            self.cut.push((place, run));
            return Ok(());
        }
        let before = self.places.partition_point(|other| *other < place);
        self.places.insert(before, place);
        self.result.repetitions.insert(before, run);
        let now = Instant::now();
        if now >= self.next {
            keep(&self.folder, &self.result)?;
            self.next = Instant::now() + PAUSE.max(now.elapsed() * SHARE);
        }
        Ok(())
    }

    /// Writes the whole result.
    pub(super) fn finish(mut self) -> Result<RunResult, Failure> {
        if self.places.is_empty() {
            self.cut.sort_by_key(|(place, _)| *place);
            let cut = self.cut.into_iter().map(|(_, run)| run);
            self.result.repetitions.extend(cut);
        }
        keep(&self.folder, &self.result)?;
        Ok(self.result)
    }
}
