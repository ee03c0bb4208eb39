//! Scrapes of participants of a fleet.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use fusebox::{Breaker, Config};
use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::host::{
    Direction, HeardVerdict, Host, MessageKind, Participant, RuntimeClock, Status,
};
use fusebox_fleet::{BreakerKey, InstanceId, Mode, Opinion, Settings};
use fusebox_prometheus::Metrics;
use fusebox_prometheus::fleet::{FleetCollector, names};

const MS: Duration = Duration::from_millis(1);

struct Fleet {
    engine: Arc<Memory>,
    clock: RuntimeClock,
    all: Vec<Participant>,
}

impl Fleet {
    fn of(instances: &[&str]) -> Self {
        let clock = RuntimeClock::new();
        let mut fleet = Self {
            engine: Arc::new(Memory::with_clock(clock)),
            clock,
            all: Vec::new(),
        };
        for name in instances {
            let participant = fleet.join(name);
            fleet.all.push(participant);
        }
        fleet
    }

    fn join(&self, name: &str) -> Participant {
        let engine = Arc::clone(&self.engine) as _;
        let host = Host::builder(InstanceId::new(name).unwrap(), engine).build();
        let config = Config::builder().consecutive_failures(10).build().unwrap();
        let breaker = Breaker::with_clock("db", config, self.clock);
        let settings = Settings::builder(Mode::Quorum).suspicion_run(3);
        let key = BreakerKey::new("db").unwrap();
        host.join(key, breaker, settings.build().unwrap()).unwrap()
    }

    async fn calls(&self, well: [bool; 2], number: u32) {
        for _ in 0..number {
            for (one, well) in self.all.iter().zip(well) {
                match (one.breaker().try_acquire(), well) {
                    (Ok(permit), true) => drop(permit.success()),
                    (Ok(permit), false) => drop(permit.failure()),
                    (Err(_), _) => {}
                }
            }
            tokio::time::sleep(20 * MS).await;
        }
    }
}

fn shown_of(participant: &Participant) -> (FleetCollector, Metrics) {
    let fleet = FleetCollector::new();
    fleet.add(participant.reader()).unwrap();
    let metrics = Metrics::new();
    metrics.register(fleet.clone()).unwrap();
    (fleet, metrics)
}

fn value(metrics: &Metrics, series: &str) -> f64 {
    let shown = metrics.expose(None).body;
    let mut values = shown
        .lines()
        .filter_map(|line| line.strip_prefix(&format!("circuit_breaker_fleet_{series} ")));
    let value = values
        .next()
        .unwrap_or_else(|| panic!("no series {series} in\n{shown}"));
    value.parse().unwrap()
}

fn is(metrics: &Metrics, series: &str, expected: f64) {
    let found = value(metrics, series);
    assert!(
        (found - expected).abs() < 1e-9,
        "{series}: {found} and not {expected}"
    );
}

#[tokio::test(start_paused = true)]
async fn counters_of_a_breaker_that_joins_anew_can_go_on() {
    const SENT: &str = r#"messages_total{breaker="db",kind="report",direction="sent"}"#;
    const IDLE: &str = r#"opinion_seconds_total{breaker="db",opinion="idle",verdict="closed"}"#;
    let mut fleet = Fleet::of(&["a", "b"]);
    tokio::time::sleep(3000 * MS).await;
    let (collector, metrics) = shown_of(&fleet.all[0]);
    let before = [SENT, IDLE].map(|series| value(&metrics, series));
    assert!(before[0] > 0.0 && before[1] > 2.0, "{before:?}");
    let first = fleet.all.remove(0);
    let reader = first.reader();
    assert!(collector.add(fleet.all[0].reader()).is_err());

    first.leave().await;
    let last = reader.status();
    let counted = (last.tally, last.opinion_times);
    collector.add_after(fleet.all[0].reader(), counted).unwrap();

    let other = fleet.all[0].status();
    let sent = |status: &Status| status.tally.messages(MessageKind::Report, Direction::Sent);
    is(&metrics, SENT, as_f64(sent(&last) + sent(&other)));
    let idle = last.opinion_times + other.opinion_times;
    let idle = idle.of(Opinion::Idle, HeardVerdict::Closed);
    is(&metrics, IDLE, idle.as_secs_f64());
}

