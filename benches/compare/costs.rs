//! The costs: the rows that depend on the machine and the build.

use std::time::Instant;

use benches::Worker;
use stats_alloc::Region;

use crate::ALLOCATOR;
use crate::library::Library;
use crate::note::{self, Note};

/// One row.
pub(crate) struct Measurement {
    pub(crate) what: &'static str,
    /// What was measured, as text; `None` where the library has no such thing.
    pub(crate) run: fn(&dyn Library) -> Option<String>,
    pub(crate) notes: &'static [Note],
}

/// The rows, in order.
pub(crate) const ALL: &[Measurement] = &[
    Measurement {
        what: "ns per success, 100 calls in a time window",
        run: |library| nanos(library, 100),
        notes: &[note::FAILSAFE_TIME, note::RECLOSER_TIME],
    },
    Measurement {
        what: "ns per success, 10,000 calls in a time window",
        run: |library| nanos(library, 10_000),
        notes: &[note::FAILSAFE_TIME, note::RECLOSER_TIME],
    },
    Measurement {
        what: "ns per success, 100,000 calls in a time window",
        run: |library| nanos(library, 100_000),
        notes: &[note::FAILSAFE_TIME, note::RECLOSER_TIME],
    },
    Measurement {
        what: "bytes allocated per success",
        run: |library| Some(bytes(library.succeeding())),
        notes: &[],
    },
    Measurement {
        what: "bytes allocated per rejection",
        run: |library| Some(bytes(library.rejected())),
        notes: &[],
    },
    Measurement {
        what: "spread of 20 open periods that begin together, default jitter",
        run: |library| Some(spread(library)),
        notes: &[note::OUR_JITTER, note::FAILSAFE_JITTER],
    },
];

/// Over the last tenth of the calls that fill the window; the median of many windows.
fn nanos(library: &dyn Library, calls: u32) -> Option<String> {
    let turns = (300_000 / calls).clamp(3, 99);
    let last = calls / 10;
    let turn = |_| {
        let mut worker = library.within_minutes()?;
        worker(calls - last);
        let begin = now();
        worker(last);
        Some(begin.elapsed().as_secs_f64() * 1e9 / f64::from(last))
    };
    let turns: Option<Vec<f64>> = (0..turns).map(turn).collect();
    Some(format!("{:.0}", median(turns?)))
}

/// The first calls are left out: they allocate what stays.
fn bytes(mut worker: Worker) -> String {
    const CALLS: u32 = 1000;
    worker(CALLS);
    let region = Region::new(ALLOCATOR);
    worker(CALLS);
    let bytes = u32::try_from(region.change().bytes_allocated).expect("it is small");
    format!("{}", bytes / CALLS)
}

/// The median of three, because a disturbance lengthens some periods.
fn spread(library: &dyn Library) -> String {
    let spreads = (0..3).map(|_| library.spread_of_open_periods()).collect();
    format!("{:.1} %", median(spreads) * 100.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[expect(clippy::disallowed_methods, reason = "a measurement of real time")]
fn now() -> Instant {
    Instant::now()
}
