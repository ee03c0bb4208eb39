//! The latest outcomes, which are the evidence that the ratio rules judge.
//!
//! There are two kinds of window, because "latest" has two meanings: exactly the last N calls, or
//! the last T of time. In both, an outcome costs a constant number of steps, whatever the size and
//! the traffic. Both forget only by age.

mod count;
mod time;

use std::time::Duration;

use count::CountWindow;
use time::TimeWindow;

/// The calls that the failure and slow ratios are taken over. The [guide](crate::guide::windows)
/// compares the two kinds.
///
/// # Examples
/// ```
/// use fusebox::{Config, Window};
/// use std::time::Duration;
///
/// let half = || Config::builder().failure_rate_threshold(0.5);
/// let last_calls = half().window(Window::count(100)).build()?;
/// let last_seconds = half().window(Window::time(Duration::from_secs(30), 10)).build()?;
/// # assert_ne!(last_calls.window(), last_seconds.window());
/// # Ok::<(), fusebox::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Window {
    /// The last `calls` outcomes. From 1 to 1,000,000.
    Count {
        /// How many outcomes.
        calls: u32,
    },
    /// The outcomes of the last `length`, which are forgotten bucket by bucket.
    Time {
        /// How far back the window reaches: at least one millisecond per bucket, and at most a
        /// year.
        length: Duration,
        /// The number of steps in which old outcomes leave. From 1 to 1,000.
        buckets: u32,
    },
}

impl Window {
    /// Makes a window of the last `calls` outcomes.
    pub const fn count(calls: u32) -> Self {
        Self::Count { calls }
    }

    /// Makes a window of the last `length`, in `buckets` steps.
    pub const fn time(length: Duration, buckets: u32) -> Self {
        Self::Time { length, buckets }
    }
}

/// The sums over a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WindowFigures {
    /// Calls that ended in success or failure.
    pub calls: u64,
    /// Calls among them that failed.
    pub failures: u64,
    /// Calls among them that were slow, whether they failed or not.
    pub slow: u64,
    /// Calls that have been under way for longer than `slow_call_duration`. Counted only where the
    /// settings ask for it; the slow ratio is then `(slow + overdue) / (calls + overdue)`.
    pub overdue: u64,
}

impl WindowFigures {
    fn of(sample: Sample) -> Self {
        let mut figures = Self::default();
        figures.add(1, sample);
        figures
    }

    fn add(&mut self, times: u64, sample: Sample) {
        self.calls += times;
        if sample.failed {
            self.failures += times;
        }
        if sample.slow {
            self.slow += times;
        }
    }

    fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.failures += other.failures;
        self.slow += other.slow;
    }

    fn subtract(&mut self, other: Self) {
        self.calls -= other.calls;
        self.failures -= other.failures;
        self.slow -= other.slow;
    }
}

/// One outcome as evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) failed: bool,
    pub(crate) slow: bool,
}

impl Sample {
    /// Neither failed nor slow.
    pub(crate) const PLAIN: Self = Self {
        failed: false,
        slow: false,
    };
    /// Failed, and not slow.
    pub(crate) const FAILED: Self = Self {
        failed: true,
        slow: false,
    };
}

/// The evidence itself.
#[derive(Clone, Debug)]
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

    /// Adds as many outcomes of one kind, to the present bucket if there are buckets.
    pub(crate) fn add(&mut self, times: u64, sample: Sample) {
        match self {
            Self::None => {}
            Self::Count(window) => window.add(times, sample),
            Self::Time(window) => window.add(times, sample),
        }
    }

    /// Forgets what is too old at `now`. Returns the time until which nothing more has to be
    /// forgotten.
    pub(crate) fn advance(&mut self, now: Duration) -> Option<Duration> {
        match self {
            Self::None | Self::Count(_) => None,
            Self::Time(window) => {
                window.advance(now);
                Some(window.present_end())
            }
        }
    }

    /// The sums over the window at `now`; reading forgets nothing.
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

    /// Moves the evidence at `now` into a window of another shape, as far as that can hold it: the
    /// last outcomes of a count window, the last buckets of a time window. Nothing can be carried
    /// over from one kind to the other: a count window does not know when its outcomes came, and a
    /// time window does not know their order.
    pub(crate) fn reshaped(&mut self, window: Option<Window>, now: Duration) -> Self {
        let mut new = window.map_or(Self::None, Self::of);
        match (&mut new, self) {
            (Self::Count(new), Self::Count(old)) => {
                old.samples().for_each(|sample| new.record(sample));
            }
            (Self::Time(new), Self::Time(old)) => {
                old.advance(now);
                new.take_over(now, old.width(), old.by_age(now));
            }
            _ => {}
        }
        new
    }
}
