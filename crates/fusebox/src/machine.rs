//! The state machine of a breaker: it is told the time and what happens, and it decides.
//!
//! It is pure: no lock, no clock, no listener. [`Circuit`](crate::circuit::Circuit) holds it in a
//! short critical section and carries out its decisions. Three rules keep it correct:
//!
//! - Time comes first: a due transition is made before the call is judged.
//! - An outcome from an earlier generation is counted as late and does nothing else.
//! - Every change of state goes through [`Machine::change`], which empties the evidence, starts a
//!   new generation and records the cause and the figures.

mod calm;
mod change;
mod fleet;
mod hold;
mod judge;
mod phase;
mod reconfigure;
mod save;
mod standing;
mod view;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use fleet::FleetCommand;
use hold::{Lease, Turn};
use phase::{Phase, Trial};

use crate::clock::Nanos;
use crate::config::{Config, HalfOpenTimeout, InFlightCalls};
use crate::event::Event;
use crate::event_queue::EventQueue;
use crate::gate::Word;
use crate::in_flight::InFlight;
use crate::opener::Opener;
use crate::outcome::{Ended, Outcome, Report};
use crate::rejected::{RejectReason, Rejected};
use crate::snapshot::Totals;
use crate::state::{Generation, State};
use crate::stripe::Collected;
use crate::ticket::Ticket;
use crate::transition::{Cause, Transition};
use crate::window::{Evidence, Sample, WindowFigures};

#[derive(Debug)]
pub(crate) struct Machine {
    config: Arc<Config>,
    phase: Phase,
    generation: Generation,
    now: Duration,
    since: Duration,
    consecutive_failures: u32,
    /// The level of the back-off, before any decay.
    openings: u32,
    evidence: Evidence,
    in_flight: InFlight,
    totals: Totals,
    recent: VecDeque<Transition>,
    events: EventQueue,
    chance: fastrand::Rng,
}

/// The commands of an operator.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    Reset,
    Open,
    OpenFor(Duration),
    HalfOpen,
    ForceOpen,
    Disable,
    MetricsOnly,
}

