//! The settings of a config: the values that were set, and the documented defaults.

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use fusebox::{
    Breaker, Cause, Clock, ClockSteps, Config, DroppedPermit, HalfOpenTimeout, InFlightCalls,
    ManualClock, Outcome, ProbeVerdict, Ratio, RejectReason, State, SystemClock, Window,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn every_setting_is_read_back() {
    let stripes = NonZeroUsize::new(4);
    let config = Config::builder()
        .consecutive_failures(7)
        .failure_rate_threshold(0.25)
        .slow_call_rate_threshold(0.75)
        .slow_call_duration(SECOND * 2)
        .in_flight_calls(InFlightCalls::CountWhenOverdue)
        .window(Window::count(33))
        .minimum_calls(11)
        .open_for(SECOND * 3)
        .backoff_factor(1.5)
        .max_open_for(SECOND * 50)
        .backoff_decay(SECOND * 9)
        .jitter(0.3)
        .jitter_seed(42)
        .probe_count(3, 2)
        .permitted_probes(2)
        .half_open_for(SECOND * 8)
        .half_open_timeout(HalfOpenTimeout::Closed)
        .ramp_up_for(SECOND * 6)
        .dropped_permit(DroppedPermit::SlowFailureAfter(SECOND))
        .stripes(NonZeroUsize::new(4).expect("not zero"))
        .build()
        .expect("valid");

    assert_eq!(config.consecutive_failures(), Some(7));
    assert_eq!(config.failure_rate_threshold(), Ratio::new(0.25));
    assert_eq!(config.slow_call_rate_threshold(), Ratio::new(0.75));
    assert_eq!(config.slow_call_duration(), Some(SECOND * 2));
    assert_eq!(config.in_flight_calls(), InFlightCalls::CountWhenOverdue);
    assert_eq!(config.window(), Window::count(33));
    assert_eq!(config.minimum_calls(), 11);
    assert_eq!(config.open_for(), SECOND * 3);
    assert!((config.backoff_factor() - 1.5).abs() < f64::EPSILON);
    assert_eq!(config.max_open_for(), SECOND * 50);
    assert_eq!(config.backoff_decay(), Some(SECOND * 9));
    assert!((config.jitter() - 0.3).abs() < f64::EPSILON);
    assert_eq!(config.jitter_seed(), Some(42));
    let verdict = ProbeVerdict::Count {
        successes: 3,
        failures: 2,
    };
    assert_eq!(config.probe_verdict(), verdict);
    assert_eq!(config.permitted_probes(), 2);
    assert_eq!(config.half_open_for(), Some(SECOND * 8));
    assert_eq!(config.half_open_timeout(), HalfOpenTimeout::Closed);
    assert_eq!(config.ramp_up_for(), Some(SECOND * 6));
    let dropped = DroppedPermit::SlowFailureAfter(SECOND);
    assert_eq!(config.dropped_permit(), dropped);
    assert_eq!(config.stripes(), stripes);
    let breaker = Breaker::new("db", config.clone());
    assert_eq!(breaker.config(), config);
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let config = Config::default();

    assert_eq!(config.failure_rate_threshold(), Ratio::new(0.5));
    assert_eq!(config.consecutive_failures(), None);
    assert_eq!(config.slow_call_rate_threshold(), None);
    assert_eq!(config.slow_call_duration(), None);
    assert_eq!(config.in_flight_calls(), InFlightCalls::CountWhenEnded);
    assert_eq!(config.window(), Window::time(SECOND * 10, 10));
    assert_eq!(config.minimum_calls(), 20);
    assert_eq!(config.open_for(), SECOND * 5);
    assert!((config.backoff_factor() - 2.0).abs() < f64::EPSILON);
    assert_eq!(config.max_open_for(), SECOND * 60);
    assert_eq!(config.backoff_decay(), Some(SECOND * 60));
    assert!((config.jitter() - 0.1).abs() < f64::EPSILON);
    assert_eq!(config.jitter_seed(), None);
    assert_eq!(config.permitted_probes(), 1);
    assert_eq!(config.half_open_for(), Some(SECOND * 10));
    assert_eq!(config.half_open_timeout(), HalfOpenTimeout::Open);
    assert_eq!(config.ramp_up_for(), None);
    assert_eq!(config.dropped_permit(), DroppedPermit::Neutral);
    assert_eq!(config.stripes(), None);
}

#[test]
fn the_table_of_defaults_in_the_readme_is_true_and_names_every_setting() {
    let seconds = |time: Option<Duration>| time.map(|time| format!("{} s", time.as_secs()));
    let ratio = |ratio: Option<Ratio>| ratio.map(|ratio| ratio.to_string());
    let code = |value: &dyn std::fmt::Debug| Some(format!("`{value:?}`"));
    let built = Config::builder().consecutive_failures(9).build().unwrap();
    let default = Config::default();
    let expected = [
        (
            "consecutive_failures",
            default.consecutive_failures().map(|it| it.to_string()),
        ),
        (
            "failure_rate_threshold",
            ratio(built.failure_rate_threshold()),
        ),
        (
            "slow_call_rate_threshold",
            ratio(default.slow_call_rate_threshold()),
        ),
        ("slow_call_duration", seconds(default.slow_call_duration())),
        ("in_flight_calls", code(&default.in_flight_calls())),
        ("window", Some("`time(10s, 10)`".to_owned())),
        ("minimum_calls", Some(default.minimum_calls().to_string())),
        ("open_for", seconds(Some(default.open_for()))),
        ("backoff_factor", Some(default.backoff_factor().to_string())),
        ("max_open_for", seconds(Some(default.max_open_for()))),
        ("backoff_decay", seconds(default.backoff_decay())),
        ("jitter", Some(default.jitter().to_string())),
        ("probe_count", Some("1, 1".to_owned())),
        ("permitted_probes", Some("as needed".to_owned())),
        ("half_open_for", seconds(default.half_open_for())),
        ("half_open_timeout", code(&default.half_open_timeout())),
        ("ramp_up_for", seconds(default.ramp_up_for())),
        ("dropped_permit", code(&default.dropped_permit())),
    ];
    assert_eq!(default.window(), Window::time(SECOND * 10, 10));

    let readme = include_str!("../README.md");
    let rows = readme.lines().filter(|line| line.starts_with("| `"));
    let told: Vec<(&str, &str)> = rows
        .filter_map(|row| {
            let mut cells = row.split('|').map(str::trim).skip(1);
            Some((cells.next()?.trim_matches('`'), cells.next()?))
        })
        .filter(|(name, _)| expected.iter().any(|(known, _)| known == name))
        .collect();

    let expected = expected.map(|(name, value)| (name, value.unwrap_or_else(|| "off".to_owned())));
    let expected: Vec<(&str, &str)> = expected
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn a_shared_clock_is_the_clock_itself() {
    let clock = ManualClock::new();
    clock.set(SECOND * 5);
    let shared: Arc<dyn Clock> = Arc::new(clock);

    assert_eq!(shared.now(), SECOND * 5);
    assert_eq!(Arc::clone(&shared).now_nanos(), 5_000_000_000);
    assert_eq!(Clock::now(&shared), SECOND * 5);
    assert_eq!(Clock::steps(&shared), ClockSteps::BackToo);
    let system: Arc<dyn Clock> = Arc::new(SystemClock::new());
    assert_eq!(Clock::steps(&system), ClockSteps::OnlyForward);
}

#[test]
fn the_clocks_of_the_system_go_forward() {
    let clocks: Vec<Box<dyn Clock>> = vec![
        Box::new(SystemClock::new()),
        #[cfg(feature = "tsc")]
        Box::new(fusebox::TscClock::new()),
        #[cfg(feature = "coarse")]
        Box::new(fusebox::CoarseClock::new()),
    ];

    for clock in clocks {
        let mut last = clock.now();
        assert!(last < SECOND * 60, "counted from its creation");
        while clock.now() < last + Duration::from_micros(50) {}
        for _ in 0..1000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        assert!(clock.now_nanos() >= breaker_nanos(last));
    }
}

fn breaker_nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).expect("not that late")
}

