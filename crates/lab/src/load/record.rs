//! The record of what clients saw: counts and latencies by target, phase and second.
//!
//! Memory does not grow with time: histograms have bounds, and of the seconds the last hour is kept.

mod seconds;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use experiment::load::{Latencies, Part, Phases, REST, Second, TargetResult};
use experiment::outcome::{Outcome, Outcomes};
use tokio::time::Instant;

use super::served::Served;

pub(crate) use seconds::MixedSeconds;
use seconds::Seconds;

/// Keeps what the clients saw.
pub(crate) struct Record {
    names: Vec<String>,
    /// Open connections and waiting requests, by target.
    gauges: Vec<[Gauge; 2]>,
    served: Served,
    state: Mutex<State>,
}

/// A number that goes up and down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge(Arc<AtomicUsize>);

impl Gauge {
    pub(super) fn add(&self, more: isize) {
        self.0.fetch_add(more.cast_unsigned(), Ordering::Relaxed);
    }

    pub(super) fn set(&self, number: usize) {
        self.0.store(number, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

struct State {
    began: Instant,
    planned: u64,
    targets: Vec<Target>,
    seconds: Seconds,
}

struct Target {
    reached: bool,
    /// Over all parts.
    outcomes: Outcomes,
    attempts: u64,
    parts: Vec<Part>,
}

/// How one planned request ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) outcome: Outcome,
    /// From the planned instant to the end.
    pub(super) response: Duration,
    /// From sending the last attempt to its end.
    pub(super) service: Option<Duration>,
    /// From the planned instant to when it was let go.
    pub(super) lateness: Option<Duration>,
    pub(super) attempts: u32,
}

/// A latency at two quantiles, in seconds; none where nothing was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Latency {
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
}

impl Record {
    /// A record of targets of these names that begins now.
    pub(crate) fn new(names: Vec<String>) -> Self {
        let targets = names.iter().map(|_| Target {
            reached: false,
            outcomes: Outcomes::default(),
            attempts: 0,
            parts: vec![Part::new(REST)],
        });
        Self {
            gauges: names.iter().map(|_| Default::default()).collect(),
            served: Served::none(names.len()),
            state: Mutex::new(State {
                began: Instant::now(),
                planned: 0,
                targets: targets.collect(),
                seconds: Seconds::new(names.len()),
            }),
            names,
        }
    }

    /// The names of the targets.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// When each target last served.
    pub(super) fn served(&self) -> &Served {
        &self.served
    }

    pub(super) fn connections(&self, target: usize) -> &Gauge {
        &self.gauges[target][0]
    }

    pub(super) fn waiting(&self, target: usize) -> &Gauge {
        &self.gauges[target][1]
    }

    /// The run has these parts. Called before the first request.
    pub(super) fn divide(&self, phases: &Phases) {
        for target in &mut self.lock().targets {
            target.parts = phases.names().into_iter().map(Part::new).collect();
        }
    }

    /// The run begins at `began`.
    pub(super) fn begin(&self, began: Instant) {
        self.lock().began = began;
    }

    pub(super) fn plan(&self, target: usize, part: usize, now: Instant) {
        let mut state = self.lock();
        let second = state.second(now);
        state.planned += 1;
        state.targets[target].outcomes.plan();
        state.targets[target].parts[part].outcomes.plan();
        state.seconds.plan(second, target);
    }

    pub(super) fn reach(&self, target: usize) {
        self.lock().targets[target].reached = true;
    }

    pub(super) fn end(&self, target: usize, part: usize, end: &End, now: Instant) {
        let mut state = self.lock();
        let second = state.second(now);
        state.seconds.end(second, target, end);
        let whole = &mut state.targets[target];
        whole.outcomes.count(end.outcome);
        whole.attempts += u64::from(end.attempts);
        let part = &mut whole.parts[part];
        part.outcomes.count(end.outcome);
        part.sent += u64::from(end.attempts > 0);
        part.attempts += u64::from(end.attempts);
        if let Some(lateness) = end.lateness {
            part.lateness.record(lateness);
        }
        part.time(end.outcome, end.response, end.service);
    }

    /// How the requests to one target ended so far.
    pub(crate) fn figures(&self, target: usize) -> Outcomes {
        self.lock().targets[target].outcomes
    }

    /// The response time of the successes of one instance.
    pub(crate) fn ok_latency(&self, target: usize) -> Latency {
        Latency::of(&self.merged(&[target], |part| &part.ok))
    }

    /// The response time of all fast failures.
    pub(crate) fn fast_latency(&self) -> Latency {
        let all: Vec<usize> = (0..self.names.len()).collect();
        Latency::of(&self.merged(&all, |part| &part.fast_fail))
    }

    fn merged(&self, targets: &[usize], which: impl Fn(&Part) -> &Latencies) -> Latencies {
        let state = self.lock();
        let mut merged = Latencies::default();
        for &target in targets {
            for part in &state.targets[target].parts {
                merged.merge(which(part));
            }
        }
        merged
    }

    /// Response times of one target over the whole run.
    pub(super) fn responses(&self, target: usize) -> Latencies {
        self.merged(&[target], |part| &part.response)
    }

    /// How late the generator was over the whole run.
    pub(super) fn lateness(&self) -> Latencies {
        let all: Vec<usize> = (0..self.names.len()).collect();
        self.merged(&all, |part| &part.lateness)
    }

    /// Attempts made for requests to one target that have ended.
    pub(super) fn attempts(&self, target: usize) -> u64 {
        self.lock().targets[target].attempts
    }

    pub(crate) fn mixed_seconds(&self) -> MixedSeconds {
        self.lock().seconds.mixed()
    }

    /// The seconds that are over, from number `first`, as far as they are kept.
    pub(super) fn seconds_from(&self, first: u64) -> Vec<Second> {
        let mut state = self.lock();
        let second = state.second(Instant::now());
        state.seconds.pass_to(second);
        state.seconds.from(first)
    }

    /// All that was seen: how many were planned, and what became of them.
    pub(super) fn results(&self) -> (u64, Vec<TargetResult>, Vec<Second>) {
        let mut state = self.lock();
        let targets = self.names.iter().zip(&state.targets);
        let targets = targets.map(|(name, target)| TargetResult {
            name: name.clone(),
            reached: target.reached,
            figures: std::collections::BTreeMap::new(),
            parts: target.parts.clone(),
        });
        let targets = targets.collect();
        state.seconds.finish();
        (state.planned, targets, state.seconds.from(0))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_secs()
    }
}

impl Latency {
    fn of(latencies: &Latencies) -> Self {
        Self {
            p50: latencies.quantile(0.5),
            p99: latencies.quantile(0.99),
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
