//! The dashboard about coordination: its queries have sensible answers, and no alert is wrong.

use end_to_end::{Prometheus, Sample, dashboards};

use crate::lab::Lab;
use crate::{RANGE, ask_all, assert_watched, query_of};

/// The dashboard that is about them alone.
pub(crate) const FILE: &str = "coordination.json";

#[tokio::test]
async fn prometheus_gets_sensible_answers_about_instances_that_decide_together() {
    let lab = Lab::start("quorum").await;
    let prometheus = Prometheus::start(&lab.configuration()).await;
    assert_watched(&prometheus).await;

    let dashboards = dashboards();
    let found = dashboards.iter().find(|(file, _)| file == FILE);
    let (file, dashboard) = found.expect("there is a dashboard");
    let mut table = String::new();
    ask_all(&prometheus, (file, dashboard), &mut table).await;

    assert_the_fleet_opens_and_holds(&prometheus).await;
    assert_shares_and_costs(&prometheus).await;
    assert_bars_are_what_the_counters_grew_by(&prometheus).await;
    assert_no_alert_is_wrong(&prometheus).await;
}

fn values(series: &[Sample]) -> impl Iterator<Item = f64> {
    series
        .iter()
        .flat_map(|one| one.points.iter().map(|(_, value)| *value))
}

/// In a minute the default fault plan fails enough calls of all four.
async fn assert_the_fleet_opens_and_holds(prometheus: &Prometheus) {
    let heard = query_of("coordination.json: Each breaker, and the verdict that it hears");
    let states = prometheus.last(&heard, RANGE).await;
    // In the order of the answer, which is that of the rows.
    let rows: Vec<&str> = states.iter().map(|one| one.label("row")).collect();
    let instances = ["A", "B", "C", "D"].into_iter();
    let wanted: Vec<String> = instances
        .flat_map(|name| [name.to_owned(), format!("{name} hears")])
        .collect();
    assert_eq!(rows, wanted);
    let verdict = "max(circuit_breaker_fleet_verdict{state=\"open\"})";
    let verdicts = prometheus.last(verdict, RANGE).await;
    let open = values(&verdicts).filter(|open| *open > 0.0).count();
    assert!(open >= 3, "open in {open} seconds");
    let does = query_of(
        "coordination.json: What the fleet does with each instance, or why it does not follow",
    );
    let done = prometheus.last(&does, RANGE).await;
    assert_eq!(done.len(), 4, "{done:?}");
    assert!(
        values(&done).any(|code| code.total_cmp(&1.0).is_eq()),
        "{done:?}"
    );
    assert!(
        values(&done).all(|code| (0.0..=12.0).contains(&code)),
        "{done:?}"
    );
    let voters = prometheus.now("max(circuit_breaker_fleet_voters)").await[0].value();
    assert!(voters >= 3.0, "{voters} vote");
}

async fn assert_shares_and_costs(prometheus: &Prometheus) {
    let wrong = query_of("coordination.json: How often each vote is wrong");
    let wrong = prometheus.last(&wrong, RANGE).await;
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    assert!(
        values(&wrong).all(|share| (0.0..=1.0).contains(&share)),
        "{wrong:?}"
    );
    // A report per heartbeat of a second with its answer, and at most 20 a second when opinions change.
    let messages = query_of("coordination.json: Messages");
    let messages = prometheus.last(&messages, RANGE).await;
    let most = values(&messages).fold(0.0, f64::max);
    let least = values(&messages).fold(f64::INFINITY, f64::min);
    assert!(least > 1.0 && most < 60.0, "{least} to {most} a second");
    // Opinions have been held all the time.
    let times = "sum by (instance) (rate(circuit_breaker_fleet_opinion_seconds_total[30s]))";
    let times = prometheus.now(times).await;
    assert_eq!(times.len(), 4, "{times:?}");
    assert!(
        times.iter().all(|one| (one.value() - 1.0).abs() < 0.05),
        "{times:?}"
    );
}

async fn assert_bars_are_what_the_counters_grew_by(prometheus: &Prometheus) {
    let shown = prometheus
        .now(&query_of("coordination.json: Requests to probe"))
        .await;
    let shown: f64 = shown.iter().map(Sample::value).sum();
    let counter = "circuit_breaker_fleet_leases_total";
    let grown = format!("sum({counter} - {counter} offset {RANGE}s)");
    let grown = prometheus.now(&grown).await[0].value();
    assert!(grown > 0.0, "nobody asked to probe");
    // Between the two questions one more scrape may come.
    assert!((shown - grown).abs() <= 8.0, "{shown} and {grown}");
    assert!((shown - shown.round()).abs() < 1e-9, "{shown} requests");
}

async fn assert_no_alert_is_wrong(prometheus: &Prometheus) {
    for name in ["EngineLost", "QuorumUnreachable", "Refused"] {
        let alert =
            format!("ALERTS{{alertname=\"CircuitBreakerFleet{name}\", alertstate=\"firing\"}}");
        let firing = prometheus.last(&alert, RANGE).await;
        assert!(firing.is_empty(), "{firing:?}");
    }
}
