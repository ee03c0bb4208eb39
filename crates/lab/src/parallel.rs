//! Tasks that are done on several threads, each result handed on as soon as it is there.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use crate::failure::Failure;

/// Does all tasks on `jobs` threads and hands on what each came to, in the order in which they end. The first
/// failure, of a task or of `then`, ends it: no other task is begun.
pub(crate) fn in_parallel<T: Sync, R: Send>(
    tasks: &[T],
    jobs: NonZeroUsize,
    one: impl Fn(&T) -> Result<R, Failure> + Sync,
    mut then: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let next = AtomicUsize::new(0);
    let work = |sender: Sender<Result<R, Failure>>| {
        while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            let ended = one(task);
            let failed = ended.is_err();
            if sender.send(ended).is_err() || failed {
                break;
            }
        }
    };
    thread::scope(|scope| {
        let (sender, receiver) = channel();
        for _ in 0..jobs.get().min(tasks.len()) {
            let sender = sender.clone();
            scope.spawn(|| work(sender));
        }
        drop(sender);
        let outcome = receiver.into_iter().try_for_each(|ended| then(ended?));
        if outcome.is_err() {
            next.store(tasks.len(), Ordering::Relaxed);
        }
        outcome
    })
}
