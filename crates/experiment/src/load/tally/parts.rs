//! The parts of a run: what was counted of the requests that were planned in one, and how long they took.

use super::End;
use crate::load::latencies::Latencies;
use crate::load::result::Part;
use crate::outcome::{ClientOutcome, Outcomes};

#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) outcomes: Outcomes,
    pub(super) sent: u64,
    pub(super) attempts: u64,
    pub(super) ended_after: u64,
    pub(super) ok_after: u64,
}

/// Latencies of one part of the run. Each request is in one of the first three.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    pub(super) ok: Latencies,
    pub(super) fast_fail: Latencies,
    pub(super) other: Latencies,
    pub(super) service: Latencies,
    pub(super) lateness: Latencies,
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
    pub(super) fn record(&mut self, end: &End) {
        if let Some(lateness) = end.lateness {
            self.lateness.record(lateness);
        }
        if end.outcome.never_came() {
            self.other.record_never();
            if end.service.is_some() {
                self.service.record_never();
            }
            return;
        }
        let own = match end.outcome {
            ClientOutcome::Ok => &mut self.ok,
            ClientOutcome::FastFail => &mut self.fast_fail,
            _ => &mut self.other,
        };
        own.record(end.response);
        if let Some(service) = end.service {
            self.service.record(service);
        }
    }

    /// Response times, whatever requests came to.
    pub(super) fn response(&self) -> Latencies {
        let mut all = self.ok.clone();
        all.merge(&self.fast_fail);
        all.merge(&self.other);
        all
    }

    pub(super) fn fill(&self, part: &mut Part) {
        part.response = self.response();
        part.ok = self.ok.clone();
        part.service = self.service.clone();
        part.lateness = self.lateness.clone();
        part.fast_fail = self.fast_fail.clone();
    }
}
