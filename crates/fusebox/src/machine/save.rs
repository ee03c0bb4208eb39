//! The state that a machine leaves to another process, and how that process continues from it.

use std::time::Duration;

use super::Machine;
use super::calm::Calm;
use super::hold::Turn;
use super::phase::{Phase, Trial};
use crate::backoff::open_period;
use crate::opener::Opener;
use crate::saved::{Saved, SavedEvidence};
use crate::state::State;
use crate::transition::Cause;

impl Machine {
    /// The state worth keeping. The fleet's verdict is not kept: another process has not heard it
    /// and would wait for ever for its end. So a breaker that the fleet keeps open is saved as open
    /// by itself, for its first or present open period, or for the rest of its turn.
    pub(crate) fn save(&mut self, now: Duration) -> Saved {
        self.see(now);
        // Ages are counted from now.
        self.evidence.advance(self.now);
        let own = match self.phase {
            Phase::Held(_) | Phase::Leased(_) => {
                let wait = open_period(&self.config.wait, self.openings.max(1), None, 0.0);
                let until = self.now.saturating_add(wait);
                let opener = Opener::Breaker;
                Phase::Open { until, opener }
            }
            Phase::Turn(Turn { until, .. }) => {
                let opener = Opener::Breaker;
                Phase::Open { until, opener }
            }
            phase => phase,
        };
        let deadline = own.deadline();
        let (openings, calm) = match self.phase {
            Phase::Closed { calm, .. } => {
                let decay = self.config.wait.decay;
                let (level, calm) = calm.settled(self.openings, self.now, decay);
                (level, calm.lasted(self.now))
            }
            _ => (self.level(), None),
        };
        Saved {
            state: own.state(),
            opener: match own {
                Phase::Open { opener, .. } => opener,
                _ => Opener::default(),
            },
            left: deadline.map(|deadline| deadline.saturating_sub(self.now)),
            openings,
            calm,
            consecutive_failures: self.consecutive_failures,
            evidence: SavedEvidence::of(&self.evidence, self.now),
        }
    }

    /// Continues from where another machine was saved. Voids the calls in flight.
    pub(crate) fn restore(&mut self, saved: &Saved, now: Duration) {
        self.pass_time(now);
        let phase = self.restored_phase(saved);
        let open_for = match phase {
            Phase::Open { until, .. } => Some(until.saturating_sub(self.now)),
            _ => None,
        };
        self.change(phase, Cause::Restored, open_for);
        self.openings = self.bounded(saved.openings);
        self.consecutive_failures = saved.consecutive_failures;
        if matches!(self.phase, Phase::Closed { .. } | Phase::MetricsOnly { .. }) {
            let window = self.config.trip.judged_window();
            self.evidence = saved.evidence.restored(window, self.now);
        }
    }

    /// The saved state with its waits bounded by these settings: the other process may have had
    /// other settings, and the saved data may be damaged.
    fn restored_phase(&self, saved: &Saved) -> Phase {
        let end = |left: Duration| self.now.saturating_add(left);
        match saved.state {
            State::Closed => Phase::Closed {
                ramp: None,
                calm: Calm::with(self.now, saved.calm.unwrap_or_default()),
            },
            State::Open => Phase::Open {
                until: end(saved.left.unwrap_or_default().min(self.config.wait.max)),
                opener: saved.opener,
            },
            State::HalfOpen => Phase::HalfOpen(Trial {
                deadline: self.config.half_open.deadline.map(|longest| {
                    let left = saved.left.unwrap_or(longest);
                    end(left.min(longest))
                }),
                in_flight: 0,
                good: 0,
                bad: 0,
            }),
            State::ForcedOpen => Phase::ForcedOpen,
            State::Disabled => Phase::Disabled,
            State::MetricsOnly => Phase::MetricsOnly { reported: false },
        }
    }

    /// Whether the machine holds no evidence against the downstream, and nothing else that a new
    /// machine would not know.
    pub(crate) fn knows_nothing_bad(&mut self, now: Duration) -> bool {
        self.see(now);
        let figures = self.figures();
        let counted = matches!(self.evidence, crate::window::Evidence::Count(_));
        matches!(self.phase, Phase::Closed { ramp: None, .. })
            && self.level() == 0
            && (self.consecutive_failures == 0 || self.config.trip.consecutive_failures.is_none())
            && (figures.failures, figures.slow, figures.overdue) == (0, 0, 0)
            && (counted || figures.calls == 0)
    }
}
