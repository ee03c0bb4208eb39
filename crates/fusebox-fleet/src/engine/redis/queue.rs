//! A queue of reports that wait for the next request.

use std::sync::{Mutex, PoisonError};

use ::redis::Value;
use tokio::sync::{Notify, oneshot};

use super::script::{Names, Words};
use crate::engine::Unavailable;

/// The reports that wait for the next request.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    pub(super) come: Notify,
}

/// A report, and the receiver of its answer.
pub(super) struct Waiting {
    pub(super) names: Names,
    pub(super) words: Words,
    pub(super) asker: oneshot::Sender<Answer>,
}

pub(super) type Answer = Result<Value, Unavailable>;

impl Queue {
    /// Adds a report to the next request.
    pub(super) fn add(&self, names: Names, words: Words) -> oneshot::Receiver<Answer> {
        let (asker, answer) = oneshot::channel();
        let waiting = Waiting {
            names,
            words,
            asker,
        };
        self.waiting().push(waiting);
        self.come.notify_one();
        answer
    }

    /// Takes the reports whose answers are still wanted.
    pub(super) fn take(&self) -> Vec<Waiting> {
        let mut due = std::mem::take(&mut *self.waiting());
        due.retain(|one| !one.asker.is_closed());
        due
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
