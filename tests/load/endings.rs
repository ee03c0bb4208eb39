//! The exit status of a run, which tells its result.

use end_to_end::{Process, Schema, Signal, eventually};
use serde_json::Value;

use crate::nasty::{Manner, Nasty, OK, refusing};
use crate::{PATIENT, load, load_with_result, target};

async fn fine() -> (Nasty, String) {
    let server = Nasty::start(Manner::Says(OK)).await;
    let target = target("A", &server.url);
    (server, target)
}

/// A folder of our own.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("breaker-lab-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    folder
}

#[tokio::test]
async fn what_was_expected_decides_between_zero_and_one() {
    let (_server, target) = fine().await;
    let arguments = ["--target", &target, "--rate", "50", "--duration", "1s"];
    for (assertion, status, shown) in [
        (
            "ok_ratio(A) == 100%",
            0,
            "[held]   ok_ratio(A) == 100%: 100 %",
        ),
        ("ok_ratio < 50%", 1, "[failed] ok_ratio < 50%: 100 %"),
        // Nothing is claimed about what was not measured.
        (
            "p99(phase=warm-up) < 1s",
            1,
            "[failed] p99(phase=warm-up) < 1s: not measured",
        ),
    ] {
        let flags = ["--assert", assertion, "--warm-up", "1ms"];
        let ended = load(&[&arguments[..], &flags].concat()).await;

        assert_eq!(ended.status.code(), Some(status), "{ended:#?}");
        assert!(ended.stdout.iter().any(|line| line == shown), "{ended:#?}");
        assert_eq!(ended.stderr.is_empty(), status == 0, "{ended:#?}");
    }
}

