//! The settings of the breakers under test, as plain numbers, so that the model needs no code of
//! ours.

use std::time::Duration;

use fusebox::{Config, ConfigBuilder, DroppedPermit, HalfOpenTimeout, InFlightCalls, Window};
use proptest::option;
use proptest::prelude::*;

use crate::history::Change;

/// Times in milliseconds, rates in percent.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) consecutive: Option<u32>,
    pub(crate) failure_rate: Option<u32>,
    pub(crate) slow_over: Option<u64>,
    pub(crate) slow_rate: Option<u32>,
    pub(crate) window: Lately,
    pub(crate) minimum: u32,
    pub(crate) base: u64,
    pub(crate) factor: u32,
    pub(crate) max: u64,
    pub(crate) probes: Probes,
    pub(crate) permitted: Option<u32>,
    pub(crate) half_open_for: Option<u64>,
    pub(crate) then_closed: bool,
    pub(crate) dropped: Dropped,
    /// Milliseconds.
    pub(crate) decay: Option<u64>,
    /// Milliseconds.
    pub(crate) ramp: Option<u64>,
    /// Whether overdue calls count as slow.
    pub(crate) overdue: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Dropped {
    Neutral,
    Failure,
    /// From this many milliseconds on.
    SlowFailureAfter(u64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Lately {
    Count(u32),
    Time { bucket: u64, buckets: u32 },
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Probes {
    Count { successes: u32, failures: u32 },
    Rate { trial: u32, failing: u32 },
}

pub(crate) fn some() -> impl Strategy<Value = Settings> {
    let rules = (
        option::of(1_u32..8),
        option::of(1_u32..=100),
        option::of((0_u64..50, option::of(1_u32..=100))),
        1_u32..20,
    );
    let window = prop_oneof![
        (1_u32..30).prop_map(Lately::Count),
        (1_u64..100, 1_u32..12).prop_map(|(bucket, buckets)| Lately::Time { bucket, buckets }),
    ];
    let wait = (1_u64..300, 1_u32..4, 1_u64..20);
    let half = (
        probes(),
        option::of(1_u32..8),
        option::weighted(0.8, 1_u64..400),
        any::<bool>(),
    );
    let after = (
        dropped(),
        option::weighted(0.3, 1_u64..400),
        option::weighted(0.3, 1_u64..400),
        any::<bool>(),
    );
    (rules, window, wait, half, after).prop_map(|(rules, window, wait, half, after)| {
        let (consecutive, failure_rate, slow, minimum) = rules;
        let (base, factor, longer) = wait;
        let (probes, permitted, half_open_for, then_closed) = half;
        let (dropped, decay, ramp, overdue) = after;
        let slow_rate = slow.and_then(|(_, rate)| rate);
        let no_rule = failure_rate.is_none() && slow_rate.is_none();
        Settings {
            consecutive: consecutive.or(no_rule.then_some(3)),
            failure_rate,
            slow_over: slow.map(|(over, _)| over + 1),
            slow_rate,
            window,
            minimum,
            base,
            factor,
            max: base * longer,
            probes,
            permitted,
            half_open_for,
            then_closed,
            dropped,
            decay,
            ramp,
            overdue: overdue && slow_rate.is_some(),
        }
    })
}

fn probes() -> impl Strategy<Value = Probes> {
    prop_oneof![
        (1_u32..5, 1_u32..4).prop_map(|(successes, failures)| Probes::Count {
            successes,
            failures
        }),
        (1_u32..7, 1_u32..=100).prop_map(|(trial, failing)| Probes::Rate { trial, failing }),
    ]
}

fn dropped() -> impl Strategy<Value = Dropped> {
    prop_oneof![
        Just(Dropped::Neutral),
        Just(Dropped::Failure),
        (1_u64..60).prop_map(Dropped::SlowFailureAfter),
    ]
}

impl Settings {
    pub(crate) fn builder(&self) -> ConfigBuilder {
        let rate = |percent: u32| f64::from(percent) / 100.0;
        let mut builder = Config::builder()
            .window(match self.window {
                Lately::Count(calls) => Window::count(calls),
                Lately::Time { bucket, buckets } => {
                    Window::time(Duration::from_millis(bucket * u64::from(buckets)), buckets)
                }
            })
            .minimum_calls(self.minimum)
            .open_for(Duration::from_millis(self.base))
            .backoff_factor(self.factor.into())
            .max_open_for(Duration::from_millis(self.max))
            .jitter(0.0)
            .backoff_decay(self.decay.map(Duration::from_millis))
            .half_open_for(self.half_open_for.map(Duration::from_millis))
            .half_open_timeout(if self.then_closed {
                HalfOpenTimeout::Closed
            } else {
                HalfOpenTimeout::Open
            })
            .dropped_permit(match self.dropped {
                Dropped::Neutral => DroppedPermit::Neutral,
                Dropped::Failure => DroppedPermit::Failure,
                Dropped::SlowFailureAfter(age) => {
                    DroppedPermit::SlowFailureAfter(Duration::from_millis(age))
                }
            })
            .ramp_up_for(self.ramp.map(Duration::from_millis))
            .in_flight_calls(if self.overdue {
                InFlightCalls::CountWhenOverdue
            } else {
                InFlightCalls::CountWhenEnded
            });
        builder = match self.probes {
            Probes::Count {
                successes,
                failures,
            } => builder.probe_count(successes, failures),
            Probes::Rate { trial, failing } => builder.probe_trial(trial, rate(failing)),
        };
        if let Some(failures) = self.consecutive {
            builder = builder.consecutive_failures(failures);
        }
        if let Some(percent) = self.failure_rate {
            builder = builder.failure_rate_threshold(rate(percent));
        }
        if let Some(over) = self.slow_over {
            builder = builder.slow_call_duration(Duration::from_millis(over));
        }
        if let Some(percent) = self.slow_rate {
            builder = builder.slow_call_rate_threshold(rate(percent));
        }
        if let Some(probes) = self.permitted {
            builder = builder.permitted_probes(probes);
        }
        builder
    }

    /// The same but for one setting. The window stays what it is.
    pub(crate) fn changed(&self, change: Change) -> Self {
        let mut new = self.clone();
        match change {
            Change::Consecutive(failures) => new.consecutive = self.consecutive.map(|_| failures),
            Change::FailureRate(percent) => {
                new.failure_rate = self.failure_rate.map(|_| percent);
            }
            Change::SlowOver(millis) => new.slow_over = self.slow_over.map(|_| millis),
            Change::Minimum(calls) => new.minimum = calls,
            Change::Longest(times) => new.max = self.base * times,
            Change::Probes(needed) => {
                new.probes = match self.probes {
                    Probes::Count { failures, .. } => Probes::Count {
                        successes: needed,
                        failures,
                    },
                    Probes::Rate { failing, .. } => Probes::Rate {
                        trial: needed,
                        failing,
                    },
                };
            }
            Change::HalfOpenFor(millis) => {
                new.half_open_for = self.half_open_for.map(|_| millis);
            }
            Change::Decay(millis) => new.decay = millis,
            Change::Ramp(millis) => new.ramp = millis,
        }
        new
    }

    /// The level, but none above the first at which the open period is as long as it gets: it would
    /// take calm to undo and change nothing. Without a decay it is a count, and closing undoes it.
    pub(crate) fn capped(&self, level: u32) -> u32 {
        if self.decay.is_none() {
            return level;
        }
        let longest = self.open_period(1000, None);
        let reached = |level: &u32| self.open_period(*level, None) == longest;
        level.min((1..=1000).find(reached).unwrap())
    }

    pub(crate) fn has_window(&self) -> bool {
        self.failure_rate.is_some() || self.slow_rate.is_some()
    }

    /// With fewer calls in the window than this its ratios do not count.
    pub(crate) fn enough(&self) -> u64 {
        u64::from(match self.window {
            Lately::Count(calls) => self.minimum.min(calls),
            Lately::Time { .. } => self.minimum,
        })
    }

    pub(crate) fn permits(&self) -> u32 {
        self.permitted.unwrap_or(match self.probes {
            Probes::Count { successes, .. } => successes,
            Probes::Rate { trial, .. } => trial,
        })
    }

    /// The open period at the given opening, by repeated multiplication.
    pub(crate) fn open_period(&self, opening: u32, hint: Option<u64>) -> Duration {
        let mut wait = self.base;
        for _ in 1..opening {
            wait = (wait * u64::from(self.factor)).min(self.max);
        }
        let wait = wait.max(hint.unwrap_or(0).min(self.max));
        Duration::from_millis(wait)
    }

    /// Long enough for all evidence to leave a time window.
    pub(crate) fn window_length(&self) -> Duration {
        match self.window {
            Lately::Count(_) => Duration::ZERO,
            Lately::Time { bucket, buckets } => Duration::from_millis(bucket * u64::from(buckets)),
        }
    }

    /// After this many failures that are also slow, one window length after the last success, some
    /// rule must have fired.
    pub(crate) fn failures_that_must_trip(&self) -> u32 {
        self.consecutive.unwrap_or(match self.window {
            Lately::Count(calls) => calls,
            Lately::Time { .. } => self.minimum,
        })
    }
}
