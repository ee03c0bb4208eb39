//! What did the clients see? Replies and latencies by target, and which seconds were mixed.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

/// How a request ended for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// 200: the downstream did its work.
    Success,
    /// 503 from the breaker.
    FastFailure,
    /// 502, 504 or another answer that is no success.
    Failure,
    /// No answer in time.
    TimedOut,
    /// No connection, or it broke.
    Unreachable,
}

impl Reply {
    pub(super) fn of(status: u16, from_breaker: bool) -> Self {
        match status {
            200..=299 => Self::Success,
            503 if from_breaker => Self::FastFailure,
            _ => Self::Failure,
        }
    }
}

/// Keeps what the clients saw. Memory does not grow with time.
pub(crate) struct Record {
    began: Instant,
    state: Mutex<State>,
}

struct State {
    targets: Vec<Target>,
    second: Second,
    mixed: MixedSeconds,
}

#[derive(Clone)]
struct Target {
    figures: TargetFigures,
    latencies: Histogram<u64>,
    fast_latencies: Histogram<u64>,
}

/// What the clients of one instance saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TargetFigures {
    pub(crate) successes: u64,
    pub(crate) failures: u64,
    pub(crate) fast_failures: u64,
    pub(crate) timed_out: u64,
    pub(crate) unreachable: u64,
    /// Not sent: too many were under way.
    pub(crate) shed: u64,
}

impl TargetFigures {
    /// Requests that ended badly without being rejected.
    pub(crate) fn failed(&self) -> u64 {
        self.failures + self.timed_out + self.unreachable
    }

    /// Requests that were sent and ended.
    pub(crate) fn calls(&self) -> u64 {
        self.successes + self.failed() + self.fast_failures
    }
}

/// The present second: who answered 200, and who answered 503.
struct Second {
    number: u64,
    served: Vec<bool>,
    rejected: Vec<bool>,
}

/// Seconds in which one instance answered 503 while another answered 200.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MixedSeconds {
    pub(crate) count: u64,
    /// The first one: its number, the instance that rejected and the one that served.
    pub(crate) first: Option<(u64, usize, usize)>,
}

/// A latency at two quantiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Latency {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Record {
    /// A record of `targets` targets that begins now.
    pub(crate) fn new(targets: usize) -> Self {
        // Three digits up to a minute: what is longer has timed out.
        let histogram = Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are valid");
        let target = Target {
            figures: TargetFigures::default(),
            latencies: histogram.clone(),
            fast_latencies: histogram,
        };
        Self {
            began: Instant::now(),
            state: Mutex::new(State {
                targets: vec![target; targets],
                second: Second::new(0, targets),
                mixed: MixedSeconds::default(),
            }),
        }
    }

    pub(super) fn answered(&self, target: usize, reply: Reply, latency: Duration) {
        self.note(target, reply, latency, self.began.elapsed().as_secs());
    }

    pub(super) fn shed(&self, target: usize) {
        self.lock().targets[target].figures.shed += 1;
    }

    pub(crate) fn figures(&self, target: usize) -> TargetFigures {
        self.lock().targets[target].figures
    }

    /// The latency of all answers of one instance.
    pub(crate) fn latency(&self, target: usize) -> Latency {
        Latency::of(&self.lock().targets[target].latencies)
    }

    /// The latency of all fast failures.
    pub(crate) fn fast_latency(&self) -> Latency {
        let state = self.lock();
        let mut all = state.targets[0].fast_latencies.clone();
        for target in &state.targets[1..] {
            all.add(&target.fast_latencies)
                .expect("all have the same bounds");
        }
        Latency::of(&all)
    }

    pub(crate) fn mixed_seconds(&self) -> MixedSeconds {
        let state = self.lock();
        let mut mixed = state.mixed;
        mixed.take(&state.second);
        mixed
    }

    fn note(&self, target: usize, reply: Reply, latency: Duration, second: u64) {
        let mut state = self.lock();
        if second != state.second.number {
            let targets = state.targets.len();
            let ended = std::mem::replace(&mut state.second, Second::new(second, targets));
            state.mixed.take(&ended);
        }
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let noted = &mut state.targets[target];
        noted.latencies.saturating_record(micros);
        let figures = &mut noted.figures;
        match reply {
            Reply::Success => figures.successes += 1,
            Reply::Failure => figures.failures += 1,
            Reply::TimedOut => figures.timed_out += 1,
            Reply::Unreachable => figures.unreachable += 1,
            Reply::FastFailure => {
                figures.fast_failures += 1;
                noted.fast_latencies.saturating_record(micros);
            }
        }
        state.second.served[target] |= reply == Reply::Success;
        state.second.rejected[target] |= reply == Reply::FastFailure;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Second {
    fn new(number: u64, targets: usize) -> Self {
        Self {
            number,
            served: vec![false; targets],
            rejected: vec![false; targets],
        }
    }
}

impl MixedSeconds {
    fn take(&mut self, second: &Second) {
        let pair = (0..second.rejected.len())
            .filter(|&target| second.rejected[target])
            .find_map(|rejecting| {
                let others = (0..second.served.len()).filter(|&target| target != rejecting);
                let serving = others.into_iter().find(|&target| second.served[target])?;
                Some((second.number, rejecting, serving))
            });
        if let Some(pair) = pair {
            self.count += 1;
            self.first = self.first.or(Some(pair));
        }
    }
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| Duration::from_micros(histogram.value_at_quantile(quantile));
        Self {
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAST: Duration = Duration::from_micros(300);

    #[test]
    fn a_second_is_mixed_when_one_instance_rejects_and_another_serves() {
        let record = Record::new(3);
        record.note(0, Reply::FastFailure, FAST, 0);
        record.note(0, Reply::Success, FAST, 0);
        record.note(1, Reply::FastFailure, FAST, 1);
        record.note(2, Reply::Success, FAST, 1);
        record.note(2, Reply::Failure, FAST, 2);
        record.note(1, Reply::FastFailure, FAST, 2);

        let mixed = record.mixed_seconds();

        assert_eq!(mixed.count, 1);
        assert_eq!(mixed.first, Some((1, 1, 2)));
    }

    #[test]
    fn every_reply_is_counted_once() {
        let record = Record::new(1);
        for reply in [
            Reply::of(200, true),
            Reply::of(502, true),
            Reply::of(503, false),
            Reply::of(503, true),
            Reply::TimedOut,
            Reply::Unreachable,
        ] {
            record.note(0, reply, FAST, 0);
        }
        record.shed(0);

        let figures = record.figures(0);

        assert_eq!(figures.calls(), 6);
        let expected = TargetFigures {
            successes: 1,
            failures: 2,
            fast_failures: 1,
            timed_out: 1,
            unreachable: 1,
            shed: 1,
        };
        assert_eq!(figures, expected);
    }
}
