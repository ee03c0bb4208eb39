//! Settings that are right one by one and cannot hold together.

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
