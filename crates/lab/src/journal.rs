//! The journal of what is changed while the lab runs: each change with its instant, until whoever shows the run takes
//! it.
//!
//! Who compares what is so now with what was so at his last look sees one change where there were two.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// Changes that wait. Where nobody takes them, the oldest give way.
const WAITING: usize = 256;

/// The changes of one thing since they were taken last.
#[derive(Debug)]
pub(crate) struct Journal<T> {
    waiting: Mutex<VecDeque<(Instant, T)>>,
}

impl<T> Default for Journal<T> {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
        }
    }
}

impl<T> Journal<T> {
    /// Notes a change that was made at `at`.
    pub(crate) fn note(&self, at: Instant, change: T) {
        let mut waiting = self.lock();
        if waiting.len() == WAITING {
            waiting.pop_front();
        }
        waiting.push_back((at, change));
    }

    /// All changes since the last time, in the order in which they were made.
    pub(crate) fn take(&self) -> VecDeque<(Instant, T)> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, T)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_taken_once_and_where_nobody_takes_them_the_oldest_give_way() {
        let journal = Journal::default();
        let now = Instant::now();
        journal.note(now, 0);
        journal.note(now, 1);

        assert_eq!(journal.take(), [(now, 0), (now, 1)]);
        assert!(journal.take().is_empty());

        for change in 0..WAITING + 7 {
            journal.note(now, change);
        }
        let taken = journal.take();
        assert_eq!((taken.len(), taken[0].1), (WAITING, 7));
    }
}
