//! Runs with many seeds, on several threads. One run is one thread; no result depends on the number of threads.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use experiment::result::Repetition;
use experiment::scenario::Scenario;

use crate::options::Options;
use crate::run::run;

/// How far [`many`] has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Runs that have ended.
    pub done: usize,
    /// Runs that were asked for.
    pub all: usize,
}

/// Performs a scenario once per seed, on at most `jobs` threads at once. The results come in the order of `seeds`.
/// `progress` is called after each run, on the thread that made it.
///
/// After [`Cancel::cancel`](crate::Cancel::cancel) the runs under way end early (`cut_short`), and those that
/// have not begun are left out.
///
/// # Panics
///
/// If `progress` does.
pub fn many(
    scenario: &Scenario,
    seeds: &[u64],
    jobs: NonZeroUsize,
    options: &Options,
    progress: impl Fn(Progress) + Sync,
) -> Vec<Repetition> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Vec<Mutex<Option<Repetition>>> = seeds.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while !options.cancel.is_cancelled() {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(seed) = seeds.get(place) else { return };
            let repetition = run(scenario, *seed, options);
            *results[place]
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(repetition);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            progress(Progress {
                done,
                all: seeds.len(),
            });
        }
    };
    thread::scope(|scope| {
        for _ in 1..jobs.get().min(seeds.len()) {
            scope.spawn(work);
        }
        work();
    });
    let results = results.into_iter();
    let ended = results.filter_map(|one| one.into_inner().unwrap_or_else(PoisonError::into_inner));
    ended.collect()
}
