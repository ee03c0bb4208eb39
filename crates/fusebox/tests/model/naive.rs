//! The naive model of a breaker: a list of everything that happened, read again for every answer.
//!
//! It is slow and simple on purpose: no running sums, no rings, no state but the list.

mod fleet;
mod reading;

use std::time::Duration;

use fusebox::{Cause, HoldStage, Outcome, RejectReason, State};

use crate::history::{Call, Operator, Result};
use crate::settings::{Dropped, Probes, Settings};

pub(crate) use reading::Seen;

pub(crate) struct Model {
    settings: Settings,
    now: Duration,
    log: Vec<Entry>,
}

#[derive(Clone, Debug)]
enum Entry {
    /// The state changed; an open period lasts until `until`.
    Change {
        to: State,
        cause: Cause,
        at: Duration,
        until: Option<Duration>,
        /// How long it ramps up, where it closes and does.
        ramp: Option<Duration>,
        /// How long it would have, but for other settings since.
        ramp_at_first: Option<Duration>,
        /// What was in force.
        settings: Settings,
        /// How far the fleet's verdict has come with this change, if it is the fleet's.
        stage: Option<HoldStage>,
        /// Whether an operator set the end.
        ordered: bool,
    },
    /// The fleet holds the breaker by this verdict from now on.
    Verdict(u64),
    /// Until then callers should stay away.
    Hint(Duration),
    /// The fleet lets the breaker close, with a ramp of this many milliseconds or the configured
    /// one.
    Released(Option<u64>),
    /// Other settings are in force.
    NewSettings {
        at: Duration,
        before: Settings,
        after: Settings,
        /// When the ramp under way ends now, if that changed.
        ramp_end: Option<Duration>,
    },
    /// The ramp under way began anew.
    NewRamp,
    /// An operator reset a closed breaker.
    Reset,
    Start {
        at: Duration,
        generation: u64,
        ended: bool,
    },
    End {
        at: Duration,
        outcome: Outcome,
        /// Whether it failed and whether it was slow, if it says anything.
        verdict: Option<(bool, bool)>,
    },
    Rejected {
        at: Duration,
        reason: RejectReason,
    },
    WouldTrip,
}

