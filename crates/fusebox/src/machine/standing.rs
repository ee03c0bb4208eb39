//! The licence that the machine lends to the gate, so that callers need not ask the machine.

use super::Machine;
use super::phase::Phase;
use crate::config::DroppedPermit;
use crate::gate::{Admission, Licence, Standing, Timed};
use crate::rejected::RejectReason;
use crate::window::Evidence;

impl Machine {
    /// What the machine says of itself until it is asked again.
    pub(crate) fn standing(&mut self) -> Standing {
        let admission = match self.phase {
            Phase::Closed { ramp: Some(_), .. } => Admission::Ask,
            Phase::Closed { ramp: None, .. } | Phase::MetricsOnly { .. }
                if self.watches_calls() =>
            {
                Admission::Ask
            }
            Phase::Closed { .. } | Phase::MetricsOnly { .. } | Phase::Disabled => Admission::Pass,
            Phase::Open { .. } => Admission::Reject(RejectReason::Open),
            Phase::ForcedOpen => Admission::Reject(RejectReason::ForcedOpen),
            Phase::HalfOpen(_) if self.free_probes() == 0 => {
                Admission::Reject(RejectReason::HalfOpen)
            }
            Phase::Held(_) => Admission::Reject(RejectReason::Fleet),
            Phase::Leased(lease) if lease.taken => Admission::Reject(RejectReason::ProbeBusy),
            Phase::HalfOpen(_) | Phase::Leased(_) => Admission::Ask,
            Phase::Turn(_) => Admission::Reject(RejectReason::Turn),
        };
        let licence = self.licence();
        Standing {
            state: self.state(),
            generation: self.generation,
            admission,
            until: match self.phase {
                Phase::Held(hold) => hold.hint,
                phase => phase.deadline(),
            },
            licence,
            failures: licence.map_or(0, |_| self.harmless_failures()),
            slow_over: self.config.trip.slow_over,
            timed: match self.config.dropped {
                DroppedPermit::SlowFailureAfter(_) => Timed::Yes,
                DroppedPermit::Neutral | DroppedPermit::Failure => Timed::No,
            },
        }
    }

    /// Whether every call may pass.
    pub(crate) fn admits_all(&self) -> bool {
        matches!(
            self.phase,
            Phase::Closed { ramp: None, .. } | Phase::MetricsOnly { .. } | Phase::Disabled
        )
    }

    /// How many failures the licence covers. None where their order matters: to a rule that counts
    /// failures in a row, and to a count window, which drops its outcomes one by one.
    fn harmless_failures(&self) -> u32 {
        match (&self.phase, &self.evidence) {
            (Phase::Disabled, _) => u32::MAX,
            (_, Evidence::Time(_)) if self.config.trip.consecutive_failures.is_none() => {
                let figures = self.evidence.figures(self.now);
                self.config.trip.harmless_failures(&figures)
            }
            _ => 0,
        }
    }

    /// The licence to note plain successes without the machine, where they cannot lead to a
    /// verdict.
    fn licence(&mut self) -> Option<Licence> {
        match self.phase {
            Phase::Disabled => return Some(Licence::Unlimited),
            Phase::Closed { .. } | Phase::MetricsOnly { .. } if !self.watches_calls() => {}
            Phase::Closed { .. }
            | Phase::MetricsOnly { .. }
            | Phase::Open { .. }
            | Phase::HalfOpen(_)
            | Phase::Held(_)
            | Phase::Leased(_)
            | Phase::Turn(_)
            | Phase::ForcedOpen => return None,
        }
        // What is noted will be put into the present bucket, so `now` must lie in that bucket.
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

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::config::{Config, ConfigBuilder, InFlightCalls};
    use crate::machine::Command;
    use crate::window::Window;

    const SECOND: Duration = Duration::from_secs(1);

    fn machine(settings: ConfigBuilder) -> Machine {
        Machine::new(Arc::new(settings.build().expect("valid")), Duration::ZERO)
    }

    fn ratio(window: Window) -> ConfigBuilder {
        Config::builder().failure_rate_threshold(0.5).window(window)
    }

    #[test]
    fn plain_successes_need_no_judge_while_no_rule_could_fire_on_one() {
        let mut machine = machine(ratio(Window::count(10)));

        assert_eq!(machine.standing().licence, Some(Licence::Unlimited));
    }

    #[test]
    fn the_licence_ends_with_the_bucket_of_now() {
        let mut machine = machine(ratio(Window::time(SECOND * 10, 10)));
        assert_eq!(machine.standing().licence, Some(Licence::Until(SECOND)));

        machine.pass_time(SECOND * 3);

        assert_eq!(machine.standing().licence, Some(Licence::Until(SECOND * 4)));
    }

    #[test]
    fn without_judge_or_verdict_the_licence_has_no_end() {
        let mut machine = machine(ratio(Window::time(SECOND * 10, 10)));

        machine.obey(Command::Disable, SECOND);

        assert_eq!(machine.standing().licence, Some(Licence::Unlimited));
    }

    #[test]
    fn calls_that_are_watched_while_they_hang_are_all_seen() {
        let settings = ratio(Window::count(10))
            .slow_call_rate_threshold(0.5)
            .slow_call_duration(SECOND)
            .in_flight_calls(InFlightCalls::CountWhenOverdue);
        let mut machine = machine(settings);

        let standing = machine.standing();

        assert_eq!(standing.licence, None);
        assert_eq!(standing.admission, Admission::Ask);
    }
}
