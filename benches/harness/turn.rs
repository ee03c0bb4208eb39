//! One turn: how long an operation took, and whether its threads had the cores to themselves.
//!
//! The threads start together, and the first to reach the end of its time stops all, so that each always runs against
//! the others. On a shared machine other processes take cores away: two threads that share a core wait for each other
//! instead of contending. Linux counts how long a thread waited for a core; on other systems every turn counts as
//! undisturbed.

use std::fs;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use crate::now;
use crate::row::{Row, Worker};

/// Between two looks at the clock, long against the look itself and short against a turn.
const CHUNK: Duration = Duration::from_micros(20);

/// The share of its time that a thread may wait for a core.
const DISTURBED: f64 = 0.03;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// Nanoseconds per operation and thread.
    pub(crate) operation_ns: f64,
    /// The share of its time that the unluckiest thread waited for a core.
    pub(crate) waited: f64,
}

impl Turn {
    pub(crate) fn take(row: &Row, threads: usize, length: Duration) -> Self {
        let start = Barrier::new(threads);
        let stop = AtomicBool::new(false);
        let shares: Vec<Share> = thread::scope(|scope| {
            let spawn = |_| scope.spawn(|| Share::of(row, &start, &stop, length));
            let workers: Vec<_> = (0..threads).map(spawn).collect();
            let shares: Result<_, _> = workers.into_iter().map(ScopedJoinHandle::join).collect();
            shares.unwrap_or_else(|_| panic!("{} does not do what it says", row.name()))
        });
        let time: Duration = shares.iter().map(|share| share.time).sum();
        let operations: f64 = shares.iter().map(|share| share.operations).sum();
        let waits = shares
            .iter()
            .map(|share| share.waited.div_duration_f64(share.time));
        Self {
            operation_ns: time.as_secs_f64() * 1e9 / operations,
            waited: waits.fold(0.0, f64::max),
        }
    }

    pub(crate) fn is_disturbed(self) -> bool {
        self.waited > DISTURBED
    }
}

/// What one thread did in a turn. The operations are counted as a float because they are divided.
struct Share {
    operations: f64,
    time: Duration,
    waited: Duration,
}

impl Share {
    fn of(row: &Row, start: &Barrier, stop: &AtomicBool, length: Duration) -> Self {
        let mut worker = row.worker();
        start.wait();
        let chunk = chunk(&mut worker);
        let mut operations = 0.0;
        let before = waited();
        let begin = now();
        let time = loop {
            worker(chunk);
            operations += f64::from(chunk);
            let time = begin.elapsed();
            if time >= length {
                stop.store(true, Ordering::Relaxed);
            }
            if stop.load(Ordering::Relaxed) {
                break time;
            }
        };
        Self {
            operations,
            time,
            waited: waited().saturating_sub(before),
        }
    }
}

/// How many operations fill a chunk. Finding out warms up caches, branches and thread-locals; it is
/// part of the contention, so that a thread that is ready first does not run alone.
fn chunk(worker: &mut Worker) -> u32 {
    let mut operations = 1;
    loop {
        let begin = now();
        worker(operations);
        if begin.elapsed() >= CHUNK {
            return operations;
        }
        operations *= 2;
    }
}

/// How long this thread has waited for a core since it began.
fn waited() -> Duration {
    let counts = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let wait = counts.split_whitespace().nth(1);
    Duration::from_nanos(wait.and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}
