//! How does a machine outlive its process?

use std::time::Duration;

use super::Machine;
use super::phase::{Phase, Trial};
use crate::saved::{Saved, SavedEvidence};
use crate::state::State;
use crate::transition::Cause;

impl Machine {
    /// What is worth keeping.
    pub(crate) fn save(&mut self, now: Duration) -> Saved {
        self.see(now);
        // Ages are counted from the bucket of now.
        self.evidence.advance(self.now);
        let deadline = self.phase.deadline();
        Saved {
            state: self.state(),
            left: deadline.map(|deadline| deadline.saturating_sub(self.now)),
            openings: self.level(),
            consecutive_failures: self.consecutive_failures,
            evidence: SavedEvidence::of(&self.evidence),
        }
    }

    /// Goes on where another machine was saved. Voids the calls in flight.
    pub(crate) fn restore(&mut self, saved: &Saved, now: Duration) {
        self.pass_time(now);
        let end = |left: Duration| self.now.saturating_add(left);
        let phase = match saved.state {
            State::Closed => Phase::Closed { ramp: None },
            State::Open => Phase::Open {
                until: end(saved.left.unwrap_or_default()),
            },
            State::HalfOpen => Phase::HalfOpen(Trial {
                deadline: saved.left.map(end).or_else(|| {
                    let wait = self.config.half_open.deadline?;
                    Some(end(wait))
                }),
                in_flight: 0,
                good: 0,
                bad: 0,
            }),
            State::ForcedOpen => Phase::ForcedOpen,
            State::Disabled => Phase::Disabled,
            State::MetricsOnly => Phase::MetricsOnly { reported: false },
        };
        self.openings = saved.openings;
        let open_for = match phase {
            Phase::Open { until } => Some(until.saturating_sub(self.now)),
            _ => None,
        };
        self.change(phase, Cause::Restored, open_for);
        self.openings = saved.openings;
        self.consecutive_failures = saved.consecutive_failures;
        if matches!(self.phase, Phase::Closed { .. } | Phase::MetricsOnly { .. }) {
            let window = self.config.trip.judged_window();
            self.evidence = saved.evidence.restored(window, self.now);
        }
    }

    /// Whether nothing is known that speaks against the downstream, and nothing else that a new
    /// machine would not know.
    pub(crate) fn knows_nothing_bad(&mut self, now: Duration) -> bool {
        self.see(now);
        let figures = self.figures();
        let counted = matches!(self.evidence, crate::window::Evidence::Count(_));
        matches!(self.phase, Phase::Closed { ramp: None })
            && self.level() == 0
            && (self.consecutive_failures == 0 || self.config.trip.consecutive_failures.is_none())
            && (figures.failures, figures.slow, figures.overdue) == (0, 0, 0)
            && (counted || figures.calls == 0)
    }
}
