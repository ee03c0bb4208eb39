//! The refusal of settings that are valid one by one but contradict each other.

use end_to_end::{FREE_PORTS, Process};

use crate::{File, assert_refusal};

#[tokio::test]
async fn a_closed_loop_with_a_rate_is_refused() {
    for flags in [
        ["load", "--connections", "4", "--rate", "90"],
        ["load", "--connections", "4", "--rate", "50"],
        ["load", "--connections", "4", "--process", "constant"],
    ] {
        assert_refusal(
            &flags,
            &["connections = 4", flags[3].trim_matches('-'), "leave one"],
        )
        .await;
    }
    let file = File::new("loop.toml", "[load]\nconnections = 4\nrate = 50\n");
    let words = ["connections = 4", "together with rate"];
    assert_refusal(&["load", "--config", file.path()], &words).await;
}

#[tokio::test]
async fn expectations_that_cannot_hold_are_refused() {
    assert_refusal(
        &["load", "--assert", "p99 < 0ms"],
        &["p99 < 0ms", "can never hold"],
    )
    .await;
    assert_refusal(
        &["load", "--assert", "ok_ratio > 100%"],
        &["ok_ratio > 100%", "can never hold"],
    )
    .await;
    let pair = ["load", "--assert", "p99 < 1ms", "--assert", "p99 > 2ms"];
    assert_refusal(&pair, &["`p99 < 1ms` and `p99 > 2ms`", "cannot both hold"]).await;
    let scenario = "title = \"x\"\nduration = \"1s\"\nexpectations = [\"flaps > 5\", \"flaps < 5\"]\n\
                    [faults]\nphases = [{ name = \"x\" }]\n";
    let file = File::new("pair.toml", scenario);
    assert_refusal(
        &["run", file.path(), "--check"],
        &["`flaps > 5` and `flaps < 5`"],
    )
    .await;
}

#[tokio::test]
async fn an_instance_that_is_its_own_downstream_is_refused() {
    let own = ["instance", "A", "--downstream", "http://localhost:8001"];
    assert_refusal(
        &own,
        &["instance A", "127.0.0.1:8001", "its own downstream"],
    )
    .await;
    let file = File::new(
        "own.toml",
        "[instance.B]\ndownstream = \"http://127.0.0.1:8002/x\"\n",
    );
    assert_refusal(
        &["--config", file.path()],
        &["instance B", "its own downstream"],
    )
    .await;
}

#[tokio::test]
async fn two_services_of_one_run_on_one_port_are_named() {
    let flags = [
        "--listen",
        "A=127.0.0.1:8101",
        "--listen",
        "B=127.0.0.1:8101",
    ];
    assert_refusal(&flags, &["A and B", "port 8101", "--listen"]).await;
    let flags = ["--listen", "lab=0.0.0.0:8003"];
    assert_refusal(&flags, &["C and lab", "port 8003"]).await;
    let flags = ["unreliable", "--control-listen", "127.0.0.1:9000"];
    assert_refusal(&flags, &["unreliable and its control", "port 9000"]).await;
}

#[tokio::test]
async fn too_few_open_files_are_named_with_the_way_to_have_more() {
    for arguments in [&FREE_PORTS[..], &["unreliable", "--listen", "127.0.0.1:0"]] {
        let ended = Process::run_with_open_files(12, arguments).await;

        assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
        let said = ended.stderr.join("\n");
        assert!(
            said.contains("only 12 files") && said.contains("ulimit -n 128"),
            "{said}"
        );
    }
}

const VARY: &str = "--vary";
const SET: &str = "--set";

/// Two keys that cannot both be given, and what is said.
const OF_ONE_SETTING: [([&str; 4], &str); 8] = [
    (
        [
            VARY,
            "faults.phases.1.failure_ratio=0.4,0.5",
            VARY,
            "faults.phases.outage.failure_ratio=1",
        ],
        "faults.phases.1.failure_ratio and faults.phases.outage.failure_ratio mean the same setting",
    ),
    (
        [VARY, "breaker.open_for=1s", VARY, "breaker.\"open_for\"=2s"],
        "breaker.open_for and breaker.\"open_for\" mean the same setting",
    ),
    (
        [
            VARY,
            "faults.phases.outage.for=1s",
            VARY,
            "faults.phases.1.for_ms=2000",
        ],
        "faults.phases.outage.for and faults.phases.1.for_ms mean the same setting",
    ),
    (
        [
            VARY,
            "breaker.open_for=1s",
            VARY,
            "breaker={ jitter = 0.1 }",
        ],
        "breaker.open_for and breaker are a setting and a part of it",
    ),
    (
        [SET, "breaker.open_for=1s", VARY, "breaker={ jitter = 0.1 }"],
        "--vary breaker would undo --set breaker.open_for=1s",
    ),
    (
        [SET, "breaker.open_for=1s", VARY, "breaker.\"open_for\"=2s"],
        "is given with --set and with --vary",
    ),
    (
        [SET, "breaker.open_for=1s", VARY, "\"seed\"=1,2"],
        "each combination takes the same seeds",
    ),
    (
        [SET, "breaker.open_for=1s", SET, "breaker={ jitter = 0.1 }"],
        "--set breaker={ jitter = 0.1 } is not allowed after --set breaker.open_for=1s, which it would undo",
    ),
];

