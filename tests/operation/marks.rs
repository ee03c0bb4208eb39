//! The marks that orders leave: one for each, where it was given, however fast they follow each other.

use serde_json::Value;

use crate::Lab;

/// So many orders of a kind fit between two looks of the page, which are a tenth of a second apart.
const ORDERS: usize = 12;

/// Instants and texts of the marks in which `is` is so.
fn marks(history: &Value, is: impl Fn(&str) -> bool) -> Vec<(f64, String)> {
    let all = history["m"].as_array().into_iter().flatten();
    let all = all.map(|mark| (mark[0].as_f64().unwrap(), mark[2].as_str().unwrap()));
    all.filter(|(_, text)| is(text))
        .map(|(at, text)| (at, text.to_owned()))
        .collect()
}

#[tokio::test]
async fn orders_that_follow_each_other_between_two_looks_leave_a_mark_each() {
    let lab = Lab::start(&["--faults", "preset:calm"]).await;
    lab.history_when("the first look", |history| !history["r"].is_null())
        .await;
    let mut expected: [Vec<String>; 4] = Default::default();
    for turn in 0..ORDERS {
        let rate = 100 + turn;
        let body = format!(r#"{{"rate": {rate}}}"#);
        lab.done("PUT", "/api/load", &body).await;
        expected[0].push(format!("load: {rate} calls/s"));
    }
    for turn in 0..ORDERS {
        let body = format!(r#"{{"minimum_calls": {}}}"#, 3 + turn);
        lab.done("PATCH", "/api/breaker/settings", &body).await;
        expected[1].push(format!("all: minimum_calls = {}", 3 + turn));
    }
    for turn in 0..ORDERS {
        let body = format!(r#"{{"phases": [{{"name": "plan {turn}"}}]}}"#);
        lab.done("PUT", "/api/faults", &body).await;
        expected[2].push(format!("faults: plan {turn}"));
    }
    for turn in 0..ORDERS {
        let (mode, said) = [("forced_open", "forced open"), ("auto", "auto")][turn % 2];
        let body = format!(r#"{{"mode": "{mode}"}}"#);
        lab.done("PUT", "/api/instances/B/breaker/mode", &body)
            .await;
        expected[3].push(format!("B: {said}"));
    }

    let last = |history: &Value| marks(history, |text| text.starts_with("B: ")).len() == ORDERS;
    let history = lab.history_when("the last ones are marked", last).await;

    let begins = ["load: ", "all: ", "faults: ", "B: "];
    for (begin, expected) in begins.into_iter().zip(expected) {
        let seen = marks(&history, |text| text.starts_with(begin));
        let texts: Vec<&String> = seen.iter().map(|(_, text)| text).collect();
        assert_eq!(texts, expected.iter().collect::<Vec<_>>(), "{begin}");
        let apart = seen.windows(2).all(|pair| pair[0].0 < pair[1].0);
        assert!(apart, "each has an instant of its own: {seen:?}");
    }
    let steps = history["s"].as_array().unwrap();
    assert_eq!(
        steps.len(),
        3 + 3 * ORDERS,
        "each setting holds from then on"
    );
}

#[tokio::test]
async fn an_order_at_the_service_itself_is_marked_beside_one_of_the_page() {
    let lab = Lab::start(&["--faults", "preset:calm"]).await;
    let plan = r#"{"phases": [{"name": "down", "failure_ratio": 1}]}"#;
    lab.done("PUT", "/api/faults", plan).await;
    lab.marked("faults: down").await;

    let reply = lab.downstream.put("/faults", plan).await;

    assert_eq!(reply.status, 200, "{}", reply.body);
    lab.marked("fault plan changed").await;
    // The name of a plan that is refused is nobody's.
    let (status, _) = lab.refused("PUT", "/api/faults", r#"{"phases": 1}"#).await;
    assert_eq!(status, 400);
    let reply = lab.downstream.put("/faults", plan).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let twice = |history: &Value| marks(history, |text| text == "fault plan changed").len() == 2;
    lab.history_when("both have no name", twice).await;
}
