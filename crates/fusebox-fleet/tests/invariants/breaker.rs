//! A small breaker of one instance, which trips after a run of failures and does what a member asks.

use fusebox_fleet::{Action, BreakerState, Order, ProbeId, ProbeResult};
use std::time::Duration;

/// After this many failures in a row it opens by itself.
pub(crate) const TRIPS_AFTER: u32 = 10;
const OPEN_FOR: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum State {
    Closed,
    Open {
        until: Duration,
    },
    HalfOpen {
        probing: bool,
    },
    Held,
    FleetProbe {
        probe: ProbeId,
        deadline: Duration,
        probing: bool,
    },
    Turn {
        until: Duration,
    },
    Forced,
}

/// What a call was permitted as. A result of another generation is late.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Permit {
    pub(crate) generation: u64,
    pub(crate) probe: Option<ProbeId>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Permitted(Permit),
    RejectedByItself,
    RejectedByFleet,
    RejectedUntilTurn,
}

/// What the end of a call, or time, told the member.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum News {
    None,
    Changed(BreakerState),
    ProbeEnded(ProbeId, ProbeResult),
}

#[derive(Clone, Debug)]
pub(crate) struct Breaker {
    pub(crate) state: State,
    generation: u64,
    /// Failures in a row among calls that ended in this closed period: kept apart from the member's count.
    pub(crate) run: u32,
    /// The half-open period that is a probe for the fleet: its mark, its generation, and when the lease ends.
    lent: Option<(ProbeId, u64, Duration)>,
}

impl Breaker {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Closed,
            generation: 0,
            run: 0,
            lent: None,
        }
    }

    /// Whether a call is under way that is a probe for the fleet.
    pub(crate) fn probes_for_the_fleet(&self, now: Duration) -> bool {
        let lent = self
            .lent
            .is_some_and(|(_, period, ends)| period == self.generation && now < ends);
        match self.state {
            State::FleetProbe {
                deadline, probing, ..
            } => probing && now < deadline,
            State::HalfOpen { probing } => probing && lent,
            _ => false,
        }
    }

    /// Its own half-open period has ended.
    fn decided(&mut self, state: State, known_as: BreakerState, result: ProbeResult) -> News {
        let lent = self
            .lent
            .take()
            .filter(|(_, period, _)| *period == self.generation);
        self.enter(state);
        match lent {
            Some((probe, ..)) => News::ProbeEnded(probe, result),
            None => News::Changed(known_as),
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
        self.run = 0;
    }

    /// What time alone changes.
    pub(crate) fn lapse(&mut self, now: Duration) -> News {
        match self.state {
            State::Open { until } if now >= until => {
                self.enter(State::HalfOpen { probing: false });
                News::Changed(BreakerState::HalfOpen)
            }
            State::Turn { until } if now >= until => {
                self.enter(State::Closed);
                News::None
            }
            State::FleetProbe {
                probe, deadline, ..
            } if now >= deadline => {
                self.enter(State::Held);
                News::ProbeEnded(probe, ProbeResult::Void)
            }
            _ => News::None,
        }
    }

    /// What an operator does on this instance.
    pub(crate) fn reset(&mut self) -> News {
        if self.state == State::Forced {
            return News::None;
        }
        self.enter(State::Closed);
        News::Changed(BreakerState::Closed)
    }

    pub(crate) fn ask(&mut self) -> Answer {
        let generation = self.generation;
        match &mut self.state {
            State::Closed => Answer::Permitted(Permit {
                generation,
                probe: None,
            }),
            State::HalfOpen { probing } if !*probing => {
                *probing = true;
                Answer::Permitted(Permit {
                    generation,
                    probe: None,
                })
            }
            State::FleetProbe { probe, probing, .. } if !*probing => {
                *probing = true;
                Answer::Permitted(Permit {
                    generation,
                    probe: Some(*probe),
                })
            }
            State::Open { .. } | State::HalfOpen { .. } | State::Forced => Answer::RejectedByItself,
            State::Held | State::FleetProbe { .. } => Answer::RejectedByFleet,
            State::Turn { .. } => Answer::RejectedUntilTurn,
        }
    }

    /// The result of a call, and whether it is of this generation.
    pub(crate) fn end(&mut self, now: Duration, permit: Permit, succeeded: bool) -> (News, bool) {
        if permit.generation != self.generation {
            return (News::None, false);
        }
        let news = match self.state {
            State::Closed => {
                self.run = if succeeded { 0 } else { self.run + 1 };
                if self.run >= TRIPS_AFTER {
                    self.enter(State::Open {
                        until: now + OPEN_FOR,
                    });
                    News::Changed(BreakerState::Open)
                } else {
                    News::None
                }
            }
            State::HalfOpen { .. } if succeeded => {
                self.decided(State::Closed, BreakerState::Closed, ProbeResult::Succeeded)
            }
            State::HalfOpen { .. } => {
                let until = now + OPEN_FOR;
                self.decided(
                    State::Open { until },
                    BreakerState::Open,
                    ProbeResult::Failed,
                )
            }
            State::FleetProbe { probe, .. } => {
                self.enter(State::Held);
                let result = if succeeded {
                    ProbeResult::Succeeded
                } else {
                    ProbeResult::Failed
                };
                News::ProbeEnded(probe, result)
            }
            _ => News::None,
        };
        (news, true)
    }

    /// Does what the member asks; says what it would refuse, which a member should not ask.
    pub(crate) fn obey(&mut self, now: Duration, action: &Action) -> Result<News, &'static str> {
        match (action, self.state) {
            (Action::Hold { .. }, State::Closed | State::Turn { .. }) => self.enter(State::Held),
            (Action::Hold { .. }, _) => return Err("hold: neither closed nor waiting"),
            (Action::Probe { probe, deadline }, State::Held) => self.enter(State::FleetProbe {
                probe: *probe,
                deadline: now + *deadline,
                probing: false,
            }),
            (Action::Probe { .. }, _) => return Err("probe: not held"),
            (Action::Release { after }, State::Held | State::FleetProbe { .. }) => {
                if after.is_zero() {
                    self.enter(State::Closed);
                } else {
                    self.enter(State::Turn {
                        until: now + *after,
                    });
                }
            }
            (Action::Release { .. }, _) => return Err("release: not held"),
            (Action::Hasten { wait }, State::Open { until }) => {
                self.state = State::Open {
                    until: until.min(now + *wait),
                };
            }
            (Action::LendProbe { probe, deadline }, State::Open { until }) => {
                self.state = State::Open {
                    until: until.min(now),
                };
                self.lent = Some((*probe, self.generation + 1, now + *deadline));
            }
            (Action::LendProbe { probe, deadline }, State::HalfOpen { .. }) => {
                self.lent = Some((*probe, self.generation, now + *deadline));
            }
            (Action::LendProbe { .. }, _) => return Err("lend: not open by itself"),
            (
                Action::LoseEngine { wait },
                State::Held | State::FleetProbe { .. } | State::Turn { .. },
            ) => self.enter(State::Open { until: now + *wait }),
            (Action::LoseEngine { .. }, _) => return Err("lose engine: nothing held"),
            (Action::Obey(Order::ForceOpen), _) => {
                self.enter(State::Forced);
                return Ok(News::Changed(BreakerState::Overridden));
            }
            (Action::Obey(_), _) => {
                self.enter(State::Closed);
                return Ok(News::Changed(BreakerState::Closed));
            }
            _ => {}
        }
        Ok(News::None)
    }
}
