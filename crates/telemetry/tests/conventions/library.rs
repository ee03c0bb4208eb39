//! The metrics of breakers and their registries, compared with the conventions.

use std::num::NonZeroUsize;
use std::sync::Arc;

use fusebox::{Breaker, Config};
use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::host::Host;
use fusebox_fleet::{BreakerKey, InstanceId, Mode, Settings};
use fusebox_prometheus::fleet::FleetCollector;
use fusebox_prometheus::{BreakerCollector, CallDurations, Metrics};

use crate::page::{assert_same, families};
use crate::registry::Registry;

#[tokio::test]
async fn a_page_of_breakers_registries_and_a_fleet_is_as_the_conventions_have_it() {
    let breaker = Breaker::new("inventory", Config::default());
    let host = Host::new(InstanceId::new("A").unwrap(), Arc::new(Memory::new()));
    let settings = Settings::builder(Mode::Quorum).build().unwrap();
    let key = BreakerKey::new("inventory").unwrap();
    let participant = host.join(key, breaker.clone(), settings).unwrap();
    let hosts = fusebox::Registry::<String>::new(NonZeroUsize::MIN, Config::default());
    hosts.get("a.example").unwrap();
    let breakers = BreakerCollector::new();
    breakers.add(breaker).unwrap();
    breakers.add_registry("hosts", &hosts).unwrap();
    let metrics = Metrics::new();
    metrics.register(breakers).unwrap();
    let fleet = FleetCollector::new();
    fleet.add(participant.reader()).unwrap();
    metrics.register(fleet).unwrap();
    let durations = CallDurations::new(&metrics).unwrap();
    let _series = durations.of("inventory");

    let registry = Registry::read();
    let of_breakers = registry.metrics.iter();
    let of_breakers = of_breakers.filter(|metric| metric.name.starts_with("circuit_breaker."));
    let of_breakers: Vec<_> = of_breakers.collect();
    assert_same(
        &registry,
        &of_breakers,
        &families(&metrics.expose(None).body),
    );
}
