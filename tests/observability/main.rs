//! The real Prometheus scrapes a running lab, as `prometheus.yml` says; then everything that the
//! dashboards, the rules and the variables ask is asked, and the answers must make sense.

mod coordination;
mod lab;
#[path = "../promql.rs"]
mod promql;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use end_to_end::{Prometheus, Query, QueryKind, Sample, dashboards, eventually, queries, within};
use lab::Lab;
use promql::assert_known;

/// The range of the queries, in seconds. Prometheus watches for that long before.
const RANGE: u32 = 60;

#[tokio::test]
async fn prometheus_gets_sensible_answers_to_everything_that_is_asked_of_it() {
    let lab = Lab::start("local").await;
    let prometheus = Prometheus::start(&lab.configuration()).await;
    assert_every_target_is_scraped_once(&prometheus).await;
    assert_watched(&prometheus).await;

    let mut table = String::from("| asked by | series | an answer |\n|---|---:|---|\n");
    let dashboards = dashboards().into_iter();
    for (file, dashboard) in dashboards.filter(|(file, _)| file != coordination::FILE) {
        ask_all(&prometheus, (&file, &dashboard), &mut table).await;
    }
    for (name, count, shown) in rules(&prometheus).await {
        writeln!(table, "| rule {name} | {count} | {shown} |").expect("a string grows");
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("queries.md");
    std::fs::write(file, table).expect("the target folder can be written");

    assert_two_states_at_one_moment(&prometheus).await;
    assert_shares_sum_to_one(&prometheus).await;
    assert_openings_match_the_counters(&prometheus, &lab).await;
    assert_exemplars_lead_to_traces(&prometheus, &lab).await;
    assert_a_restart_is_marked(&prometheus, lab).await;
}

/// Every query of the dashboard has an answer, except the one that says that no target is up. Adds them to the table.
async fn ask_all(
    prometheus: &Prometheus,
    (file, dashboard): (&str, &serde_json::Value),
    table: &mut String,
) {
    for query in queries(file, dashboard) {
        let (count, shown) = answer(prometheus, &query).await;
        let says_that_nobody_is_there = query.written.starts_with("vector(");
        assert_ne!(count > 0, says_that_nobody_is_there, "{count}: {query:?}");
        writeln!(table, "| {} | {count} | {shown} |", query.place).expect("a string grows");
    }
}

/// Prometheus has seen every service for the whole range, and a little longer.
async fn assert_watched(prometheus: &Prometheus) {
    let samples = format!("min(count_over_time(up[{}s]))", 2 * RANGE);
    within(
        Duration::from_secs(180),
        "a minute of samples",
        async || {
            let counted = prometheus.now(&samples).await;
            (counted.first()?.value() >= f64::from(RANGE + 5)).then_some(())
        },
    )
    .await;
}

/// The query of a panel or annotation, as the dashboard sends it.
fn query_of(place: &str) -> String {
    let dashboards = dashboards();
    let queries = dashboards
        .iter()
        .flat_map(|(file, dashboard)| queries(file, dashboard));
    let mut found = queries.filter(|query| query.place == place);
    let query = found.next().unwrap_or_else(|| panic!("no {place}"));
    query.sent(&format!("{RANGE}s"))
}

/// The mark of a restart appears when, and only when, there was one.
async fn assert_a_restart_is_marked(prometheus: &Prometheus, lab: Lab) {
    let marks = query_of("fleet.json: annotation Restarts");
    assert_eq!(prometheus.last(&marks, RANGE).await, []);

    let _restarted = lab.restarted().await;

    within(
        Duration::from_secs(30),
        "the restart is marked",
        async || {
            let series = prometheus.last(&marks, RANGE).await;
            (series.iter().any(|sample| sample.label("instance") == "A")).then_some(())
        },
    )
    .await;
}

/// Static targets and discovered ones are the same; D is only discovered.
async fn assert_every_target_is_scraped_once(prometheus: &Prometheus) {
    let wanted = [
        ("instances", "A"),
        ("instances", "B"),
        ("instances", "C"),
        ("instances", "D"),
        ("lab", "lab"),
        ("unreliable-service", "unreliable"),
    ];
    let wanted: Vec<_> = wanted.map(|(job, name)| format!("{job} {name} up")).into();
    within(Duration::from_secs(30), "all targets are up", async || {
        let data = prometheus.ask("targets", &[("state", "active")]).await;
        let targets = data["activeTargets"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut found: Vec<_> = targets
            .iter()
            .map(|target| {
                let labels = &target["labels"];
                let text =
                    |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
                format!(
                    "{} {} {}",
                    text(&labels["job"]),
                    text(&labels["instance"]),
                    text(&target["health"])
                )
            })
            .collect();
        found.sort();
        (found == wanted).then_some(())
    })
    .await;
}

/// How many series answer a query somewhere in the range, and one of them.
async fn answer(prometheus: &Prometheus, query: &Query) -> (usize, String) {
    if query.kind == QueryKind::Variable {
        let values = values(prometheus, &query.written).await;
        return (values.len(), values.join(", "));
    }
    let mut sent = query.sent(&format!("{RANGE}s"));
    if query.place.starts_with("breaker.json") {
        // One instance is chosen there.
        sent = query.written.replace("$instance", "A");
        sent = Query {
            written: sent,
            ..query.clone()
        }
        .sent(&format!("{RANGE}s"));
    }
    if query.place.ends_with("annotation Restarts") {
        // Nothing restarted: ask what is the same instead.
        sent = sent.replace(" != ", " == ");
    }
    let series = prometheus.last(&sent, RANGE).await;
    let has_number = |sample: &&Sample| sample.points.iter().any(|(_, value)| !value.is_nan());
    let answered: Vec<_> = series.iter().filter(has_number).collect();
    if query.kind == QueryKind::Instant && !sent.contains("open_until") {
        assert!(
            !prometheus.now(&sent).await.is_empty(),
            "nothing now: {query:?}"
        );
    }
    if query.kind == QueryKind::Annotation && query.written.starts_with("1000 *") {
        assert_times_are_of_today(&answered);
    }
    let shown = answered.first().map(|sample| {
        let values = sample
            .points
            .iter()
            .map(|(_, value)| *value)
            .filter(|value| !value.is_nan());
        let last = values.fold(0.0, |_, value| value);
        let labels = sample.labels.to_string().replace('"', "");
        format!("{labels} {last:.3}")
    });
    (answered.len(), shown.unwrap_or_default())
}

/// Marks are placed by their value, in milliseconds.
fn assert_times_are_of_today(series: &[&Sample]) {
    for (at, value) in series.iter().flat_map(|sample| &sample.points) {
        let ago = at - value / 1000.0;
        assert!((-2.0..600.0).contains(&ago), "{ago} s ago");
    }
}

/// What `label_values(selector, label)` gives.
async fn values(prometheus: &Prometheus, written: &str) -> Vec<String> {
    let inside = written
        .trim_start_matches("label_values(")
        .trim_end_matches(')');
    let (selector, label) = inside.rsplit_once(", ").expect("a selector and a label");
    let selector = selector.replace("$job", ".+").replace("$instance", ".+");
    let path = format!("label/{label}/values");
    let data = prometheus.ask(&path, &[("match[]", &selector)]).await;
    let values = data.as_array().cloned().unwrap_or_default();
    values
        .iter()
        .filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

/// Every rule is healthy, names what exists, and those that record have recorded something.
async fn rules(prometheus: &Prometheus) -> Vec<(String, usize, String)> {
    let data = prometheus.ask("rules", &[]).await;
    let groups = data["groups"].as_array().cloned().unwrap_or_default();
    let mut seen = Vec::new();
    for rule in groups
        .iter()
        .flat_map(|group| group["rules"].as_array().expect("rules"))
    {
        let name = rule["name"].as_str().expect("a name").to_owned();
        let expression = rule["query"].as_str().expect("a query");
        assert_eq!(rule["health"], "ok", "{rule}");
        assert_known(&name, expression);
        if rule["type"] == "recording" {
            let series = prometheus.last(&name, RANGE).await;
            assert!(!series.is_empty(), "{name} recorded nothing");
            let last = series[0].value();
            seen.push((name, series.len(), format!("{last:.3}")));
        } else {
            let state = rule["state"].as_str().unwrap_or_default().to_owned();
            let firing = prometheus
                .last(&format!("ALERTS{{alertname=\"{name}\"}}"), RANGE)
                .await;
            seen.push((name, firing.len(), format!("{state} now")));
        }
    }
    assert_eq!(seen.len(), 17, "{seen:?}");
    seen
}

/// The timeline shows what the lab is for.
async fn assert_two_states_at_one_moment(prometheus: &Prometheus) {
    let series = prometheus
        .last(&query_of("fleet.json: State of each breaker"), RANGE)
        .await;
    assert_eq!(series.len(), 4, "{series:?}");
    let mut at: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for (time, value) in series.iter().flat_map(|sample| &sample.points) {
        assert!([0.0, 1.0, 2.0].contains(value), "{value}");
        at.entry(time.to_bits())
            .or_default()
            .insert(value.to_string());
    }
    let mixed = at.values().filter(|states| states.len() >= 2).count();
    assert!(mixed >= 5, "in {mixed} of {} seconds", at.len());
    let distinct = prometheus
        .last("breaker:circuit_breaker_distinct_states:count", RANGE)
        .await;
    assert!(
        distinct[0].points.iter().any(|(_, value)| *value >= 2.0),
        "{distinct:?}"
    );
}

async fn assert_shares_sum_to_one(prometheus: &Prometheus) {
    let shares = query_of("fleet.json: Share of time in each state");
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    for sample in prometheus.now(&shares).await {
        *sums.entry(sample.label("instance").to_owned()).or_default() += sample.value();
    }
    assert_eq!(sums.len(), 4, "{sums:?}");
    assert!(
        sums.values().all(|sum| (sum - 1.0).abs() < 1e-9),
        "{sums:?}"
    );
    let fleet = prometheus
        .last("breaker:circuit_breaker_open:ratio", RANGE)
        .await;
    assert!(
        fleet[0]
            .points
            .iter()
            .all(|(_, value)| (0.0..=1.0).contains(value)),
        "{fleet:?}"
    );
}

async fn assert_openings_match_the_counters(prometheus: &Prometheus, lab: &Lab) {
    let before = lab.openings().await;
    let (stored, after) = eventually("a scrape between two looks", async || {
        let stored = prometheus
            .now("sum(circuit_breaker_trips_total{rule!~\"manual|engine_lost\"})")
            .await;
        let stored = stored.first()?.value();
        (stored >= before).then_some((stored, lab.openings().await))
    })
    .await;
    assert!(stored <= after, "{before} <= {stored} <= {after}");
    assert!(stored >= 2.0, "{stored}");
    // What the panel shows is what the counters grew by.
    let shown = prometheus
        .now(&query_of("fleet.json: Openings in a minute"))
        .await[0]
        .value();
    let counter = "circuit_breaker_trips_total{rule!~\"manual|engine_lost\"}";
    let grown = format!("sum({counter} - {counter} offset 1m)");
    let grown = prometheus.now(&grown).await[0].value();
    // Between the two questions one more scrape may come, with an opening of each.
    assert!((shown - grown).abs() <= 4.0, "{shown} and {grown}");
    assert!((shown - shown.round()).abs() < 1e-9, "{shown} openings");
}

/// Every dot in a graph of latencies or transitions leads to a trace that was exported.
async fn assert_exemplars_lead_to_traces(prometheus: &Prometheus, lab: &Lab) {
    for metric in [
        "http_server_request_duration_seconds_bucket",
        "circuit_breaker_call_duration_seconds_bucket",
        "circuit_breaker_transitions_total",
    ] {
        let exemplars = prometheus.traces_behind(metric, RANGE).await;
        assert!(exemplars.len() >= 3, "{metric}: {}", exemplars.len());
        eventually("the traces behind the exemplars have arrived", async || {
            let spans = lab.collector.spans();
            let known: BTreeSet<_> = spans.iter().map(|span| &span.trace_id).collect();
            exemplars.iter().all(|id| known.contains(id)).then_some(())
        })
        .await;
    }
}
