//! The results of a load, which are complete, and whose plan, seconds, metrics and figures agree.

use std::collections::BTreeSet;

use end_to_end::{Client, Process, Schema, eventually};
use serde_json::Value;
use telemetry::names;

use crate::nasty::{Manner, Nasty, OK};
use crate::{PATIENT, load, load_with_result, number, target};

#[tokio::test]
async fn a_dry_run_shows_the_plan_that_a_run_keeps() {
    let server = Nasty::start(Manner::Says(OK)).await;
    let target = target("A", &server.url);
    let shape = "steps:calm=50:500ms,busy=200:500ms";
    let arguments = ["--target", &target, "--shape", shape, "--duration", "1s"];

    let dry = load(&[&arguments[..], &["--dry-run"]].concat()).await;
    assert_eq!(server.heads().len(), 0, "nothing is sent");
    let (_, result) = load_with_result(&arguments).await;

    let digest = result["digest"].as_str().expect("a digest");
    assert!(
        dry.stdout[0].starts_with(&format!("plan {digest} of seed 1")),
        "{dry:#?}"
    );
    let last = dry.stdout.last().expect("lines");
    let planned = number(&result, "/planned");
    assert_eq!(
        *last,
        format!("{planned} requests in 1 s; nothing was sent")
    );
    let phases = result["phases"].as_array().expect("phases");
    let names: Vec<&Value> = phases.iter().map(|phase| &phase["name"]).collect();
    assert_eq!(names, ["calm", "busy"]);
}

#[tokio::test]
async fn a_dry_run_writes_the_whole_plan_and_sends_nothing() {
    let server = Nasty::start(Manner::Says(OK)).await;
    let [one, other] = ["A", "B"].map(|name| target(name, &server.url));
    // Twice as many as the digest looks at one by one.
    let shape = "steps:calm=500:3s,busy=1000:1s";
    let targets = ["--target", &one, "--target", &other];
    let arguments = [
        &targets[..],
        &["--shape", shape, "--duration", "4s", "--dry-run"],
    ]
    .concat();

    let (dry, plan) = load_with_result(&arguments).await;

    assert!(dry.status.success(), "{dry:#?}");
    assert_eq!(server.heads().len(), 0, "nothing is sent");
    assert_eq!(plan["schema"], "breaker-lab/load-plan/1");
    let digest = plan["digest"].as_str().expect("a digest");
    let first = format!("plan {digest} of seed 1");
    assert!(
        dry.stderr.iter().any(|line| line.starts_with(&first)),
        "{dry:#?}"
    );
    let requests = plan["requests"].as_array().expect("requests");
    assert!(requests.len() > 2000, "{}", requests.len());
    let said = dry.stderr.last().expect("lines").replace(',', "");
    assert_eq!(
        said,
        format!("{} requests in 4 s; nothing was sent", requests.len())
    );
    let at = |request: &Value| request["at_s"].as_f64().expect("an instant");
    assert!(requests.is_sorted_by_key(at));
    for request in requests {
        let phase = if at(request) < 3.0 { "calm" } else { "busy" };
        assert_eq!(request["phase"], phase, "{request}");
        assert!(["A", "B"].contains(&request["target"].as_str().expect("a name")));
        assert!(
            request["key"].is_u64() && request["luck"].is_string(),
            "{request}"
        );
    }
    assert!(requests.iter().any(|request| request["phase"] == "busy"));

    // What has no end, no instants or no seconds cannot be written.
    let folder = std::env::temp_dir().join(format!("breaker-lab-plan-{}.csv", std::process::id()));
    let folder = folder.to_str().expect("text");
    for (flags, why) in [
        (&["--json", "-"][..], "--duration"),
        (
            &["--json", "-", "--connections", "3", "--duration", "1s"],
            "closed loop",
        ),
        (&["--csv", folder, "--duration", "1s"], "--csv"),
        (&["--jsonl", folder, "--duration", "1s"], "--jsonl"),
    ] {
        let refused = load(&[&["--dry-run"], flags].concat()).await;
        assert_eq!(refused.status.code(), Some(2), "{refused:#?}");
        assert!(
            refused.stderr.iter().any(|line| line.contains(why)),
            "{refused:#?}"
        );
    }
}

#[tokio::test]
async fn least_loaded_targets_are_not_planned() {
    let arguments = ["--choose", "least_loaded", "--duration", "1s", "--dry-run"];

    let (_, plan) = load_with_result(&arguments).await;

    let requests = plan["requests"].as_array().expect("requests");
    assert!(!requests.is_empty());
    assert!(
        requests.iter().all(|request| request["target"].is_null()),
        "{plan}"
    );
}

#[tokio::test]
async fn a_result_is_as_its_schema_says_and_says_what_was_asked() {
    let server = Nasty::start(Manner::Says(OK)).await;
    let target = target("A", &server.url);
    let arguments = ["--target", &target, "--rate", "100", "--duration", "2s"];
    let flags = [
        "--warm-up",
        "500ms",
        "--phase",
        "end=1s..2s",
        "--assert",
        "p99(A) < 10s",
    ];

    let (ended, result) = load_with_result(&[&arguments[..], &flags].concat()).await;

    assert!(ended.status.success(), "{ended:#?}");
    let schema = Schema::of("load-result.schema.json");
    schema.validate(&result);
    let mut broken = result.clone();
    broken["planned"] = "many".into();
    assert!(
        schema.faults(&broken).len() == 1,
        "the schema is really looked at"
    );
    let names = result["targets"][0]["parts"].as_array().expect("parts");
    let names: Vec<&Value> = names.iter().map(|part| &part["phase"]).collect();
    assert_eq!(names, ["warm-up", "end", "rest"]);
    assert_eq!(result["verdicts"][0]["held"], true);
    let table = ended.stderr.join("\n");
    assert!(table.contains("[held]   p99(A) < 10s: "), "{table}");
}