#[tokio::test]
async fn what_never_came_breaks_every_bound_in_open_and_closed_loops() {
    let (_server, answering) = fine().await;
    let hanging = Nasty::start(Manner::Hangs).await;
    let hanging = target("B", &hanging.url);
    let run = [
        "--target",
        &answering,
        "--target",
        &hanging,
        "--duration",
        "1s",
    ];
    for (pace, patience) in [
        (["--rate", "100"], ["--timeout", "30s"]),
        (["--rate", "100"], ["--timeout", "50ms"]),
        (["--connections", "4"], ["--timeout", "30s"]),
    ] {
        let asserted = ["--assert", "max < 60m", "--assert", "ok_p99 < 60m"];
        let asserted = [&asserted[..], &["--assert", "mean < 60m"]].concat();
        let (ended, result) =
            load_with_result(&[&run[..], &pace, &patience, &asserted].concat()).await;

        assert_eq!(ended.status.code(), Some(1), "{pace:?} {ended:#?}");
        let lines = &ended.stderr;
        for shown in ["[failed] max < 60m: never", "[failed] mean < 60m: never"] {
            assert!(lines.iter().any(|line| line == shown), "{lines:#?}");
        }
        assert!(
            lines
                .iter()
                .any(|it| it.starts_with("[held]   ok_p99 < 60m: ")),
            "{lines:#?}"
        );
        let head = lines.iter().find(|line| line.starts_with("target"));
        let head = head.expect("a table").split_whitespace().take(5);
        assert_eq!(
            head.collect::<Vec<_>>(),
            ["target", "planned", "ok", "p50", "ok"]
        );
        Schema::of("load-result.schema.json").validate(&result);
        assert_eq!(result["figures"]["max"], "inf");
        assert_eq!(result["targets"][1]["figures"]["p50"], "inf");
        assert!(result["figures"]["ok_p99"].is_number());
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_before_anything_is_sent() {
    let (server, target) = fine().await;
    for (flags, why) in [
        (
            ["--assert", "p99(B) < 1s"],
            "there is no target `B`; there is A",
        ),
        (
            ["--assert", "ok_ratio(phase=out) > 0.5"],
            "there is no phase `out`",
        ),
        (
            ["--assert", "divergence_share > 0"],
            "which `load` does not watch",
        ),
        (["--assert", "p98 < 1s"], "there is no figure `p98`"),
        (["--process", "poison"], "did you mean `poisson`?"),
        (["--shape", "ramp:to=5"], "the key `over` is missing"),
        (["--shape", "replay:nowhere.csv"], "cannot read nowhere.csv"),
        (["--retries", "immediate:0"], "attempts = 0"),
        (["--weight", "B=1"], "there is no target `B`"),
        (["--phase", "a=5s..1s"], "must end after it begins"),
        (["--connections", "0"], "connections = 0"),
        (["--queue", "10000001"], "queue = 10000001"),
        (
            ["--json", "/dev/full"],
            "cannot write /dev/full: No space left",
        ),
        (
            ["--jsonl", "/nowhere/at/all"],
            "cannot write /nowhere/at/all: No such file",
        ),
        (["--csv", "/tmp"], "cannot write /tmp"),
    ] {
        let arguments = [&["--target", &target, "--duration", "1s"], &flags[..]].concat();
        let ended = load(&arguments).await;

        assert_eq!(ended.status.code(), Some(2), "{flags:?} {ended:#?}");
        assert_eq!(ended.stderr.len(), 1, "{ended:#?}");
        assert!(ended.stderr[0].contains(why), "{why}: {}", ended.stderr[0]);
    }
    assert_eq!(server.heads().len(), 0);
}

#[tokio::test]
async fn a_refusal_destroys_nothing_and_leaves_nothing() {
    let (_server, target) = fine().await;
    let folder = folder("refused");
    let precious = folder.join("precious.jsonl");
    std::fs::write(&precious, "{\"second\": 0, \"precious\": true}").expect("the file is ours");
    let path = precious.to_str().expect("the path is text");

    let flags = ["--target", &target, "--jsonl", path, "--json", "/dev/full"];
    let ended = load(&[&flags[..], &["--duration", "1s"]].concat()).await;

    assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
    let kept = std::fs::read_to_string(&precious).expect("it is still there");
    assert_eq!(kept, "{\"second\": 0, \"precious\": true}");
    let files = std::fs::read_dir(&folder).expect("the folder is ours");
    assert_eq!(files.count(), 1);
    std::fs::remove_dir_all(folder).expect("the folder is ours");
}

#[tokio::test]
async fn a_plan_that_the_generator_could_not_keep_makes_the_run_void() {
    let hanging = Nasty::start(Manner::Hangs).await;
    let target = target("A", &hanging.url);
    let arguments = ["--target", &target, "--rate", "100", "--duration", "1s"];
    let narrow = ["--max-connections", "1", "--queue", "3"];

    // That the assertion failed as well matters less.
    let flags = [&narrow[..], &["--assert", "ok_ratio > 0.5"]].concat();
    let shed = load(&[&arguments[..], &flags].concat()).await;
    let flags = [&narrow[..], &["--shed-limit", "1"]].concat();
    let allowed = load(&[&arguments[..], &flags].concat()).await;
    let flags = ["--quiet", "--lateness-limit", "1ns"];
    let late = Process::run(&[&["load"], &arguments[..], &flags].concat()).await;

    assert_eq!(shed.status.code(), Some(3), "{shed:#?}");
    assert!(shed.stderr[0].contains("shed") && shed.stderr[0].contains("shed_limit"));
    assert_eq!(allowed.status.code(), Some(0), "{allowed:#?}");
    assert_eq!(late.status.code(), Some(3), "{late:#?}");
    assert!(late.stderr[0].contains("lateness_limit = 1ns"), "{late:#?}");
}

#[tokio::test]
async fn a_target_that_was_never_reached_is_named() {
    let (_server, target_a) = fine().await;
    let target_b = target("B", &refusing());
    let arguments = ["--target", &target_a, "--target", &target_b];

    let flags = ["--duration", "1s", "--assert", "ok_ratio == 1"];
    let ended = load(&[&arguments[..], &flags].concat()).await;

    assert_eq!(ended.status.code(), Some(4), "{ended:#?}");
    assert!(ended.stderr[0].contains("never reached: B;"), "{ended:#?}");
}

#[tokio::test]
async fn a_run_that_is_interrupted_leaves_its_result_marked_cut_short() {
    let (server, target) = fine().await;
    let folder = folder("interrupted");
    let path = folder.join("result.json");
    let shown = path.to_str().expect("the path is text");
    let arguments = [
        "load",
        "--target",
        &target,
        "--duration",
        "10m",
        "--json",
        shown,
    ];
    let process = Process::start(&[&arguments[..], &PATIENT].concat());
    eventually("requests", async || {
        (server.heads().len() > 20).then_some(())
    })
    .await;
    assert!(!path.exists(), "a result takes its place when it is whole");

    process.signal(Signal::Interrupt);
    let ended = process.ended(end_to_end::LIMIT).await;

    assert!(ended.status.success(), "{ended:#?}");
    assert!(ended.stdout.iter().any(|line| line.contains("cut short")));
    let text = std::fs::read_to_string(&path).expect("there is a result");
    let result: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(result["cut_short"], true);
    assert!(result["duration_s"].as_f64() < Some(600.0));
    std::fs::remove_dir_all(folder).expect("the folder is ours");
}

#[tokio::test]
async fn a_run_that_is_interrupted_does_not_pass_its_assertions() {
    let (server, target) = fine().await;
    let arguments = ["load", "--target", &target, "--duration", "10m"];
    let asserted = ["--assert", "ok_ratio > 1%"];
    let process = Process::start(&[&arguments[..], &PATIENT, &asserted].concat());
    eventually("requests", async || {
        (server.heads().len() > 20).then_some(())
    })
    .await;

    process.signal(Signal::Interrupt);
    let ended = process.ended(end_to_end::LIMIT).await;

    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    let last = ended.stderr.last().expect("a reason");
    assert!(
        last.contains("stopped after") && last.contains("before its end"),
        "{last}"
    );
}

#[tokio::test]
async fn the_latency_of_fast_failures_can_be_asserted() {
    const REJECTS: &str = "HTTP/1.1 503 X\r\nx-breaker-state: open\r\ncontent-length: 0\r\n\r\n";
    for (says, assertion, status) in [
        (REJECTS, "fast_fail_p99 < 60s", 0),
        (REJECTS, "fast_fail_p99 < 1us", 1),
        (REJECTS, "fast_fail_p50(A) < 60s", 0),
        // What was never measured does not hold, however wide the bound is.
        (crate::nasty::OK, "fast_fail_p99 < 60s", 1),
    ] {
        let server = Nasty::start(Manner::Says(says)).await;
        let target = target("A", &server.url);
        let run = ["--target", &target, "--rate", "50", "--duration", "1s"];

        let ended = load(&[&run[..], &["--assert", assertion]].concat()).await;

        assert_eq!(ended.status.code(), Some(status), "{assertion}: {ended:#?}");
        let held = if status == 0 { "[held]" } else { "[failed]" };
        let line = ended.stdout.iter().find(|line| line.contains(assertion));
        assert!(line.is_some_and(|it| it.starts_with(held)), "{ended:#?}");
    }
}