impl Machine {
    pub(crate) fn new(config: Arc<Config>, now: Duration) -> Self {
        Self {
            evidence: config
                .trip
                .judged_window()
                .map_or(Evidence::None, Evidence::of),
            chance: config
                .wait
                .jitter_seed
                .map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed),
            config,
            phase: Phase::closed(now),
            generation: Generation::default(),
            now,
            since: now,
            consecutive_failures: 0,
            openings: 0,
            in_flight: InFlight::default(),
            totals: Totals::default(),
            recent: VecDeque::new(),
            events: EventQueue::default(),
        }
    }

    pub(crate) fn config(&self) -> &Arc<Config> {
        &self.config
    }

    pub(crate) fn state(&self) -> State {
        self.phase.state()
    }

    pub(crate) fn events(&mut self) -> &mut EventQueue {
        &mut self.events
    }

    /// Grants or refuses one call.
    pub(crate) fn admit(&mut self, now: Duration) -> Result<Ticket, Rejected> {
        self.pass_time(now);
        let free = self.free_probes();
        match &mut self.phase {
            Phase::Closed {
                ramp: Some(ramp), ..
            } => {
                if ramp.admits(self.now) {
                    Ok(self.ticket())
                } else {
                    let left = ramp.end().saturating_sub(self.now);
                    Err(self.rejected(RejectReason::RampUp, Some(left)))
                }
            }
            Phase::Closed { .. } | Phase::Disabled | Phase::MetricsOnly { .. } => Ok(self.ticket()),
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
            Phase::Open { until, .. } => {
                let left = until.saturating_sub(self.now);
                Err(self.rejected(RejectReason::Open, Some(left)))
            }
            Phase::Held(hold) => {
                let left = hold.left(self.now);
                Err(self.rejected(RejectReason::Fleet, left))
            }
            Phase::Leased(lease) if !lease.taken => {
                lease.taken = true;
                Ok(self.ticket())
            }
            Phase::Leased(Lease { until, .. }) => {
                let left = until.saturating_sub(self.now);
                Err(self.rejected(RejectReason::ProbeBusy, Some(left)))
            }
            Phase::Turn(Turn { until, .. }) => {
                let left = until.saturating_sub(self.now);
                Err(self.rejected(RejectReason::Turn, Some(left)))
            }
            Phase::ForcedOpen => Err(self.rejected(RejectReason::ForcedOpen, None)),
        }
    }

    /// Takes in outcomes that were noted under the licence that [`Machine::standing`] gave.
    pub(crate) fn absorb(&mut self, noted: Collected) {
        let Collected {
            successes,
            failures,
            run,
        } = noted;
        if successes + failures == 0 {
            return;
        }
        self.totals.calls[Outcome::Success.index()] += successes;
        self.totals.calls[Outcome::Failure.index()] += failures;
        if matches!(self.phase, Phase::Closed { .. } | Phase::MetricsOnly { .. }) {
            let run = u32::try_from(run).unwrap_or(u32::MAX);
            self.consecutive_failures = if successes > 0 {
                run
            } else {
                self.consecutive_failures.saturating_add(run)
            };
            self.evidence.add(successes, Sample::PLAIN);
            self.evidence.add(failures, Sample::FAILED);
        }
    }

    /// Takes the outcome of a granted call.
    pub(crate) fn finish(&mut self, ticket: Ticket, report: Report, now: Duration) -> Outcome {
        self.see(now);
        if ticket.generation() == self.generation {
            // The call has ended, so it no longer hangs.
            if let Some(call) = ticket.call {
                self.in_flight.end(call);
            }
            self.make_due_change();
        }
        if ticket.generation() != self.generation {
            self.totals.calls[Outcome::Late.index()] += 1;
            self.events.push_minor(Event::Late {
                generation: ticket.generation(),
            });
            return Outcome::Late;
        }
        let outcome = match report.ended {
            Ended::Success => Outcome::Success,
            Ended::Failure | Ended::Trip => Outcome::Failure,
            Ended::Ignored => Outcome::Ignored,
            Ended::Dropped => Outcome::Cancelled,
        };
        self.totals.calls[outcome.index()] += 1;
        let sample = self.sample(ticket, &report, now);
        self.totals.slow_calls += u64::from(sample.is_some_and(|sample| sample.slow));
        let hint = report.retry_after.duration();
        let at_once = (report.ended == Ended::Trip).then_some(Cause::Verdict);
        match self.phase {
            Phase::HalfOpen(trial) => self.judge_probe(trial, sample, at_once, hint),
            Phase::Closed { .. } | Phase::MetricsOnly { .. } => {
                let fulfilled = self.judge(sample);
                if let Some(cause) = at_once.or(fulfilled) {
                    self.trip(cause, hint);
                }
            }
            Phase::Leased(lease) => self.end_fleet_probe(lease.hold, sample),
            // Disabled judges nothing; the others grant no permits.
            Phase::Disabled
            | Phase::Open { .. }
            | Phase::Held(_)
            | Phase::Turn(_)
            | Phase::ForcedOpen => {}
        }
        outcome
    }

    /// Makes the change that is due by `now`.
    pub(crate) fn pass_time(&mut self, now: Duration) {
        self.see(now);
        self.make_due_change();
    }

    /// Takes in the time. If the clock stepped back, time stands still.
    fn see(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    fn make_due_change(&mut self) {
        match self.phase {
            Phase::Open { until, .. } if self.now >= until => self.half_open(Cause::WaitElapsed),
            Phase::HalfOpen(Trial {
                deadline: Some(deadline),
                ..
            }) if self.now >= deadline => match self.config.half_open.on_timeout {
                HalfOpenTimeout::Open => self.open(Cause::HalfOpenTimeout, None),
                HalfOpenTimeout::Closed => self.close(Cause::HalfOpenTimeout),
            },
            Phase::Leased(lease) if self.now >= lease.until => {
                self.change(Phase::Held(lease.hold), Cause::FleetProbeExpired, None);
            }
            Phase::Turn(turn) if self.now >= turn.until => self.close_for_the_fleet(turn.ramp),
            Phase::Closed { ramp, calm } => {
                if ramp.is_some_and(|ramp| self.now >= ramp.end()) {
                    let ramp = None;
                    self.phase = Phase::Closed { ramp, calm };
                }
                self.judge_overdue();
            }
            Phase::MetricsOnly { .. } => self.judge_overdue(),
            Phase::Open { .. }
            | Phase::HalfOpen(_)
            | Phase::Held(_)
            | Phase::Leased(_)
            | Phase::Turn(_)
            | Phase::ForcedOpen
            | Phase::Disabled => {}
        }
    }

    /// Carries out an operator's command. A command that asks for the present state changes
    /// nothing, with two exceptions: a reset always voids the calls in flight and forgets the
    /// evidence, and an open period takes the length that is asked for. Open and half-open mean the
    /// breaker's own here: where the fleet keeps it in one of them, the operator takes it over.
    pub(crate) fn obey(&mut self, command: Command, now: Duration) {
        self.pass_time(now);
        match (command, self.phase) {
            (Command::Reset, Phase::Closed { .. }) => {
                self.generation = self.generation.next();
                self.phase = Phase::closed(self.now);
                self.openings = 0;
                self.forget();
            }
            (Command::Reset, _) => self.close(Cause::Manual),
            (Command::OpenFor(wait), Phase::Open { .. }) => {
                let until = self.now.saturating_add(wait);
                let opener = Opener::Operator;
                self.phase = Phase::Open { until, opener };
            }
            (Command::Open, Phase::Open { .. })
            | (Command::HalfOpen, Phase::HalfOpen(_))
            | (Command::ForceOpen, Phase::ForcedOpen)
            | (Command::Disable, Phase::Disabled)
            | (Command::MetricsOnly, Phase::MetricsOnly { .. }) => {}
            (Command::Open, _) => self.open(Cause::Manual, None),
            (Command::OpenFor(wait), _) => self.open_for(wait),
            (Command::HalfOpen, _) => self.half_open(Cause::Manual),
            (Command::ForceOpen, _) => self.change(Phase::ForcedOpen, Cause::Manual, None),
            (Command::Disable, _) => self.change(Phase::Disabled, Cause::Manual, None),
            (Command::MetricsOnly, _) => {
                self.change(Phase::MetricsOnly { reported: false }, Cause::Manual, None);
            }
        }
    }

    fn ticket(&mut self) -> Ticket {
        let watched = self.watches_calls();
        let call = watched.then(|| self.in_flight.start(self.now));
        let word = Word::passing(self.state(), self.generation);
        Ticket::new(word, Nanos::of(self.now), call)
    }

    fn rejected(&mut self, reason: RejectReason, retry_after: Option<Duration>) -> Rejected {
        self.totals.rejections[reason.index()] += 1;
        let rejected = Rejected {
            reason,
            retry_after,
            generation: self.generation,
        };
        self.events.push_minor(Event::Rejected(rejected));
        rejected
    }

    /// Whether calls count as slow before they end.
    fn watches_calls(&self) -> bool {
        self.config.trip.in_flight == InFlightCalls::CountWhenOverdue
            && matches!(self.phase, Phase::Closed { .. } | Phase::MetricsOnly { .. })
    }

    /// Everything that is known now.
    fn figures(&self) -> WindowFigures {
        let mut window = self.evidence.figures(self.now);
        if let Some(limit) = self.config.trip.slow_over
            && self.watches_calls()
        {
            window.overdue = self.in_flight.overdue_at(self.now, limit);
        }
        window
    }

    fn free_probes(&self) -> u32 {
        match self.phase {
            Phase::HalfOpen(trial) => trial
                .still_needed(self.config.half_open.verdict)
                .min(self.config.half_open.permits)
                .saturating_sub(trial.in_flight),
            Phase::Leased(lease) => (!lease.taken).into(),
            Phase::Closed { .. }
            | Phase::Open { .. }
            | Phase::Held(_)
            | Phase::Turn(_)
            | Phase::ForcedOpen
            | Phase::Disabled
            | Phase::MetricsOnly { .. } => 0,
        }
    }
}