#[tokio::test]
async fn seconds_are_written_as_they_pass_and_add_up_to_the_result() {
    let server = Nasty::start(Manner::Says(OK)).await;
    let target = target("A", &server.url);
    let folder = std::env::temp_dir().join(format!("breaker-lab-seconds-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let [jsonl, csv, json] = ["s.jsonl", "s.csv", "r.json"].map(|name| folder.join(name));
    let [lines, rows, whole] = [&jsonl, &csv, &json].map(|it| it.to_str().expect("text"));
    let arguments = [
        "load",
        "--target",
        &target,
        "--duration",
        "4s",
        "--rate",
        "100",
    ];
    let files = ["--jsonl", lines, "--csv", rows, "--json", whole];

    let process = Process::start(&[&arguments[..], &files, &PATIENT].concat());
    eventually("a line while it runs", async || {
        let text = std::fs::read_to_string(&jsonl).unwrap_or_default();
        (text.lines().count() >= 1 && !json.exists()).then_some(())
    })
    .await;
    let ended = process.ended(end_to_end::LIMIT).await;

    assert!(ended.status.success(), "{ended:#?}");
    let read = |path| std::fs::read_to_string(path).expect("it is there");
    let result: Value = serde_json::from_str(&read(&json)).expect("it is JSON");
    let planned = number(&result, "/planned");
    let of_lines = read(&jsonl);
    let of_lines = of_lines.lines().map(|line| {
        let second: Value = serde_json::from_str(line).expect("each line is JSON");
        number(&second, "/targets/A/planned")
    });
    let text = read(&csv);
    assert!(
        text.starts_with("second,target,planned,ok,fast_fail,")
            && text.contains(",ok_p50_s,ok_p99_s,p50_s,p99_s\n"),
        "{text}"
    );
    let of_rows = text.lines().skip(1).map(|row| {
        let planned = row.split(',').nth(2).and_then(|it| it.parse::<f64>().ok());
        planned.expect("a number")
    });
    assert_eq!(of_lines.sum::<f64>().to_string(), planned.to_string());
    assert_eq!(of_rows.sum::<f64>().to_string(), planned.to_string());
    std::fs::remove_dir_all(folder).expect("the folder is ours");
}

#[tokio::test]
async fn metrics_show_every_outcome_from_the_start_and_agree_with_one_another() {
    let server = Nasty::start(Manner::Says(OK)).await;
    let target = target("A", &server.url);
    let arguments = ["load", "--target", &target, "--listen", "127.0.0.1:0"];
    let process = Process::start(&[&arguments[..], &PATIENT].concat());
    let client = Client::new(process.url("load generator on").await);

    let metrics = eventually("some answers", async || {
        let metrics = client.metrics().await;
        let ok = [r#"target="A""#, r#"outcome="ok""#];
        (metrics.sum("load_generator_requests_total", &ok) >= 20.0).then_some(metrics)
    })
    .await;

    let expected = [names::LOAD_GENERATOR, names::EVERYWHERE, names::PROCESS].concat();
    let expected: BTreeSet<&str> = expected.iter().map(|it| it.name).collect();
    let found: BTreeSet<&str> = metrics.families().iter().map(|it| &**it).collect();
    assert_eq!(found, expected);
    assert_eq!(metrics.with("load_generator_requests_total").len(), 13);
    let ended = metrics.sum("load_generator_requests_total", &[]);
    let planned = metrics.sum("load_generator_planned_total", &[]);
    assert!(planned - ended < 10.0, "{planned} {ended}");
    assert!(metrics.sum("load_generator_lateness_seconds_count", &[]) >= 20.0);
    assert!(metrics.sum("load_generator_connections", &[]) >= 1.0);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(client.get(path).await.status, 200);
    }
}

#[tokio::test]
async fn a_recorded_course_is_replayed() {
    let server = Nasty::start(Manner::Says(OK)).await;
    let target = target("A", &server.url);
    let file = std::env::temp_dir().join(format!("breaker-lab-course-{}.csv", std::process::id()));
    std::fs::write(
        &file,
        "at_s,rate\n# half a second of quiet\n0,0\n0.5,0\n0.6,200\n",
    )
    .expect("a temporary file can be written");
    let shape = format!("replay:{}", file.display());
    let arguments = [
        "--target",
        &target,
        "--process",
        "constant",
        "--shape",
        &shape,
    ];

    let (_, result) = load_with_result(&[&arguments[..], &["--duration", "1s"]].concat()).await;

    // 10 while it rises for 0.1 s, then 200 a second for 0.4 s.
    assert_eq!(number(&result, "/planned").to_string(), "90");
    std::fs::remove_file(file).expect("the file is ours");
}
