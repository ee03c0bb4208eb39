//! Plans and callers: nobody can make the unreliable service too busy to answer.

use end_to_end::{Client, Process};

/// Rules within all limits whose delays add up, each with a state for each caller.
fn costly() -> String {
    let rule = |number: u32| {
        format!(
            r#""r{number}": {{"gate": {{"gilbert_elliott": {{"good_mean_ms": 50, "bad_mean_ms": 50}}}},
               "effects": [{{"delay": {{"fixed": {{"ms": 1}}}}}}]}}"#
        )
    };
    let rules: Vec<String> = (0..8).map(rule).collect();
    format!(
        r#"{{"seed": 1, "callers": ["A"], "rules": {{{}}}}}"#,
        rules.join(", ")
    )
}

#[tokio::test]
async fn invented_callers_make_a_scrape_cost_no_more_than_sixteen_do() {
    let process = Process::start(&["unreliable", "--listen", "127.0.0.1:0"]);
    let client = Client::new(process.url("unreliable service").await);
    let accepted = client.put("/faults", &costly()).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);

    for number in 0..300 {
        let caller = format!("invented-{number}");
        client
            .send("GET", "/data", &[("x-caller", &caller)], "")
            .await;
    }

    let truth = client.get("/truth").await.json();
    let callers = truth["callers"]
        .as_object()
        .expect("callers with their truth");
    assert_eq!(
        callers.len(),
        1 + 16 + 1,
        "A, sixteen others, and the rest as one"
    );
    assert!(
        callers.contains_key("A") && callers.contains_key(""),
        "{truth}"
    );
    let series = client.metrics().await;
    let shown = series.with("unreliable_service_truth");
    assert_eq!(shown.len(), callers.len(), "{shown:?}");
}

#[tokio::test]
async fn a_plan_whose_truth_would_cost_too_much_is_refused_with_the_reason() {
    let process = Process::start(&["unreliable", "--listen", "127.0.0.1:0"]);
    let client = Client::new(process.url("unreliable service").await);
    let names: Vec<String> = (0..256).map(|number| format!("\"c{number}\"")).collect();
    let rule = |number: u32| {
        format!(
            r#""r{number}": {{"match": {{"caller": [{}]}}, "effects": [{{"status": {{"code": 500}}}}]}}"#,
            names.join(",")
        )
    };
    let rules: Vec<String> = (0..14).map(rule).collect();
    let shards = r#""s": {"match": {"shard": [0, 0], "shards": 256}, "gate": {"bernoulli": 0.5, "scope": "shard"},
                   "effects": [{"status": {"code": 500}}]}"#;
    let plan = format!(r#"{{"rules": {{{}, {shards}}}}}"#, rules.join(", "));

    let refused = client.put("/faults", &plan).await;

    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(
        refused.body.contains("callers that the plan tells apart"),
        "{}",
        refused.body
    );
    assert_eq!(
        client.get("/truth").await.json()["revision"],
        1,
        "nothing has changed"
    );
}
