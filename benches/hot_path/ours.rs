//! Rows for our breaker, rule by rule and clock by clock, and for a reading of each clock.

use std::hint::black_box;
use std::time::Duration;

use benches::{Name, Row};
use fusebox::{Breaker, Clock, CoarseClock, Config, ConfigBuilder, SystemClock, TscClock, Window};

use crate::FOR_EVER;

pub(crate) const CONSECUTIVE: &str = "consecutive rule only";
pub(crate) const COUNT: &str = "count window of 100, failure ratio";
const COUNT_SLOW: &str = "count window of 100, failure and slow ratio";
pub(crate) const TIME_SLOW: &str = "time window 10 s / 10 buckets, failure and slow ratio";
const HALF_FAIL: &str = "that time window, every second call fails";
pub(crate) const OPEN: &str = "open, reject";
const READ: &str = "one reading";

/// The clocks that every row is measured with.
pub(crate) const CLOCKS: &[OnClock] = &[
    OnClock::new("breaker, `TscClock`", |it| on(TscClock::new(), it)),
    OnClock::new("breaker, `CoarseClock`", |it| on(CoarseClock::new(), it)),
    OnClock::new("breaker, `SystemClock`", |it| on(SystemClock::new(), it)),
];

/// What the rows on one clock are called, and what makes a breaker on it.
pub(crate) struct OnClock {
    pub(crate) subject: &'static str,
    make: fn(Config) -> Breaker,
}

impl OnClock {
    const fn new(subject: &'static str, make: fn(Config) -> Breaker) -> Self {
        Self { subject, make }
    }
}

fn on(clock: impl Clock + 'static, config: Config) -> Breaker {
    Breaker::with_clock("bench", config, clock)
}

pub(crate) fn rows() -> Vec<Row> {
    let readings = [
        reading(Name::new("`TscClock`", READ), TscClock::new()),
        reading(Name::new("`CoarseClock`", READ), CoarseClock::new()),
        reading(Name::new("`SystemClock`", READ), SystemClock::new()),
    ];
    let breakers = CLOCKS.iter().flat_map(rows_on);
    readings.into_iter().chain(breakers).collect()
}

fn reading(name: Name, clock: impl Clock + Clone + 'static) -> Row {
    Row::new(name, move || {
        let clock = clock.clone();
        move || {
            black_box(clock.now_nanos());
        }
    })
}

fn rows_on(clock: &OnClock) -> Vec<Row> {
    let name = |case| Name::new(clock.subject, case);
    let breaker = |settings: ConfigBuilder| {
        let config = settings.open_for(FOR_EVER).jitter(0.0).build();
        (clock.make)(config.expect("valid"))
    };
    let opened = breaker(slow(time()));
    opened.open();
    vec![
        succeeding(name(CONSECUTIVE), breaker(consecutive())),
        succeeding(name(COUNT), breaker(count())),
        succeeding(name(COUNT_SLOW), breaker(slow(count()))),
        succeeding(name(TIME_SLOW), breaker(slow(time()))),
        half_failing(name(HALF_FAIL), breaker(slow(time()))),
        rejected(name(OPEN), opened),
    ]
}

fn consecutive() -> ConfigBuilder {
    Config::builder().consecutive_failures(5)
}

/// The threshold is one that every second failure never reaches.
fn ratio(window: Window) -> ConfigBuilder {
    Config::builder().failure_rate_threshold(0.9).window(window)
}

fn count() -> ConfigBuilder {
    ratio(Window::count(100))
}

fn time() -> ConfigBuilder {
    ratio(Window::time(Duration::from_secs(10), 10))
}

fn slow(settings: ConfigBuilder) -> ConfigBuilder {
    settings
        .slow_call_rate_threshold(0.9)
        .slow_call_duration(Duration::from_secs(1))
}

fn succeeding(name: Name, breaker: Breaker) -> Row {
    Row::new(name, move || {
        let breaker = breaker.clone();
        move || {
            let permit = breaker.try_acquire().expect("closed");
            black_box(permit.success());
        }
    })
}

fn half_failing(name: Name, breaker: Breaker) -> Row {
    Row::new(name, move || {
        let breaker = breaker.clone();
        let mut failing = false;
        move || {
            let permit = breaker.try_acquire().expect("below the threshold");
            black_box(if failing {
                permit.failure()
            } else {
                permit.success()
            });
            failing = !failing;
        }
    })
}

fn rejected(name: Name, breaker: Breaker) -> Row {
    Row::new(name, move || {
        let breaker = breaker.clone();
        move || {
            black_box(breaker.try_acquire().expect_err("open"));
        }
    })
}