#[expect(clippy::cast_precision_loss, reason = "messages of one test")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[tokio::test(start_paused = true)]
async fn all_series_are_there_before_anything_has_happened() {
    let fleet = Fleet::of(&["a"]);
    let (_, metrics) = shown_of(&fleet.all[0]);

    let shown = metrics.expose(None).body;
    for definition in names::FLEET {
        assert!(
            shown.contains(&format!("{}{{breaker=\"db\"", definition.name)),
            "{}",
            definition.name
        );
    }
    let series = |name: &str| {
        let start = format!("circuit_breaker_fleet_{name}{{");
        shown
            .lines()
            .filter(|line| line.starts_with(&start))
            .count()
    };
    let counts = [
        "messages_total",
        "fallbacks_total",
        "leases_total",
        "verdict",
        "stage",
        "apart",
        "opinion",
        "opinion_seconds_total",
    ]
    .map(series);
    assert_eq!(counts, [9, 5, 7, 2, 4, 10, 3, 9]);
    is(&metrics, r#"opinion{breaker="db",opinion="idle"}"#, 1.0);
    is(&metrics, r#"info{breaker="db",mode="quorum"}"#, 1.0);
    is(&metrics, r#"apart{breaker="db",reason="joining"}"#, 1.0);
    is(&metrics, r#"verdict{breaker="db",state="closed"}"#, 1.0);
    is(&metrics, r#"engine_up{breaker="db"}"#, 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_scrape_shows_votes_verdict_stage_and_messages() {
    let fleet = Fleet::of(&["a", "b"]);
    let (_, metrics) = shown_of(&fleet.all[0]);
    fleet.calls([true; 2], 100).await;
    is(&metrics, r#"voters{breaker="db"}"#, 2.0);
    is(&metrics, r#"need{breaker="db"}"#, 2.0);
    is(&metrics, r#"engine_up{breaker="db"}"#, 1.0);
    assert!(value(&metrics, r#"view_age_seconds{breaker="db"}"#) < 1.2);

    fleet.calls([false; 2], 8).await;

    is(&metrics, r#"suspects{breaker="db"}"#, 2.0);
    is(&metrics, r#"epoch{breaker="db"}"#, 1.0);
    is(&metrics, r#"verdict{breaker="db",state="open"}"#, 1.0);
    is(&metrics, r#"verdict{breaker="db",state="closed"}"#, 0.0);
    is(&metrics, r#"stage{breaker="db",stage="held"}"#, 1.0);
    is(&metrics, r#"stage{breaker="db",stage="none"}"#, 0.0);
    is(&metrics, r#"adoptions_total{breaker="db"}"#, 1.0);
    assert!(
        value(
            &metrics,
            r#"messages_total{breaker="db",kind="report",direction="sent"}"#
        ) >= 3.0
    );
    fleet.calls([false; 2], 600).await; // after a failed probe the other one is preferred
    assert!(value(&metrics, r#"leases_total{breaker="db",outcome="failed"}"#) >= 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_veto_and_its_reason_are_shown() {
    let fleet = Fleet::of(&["a", "b"]);
    let third = fleet.join("c");
    let (_, metrics) = shown_of(&third);
    third.breaker().try_acquire().unwrap().success();
    fleet.calls([true; 2], 10).await;
    fleet.calls([false; 2], 20).await;

    is(&metrics, r#"vetoes_total{breaker="db"}"#, 1.0);
    is(&metrics, r#"apart{breaker="db",reason="vetoed"}"#, 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_suspicion_that_the_fleet_does_not_share_is_time_on_the_counter() {
    let fleet = Fleet::of(&["a", "b"]);
    let (_, metrics) = shown_of(&fleet.all[0]);
    fleet.calls([true; 2], 100).await;

    fleet.calls([false, true], 100).await; // one of two is no quorum

    let series = |opinion: &str, verdict: &str| {
        let labels = format!(r#"breaker="db",opinion="{opinion}",verdict="{verdict}""#);
        value(&metrics, &format!("opinion_seconds_total{{{labels}}}"))
    };
    is(&metrics, r#"opinion{breaker="db",opinion="suspect"}"#, 1.0);
    let wrong = series("suspect", "closed");
    assert!((1.9..=2.0).contains(&wrong), "{wrong} of two seconds");
    let right = series("fine", "closed");
    assert!((1.9..=2.1).contains(&right), "{right} of two seconds");
    is(
        &metrics,
        r#"opinion_seconds_total{breaker="db",opinion="suspect",verdict="open"}"#,
        0.0,
    );
}

#[tokio::test(start_paused = true)]
async fn who_has_left_shows_that_until_it_joins_anew() {
    let mut fleet = Fleet::of(&["a"]);
    let (collector, metrics) = shown_of(&fleet.all[0]);
    tokio::time::sleep(100 * MS).await;
    let one = fleet.all.remove(0);
    assert!(
        collector.add(one.reader()).is_err(),
        "it is exported already"
    );

    assert!(one.leave().await);

    is(&metrics, r#"apart{breaker="db",reason="left"}"#, 1.0);
    is(&metrics, r#"engine_up{breaker="db"}"#, 0.0);
    is(
        &metrics,
        r#"messages_total{breaker="db",kind="leave",direction="received"}"#,
        1.0,
    );
    let again = fleet.join("a");
    collector.add(again.reader()).unwrap();
    is(&metrics, r#"apart{breaker="db",reason="left"}"#, 0.0);
    assert!(collector.remove(again.key()).is_some());
    assert!(
        !metrics
            .expose(None)
            .body
            .contains("circuit_breaker_fleet_voters{")
    );
}
