//! A builder made from a config: it makes the same config again, and changes only what it is told
//! to.

use std::time::Duration;

use fusebox::{Config, ConfigBuilder, InFlightCalls, Window};

const SECOND: Duration = Duration::from_secs(1);

fn settings() -> ConfigBuilder {
    Config::builder()
        .consecutive_failures(1)
        .open_for(SECOND)
        .max_open_for(SECOND * 64)
        .jitter(0.0)
}

#[test]
fn a_builder_of_a_config_makes_the_same_config() {
    let configs = [
        Config::default(),
        settings()
            .failure_rate_threshold(0.3)
            .slow_call_rate_threshold(0.4)
            .slow_call_duration(SECOND)
            .window(Window::count(7))
            .minimum_calls(3)
            .backoff_factor(3.0)
            .jitter(0.25)
            .jitter_seed(9)
            .backoff_decay(None)
            .ramp_up_for(SECOND)
            .in_flight_calls(InFlightCalls::CountWhenOverdue)
            .stripes(std::num::NonZeroUsize::MIN)
            .probe_trial(5, 0.6)
            .permitted_probes(2)
            .half_open_for(None)
            .half_open_timeout(fusebox::HalfOpenTimeout::Closed)
            .dropped_permit(fusebox::DroppedPermit::SlowFailureAfter(SECOND))
            .build()
            .unwrap(),
    ];
    for config in configs {
        assert_eq!(config.to_builder().build().as_ref(), Ok(&config));
    }
}

#[test]
fn a_builder_of_a_config_keeps_what_was_asked_for_and_what_was_left_to_defaults() {
    let open_longer = Config::default().to_builder().open_for(SECOND * 90);
    assert_eq!(open_longer.build().unwrap().max_open_for(), SECOND * 90);
    let asked = settings().max_open_for(SECOND * 60).build().unwrap();
    let contradiction = asked.to_builder().open_for(SECOND * 90).build();
    assert_eq!(contradiction.unwrap_err().faults()[0].field, "max_open_for");

    let more_probes = Config::default().to_builder().probe_count(4, 1);
    assert_eq!(more_probes.build().unwrap().permitted_probes(), 4);
    let one = settings()
        .probe_count(1, 1)
        .permitted_probes(1)
        .build()
        .unwrap();
    let more_probes = one.to_builder().probe_count(4, 1).build().unwrap();
    assert_eq!(more_probes.permitted_probes(), 1);

    let full = settings()
        .minimum_calls(50)
        .window(Window::count(10))
        .build()
        .unwrap();
    assert_eq!(full.minimum_calls(), 10);
    let larger = full
        .to_builder()
        .window(Window::count(100))
        .build()
        .unwrap();
    assert_eq!(larger.minimum_calls(), 50);
}

#[test]
fn rules_can_be_taken_off_again() {
    let all = settings()
        .failure_rate_threshold(0.5)
        .slow_call_rate_threshold(0.5)
        .slow_call_duration(SECOND)
        .in_flight_calls(InFlightCalls::CountWhenOverdue)
        .jitter_seed(3)
        .build()
        .unwrap();

    let only_failures = all
        .to_builder()
        .without_consecutive_failures()
        .without_slow_calls()
        .build()
        .unwrap();

    assert_eq!(only_failures.consecutive_failures(), None);
    assert_eq!(only_failures.slow_call_rate_threshold(), None);
    assert_eq!(only_failures.slow_call_duration(), None);
    assert_eq!(
        only_failures.in_flight_calls(),
        InFlightCalls::CountWhenEnded
    );
    let row = all.to_builder().without_failure_rate().build().unwrap();
    assert_eq!(row.failure_rate_threshold(), None);
    let none = only_failures.to_builder().without_failure_rate().build();
    assert_eq!(none.unwrap_err().faults()[0].field, "trip rules");
}