#[test]
fn a_breaker_bears_the_name_of_what_it_protects() {
    let breaker = Breaker::new("inventory", Config::default());

    assert_eq!(breaker.name(), "inventory");
    assert_eq!(&*breaker.snapshot().name, "inventory");
    assert_eq!(
        format!("{breaker:?}"),
        "Breaker { name: \"inventory\", state: Closed, .. }"
    );
}

fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|one| name(*one)).collect()
}

#[test]
fn every_name_is_the_one_that_metrics_and_json_show() {
    assert_eq!(
        names(RejectReason::ALL, RejectReason::as_str),
        [
            "open",
            "half_open",
            "forced_open",
            "ramp_up",
            "fleet",
            "turn",
            "probe_busy",
        ]
    );
    assert_eq!(
        names(State::ALL, State::as_str),
        [
            "closed",
            "open",
            "half_open",
            "forced_open",
            "disabled",
            "metrics_only"
        ]
    );
    assert_eq!(
        names(Outcome::ALL, Outcome::as_str),
        ["success", "failure", "ignored", "cancelled", "late"]
    );
    assert_eq!(
        names(Cause::TRIPS, Cause::as_str),
        [
            "consecutive",
            "failure_ratio",
            "slow_ratio",
            "probe_failed",
            "half_open_timeout",
            "verdict",
            "manual",
            "fleet",
            "engine_lost",
        ]
    );
    let (trips, others) = Cause::ALL.split_at(Cause::TRIPS.len());
    assert_eq!(trips, Cause::TRIPS);
    assert_eq!(
        names(others, Cause::as_str),
        [
            "wait_elapsed",
            "probes_succeeded",
            "restored",
            "fleet_probe",
            "fleet_probe_succeeded",
            "fleet_probe_failed",
            "fleet_probe_cancelled",
            "fleet_probe_expired",
        ]
    );
}

