//! Jaeger killed in the middle of a run, which costs spans and nothing else.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::checks::{Checks, say};
use crate::jaeger::Jaeger;
use crate::lab::Lab;
use crate::programs::Stack;

/// How long it stays away.
const AWAY: Duration = Duration::from_secs(12);

pub(crate) async fn assert_costs_only_spans(
    checks: &mut Checks,
    stack: &mut Stack,
    lab: &Lab,
    jaeger: &Jaeger,
) {
    let lost = async || lab.spans("failed").await + lab.spans("dropped").await;
    let rate = async |over: Duration| {
        let began = Instant::now();
        let before = requests(lab).await;
        sleep(over).await;
        (requests(lab).await - before) / began.elapsed().as_secs_f64()
    };
    checks.equal("spans lost while Jaeger was there", &lost().await, &0.0);
    let usual = rate(Duration::from_secs(5)).await;

    stack.kill_jaeger().await;
    let during = rate(AWAY).await;

    say(&format!(
        "{usual:.0} requests/s before, {during:.0} while Jaeger was away"
    ));
    checks.that(
        format!("requests go on: {usual:.0}/s before, {during:.0}/s without Jaeger"),
        during >= 0.7 * usual,
    );
    let limit = Duration::from_secs(30);
    let down = async || (lab.metrics().await.sum("trace_export_up", &[]) == 0.0).then_some(());
    checks
        .comes_true(limit, "trace_export_up says 0", down)
        .await;
    let spans = lost().await;
    checks.that(format!("{spans} lost spans are counted"), spans > 0.0);
    warned(checks, lab, "spans are lost", "once that spans are lost");

    if let Err(error) = stack.start_jaeger().await {
        checks.that(format!("Jaeger starts again: {error}"), false);
        return;
    }
    stack.assert_healthy(checks).await;
    let up = async || (lab.metrics().await.sum("trace_export_up", &[]) > 0.0).then_some(());
    checks
        .comes_true(Duration::from_secs(60), "trace_export_up says 1", up)
        .await;
    let all = async || (jaeger.services().await.len() == 3).then_some(());
    checks
        .comes_true(
            Duration::from_secs(30),
            "Jaeger knows all three services again",
            all,
        )
        .await;
    warned(
        checks,
        lab,
        "spans reach the collector again",
        "once that they arrive again",
    );
    stack.assert_started_again(checks).await;
}

async fn requests(lab: &Lab) -> f64 {
    lab.metrics()
        .await
        .sum("load_generator_requests_total", &[])
}

fn warned(checks: &mut Checks, lab: &Lab, words: &str, what: &str) {
    let log = lab.log();
    let lines = log.iter().filter(|line| line.contains(words));
    checks.equal(&format!("the log says {what}"), &lines.count(), &1);
}
