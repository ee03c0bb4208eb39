//! What happened lately? The evidence that the ratio rules judge.
//!
//! Two kinds, because "lately" has two meanings: exactly the last N calls, or the last T of time.
//! What a call costs does not grow with traffic: one step in a count window, one per bucket in a
//! time window. Both forget only by age.

mod count;
mod time;

use std::time::Duration;

use count::CountWindow;
use time::TimeWindow;

/// Which calls the failure and slow ratios are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Window {
    /// Exactly the last `calls` outcomes. From 1 to 1,000,000.
    Count {
        /// How many outcomes.
        calls: u32,
    },
    /// The outcomes of the last `length`, forgotten bucket by bucket.
    Time {
        /// How far back, at least one millisecond per bucket and at most a year.
        length: Duration,
        /// In how many steps old outcomes leave. From 1 to 1,000.
        buckets: u32,
    },
}

impl Window {
    /// The last `calls` outcomes.
    pub const fn count(calls: u32) -> Self {
        Self::Count { calls }
    }

    /// The outcomes of the last `length`, in `buckets` steps.
    pub const fn time(length: Duration, buckets: u32) -> Self {
        Self::Time { length, buckets }
    }
}

/// The sums of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WindowFigures {
    /// Calls that ended in success or failure.
    pub calls: u64,
    /// Those that failed.
    pub failures: u64,
    /// Those that were slow, whether they failed or not.
    pub slow: u64,
}

impl WindowFigures {
    pub(crate) fn add(&mut self, sample: Sample) {
        self.calls += 1;
        self.failures += u64::from(sample.failed);
        self.slow += u64::from(sample.slow);
    }
}

/// One outcome as evidence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) failed: bool,
    pub(crate) slow: bool,
}

/// The evidence itself.
#[derive(Debug)]
pub(crate) enum Evidence {
    /// No ratio rule is configured, so nothing is kept.
    None,
    Count(CountWindow),
    Time(TimeWindow),
}

impl Evidence {
    pub(crate) fn of(window: Window) -> Self {
        match window {
            Window::Count { calls } => Self::Count(CountWindow::new(calls)),
            Window::Time { length, buckets } => Self::Time(TimeWindow::new(length, buckets)),
        }
    }

    pub(crate) fn record(&mut self, now: Duration, sample: Sample) {
        match self {
            Self::None => {}
            Self::Count(window) => window.record(sample),
            Self::Time(window) => window.record(now, sample),
        }
    }

    /// What the window holds at `now`; reading forgets nothing.
    pub(crate) fn figures(&self, now: Duration) -> WindowFigures {
        match self {
            Self::None => WindowFigures::default(),
            Self::Count(window) => window.figures(),
            Self::Time(window) => window.figures(now),
        }
    }

    pub(crate) fn clear(&mut self) {
        match self {
            Self::None => {}
            Self::Count(window) => window.clear(),
            Self::Time(window) => window.clear(),
        }
    }
}
