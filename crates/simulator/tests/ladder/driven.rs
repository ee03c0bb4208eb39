//! Breakers that a test calls itself, under a clock that it moves: the steps without the simulator.

use std::ops::Range;
use std::time::Duration;

use experiment::chance::Draw;
use fusebox::{Breaker, Config, ConfigBuilder, ManualClock, State, Window};

/// A breaker that trips at `limit` failures in a window of `width` calls and then stays open.
pub(crate) fn window_of(width: u32, limit: u32) -> ConfigBuilder {
    Config::builder()
        .window(Window::count(width))
        .minimum_calls(1)
        .failure_rate_threshold(f64::from(limit) / f64::from(width))
}

/// Luck, one share after another.
pub(crate) struct Luck {
    draw: Draw,
    number: u64,
}

impl Luck {
    pub(crate) fn of(seed: u64, what: &str) -> Self {
        Self {
            draw: Draw::new(seed).with(what),
            number: 0,
        }
    }

    pub(crate) fn share(&mut self) -> f64 {
        self.number += 1;
        self.draw.number(self.number).share()
    }

    /// A time to the next of events at `rate`, in seconds.
    pub(crate) fn gap(&mut self, rate: f64) -> Duration {
        Duration::from_secs_f64(-(1.0 - self.share()).ln() / rate)
    }
}

/// How many calls of which each fails with `p` it takes to open a breaker that saw `successes` before.
pub(crate) fn calls_to_open(config: &Config, successes: u32, p: f64, luck: &mut Luck) -> u64 {
    let breaker = Breaker::with_clock("driven", config.clone(), ManualClock::new());
    for _ in 0..successes {
        breaker.try_acquire().unwrap().success();
    }
    let mut calls = 0;
    while breaker.state() == State::Closed {
        let permit = breaker.try_acquire().unwrap();
        if luck.share() < p {
            permit.failure();
        } else {
            permit.success();
        }
        calls += 1;
    }
    calls
}

/// When the first probe of a breaker is sent that trips at zero and is called at `rate` within `calls`.
pub(crate) fn first_probe(
    config: &Config,
    rate: f64,
    calls: Range<Duration>,
    luck: &mut Luck,
) -> Option<Duration> {
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("driven", config.clone(), clock.clone());
    breaker.try_acquire().unwrap().trip();
    let mut now = calls.start + luck.gap(rate);
    while now < calls.end {
        clock.set(now);
        if let Ok(permit) = breaker.try_acquire() {
            permit.failure();
            return Some(now);
        }
        now += luck.gap(rate);
    }
    None
}
