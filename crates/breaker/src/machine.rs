//! What does a breaker decide? The state machine: told the time and what happens, it answers.
//!
//! Pure: no lock, no clock, no listener. [`Circuit`](crate::circuit::Circuit) holds it in a short
//! critical section and carries out what it decides. Three rules keep it honest:
//!
//! - Whatever happens, time is applied first: a due change of state comes before the call.
//! - An outcome from an earlier generation is counted as late and does nothing else.
//! - A change of state goes through [`Machine::change`] alone, which empties the evidence, starts
//!   a new generation and notes cause and figures.

mod phase;
mod view;

use std::collections::VecDeque;
use std::time::Duration;

use phase::{Phase, Trial, Verdict};

use crate::backoff::open_period;
use crate::config::{Config, DroppedPermit, HalfOpenTimeout};
use crate::listener::Event;
use crate::outcome::{Ended, Outcome, Report};
use crate::rejected::{RejectReason, Rejected};
use crate::snapshot::{Snapshot, Totals};
use crate::state::{Generation, State};
use crate::transition::{Cause, Transition};
use crate::window::{Evidence, Sample};

#[derive(Debug)]
pub(crate) struct Machine {
    config: Config,
    phase: Phase,
    generation: Generation,
    now: Duration,
    since: Duration,
    consecutive_failures: u32,
    openings: u32,
    evidence: Evidence,
    totals: Totals,
    recent: VecDeque<Transition>,
    events: VecDeque<Event>,
    chance: fastrand::Rng,
}

/// The right to make one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    pub(crate) generation: Generation,
    pub(crate) state: State,
    pub(crate) granted: Duration,
}

/// What an operator can ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    Reset,
    Open,
    HalfOpen,
    ForceOpen,
    Disable,
    MetricsOnly,
}

