//! All queries of the dashboards to Prometheus, and the traces behind its exemplars.

use std::time::Duration;

use end_to_end::{Prometheus, Query, QueryKind, Sample, dashboards, queries};
use serde_json::Value;

use crate::RANGE;
use crate::checks::{Checks, say};
use crate::jaeger::Jaeger;

/// How many exemplars of each metric are followed.
const FOLLOWED: usize = 20;

/// Every query of every panel, annotation and variable is answered, without a warning.
pub(crate) async fn assert_answered(checks: &mut Checks, prometheus: &Prometheus) {
    let mut asked = 0;
    // The instances of this run decide alone. `--test observability` asks about others.
    let dashboards = dashboards().into_iter();
    for (file, dashboard) in dashboards.filter(|(file, _)| file != "coordination.json") {
        for query in queries(&file, &dashboard) {
            asked += 1;
            if query.kind == QueryKind::Variable {
                assert_values(checks, prometheus, &query).await;
            } else {
                assert_series(checks, prometheus, &query).await;
            }
        }
    }
    say(&format!("{asked} queries"));
}

/// A variable has values.
async fn assert_values(checks: &mut Checks, prometheus: &Prometheus, query: &Query) {
    let inside = query.written.strip_prefix("label_values(");
    let inside = inside.and_then(|inside| inside.strip_suffix(')'));
    let Some((selector, label)) = inside.and_then(|inside| inside.rsplit_once(", ")) else {
        checks.that(format!("{query:?} can be read"), false);
        return;
    };
    let selector = Query {
        written: selector.to_owned(),
        ..query.clone()
    };
    let path = format!("label/{label}/values");
    let selector = selector.sent(&format!("{RANGE}s"));
    let answer = prometheus.answer(&path, &[("match[]", &selector)]).await;
    let values = answer["data"].as_array().map_or(0, Vec::len);
    checks.that(format!("{} has values", query.place), values > 0);
    assert_no_warning(checks, query, &answer);
}

/// A panel or annotation has a series with numbers; the one that says that no target is up has none.
async fn assert_series(checks: &mut Checks, prometheus: &Prometheus, query: &Query) {
    let sent = of_one_instance(query).sent(&format!("{RANGE}s"));
    let answered = has_numbers(&prometheus.last(&sent, RANGE).await);
    if says_that_nobody_is_up(query) {
        checks.that(format!("{} is silent: {sent}", query.place), !answered);
    } else {
        checks.that(
            format!(
                "{} has an answer in the last {RANGE} s: {sent}",
                query.place
            ),
            answered,
        );
    }
    let now = prometheus.answer("query", &[("query", &sent)]).await;
    assert_no_warning(checks, query, &now);
}

/// The query with one instance chosen, where the dashboard shows one. Nothing restarted, so the mark of
/// restarts is asked for what did not.
fn of_one_instance(query: &Query) -> Query {
    let mut written = query.written.clone();
    if query.place.starts_with("breaker.json") {
        written = written.replace("$instance", "A");
    }
    if query.place.ends_with("annotation Restarts") {
        written = written.replace(" != ", " == ");
    }
    Query {
        written,
        ..query.clone()
    }
}

fn has_numbers(series: &[Sample]) -> bool {
    let number = |sample: &Sample| sample.points.iter().any(|(_, value)| !value.is_nan());
    series.iter().any(number)
}

/// A series that stands for the absence of targets: it exists only while no target is up.
fn says_that_nobody_is_up(query: &Query) -> bool {
    query.written.starts_with("vector(")
}

/// While no target is up, each dashboard says so.
pub(crate) async fn assert_emptiness_is_told(checks: &mut Checks, prometheus: &Prometheus) {
    for (file, dashboard) in dashboards() {
        let told = queries(&file, &dashboard);
        let told: Vec<_> = told
            .iter()
            .filter(|it| says_that_nobody_is_up(it))
            .collect();
        checks.that(format!("{file} says when nobody is up"), !told.is_empty());
        for query in told {
            let sent = of_one_instance(query).sent(&format!("{RANGE}s"));
            let now = async || has_numbers(&prometheus.now(&sent).await).then_some(());
            let limit = Duration::from_secs(10);
            checks
                .comes_true(limit, &format!("{} says so", query.place), now)
                .await;
        }
    }
}

fn assert_no_warning(checks: &mut Checks, query: &Query, answer: &Value) {
    for kind in ["warnings", "infos"] {
        let words = &answer[kind];
        checks.that(
            format!("{} is answered without {kind}: {words}", query.place),
            words.as_array().is_none_or(Vec::is_empty),
        );
    }
}

/// A dot in a graph leads to its trace.
pub(crate) async fn assert_exemplars(
    checks: &mut Checks,
    prometheus: &Prometheus,
    jaeger: &Jaeger,
) {
    for metric in [
        "http_server_request_duration_seconds_bucket",
        "circuit_breaker_call_duration_seconds_bucket",
        "circuit_breaker_transitions_total",
    ] {
        let exemplars = prometheus.traces_behind(metric, RANGE).await;
        say(&format!("{metric}: {} exemplars", exemplars.len()));
        checks.that(format!("{metric} has exemplars"), exemplars.len() >= 3);
        for id in exemplars.iter().take(FOLLOWED) {
            // Spans wait in the queue for some seconds.
            let limit = Duration::from_secs(15);
            let what = format!("{metric}: Jaeger has the trace {id}");
            checks
                .comes_true(limit, &what, async || {
                    (!jaeger.trace(id).await.is_empty()).then_some(())
                })
                .await;
        }
    }
}
