//! The fleet's commands: what they do to a phase.
//!
//! [`decided`] is a table of command and phase. The fleet moves only a closed breaker and one that it has moved
//! itself; it may also bring the end of an open period forward. It does not touch what an operator ordered.

use std::time::Duration;

use super::hold::{Hold, Lease, Turn};
use super::phase::Phase;
use super::{Command, Machine};
use crate::clock::nanos;
use crate::opener::Opener;
use crate::ramp::{CloseRamp, Ramp};
use crate::snapshot::{FleetHold, HoldStage};
use crate::state::Generation;
use crate::transition::Cause;
use crate::window::Sample;

/// A command that the host passes on from the fleet. Times are spans from now.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FleetCommand {
    Hold { epoch: u64 },
    Hint(Duration),
    GrantProbe { lease: Duration },
    Release { after: Duration, ramp: CloseRamp },
    Hasten(Duration),
    LoseEngine(Duration),
}

/// The effect of a command.
enum Decision {
    /// The command does not apply to this phase.
    Refused,
    /// The phase goes on with other data.
    Amended(Phase),
    /// The phase is left. Holds how long calls will be rejected, where that is known.
    Entered(Phase, Cause, Option<Duration>),
    Closed(CloseRamp),
}

fn decided(command: FleetCommand, phase: Phase, now: Duration) -> Decision {
    match command {
        FleetCommand::Hold { epoch } => held(phase, epoch),
        FleetCommand::Hint(wait) => hinted(phase, now.saturating_add(wait)),
        FleetCommand::GrantProbe { lease } => match phase {
            Phase::Held(hold) => {
                let until = now.saturating_add(lease);
                let taken = false;
                let leased = Phase::Leased(Lease { hold, until, taken });
                Decision::Entered(leased, Cause::FleetProbe, None)
            }
            Phase::Closed { .. }
            | Phase::Open { .. }
            | Phase::HalfOpen(_)
            | Phase::Leased(_)
            | Phase::Turn(_)
            | Phase::ForcedOpen
            | Phase::Disabled
            | Phase::MetricsOnly { .. } => Decision::Refused,
        },
        FleetCommand::Release { after, ramp } => released(phase, now, after, ramp),
        FleetCommand::Hasten(wait) => hastened(phase, now.saturating_add(wait)),
        FleetCommand::LoseEngine(wait) => match phase {
            Phase::Held(_) | Phase::Leased(_) | Phase::Turn(_) => {
                let own = Phase::Open {
                    until: now.saturating_add(wait),
                    opener: Opener::Breaker,
                };
                Decision::Entered(own, Cause::EngineLost, Some(wait))
            }
            Phase::Closed { .. }
            | Phase::Open { .. }
            | Phase::HalfOpen(_)
            | Phase::ForcedOpen
            | Phase::Disabled
            | Phase::MetricsOnly { .. } => Decision::Refused,
        },
    }
}

/// The verdict is open. Of two verdicts that hold a breaker the newer one counts; it voids a lease of the older one.
fn held(phase: Phase, epoch: u64) -> Decision {
    let anew = Decision::Entered(Phase::Held(Hold { epoch, hint: None }), Cause::Fleet, None);
    match phase {
        Phase::Closed { .. } => anew,
        Phase::Turn(turn) if epoch > turn.epoch => anew,
        Phase::Leased(lease) if epoch > lease.hold.epoch => anew,
        Phase::Held(hold) if epoch > hold.epoch => {
            Decision::Amended(Phase::Held(Hold { epoch, ..hold }))
        }
        Phase::Held(_)
        | Phase::Leased(_)
        | Phase::Turn(_)
        | Phase::Open { .. }
        | Phase::HalfOpen(_)
        | Phase::ForcedOpen
        | Phase::Disabled
        | Phase::MetricsOnly { .. } => Decision::Refused,
    }
}

fn hinted(phase: Phase, end: Duration) -> Decision {
    // A time that no clock will show is no time to come back at.
    let hint = (nanos(end) < u64::MAX).then_some(end);
    match phase {
        Phase::Held(hold) => Decision::Amended(Phase::Held(Hold { hint, ..hold })),
        Phase::Leased(lease) => Decision::Amended(Phase::Leased(Lease {
            hold: Hold { hint, ..lease.hold },
            ..lease
        })),
        Phase::Closed { .. }
        | Phase::Open { .. }
        | Phase::HalfOpen(_)
        | Phase::Turn(_)
        | Phase::ForcedOpen
        | Phase::Disabled
        | Phase::MetricsOnly { .. } => Decision::Refused,
    }
}

/// The verdict is closed. A turn that has been set stays: a message that arrives twice does not draw a second one.
fn released(phase: Phase, now: Duration, after: Duration, ramp: CloseRamp) -> Decision {
    match phase {
        Phase::Held(_) | Phase::Leased(_) if after.is_zero() => Decision::Closed(ramp),
        Phase::Held(Hold { epoch, .. })
        | Phase::Leased(Lease {
            hold: Hold { epoch, .. },
            ..
        }) => {
            let until = now.saturating_add(after);
            let turn = Phase::Turn(Turn { epoch, until, ramp });
            Decision::Entered(turn, Cause::Fleet, Some(after))
        }
        Phase::Turn(_)
        | Phase::Closed { .. }
        | Phase::Open { .. }
        | Phase::HalfOpen(_)
        | Phase::ForcedOpen
        | Phase::Disabled
        | Phase::MetricsOnly { .. } => Decision::Refused,
    }
}

