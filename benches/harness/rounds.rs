//! How long does one operation take while N threads hammer one object?
//!
//! A machine that is shared with others drifts by tens of per cent within seconds. So every row is
//! measured for a moment in each of many rounds, and its figure is the median over the rounds: a
//! disturbance hits all rows alike instead of the one that was running. Within a round the threads
//! start together, and the first to reach the end of its time stops all, so nobody ever runs
//! without its opponent. The figure is time per operation and thread: the sum of the threads' times
//! by the sum of their operations.
//!
//! Neither criterion nor divan can do this, which is why these lines exist. Both finish one
//! benchmark before they begin the next, so ratios of two rows compare two different moments.
//! criterion runs one thread; its `iter_custom` would have to contain this module. divan has
//! threads, but gives each a fixed number of operations: the slower one ends its sample alone, and
//! a sample is tuned to about a hundred ticks of its timer, which is shorter than what it takes to
//! wake a thread. And both print their medians without handing them out, so no limit could be
//! checked in the same run. What is left out here: outliers, confidence intervals, comparison with
//! an earlier run.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::results::{Figure, Results};
use crate::row::{Row, Worker};

/// Between two looks at the clock, long against the look itself and short against a round.
const CHUNK: Duration = Duration::from_micros(20);

/// How many threads share the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// No contention.
    One,
    /// The least contention there is.
    Two,
}

impl Threads {
    /// Both, in the order of the table's columns.
    pub const ALL: [Self; 2] = [Self::One, Self::Two];

    const fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often each row has its turn. Odd, so that a median is one that was measured.
    pub rounds: usize,
    /// How long a turn is.
    pub turn: Duration,
}

impl Plan {
    /// For figures: about a second per row and number of threads.
    pub const MEASURE: Self = Self {
        rounds: 15,
        turn: Duration::from_millis(30),
    };

    /// For seeing that every row works.
    pub const TRY: Self = Self {
        rounds: 1,
        turn: Duration::from_millis(1),
    };
}

/// Measures all rows, in rounds.
pub fn measure(rows: &[Row], plan: Plan) -> Results {
    let mut turns = vec![[const { Vec::new() }; Threads::ALL.len()]; rows.len()];
    for _ in 0..plan.rounds {
        for (row, turns) in rows.iter().zip(&mut turns) {
            for (threads, turns) in Threads::ALL.into_iter().zip(turns) {
                turns.push(turn(row, threads, plan.turn));
            }
        }
    }
    let figures = turns.into_iter().map(|turns| turns.map(Figure::of));
    Results::new(rows.iter().map(Row::name).zip(figures).collect())
}

/// Nanoseconds per operation and thread, in one turn of one row.
fn turn(row: &Row, threads: Threads, length: Duration) -> f64 {
    let start = Barrier::new(threads.count());
    let stop = AtomicBool::new(false);
    let shares: Vec<Share> = thread::scope(|scope| {
        let spawn = || scope.spawn(|| share(row, &start, &stop, length));
        let workers: Vec<_> = (0..threads.count()).map(|_| spawn()).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, Share>| worker.join();
        let shares = workers.into_iter().map(join).collect::<Result<_, _>>();
        shares.unwrap_or_else(|_| panic!("{} does not do what it says", row.name()))
    });
    let time: Duration = shares.iter().map(|share| share.time).sum();
    let operations: f64 = shares.iter().map(|share| share.operations).sum();
    time.as_secs_f64() * 1e9 / operations
}

/// What one thread did in a turn. The operations are counted as a float because they are divided.
struct Share {
    operations: f64,
    time: Duration,
}

fn share(row: &Row, start: &Barrier, stop: &AtomicBool, length: Duration) -> Share {
    let mut worker = row.worker();
    start.wait();
    let chunk = chunk(&mut worker);
    let mut operations = 0.0;
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
    Share { operations, time }
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

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}
