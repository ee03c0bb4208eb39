//! Prometheus' statements about its targets and rules.

use std::time::Duration;

use end_to_end::{Prometheus, repository};
use serde_json::Value;

use crate::checks::Checks;

/// What `prometheus.yml` names; service discovery finds the same.
const TARGETS: [&str; 5] = [
    "instances A",
    "instances B",
    "instances C",
    "lab lab",
    "unreliable-service unreliable",
];

/// Every target is up, and scraped once though it is both static and discovered.
pub(crate) async fn assert_scraped(checks: &mut Checks, prometheus: &Prometheus) {
    let limit = Duration::from_secs(30);
    let targets = checks
        .comes_true(limit, "all five targets are up", async || {
            let data = prometheus.ask("targets", &[("state", "active")]).await;
            let targets = list(&data["activeTargets"]);
            let up = targets.iter().filter(|target| target["health"] == "up");
            (up.count() == TARGETS.len()).then_some(targets)
        })
        .await;
    let mut found: Vec<String> = targets.unwrap_or_default().iter().map(target).collect();
    found.sort();
    checks.equal("the targets", &found, &TARGETS.map(str::to_owned).to_vec());
}

fn target(target: &Value) -> String {
    let label = |name: &str| {
        target["labels"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    format!("{} {}", label("job"), label("instance"))
}

/// Every rule of the file is healthy, and those that record have recorded something.
pub(crate) async fn assert_rules(checks: &mut Checks, prometheus: &Prometheus) {
    let path = repository().join("prometheus/rules.yml");
    let written = std::fs::read_to_string(path).expect("the rules can be read");
    let written = written.lines().filter(|line| {
        let line = line.trim_start();
        line.starts_with("- record:") || line.starts_with("- alert:")
    });
    let data = prometheus.ask("rules", &[]).await;
    let groups = list(&data["groups"]);
    let rules = groups.iter().flat_map(|group| list(&group["rules"]));
    let rules: Vec<Value> = rules.collect();
    checks.equal("the number of rules", &rules.len(), &written.count());
    for rule in rules {
        let name = rule["name"].as_str().unwrap_or_default();
        checks.that(
            format!("rule {name} is healthy: {}", rule["lastError"]),
            rule["health"] == "ok",
        );
        if rule["type"] == "recording" {
            let recorded = prometheus.last(name, crate::RANGE).await;
            checks.that(
                format!("rule {name} recorded something"),
                !recorded.is_empty(),
            );
        }
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