fn hastened(phase: Phase, end: Duration) -> Decision {
    match phase {
        Phase::Open {
            until,
            opener: opener @ Opener::Breaker,
        } if end < until => Decision::Amended(Phase::Open { until: end, opener }),
        Phase::Open { .. }
        | Phase::Closed { .. }
        | Phase::HalfOpen(_)
        | Phase::Held(_)
        | Phase::Leased(_)
        | Phase::Turn(_)
        | Phase::ForcedOpen
        | Phase::Disabled
        | Phase::MetricsOnly { .. } => Decision::Refused,
    }
}

impl Machine {
    /// Carries out the command if it applies; returns whether it did.
    pub(crate) fn follow(&mut self, command: FleetCommand, now: Duration) -> bool {
        self.pass_time(now);
        match decided(command, self.phase, self.now) {
            Decision::Refused => return false,
            Decision::Amended(phase) => self.phase = phase,
            Decision::Entered(phase, cause, rejecting) => self.change(phase, cause, rejecting),
            Decision::Closed(ramp) => self.close_for_the_fleet(ramp),
        }
        true
    }

    /// Grants one probe; returns the generation in which the next call is that probe.
    pub(crate) fn grant_probe(&mut self, lease: Duration, now: Duration) -> Option<Generation> {
        let granted = self.follow(FleetCommand::GrantProbe { lease }, now);
        granted.then_some(self.generation)
    }

    /// Ends the breaker's own open period; returns the generation of the half-open period that follows, or
    /// is under way.
    pub(crate) fn probe_now(&mut self, now: Duration) -> Option<Generation> {
        self.pass_time(now);
        match self.phase {
            Phase::Open {
                opener: Opener::Breaker,
                ..
            } => {
                self.follow(FleetCommand::Hasten(Duration::ZERO), now);
                Some(self.generation.next())
            }
            Phase::HalfOpen(_) => Some(self.generation),
            Phase::Open { .. }
            | Phase::Closed { .. }
            | Phase::Held(_)
            | Phase::Leased(_)
            | Phase::Turn(_)
            | Phase::ForcedOpen
            | Phase::Disabled
            | Phase::MetricsOnly { .. } => None,
        }
    }

    /// Carries out an operator's order to the whole fleet, unless an operator of this breaker has ordered something.
    /// Returns the generation that the order began.
    pub(crate) fn obey_the_fleet(
        &mut self,
        command: Command,
        ours: Option<Generation>,
        now: Duration,
    ) -> Option<Generation> {
        self.pass_time(now);
        if self.state().is_operators() && ours != Some(self.generation) {
            return None;
        }
        self.obey(command, now);
        Some(self.generation)
    }

    /// Closes the breaker if that order is still in force here; returns whether it was.
    pub(crate) fn end_order(&mut self, ours: Generation, now: Duration) -> bool {
        self.pass_time(now);
        let is_in_force = self.state().is_operators() && self.generation == ours;
        if is_in_force {
            self.obey(Command::Reset, now);
        }
        is_in_force
    }

    pub(super) fn close_for_the_fleet(&mut self, ramp: CloseRamp) {
        let period = match ramp {
            CloseRamp::AsConfigured => self.config.ramp_up_for,
            CloseRamp::Over(period) => Some(period).filter(|period| !period.is_zero()),
        };
        let ramp = period.map(|period| Ramp::new(self.now, period));
        self.close_with(ramp, Cause::Fleet);
    }

    /// The fleet's probe has ended. Whatever its result, the fleet decides what follows.
    pub(super) fn end_fleet_probe(&mut self, hold: Hold, sample: Option<Sample>) {
        let cause = match sample {
            // A slow probe is no evidence of recovery.
            Some(sample) if sample.failed || sample.slow => Cause::FleetProbeFailed,
            Some(_) => Cause::FleetProbeSucceeded,
            None => Cause::FleetProbeCancelled,
        };
        self.change(Phase::Held(hold), cause, None);
    }
}

impl Phase {
    /// The fleet's part in the state.
    pub(super) fn fleet_hold(&self, now: Duration) -> Option<FleetHold> {
        let (epoch, stage, retry_after) = match *self {
            Self::Held(hold) => (hold.epoch, HoldStage::Held, hold.left(now)),
            Self::Leased(Lease { hold, until, .. }) => {
                let left = until.saturating_sub(now);
                (hold.epoch, HoldStage::Probing, Some(left))
            }
            Self::Turn(Turn { epoch, until, .. }) => {
                let left = until.saturating_sub(now);
                (epoch, HoldStage::Turn, Some(left))
            }
            Self::Closed { .. }
            | Self::Open { .. }
            | Self::HalfOpen(_)
            | Self::ForcedOpen
            | Self::Disabled
            | Self::MetricsOnly { .. } => return None,
        };
        Some(FleetHold {
            epoch,
            stage,
            retry_after,
        })
    }
}
