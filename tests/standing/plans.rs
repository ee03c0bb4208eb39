//! Plans and callers, which cannot keep the unreliable service too busy to answer.

use end_to_end::{Client, FREE_PORTS, Process};

/// This many rules, each with a state for each caller.
fn with_rules(count: u32, effect: &str) -> String {
    let rule = |number: u32| {
        format!(
            r#""r{number}": {{"gate": {{"gilbert_elliott": {{"good_mean_ms": 50, "bad_mean_ms": 50}}}},
               "effects": [{effect}]}}"#
        )
    };
    let rules: Vec<String> = (0..count).map(rule).collect();
    format!(
        r#"{{"seed": 1, "callers": ["A"], "rules": {{{}}}}}"#,
        rules.join(", ")
    )
}

#[tokio::test]
async fn invented_callers_make_a_scrape_cost_no_more_than_sixteen_do() {
    let process = Process::start(&["unreliable", "--listen", "127.0.0.1:0"]);
    let client = Client::new(process.url("unreliable service").await);
    // Each within all limits: few delays that add up, or as many rules as there may be.
    for plan in [
        with_rules(8, r#"{"delay": {"fixed": {"ms": 1}}}"#),
        with_rules(64, r#"{"status": {"code": 500}}"#),
    ] {
        let accepted = client.put("/faults", &plan).await;
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
}

/// 60 rules of which delays add up for everybody: within all limits where all wait equally long.
fn slow() -> String {
    with_rules(60, r#"{"delay": {"fixed": {"ms": 1}}}"#).replace(
        r#"{"gilbert_elliott": {"good_mean_ms": 50, "bad_mean_ms": 50}}"#,
        r#"{"bernoulli": 0.5}"#,
    )
}

#[tokio::test]
async fn a_plan_that_costs_too_much_with_the_call_timeouts_of_the_instances_is_refused() {
    let file = |name: &str, text: &str| {
        let name = format!("breaker-lab-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).expect("a temporary file can be written");
        path.to_str().expect("temporary paths are text").to_owned()
    };
    let section = |number: u32| {
        let timeout = 500 + number;
        format!("[instance.i{number}]\nlisten = \"127.0.0.1:0\"\ncall_timeout = \"{timeout}ms\"\n")
    };
    let sections: Vec<String> = (0..26).map(section).collect();
    let (settings, plan) = (
        file("26.toml", &sections.concat()),
        file("slow.json", &slow()),
    );
    let system = [&FREE_PORTS[..], &["--config", &settings]].concat();

    let refused = Process::run(&[&system[..], &["--faults", &plan]].concat()).await;
    let running = Process::start(&system);
    let control = Client::new(running.url("unreliable").await);
    let mut answers = Vec::new();
    for (method, path) in [
        ("PUT", "/faults"),
        ("PATCH", "/faults"),
        ("POST", "/faults/dry-run"),
    ] {
        answers.push(control.send(method, path, &[], slow()).await);
    }

    assert_eq!(refused.status.code(), Some(2), "{refused:#?}");
    let mut said = vec![refused.stderr.join("\n")];
    for answer in answers {
        assert_eq!(answer.status, 400, "{}", answer.body);
        said.push(answer.body);
    }
    for words in said {
        for part in [
            "steps for each of 27 callers",
            "`call_timeout` of instances",
            "26 times",
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
    }
    for path in [settings, plan] {
        std::fs::remove_file(path).expect("it is ours");
    }
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
