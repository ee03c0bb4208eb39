//! Tasks on several threads, with each result passed on as soon as it is there.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use crate::failure::Failure;

/// Does all tasks on `jobs` threads and passes each result on, in the order in which they end. The first failure, of
/// a task or of `then`, ends it: no other task is begun. Results of tasks under way are still passed on, unless it
/// was `then` that failed.
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
        let mut outcome = Ok(());
        let mut takes = true;
        for ended in receiver {
            let handed_on = match ended {
                Ok(result) if takes => then(result).inspect_err(|_| takes = false),
                Ok(_) => Ok(()),
                Err(failure) => Err(failure),
            };
            if handed_on.is_err() {
                next.store(tasks.len(), Ordering::Relaxed);
                outcome = outcome.and(handed_on);
            }
        }
        outcome
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn what_is_under_way_when_a_task_fails_is_handed_on() {
        let jobs = NonZeroUsize::new(2).unwrap();
        // Which of the two comes first is chance.
        for _ in 0..200 {
            let both = Barrier::new(2);
            let one = |task: &u32| {
                both.wait();
                match task {
                    0 => Err(Failure::runtime("stopped".to_owned())),
                    _ => Ok(*task),
                }
            };
            let mut handed_on = Vec::new();

            let outcome = in_parallel(&[0, 1], jobs, one, |task| {
                handed_on.push(task);
                Ok(())
            });

            assert!(outcome.is_err());
            assert_eq!(handed_on, [1]);
        }
    }
}