impl Machine {
    pub(crate) fn new(config: Config, now: Duration) -> Self {
        let judged = config.trip.failure_ratio.is_some() || config.trip.slow_ratio.is_some();
        Self {
            evidence: if judged {
                Evidence::of(config.trip.window)
            } else {
                Evidence::None
            },
            chance: match config.wait.jitter_seed {
                Some(seed) => fastrand::Rng::with_seed(seed),
                None => fastrand::Rng::new(),
            },
            config,
            phase: Phase::Closed,
            generation: Generation::default(),
            now,
            since: now,
            consecutive_failures: 0,
            openings: 0,
            totals: Totals::default(),
            recent: VecDeque::with_capacity(Snapshot::RECENT),
            events: VecDeque::new(),
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn state(&self) -> State {
        self.phase.state()
    }

    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(crate) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Grants or refuses one call.
    pub(crate) fn admit(&mut self, now: Duration) -> Result<Ticket, Rejected> {
        self.pass_time(now);
        let free = self.free_probes();
        match &mut self.phase {
            Phase::Closed | Phase::Disabled | Phase::MetricsOnly { .. } => Ok(self.ticket()),
            Phase::HalfOpen(trial) if free > 0 => {
                trial.in_flight += 1;
                Ok(self.ticket())
            }
            Phase::HalfOpen(trial) => {
                let left = trial
                    .deadline
                    .map(|deadline| deadline.saturating_sub(self.now));
                Err(self.rejected(RejectReason::HalfOpen, left))
            }
            Phase::Open { until } => {
                let left = until.saturating_sub(self.now);
                Err(self.rejected(RejectReason::Open, Some(left)))
            }
            Phase::ForcedOpen => Err(self.rejected(RejectReason::ForcedOpen, None)),
        }
    }

    /// Takes the outcome of a granted call.
    pub(crate) fn finish(&mut self, ticket: Ticket, report: Report, now: Duration) -> Outcome {
        self.see(now);
        if ticket.generation == self.generation {
            self.make_due_change();
        }
        if ticket.generation != self.generation {
            self.totals.calls[Outcome::Late.index()] += 1;
            return Outcome::Late;
        }
        let outcome = match report.ended {
            Ended::Success => Outcome::Success,
            Ended::Failure => Outcome::Failure,
            Ended::Ignored => Outcome::Ignored,
            Ended::Dropped => Outcome::Cancelled,
        };
        self.totals.calls[outcome.index()] += 1;
        let sample = self.sample(ticket, &report);
        self.totals.slow_calls += u64::from(sample.is_some_and(|sample| sample.slow));
        match self.phase {
            Phase::HalfOpen(trial) => self.judge_probe(trial, sample, report.retry_after),
            Phase::Closed => {
                if let Some(cause) = self.judge(sample) {
                    self.open(cause, report.retry_after);
                }
            }
            Phase::MetricsOnly { reported } => {
                if let Some(cause) = self.judge(sample)
                    && !reported
                {
                    self.phase = Phase::MetricsOnly { reported: true };
                    self.totals.would_trip += 1;
                    self.events.push_back(Event::WouldTrip(cause));
                }
            }
            // Disabled judges nothing; the other two grant no permits.
            Phase::Disabled | Phase::Open { .. } | Phase::ForcedOpen => {}
        }
        outcome
    }

    /// Makes the change that is due by `now`.
    pub(crate) fn pass_time(&mut self, now: Duration) {
        self.see(now);
        self.make_due_change();
    }

    /// Takes notice of the time. A clock that stepped back stands still.
    fn see(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    fn make_due_change(&mut self) {
        match self.phase {
            Phase::Open { until } if self.now >= until => self.half_open(Cause::WaitElapsed),
            Phase::HalfOpen(Trial {
                deadline: Some(deadline),
                ..
            }) if self.now >= deadline => match self.config.half_open.on_timeout {
                HalfOpenTimeout::Open => self.open(Cause::HalfOpenTimeout, None),
                HalfOpenTimeout::Closed => self.close(Cause::HalfOpenTimeout),
            },
            Phase::Closed
            | Phase::Open { .. }
            | Phase::HalfOpen(_)
            | Phase::ForcedOpen
            | Phase::Disabled
            | Phase::MetricsOnly { .. } => {}
        }
    }

    /// Carries out an operator's wish. To ask for the present state changes nothing, except that
    /// a reset always voids the calls in flight and forgets the evidence.
    pub(crate) fn obey(&mut self, command: Command, now: Duration) {
        self.pass_time(now);
        match (command, self.phase) {
            (Command::Reset, Phase::Closed) => {
                self.generation = self.generation.next();
                self.forget();
            }
            (Command::Reset, _) => self.close(Cause::Manual),
            (Command::Open, Phase::Open { .. })
            | (Command::HalfOpen, Phase::HalfOpen(_))
            | (Command::ForceOpen, Phase::ForcedOpen)
            | (Command::Disable, Phase::Disabled)
            | (Command::MetricsOnly, Phase::MetricsOnly { .. }) => {}
            (Command::Open, _) => self.open(Cause::Manual, None),
            (Command::HalfOpen, _) => self.half_open(Cause::Manual),
            (Command::ForceOpen, _) => self.change(Phase::ForcedOpen, Cause::Manual, None),
            (Command::Disable, _) => self.change(Phase::Disabled, Cause::Manual, None),
            (Command::MetricsOnly, _) => {
                self.change(Phase::MetricsOnly { reported: false }, Cause::Manual, None);
            }
        }
    }

    fn ticket(&self) -> Ticket {
        Ticket {
            generation: self.generation,
            state: self.state(),
            granted: self.now,
        }
    }

    fn rejected(&mut self, reason: RejectReason, retry_after: Option<Duration>) -> Rejected {
        self.totals.rejections[reason.index()] += 1;
        Rejected {
            reason,
            retry_after,
            generation: self.generation,
        }
    }

    /// The outcome as evidence; `None` when it says nothing about the downstream.
    fn sample(&self, ticket: Ticket, report: &Report) -> Option<Sample> {
        let failed = match report.ended {
            Ended::Success => false,
            Ended::Failure => true,
            Ended::Ignored => return None,
            Ended::Dropped => match self.config.dropped {
                DroppedPermit::Neutral => return None,
                DroppedPermit::Failure => true,
            },
        };
        let took = report
            .took
            .unwrap_or_else(|| self.now.saturating_sub(ticket.granted));
        let slow = self.config.trip.slow_over.is_some_and(|limit| took > limit);
        Some(Sample { failed, slow })
    }

    /// Adds to the evidence and says which trip rule it fulfils, if any.
    fn judge(&mut self, sample: Option<Sample>) -> Option<Cause> {
        let sample = sample?;
        self.consecutive_failures = if sample.failed {
            self.consecutive_failures.saturating_add(1)
        } else {
            0
        };
        self.evidence.record(self.now, sample);

        let rules = &self.config.trip;
        if rules
            .consecutive_failures
            .is_some_and(|limit| self.consecutive_failures >= limit)
        {
            return Some(Cause::ConsecutiveFailures);
        }
        let window = self.evidence.figures(self.now);
        if window.calls < u64::from(rules.minimum_calls) {
            return None;
        }
        if rules
            .failure_ratio
            .is_some_and(|limit| limit.is_reached_by(window.failures, window.calls))
        {
            return Some(Cause::FailureRatio);
        }
        rules
            .slow_ratio
            .is_some_and(|limit| limit.is_reached_by(window.slow, window.calls))
            .then_some(Cause::SlowRatio)
    }

    fn judge_probe(&mut self, mut trial: Trial, sample: Option<Sample>, hint: Option<Duration>) {
        trial.in_flight -= 1;
        match sample {
            // A slow probe proves no recovery.
            Some(sample) if sample.failed || sample.slow => trial.bad += 1,
            Some(_) => trial.good += 1,
            None => {}
        }
        self.phase = Phase::HalfOpen(trial);
        match trial.verdict(self.config.half_open.verdict) {
            Verdict::Undecided => {}
            Verdict::Recovered => self.close(Cause::ProbesSucceeded),
            Verdict::Failing => self.open(Cause::ProbeFailed, hint),
        }
    }

    fn free_probes(&self) -> u32 {
        match self.phase {
            Phase::HalfOpen(trial) => trial
                .still_needed(self.config.half_open.verdict)
                .min(self.config.half_open.permits)
                .saturating_sub(trial.in_flight),
            Phase::Closed
            | Phase::Open { .. }
            | Phase::ForcedOpen
            | Phase::Disabled
            | Phase::MetricsOnly { .. } => 0,
        }
    }

    fn open(&mut self, cause: Cause, hint: Option<Duration>) {
        self.openings = self.openings.saturating_add(1);
        let chance = self.chance.f64();
        let wait = open_period(&self.config.wait, self.openings, hint, chance);
        let until = self.now.saturating_add(wait);
        self.change(Phase::Open { until }, cause, Some(wait));
    }

    fn half_open(&mut self, cause: Cause) {
        let trial = Trial {
            deadline: self
                .config
                .half_open
                .deadline
                .map(|wait| self.now.saturating_add(wait)),
            in_flight: 0,
            good: 0,
            bad: 0,
        };
        self.change(Phase::HalfOpen(trial), cause, None);
    }

    fn close(&mut self, cause: Cause) {
        self.change(Phase::Closed, cause, None);
        self.openings = 0;
    }

    /// The one way from state to state.
    fn change(&mut self, phase: Phase, cause: Cause, open_for: Option<Duration>) {
        let transition = Transition {
            from: self.phase.state(),
            to: phase.state(),
            cause,
            at: self.now,
            generation: self.generation.next(),
            consecutive_failures: self.consecutive_failures,
            window: self.evidence.figures(self.now),
            open_for,
        };
        let (from, to) = (transition.from, transition.to);
        self.totals.time[from.index()] += self.now.saturating_sub(self.since);
        self.totals.transitions[from.index()][to.index()] += 1;
        if matches!(to, State::Open | State::ForcedOpen) {
            self.totals.trips[cause.index()] += 1;
        }
        if self.recent.len() == Snapshot::RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(transition);
        self.events.push_back(Event::Transition(transition));
        self.phase = phase;
        self.generation = transition.generation;
        self.since = self.now;
        self.consecutive_failures = 0;
        self.evidence.clear();
    }

    fn forget(&mut self) {
        self.consecutive_failures = 0;
        self.openings = 0;
        self.evidence.clear();
    }
}
