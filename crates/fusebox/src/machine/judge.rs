//! The judging of outcomes: evidence is added and the rules are asked.

use std::time::Duration;

use super::Machine;
use super::phase::{Phase, Progress, Trial};
use crate::config::DroppedPermit;
use crate::event::Event;
use crate::outcome::{Ended, Report};
use crate::ticket::Ticket;
use crate::transition::{Cause, WouldTrip};
use crate::window::Sample;

impl Machine {
    /// The outcome as evidence; `None` if it says nothing about the downstream.
    ///
    /// The duration of a call is the difference of two readings that its own caller made. The
    /// machine's time will not do: another caller may have moved it on while this one waited for
    /// the lock, or was not running at all.
    pub(super) fn sample(
        &self,
        ticket: Ticket,
        report: &Report,
        ended: Duration,
    ) -> Option<Sample> {
        let since_granted = |granted| ended.saturating_sub(granted);
        let took = report.took.duration();
        let took = took.or_else(|| ticket.granted.duration().map(since_granted));
        let slow = match (self.config.trip.slow_over, took) {
            (Some(limit), Some(took)) => took > limit,
            _ => false,
        };
        let verdict = |failed| Some(Sample { failed, slow });
        match report.ended {
            Ended::Success => verdict(false),
            Ended::Failure | Ended::Trip => verdict(true),
            Ended::Ignored => None,
            Ended::Dropped => match self.config.dropped {
                DroppedPermit::Neutral => None,
                DroppedPermit::Failure => verdict(true),
                DroppedPermit::SlowFailureAfter(age) => {
                    took.is_some_and(|took| took >= age).then_some(Sample {
                        failed: true,
                        slow: true,
                    })
                }
            },
        }
    }

    /// Adds the outcome to the evidence and returns the trip rule that it satisfies, if any.
    pub(super) fn judge(&mut self, sample: Option<Sample>) -> Option<Cause> {
        let sample = sample?;
        self.consecutive_failures = if sample.failed {
            self.consecutive_failures.saturating_add(1)
        } else {
            0
        };
        self.evidence.record(self.now, sample);
        let figures = self.figures();
        self.config.trip.fires(self.consecutive_failures, &figures)
    }

    /// Trips if overdue calls satisfy a rule.
    pub(super) fn judge_overdue(&mut self) {
        let Some(limit) = self.config.trip.slow_over else {
            return;
        };
        if self.watches_calls() {
            self.in_flight.pass_time(self.now, limit);
            if self.in_flight.overdue() > 0 && self.config.trip.fires_on_overdue(&self.figures()) {
                self.trip(Cause::SlowRatio, None);
            }
        }
    }

    /// Opens, or only reports the trip.
    pub(super) fn trip(&mut self, cause: Cause, hint: Option<Duration>) {
        if let Phase::MetricsOnly { reported } = &mut self.phase {
            if !*reported {
                *reported = true;
                self.totals.would_trip += 1;
                let event = Event::WouldTrip(WouldTrip {
                    cause,
                    at: self.now,
                    consecutive_failures: self.consecutive_failures,
                    window: self.figures(),
                });
                self.events.push(event);
            }
        } else {
            self.open(cause, hint);
        }
    }

    pub(super) fn judge_probe(
        &mut self,
        mut trial: Trial,
        sample: Option<Sample>,
        at_once: Option<Cause>,
        hint: Option<Duration>,
    ) {
        trial.in_flight -= 1;
        match sample {
            // A slow probe is no evidence of recovery.
            Some(sample) if sample.failed || sample.slow => trial.bad += 1,
            Some(_) => trial.good += 1,
            None => {}
        }
        self.phase = Phase::HalfOpen(trial);
        match at_once {
            Some(cause) => self.open(cause, hint),
            None => self.decide_trial(trial, hint),
        }
    }

    /// Ends the half-open period if the probes have decided.
    pub(super) fn decide_trial(&mut self, trial: Trial, hint: Option<Duration>) {
        match trial.progress(self.config.half_open.verdict) {
            Progress::Undecided => {}
            Progress::Recovered => self.close(Cause::ProbesSucceeded),
            Progress::Failing => self.open(Cause::ProbeFailed, hint),
        }
    }
}
