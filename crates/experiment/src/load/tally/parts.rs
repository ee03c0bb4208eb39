//! The parts of a run: counters of the requests that were planned in each, and how long they took.

use std::time::Duration;

use super::End;
use crate::load::latencies::Latencies;
use crate::load::result::Part;
use crate::outcome::{ClientOutcome, Outcomes};

/// What nearly every request changes comes first and lies in one line of the cache: of ten thousand targets none is
/// in it.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Counts {
    pub(super) sent: u64,
    pub(super) attempts: u64,
    pub(super) outcomes: Outcomes,
    pub(super) ended_after: u64,
    pub(super) ok_after: u64,
}

/// Latencies of one part of the run. Where nothing waits and nothing is tried again, the service time of a request
/// is its response time, so that one histogram has both.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    /// Response times by [`Class`], of requests whose service time was the same.
    alike: [Latencies; 3],
    /// Those of all others.
    apart: [Latencies; 3],
    /// The service times of those others.
    service: Latencies,
    lateness: Latencies,
    /// Requests that were let go at the planned instant.
    punctual: u64,
}

/// What a request came to, as far as its response time is kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Ok,
    FastFail,
    Other,
}

impl Class {
    fn of(outcome: ClientOutcome) -> Self {
        match outcome {
            ClientOutcome::Ok => Self::Ok,
            ClientOutcome::FastFail => Self::FastFail,
            _ => Self::Other,
        }
    }
}

impl Counts {
    pub(super) fn count(&mut self, end: &End) {
        self.outcomes.count(end.outcome);
        self.sent += u64::from(end.attempts > 0);
        self.attempts += u64::from(end.attempts);
    }

    pub(super) fn fill(&self, part: &mut Part) {
        part.outcomes = self.outcomes;
        part.sent = self.sent;
        part.attempts = self.attempts;
        part.ended_after = self.ended_after;
        part.ok_after = self.ok_after;
    }
}

impl Times {
    /// `micros` are those of the response.
    #[inline]
    pub(super) fn record(&mut self, end: &End, micros: u64) {
        match end.lateness {
            Some(Duration::ZERO) => self.punctual += 1,
            Some(lateness) => self.lateness.record(lateness),
            None => {}
        }
        let class = Class::of(end.outcome) as usize;
        if end.outcome.never_came() {
            self.apart[class].record_never();
            if end.service.is_some() {
                self.service.record_never();
            }
        } else if end.service == Some(end.response) {
            self.alike[class].record_micros(micros, 1);
        } else {
            self.apart[class].record_micros(micros, 1);
            if let Some(service) = end.service {
                self.service.record(service);
            }
        }
    }

    /// Response times, whatever requests came to.
    pub(super) fn response(&self) -> Latencies {
        sum(self.alike.iter().chain(&self.apart))
    }

    /// Response times of successes.
    pub(super) fn ok(&self) -> Latencies {
        self.of(Class::Ok)
    }

    pub(super) fn lateness(&self) -> Latencies {
        let mut lateness = self.lateness.clone();
        if self.punctual > 0 {
            lateness.record_micros(0, self.punctual);
        }
        lateness
    }

    fn service(&self) -> Latencies {
        sum(self.alike.iter().chain([&self.service]))
    }

    fn of(&self, class: Class) -> Latencies {
        let place = class as usize;
        sum([&self.alike[place], &self.apart[place]])
    }

    pub(super) fn fill(&self, part: &mut Part) {
        part.response = self.response();
        part.ok = self.ok();
        part.service = self.service();
        part.lateness = self.lateness();
        part.fast_fail = self.of(Class::FastFail);
    }
}

fn sum<'a>(some: impl IntoIterator<Item = &'a Latencies>) -> Latencies {
    let mut sum = Latencies::default();
    for one in some {
        sum.merge(one);
    }
    sum
}
