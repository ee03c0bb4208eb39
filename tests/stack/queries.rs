//! Everything that the dashboards ask Prometheus, and the traces behind its exemplars.

use std::time::Duration;

use end_to_end::{Prometheus, Query, QueryKind, Sample, dashboards, queries};
use serde_json::Value;

use crate::RANGE;
use crate::checks::{Checks, say};
use crate::jaeger::Jaeger;

/// So many exemplars of each metric are followed.
const FOLLOWED: usize = 20;

/// Every query of every panel, annotation and variable is answered, without a warning.
pub(crate) async fn assert_answered(checks: &mut Checks, prometheus: &Prometheus) {
    let mut asked = 0;
    for (file, dashboard) in dashboards() {
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

/// A panel or annotation has a series with numbers.
async fn assert_series(checks: &mut Checks, prometheus: &Prometheus, query: &Query) {
    let mut written = query.written.clone();
    if query.place.starts_with("breaker.json") {
        // One instance is chosen there.
        written = written.replace("$instance", "A");
    }
    if query.place.ends_with("annotation Restarts") {
        // Nothing restarted: ask what is compared instead.
        written = written.replace(" > 0", "");
    }
    let asked = Query {
        written,
        ..query.clone()
    };
    let sent = asked.sent(&format!("{RANGE}s"));
    let series = prometheus.last(&sent, RANGE).await;
    let number = |sample: &Sample| sample.points.iter().any(|(_, value)| !value.is_nan());
    checks.that(
        format!(
            "{} has an answer in the last {RANGE} s: {sent}",
            query.place
        ),
        series.iter().any(number),
    );
    let now = prometheus.answer("query", &[("query", &sent)]).await;
    assert_no_warning(checks, query, &now);
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