impl Model {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            now: Duration::ZERO,
            log: Vec::new(),
        }
    }

    pub(crate) fn start(
        &mut self,
        now: Duration,
    ) -> std::result::Result<usize, (RejectReason, Option<Duration>)> {
        self.tick(now);
        let mut left = self.deadline().map(|deadline| deadline - self.now);
        let reason = match self.state() {
            _ if self.stage() == Some(HoldStage::Held) => {
                left = self.hint_left();
                RejectReason::Fleet
            }
            _ if self.stage() == Some(HoldStage::Turn) => RejectReason::Turn,
            State::HalfOpen if self.stage().is_some() && self.free() == 0 => {
                RejectReason::ProbeBusy
            }
            State::Open => RejectReason::Open,
            State::ForcedOpen => RejectReason::ForcedOpen,
            State::HalfOpen if self.free() == 0 => RejectReason::HalfOpen,
            State::Closed if !self.ramp_admits() => {
                left = self.ramp_left();
                RejectReason::RampUp
            }
            _ => {
                self.log.push(Entry::Start {
                    at: self.now,
                    generation: self.generation(),
                    ended: false,
                });
                return Ok(self.log.len() - 1);
            }
        };
        let at = self.now;
        self.log.push(Entry::Rejected { at, reason });
        Err((reason, left))
    }

    pub(crate) fn end(&mut self, id: usize, call: Call, now: Duration) -> Outcome {
        let Entry::Start { at, generation, .. } = self.log[id] else {
            panic!("no call began at {id}");
        };
        self.now = self.now.max(now);
        if generation == self.generation() {
            self.log[id] = Entry::Start {
                at,
                generation,
                ended: true,
            };
            self.tick(now);
        }
        let at = self.now - at;
        if generation != self.generation() {
            return self.log_end(Outcome::Late, None);
        }
        let took = call.took.map_or(at, Duration::from_millis);
        let slow = |limit| took > limit;
        let slow = self
            .settings
            .slow_over
            .map(Duration::from_millis)
            .is_some_and(slow);
        let (outcome, verdict) = match call.result {
            Result::Success => (Outcome::Success, Some((false, slow))),
            Result::Failure | Result::Trip | Result::Panicked => {
                (Outcome::Failure, Some((true, slow)))
            }
            Result::Ignored => (Outcome::Ignored, None),
            Result::Dropped => {
                let verdict = match self.settings.dropped {
                    Dropped::Neutral => None,
                    Dropped::Failure => Some((true, slow)),
                    Dropped::SlowFailureAfter(age) => {
                        (took >= Duration::from_millis(age)).then_some((true, true))
                    }
                };
                (Outcome::Cancelled, verdict)
            }
        };
        self.log_end(outcome, verdict);
        let at_once = call.result == Result::Trip;
        if self.stage().is_some() {
            self.end_fleet_probe(verdict);
        } else if at_once && self.state() == State::HalfOpen {
            self.change(State::Open, Cause::Verdict, call.hint);
        } else if at_once && self.state() != State::Disabled {
            self.trip(Cause::Verdict, call.hint);
        } else if self.state() == State::HalfOpen {
            self.judge_probes(call.hint);
        } else if let Some(cause) = verdict.and_then(|_| self.rule_that_fires()) {
            self.trip(cause, call.hint);
        }
        outcome
    }

    /// The breaker looked at the clock, no more.
    pub(crate) fn see(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    pub(crate) fn tick(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.deadline().is_some_and(|deadline| self.now >= deadline) {
            match self.state() {
                _ if self.stage() == Some(HoldStage::Turn) => self.close_for_the_fleet(),
                State::HalfOpen if self.stage().is_some() => {
                    let stage = Some(HoldStage::Held);
                    self.move_to(State::Open, Cause::FleetProbeExpired, None, stage);
                }
                State::Open => self.change(State::HalfOpen, Cause::WaitElapsed, None),
                _ if self.settings.then_closed => {
                    self.change(State::Closed, Cause::HalfOpenTimeout, None);
                }
                _ => self.change(State::Open, Cause::HalfOpenTimeout, None),
            }
        }
        let [calls, _, slow, overdue] = self.window();
        if overdue > 0 && self.reaches(self.settings.slow_rate, slow + overdue, calls + overdue) {
            self.trip(Cause::SlowRatio, None);
        }
    }

    /// Other rules hold from now on. A setting that is the same as before moves nothing.
    pub(crate) fn reconfigure(&mut self, settings: &Settings, now: Duration) {
        self.tick(now);
        let ramping = self.ramp_left().is_some();
        let before = std::mem::replace(&mut self.settings, settings.clone());
        let ramp_end = self.move_deadlines(&before, ramping);
        self.log.push(Entry::NewSettings {
            at: self.now,
            before,
            after: settings.clone(),
            ramp_end,
        });
        if self.state() == State::HalfOpen && self.stage().is_none() {
            self.judge_probes(None);
        }
        self.tick(now);
    }

    /// Moves the end of what is under way where its setting has changed; returns the end of a ramp
    /// that did.
    fn move_deadlines(&mut self, before: &Settings, ramping: bool) -> Option<Duration> {
        let millis = Duration::from_millis;
        let (now, settings) = (self.now, &self.settings);
        let last_change = |entry: &&mut Entry| matches!(entry, Entry::Change { .. });
        let Some(Entry::Change {
            to,
            at,
            until,
            ramp,
            stage,
            ..
        }) = self.log.iter_mut().rev().find(last_change)
        else {
            return None;
        };
        match to {
            // The fleet's times are no setting.
            _ if stage.is_some() => {}
            State::Open if settings.max < before.max => {
                *until = until.map(|until| until.min(*at + millis(settings.max)));
            }
            State::HalfOpen if settings.half_open_for != before.half_open_for => {
                *until = settings.half_open_for.map(|wait| *at + millis(wait));
            }
            State::Closed if ramping && settings.ramp != before.ramp => {
                *ramp = settings.ramp.map(millis);
                let end = ramp.map_or(now, |ramp| now.max(*at + ramp));
                self.log.push(Entry::NewRamp);
                return Some(end);
            }
            _ => {}
        }
        None
    }

    pub(crate) fn operate(&mut self, operator: Operator, now: Duration) {
        if matches!(operator, Operator::Resume) && !self.state().is_operators() {
            return self.see(now);
        }
        self.tick(now);
        let to = match operator {
            Operator::Reset | Operator::Resume => State::Closed,
            Operator::Open => State::Open,
            Operator::OpenFor(wait) => return self.open_for(wait),
            Operator::HalfOpen => State::HalfOpen,
            Operator::ForceOpen => State::ForcedOpen,
            Operator::Disable => State::Disabled,
            Operator::MetricsOnly => State::MetricsOnly,
        };
        if to != self.state() || self.stage().is_some() {
            self.change(to, Cause::Manual, None);
        } else if to == State::Closed {
            self.log.push(Entry::Reset);
        }
    }

    fn open_for(&mut self, wait: u64) {
        if self.state() != State::Open || self.stage().is_some() {
            self.change(State::Open, Cause::Manual, None);
        }
        let end = self.now + Duration::from_millis(wait);
        if let Some(Entry::Change { until, ordered, .. }) = self
            .log
            .iter_mut()
            .rev()
            .find(|entry| matches!(entry, Entry::Change { .. }))
        {
            (*until, *ordered) = (Some(end), true);
        }
    }

    fn log_end(&mut self, outcome: Outcome, verdict: Option<(bool, bool)>) -> Outcome {
        self.log.push(Entry::End {
            at: self.now,
            outcome,
            verdict,
        });
        outcome
    }

    fn trip(&mut self, cause: Cause, hint: Option<u64>) {
        match self.state() {
            State::Closed => self.change(State::Open, cause, hint),
            State::MetricsOnly => {
                let told = |entry: &Entry| matches!(entry, Entry::WouldTrip);
                if !self.era().iter().any(told) {
                    self.log.push(Entry::WouldTrip);
                }
            }
            _ => {}
        }
    }

    fn judge_probes(&mut self, hint: Option<u64>) {
        let (good, bad) = self.probes();
        match self.settings.probes {
            Probes::Count { failures, .. } if bad >= failures => {
                self.change(State::Open, Cause::ProbeFailed, hint);
            }
            Probes::Count { successes, .. } if good >= successes => {
                self.change(State::Closed, Cause::ProbesSucceeded, None);
            }
            Probes::Rate { trial, failing } if good + bad >= trial => {
                if bad * 100 >= failing * (good + bad) {
                    self.change(State::Open, Cause::ProbeFailed, hint);
                } else {
                    self.change(State::Closed, Cause::ProbesSucceeded, None);
                }
            }
            Probes::Count { .. } | Probes::Rate { .. } => {}
        }
    }

    fn reaches(&self, rate: Option<u32>, part: u64, calls: u64) -> bool {
        let enough = calls > 0 && calls >= self.settings.enough();
        rate.is_some_and(|rate| enough && part * 100 >= u64::from(rate) * calls)
    }

    fn rule_that_fires(&self) -> Option<Cause> {
        let [calls, failures, slow, overdue] = self.window();
        let run = self.run_of_failures();
        match self.settings.consecutive {
            _ if self.state() == State::Disabled => None,
            Some(limit) if run >= limit => Some(Cause::ConsecutiveFailures),
            _ if self.reaches(self.settings.failure_rate, failures, calls) => {
                Some(Cause::FailureRatio)
            }
            _ if self.reaches(self.settings.slow_rate, slow + overdue, calls + overdue) => {
                Some(Cause::SlowRatio)
            }
            _ => None,
        }
    }

    fn change(&mut self, to: State, cause: Cause, hint: Option<u64>) {
        let until = match to {
            State::Open => {
                let wait = self.settings.open_period(self.level() + 1, hint);
                Some(self.now + wait)
            }
            State::HalfOpen => self
                .settings
                .half_open_for
                .map(|wait| self.now + Duration::from_millis(wait)),
            _ => None,
        };
        let ramps = to == State::Closed && cause != Cause::Manual;
        let ramp = self.settings.ramp.filter(|_| ramps);
        self.log.push(Entry::Change {
            to,
            cause,
            at: self.now,
            until,
            ramp: ramp.map(Duration::from_millis),
            ramp_at_first: ramp.map(Duration::from_millis),
            settings: self.settings.clone(),
            stage: None,
            ordered: cause == Cause::Manual,
        });
    }
}
