//! The luck of callers: the same seed gives each caller the same faults, however many call at once, and the truth is
//! what clients see.

use std::collections::BTreeMap;

use end_to_end::{Client, System};
use tokio::task::JoinSet;

use super::service;

const PLAN: &str = r#"{"seed": 11, "rules": {
    "a": {"gate": {"bernoulli": 0.3, "rho": 0.5}, "effects": [{"status": {"codes": {"500": 1, "503": 1}}}]},
    "b": {"gate": {"every_nth": 5}, "effects": [{"reset": {}}]},
    "c": {"match": {"shard": [0, 1], "shards": 4}, "effects": [{"wrong_body": {}}]}}}"#;
const CALLERS: usize = 8;
const CALLS: usize = 40;

/// What one caller sees of its calls, one after another.
async fn story(client: Client, caller: usize) -> Vec<String> {
    let name = format!("caller-{caller}");
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let mut seen = Vec::new();
    for call in 0..CALLS {
        let request = http
            .get(format!("{}/data", client.base()))
            .header("x-caller", &name)
            .header("x-request-key", format!("key-{call}"));
        seen.push(match request.send().await {
            Ok(response) => {
                let status = response.status();
                let body = response.text().await.unwrap_or_default();
                format!("{status} {body}")
            }
            Err(_) => "broken".to_owned(),
        });
    }
    seen
}

/// What all callers see when this many of them call at once.
async fn stories(at_once: usize) -> BTreeMap<usize, Vec<String>> {
    let (_system, client) = service(PLAN).await;
    let mut waiting: Vec<usize> = (0..CALLERS).collect();
    let (mut running, mut stories) = (JoinSet::new(), BTreeMap::new());
    loop {
        while running.len() < at_once
            && let Some(caller) = waiting.pop()
        {
            let client = client.clone();
            running.spawn(async move { (caller, story(client, caller).await) });
        }
        let Some(told) = running.join_next().await else {
            return stories;
        };
        let (caller, told) = told.expect("callers do not fail");
        stories.insert(caller, told);
    }
}

#[tokio::test]
async fn the_same_seed_gives_each_caller_the_same_faults_at_any_concurrency() {
    let alone = stories(1).await;
    let together = stories(CALLERS).await;

    assert_eq!(alone, together);
    assert_ne!(alone[&0], alone[&1]);
    let broken = alone[&0].iter().filter(|it| *it == "broken").count();
    assert!(broken > 0 && broken < CALLS, "{:?}", alone[&0]);
}

#[tokio::test]
async fn calls_of_one_caller_at_once_meet_as_many_faults_as_one_after_another() {
    let counts = async |at_once: usize| {
        let (_system, client) = service(PLAN).await;
        let mut running = JoinSet::new();
        let mut counts = BTreeMap::<u16, usize>::new();
        for call in 0..120 {
            let client = client.clone();
            running.spawn(async move {
                let key = format!("key-{call}");
                let headers = [("x-caller", "A"), ("x-request-key", key.as_str())];
                let http = reqwest::Client::builder()
                    .no_proxy()
                    .build()
                    .expect("a client");
                let mut request = http.get(format!("{}/data", client.base()));
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                request
                    .send()
                    .await
                    .map_or(0, |response| response.status().as_u16())
            });
            if running.len() >= at_once {
                let status = running.join_next().await.expect("one runs");
                *counts.entry(status.expect("it ends")).or_default() += 1;
            }
        }
        while let Some(status) = running.join_next().await {
            *counts.entry(status.expect("it ends")).or_default() += 1;
        }
        counts
    };

    assert_eq!(counts(1).await, counts(16).await);
}

#[tokio::test]
async fn the_truth_is_the_share_that_fails_and_is_shown_for_each_caller() {
    let (_system, client) = service(
        r#"{"seed": 3, "callers": ["A", "B"], "rules": {
            "a-only": {"match": {"caller": "A"}, "gate": {"bernoulli": 0.4}, "effects": [{"status": {"code": 500}}]}}}"#,
    )
    .await;

    let mut failed = 0;
    for _ in 0..500 {
        let reply = client.send("GET", "/data", &[("x-caller", "A")], "").await;
        failed += u32::from(reply.status == 500);
        let of_b = client.send("GET", "/data", &[("x-caller", "B")], "").await;
        assert_eq!(of_b.status, 200);
    }

    let truth = client.get("/truth").await.json();
    let of = |caller: &str| {
        truth["callers"][caller]["p_fail"]
            .as_f64()
            .expect("a number")
    };
    assert!(
        (of("A") - 0.4).abs() < 1e-9 && of("B").abs() < 1e-9,
        "{truth}"
    );
    let found = f64::from(failed) / 500.0;
    // Five standard deviations.
    assert!((found - 0.4).abs() < 0.11, "{found}");
    let series = client.metrics().await;
    assert!((series.sum("unreliable_service_truth", &[r#"caller="A""#]) - 0.4).abs() < 1e-9);
    let labels = [r#"rule="a-only""#, r#"caller="A""#];
    let hit = series.sum("unreliable_service_injected_total", &labels);
    let spared = series.sum("unreliable_service_not_injected_total", &labels);
    assert_eq!(
        (hit.to_string(), (hit + spared).to_string()),
        (failed.to_string(), "500".into())
    );
}

/// The statuses of this many calls of an instance whose breaker lets all of them pass, one after another.
async fn statuses(plan: &str, calls: usize) -> (Vec<u16>, f64) {
    let system = System::with_instances(&["A"], plan, &[]).await;
    let instance = system.instance(0);
    let reply = instance.put("/breaker/mode", r#""disabled""#).await;
    assert_eq!(reply.status, 200);
    let mut statuses = Vec::new();
    for _ in 0..calls {
        statuses.push(instance.get("/call").await.status);
    }
    let truth = system.downstream.get("/truth").await.json();
    let truth = truth["callers"]["A"]["p_fail"].as_f64();
    (statuses, truth.expect("a probability"))
}

#[tokio::test]
async fn a_call_that_is_sent_once_more_has_the_luck_of_one_call() {
    for effect in ["reset", "close", "refuse"] {
        let rule = format!(r#"{{"gate": {{"every_nth": 3}}, "effects": [{{"{effect}": {{}}}}]}}"#);
        let plan = format!(r#"{{"seed": 1, "rules": {{"cut": {rule}}}}}"#);

        let (statuses, _) = statuses(&plan, 12).await;

        assert_eq!(statuses, [200, 200, 502].repeat(4), "{effect}");
    }
}

#[tokio::test]
async fn as_many_calls_of_an_instance_are_reset_as_the_truth_says() {
    let plan = r#"{"seed": 1, "rules": {
        "reset": {"gate": {"bernoulli": 0.333}, "effects": [{"reset": {}}]}}}"#;

    let (statuses, truth) = statuses(plan, 600).await;

    let failed = statuses.iter().filter(|status| **status == 502).count();
    // Of 600 some 200 +- 11.5; luck of its own for each attempt would make it 86.
    assert!((truth - 0.333).abs() < 1e-6, "{truth}");
    assert!((154..=246).contains(&failed), "{failed} of 600");
}