#[test]
fn the_last_three_states_are_an_operators() {
    for (state, operators) in State::ALL
        .iter()
        .zip([false, false, false, true, true, true])
    {
        assert_eq!(state.is_operators(), operators, "{state}");
    }
}

/// An error that lies beneath another.
#[derive(Debug)]
struct Outer(std::fmt::Error);

impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("outer")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn a_failed_call_shows_its_error_and_what_lies_beneath() {
    let breaker = Breaker::new("db", Config::default());
    let failed = breaker.call(|| Err::<(), _>(Outer(std::fmt::Error)));
    let failed = failed.expect_err("it failed");
    assert_eq!(failed.to_string(), "outer");
    let beneath = failed.source().expect("something lies beneath");
    assert!(beneath.is::<std::fmt::Error>());

    breaker.force_open();
    let rejected = breaker.call(|| Err::<(), _>(Outer(std::fmt::Error)));
    let rejected = rejected.expect_err("it was rejected");
    assert_eq!(rejected.to_string(), "circuit breaker is forced_open");
    assert!(rejected.source().is_none());
}

#[test]
fn a_permit_says_where_it_was_granted() {
    let breaker = Breaker::new("db", Config::default());
    breaker.open();
    breaker.half_open();

    let permit = breaker.try_acquire().expect("a probe");

    assert_eq!(permit.state(), State::HalfOpen);
    assert_eq!(permit.generation().get(), 2);
    assert_eq!(
        format!("{permit:?}"),
        "Permit { state: HalfOpen, generation: Generation(2), .. }"
    );
}
