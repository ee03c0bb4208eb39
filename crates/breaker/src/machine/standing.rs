//! What may callers do without asking? What the machine lends to the gate.

use super::Machine;
use super::phase::Phase;
use crate::config::DroppedPermit;
use crate::gate::{Admission, Licence, Standing, Timed};
use crate::rejected::RejectReason;

impl Machine {
    /// What the machine stands for until it is asked again.
    pub(crate) fn standing(&mut self) -> Standing {
        let admission = match self.phase {
            Phase::Closed { ramp: Some(_) } => Admission::Ask,
            Phase::Closed { ramp: None } | Phase::MetricsOnly { .. } if self.watches_calls() => {
                Admission::Ask
            }
            Phase::Closed { .. } | Phase::MetricsOnly { .. } | Phase::Disabled => Admission::Pass,
            Phase::Open { .. } => Admission::Reject(RejectReason::Open),
            Phase::ForcedOpen => Admission::Reject(RejectReason::ForcedOpen),
            Phase::HalfOpen(_) if self.free_probes() == 0 => {
                Admission::Reject(RejectReason::HalfOpen)
            }
            Phase::HalfOpen(_) => Admission::Ask,
        };
        Standing {
            state: self.state(),
            generation: self.generation,
            admission,
            until: self.phase.deadline(),
            licence: self.licence(),
            slow_over: self.config.trip.slow_over,
            timed: match self.config.dropped {
                DroppedPermit::SlowFailureAfter(_) => Timed::Yes,
                DroppedPermit::Neutral | DroppedPermit::Failure => Timed::No,
            },
        }
    }

    /// The licence to note plain successes unseen, where they cannot lead to a verdict.
    fn licence(&mut self) -> Option<Licence> {
        match self.phase {
            Phase::Disabled => return Some(Licence::Unlimited),
            Phase::Closed { .. } | Phase::MetricsOnly { .. } if !self.watches_calls() => {}
            Phase::Closed { .. }
            | Phase::MetricsOnly { .. }
            | Phase::Open { .. }
            | Phase::HalfOpen(_)
            | Phase::ForcedOpen => return None,
        }
        // What is noted will be put into the present bucket, so that must be the bucket of now.
        let end = self.evidence.advance(self.now);
        let may_fire = self
            .config
            .trip
            .may_fire_on_success(&self.evidence.figures(self.now));
        let muted = matches!(self.phase, Phase::MetricsOnly { reported: true });
        (muted || !may_fire).then_some(match end {
            Some(end) => Licence::Until(end),
            None => Licence::Unlimited,
        })
    }
}