#[tokio::test]
async fn keys_that_mean_the_same_setting_are_given_once() {
    for (flags, words) in OF_ONE_SETTING {
        let mut all = vec!["sweep", "fast-fail", "--repeat", "1"];
        all.extend(flags);
        if !flags.contains(&VARY) {
            all.extend([VARY, "breaker.jitter=0.2"]);
        }
        assert_refusal(&all, &[words]).await;
    }
}

#[tokio::test]
async fn a_key_of_a_scenario_is_not_set_beside_the_flag_that_means_it() {
    for (flags, words) in [
        (
            ["--instances", "5", SET, "fleet={ size = 4 }"],
            "is not allowed together with --instances 5",
        ),
        (
            ["--instances", "5", SET, "fleet.\"size\"=4"],
            "is not allowed together with --instances 5",
        ),
        (
            ["--seed", "5", SET, "\"seed\"=4"],
            "is not allowed together with --seed 5",
        ),
    ] {
        let all = [&["simulate", "fast-fail"][..], &flags].concat();
        assert_refusal(&all, &[words]).await;
    }
    for command in ["run", "simulate"] {
        let twice = [command, "fast-fail", SET, "load.rate=5", SET, "load.rate=6"];
        let words = "--set load.rate=6 is not allowed after --set load.rate=5";
        assert_refusal(&twice, &[words]).await;
    }
}

#[tokio::test]
async fn a_key_without_end_and_a_pipe_without_a_writer_are_refused_at_once() {
    let key = vec!["a"; 10_000].join(".");
    for command in ["run", "simulate"] {
        let set = format!("{key}=1");
        assert_refusal(
            &[command, "fast-fail", "--set", &set],
            &["it has 10000 parts"],
        )
        .await;
    }
    let vary = format!("{key}=1,2");
    assert_refusal(
        &["sweep", "fast-fail", "--vary", &vary],
        &["it has 10000 parts"],
    )
    .await;

    let pipe = std::env::temp_dir().join(format!("breaker-lab-scenario-{}", std::process::id()));
    let _ = std::fs::remove_file(&pipe);
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|made| made.success()), "there is no mkfifo");
    let path = pipe.to_str().expect("the path is text");
    for flags in [
        &["run", path, "--check"][..],
        &["compare", path],
        &["--config", path],
        &["faults", "set", path],
    ] {
        assert_refusal(flags, &["it is a named pipe"]).await;
    }
    std::fs::remove_file(pipe).expect("it is ours");
}

#[tokio::test]
async fn a_load_overwrites_nothing_but_a_result_of_its_kind() {
    let file = File::new("mine.toml", "title = \"mine\"\n");
    for flag in ["--json", "--jsonl", "--csv"] {
        let flags = [
            "load",
            "--target",
            "A=http://127.0.0.1:1",
            flag,
            file.path(),
        ];
        assert_refusal(
            &flags,
            &[
                flag,
                "the file holds something other than",
                "choose another file",
            ],
        )
        .await;
    }
    let kept = std::fs::read_to_string(file.path()).expect("it is still there");
    assert_eq!(kept, "title = \"mine\"\n");
}

#[tokio::test]
async fn a_key_without_its_section_a_time_without_unit_and_a_share_in_percent_are_told_what_to_write()
 {
    for (set, words) in [
        (
            "window_calls=5",
            "unknown key `window_calls`; did you mean `breaker.window_calls`?",
        ),
        (
            "breaker.window_calls=0",
            "window_calls = 0 is not allowed: it must be from 1 to 1000000",
        ),
        (
            "faults.phases.1.for=40",
            "`40` has no unit: write for as \"40s\" or \"40ms\", or for_ms as 40",
        ),
        (
            "faults.phases.1.failure_ratio=100",
            "failure_ratio: 100 is not allowed: it must be a share from 0 to 1; 100 % is 1",
        ),
        (
            "breaker.failure_rate_threshold=50",
            "failure_rate_threshold = 50 is not allowed: it must be above 0 and up to 1; 50 % is 0.5",
        ),
    ] {
        assert_refusal(&["run", "flapping", SET, set], &[words]).await;
    }
    let file = File::new("outside.toml", "open_for = \"3s\"\n");
    let words = [
        "unknown key `open_for`; did you mean ",
        "`breaker.open_for`",
    ];
    assert_refusal(&["--config", file.path()], &words).await;
}

#[tokio::test]
async fn mistakes_at_the_command_line_say_what_to_write() {
    assert_refusal(&["--rate", "-5"], &["rate = -5", "from 0.001"]).await;
    assert_refusal(
        &["--rate", "90/min"],
        &["--rate", "`90/min` is not a rate", "90/s"],
    )
    .await;
    assert_refusal(&["--open-for", "500", "ms"], &["`500 ms`", "write 500ms"]).await;
    assert_refusal(
        &["--seed", "99999999999999999999"],
        &["--seed", "too large"],
    )
    .await;
    assert_refusal(
        &["--listen", "A=127.0.0.1:99999"],
        &["port 99999 is larger than 65535"],
    )
    .await;
    assert_refusal(
        &["faults"],
        &["faults: a command is missing", "show, set, patch"],
    )
    .await;
}
