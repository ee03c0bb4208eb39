//! The picture on a terminal: 80 columns and 24 rows hold all of it, and output that is no such terminal gets plain
//! lines.
//!
//! `script`, which every Linux distribution has, makes the terminal.

use end_to_end::{Ended, FREE_PORTS, LIMIT, Process, binary};
use tokio::process::Command;

const ESCAPE: char = '\u{1b}';

/// Runs a line of the shell, in which `"$LAB"` is the program, on a terminal of this size.
async fn on_a_terminal(columns: u32, rows: u32, term: &str, line: &str) -> Ended {
    let line = format!("stty cols {columns} rows {rows}; {line}");
    let mut command = Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .env("LAB", binary())
        .env("TERM", term)
        .env("SHELL", "/bin/sh")
        .env_remove("COLORTERM")
        .env_remove("NO_COLOR");
    let process = Process::start_other(command, "`script` is in the package util-linux");
    process.ended(LIMIT).await
}

fn whole(flags: &str) -> String {
    format!("exec \"$LAB\" {} {flags}", FREE_PORTS.join(" "))
}

/// The line without escape sequences and what ends it.
fn plain(line: &str) -> String {
    let mut pieces = line.split(ESCAPE);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|letter: char| letter.is_ascii_alphabetic());
        text.push_str(&piece[end.map_or(piece.len(), |end| end + 1)..]);
    }
    text.trim_end_matches('\r').to_owned()
}

#[tokio::test]
async fn eighty_columns_and_24_rows_show_every_column_every_instance_and_divergence() {
    let ended = on_a_terminal(80, 24, "xterm", &whole("--duration 2s --seed 1")).await;

    let lines: Vec<String> = ended.stdout.iter().map(|line| plain(line)).collect();
    let begins = |what: &str| lines.iter().rfind(|line| line.starts_with(what));
    let head = begins("instance state").unwrap_or_else(|| panic!("{lines:#?}"));
    for column in [
        "state",
        "calls",
        "ok",
        "failed",
        "fast-fail",
        "openings",
        "flaps",
    ] {
        assert!(head.contains(column), "{head}");
    }
    for what in ["A  ", "B  ", "C  "] {
        let line = begins(what).unwrap_or_else(|| panic!("{what}: {lines:#?}"));
        assert!(line.chars().count() <= 80, "{line}");
    }
    // The summary has the same words for the same things.
    let tables = [
        ("what clients saw", ["ok", "failed", "fast-fail"]),
        ("what breakers did", ["openings", "flaps", "half-open"]),
    ];
    for (table, words) in tables {
        let head = begins(table).unwrap_or_else(|| panic!("{table}: {lines:#?}"));
        assert!(words.iter().all(|word| head.contains(word)), "{head}");
    }
    assert!(
        !lines.iter().any(|line| line.contains("half_open")),
        "{lines:#?}"
    );
    assert!(begins("divergence: ").is_some(), "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.contains(" of 0:02.0, ")),
        "{lines:#?}"
    );
    assert!(
        ended.stdout.iter().any(|line| line.contains(ESCAPE)),
        "a picture"
    );
}

#[tokio::test]
async fn a_state_has_its_height_and_word_and_as_many_colours_as_the_terminal_has() {
    for (environment, block) in [
        ("TERM=xterm", Some("30;102m closed ")),
        ("TERM=xterm-256color", Some("38;5;16;48;5;36m closed ")),
        (
            "COLORTERM=truecolor",
            Some("38;2;17;17;17;48;2;60;149;128m closed "),
        ),
        ("NO_COLOR=1", None),
    ] {
        let line =
            whole("--duration 1s --seed 1").replace("exec ", &format!("exec env {environment} "));

        let ended = on_a_terminal(80, 24, "xterm", &line).await;

        let of_a = ended.stdout.iter().find(|line| {
            let line = plain(line);
            line.starts_with("A        ▁ closed ")
        });
        let of_a = of_a.unwrap_or_else(|| panic!("{environment}: {ended:#?}"));
        match block {
            Some(block) => assert!(of_a.contains(block), "{environment}: {of_a:?}"),
            None => assert!(!of_a.contains(";5;") && !of_a.contains("30;"), "{of_a:?}"),
        }
    }
}

#[tokio::test]
async fn instances_that_decide_together_show_votes_and_what_each_does_and_the_summary_tells_what_it_took()
 {
    let run = "--coordination quorum --duration 4s --seed 1";
    let ended = on_a_terminal(80, 24, "xterm", &whole(run)).await;

    let lines: Vec<String> = ended.stdout.iter().map(|line| plain(line)).collect();
    let begins = |what: &str| lines.iter().rfind(|line| line.starts_with(what));
    let fleet = begins("fleet:      ").unwrap_or_else(|| panic!("{lines:#?}"));
    assert!(fleet.contains(" of 3 suspect, need 2"), "{fleet}");
    let engine = "            heard by 3 of 3 instances; quorum, engine memory";
    assert!(begins(engine).is_some(), "{lines:#?}");
    let head = begins("instance state          in the fleet").expect("a column");
    assert!(head.ends_with("openings flaps"), "{head}");
    for line in lines.iter().filter(|line| line.contains(['▁', '▄', '█'])) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(begins("The fleet (quorum) opened ").is_some(), "{lines:#?}");
    assert!(begins("Vetoes: ").is_some(), "{lines:#?}");
}

#[tokio::test]
async fn a_dumb_terminal_and_the_background_get_plain_lines() {
    let background = format!(
        "set -m; {} & wait",
        whole("--duration 2s").replace("exec ", "")
    );
    for (term, line) in [("dumb", whole("--duration 2s")), ("xterm", background)] {
        let ended = on_a_terminal(80, 24, term, &line).await;

        let seconds = ended
            .stdout
            .iter()
            .filter(|line| line.contains("  downstream "));
        assert!(seconds.count() >= 1, "{term}: {ended:#?}");
        assert!(
            !ended.stdout.iter().any(|line| line.contains(ESCAPE)),
            "{term}: {ended:#?}"
        );
    }
}

#[tokio::test]
async fn several_runs_say_how_far_they_are() {
    let folder = std::env::temp_dir().join(format!("breaker-lab-progress-{}", std::process::id()));
    let scenario = folder.with_extension("toml");
    let text = "title = \"x\"\nduration = \"1s\"\n[faults]\nphases = [{ name = \"calm\" }]\n";
    std::fs::write(&scenario, text).expect("a temporary file can be written");
    let [scenario, out] = [&scenario, &folder].map(|path| path.to_str().expect("the path is text"));

    let ended = Process::run(&["run", scenario, "--repeat", "2", "--out", out]).await;

    for run in ["run 1 of 2, seed 1: ", "run 2 of 2, seed 2: "] {
        let mut said = ended.stdout.iter().filter(|line| line.starts_with(run));
        assert!(said.any(|line| line.contains("left")), "{ended:#?}");
    }
    std::fs::remove_dir_all(out).expect("the folder is ours");
    std::fs::remove_file(scenario).expect("the file is ours");
}

#[tokio::test]
async fn a_scenario_counts_live_which_calls_were_expected_to_fail() {
    let scenario =
        std::env::temp_dir().join(format!("breaker-lab-live-{}.toml", std::process::id()));
    // One phase, in which the truth never changes.
    let text = "title = \"x\"\nduration = \"3s\"\n[load]\nrate = 200\n[breaker]\n\
                failure_rate_threshold = \"off\"\nconsecutive_failures = 1000\n\
                [faults]\nphases = [{ name = \"half well\", failure_ratio = 0.5 }]\n";
    std::fs::write(&scenario, text).expect("a temporary file can be written");
    let out = scenario.with_extension("out");
    let run = format!(
        "exec \"$LAB\" run {} --out {}",
        scenario.display(),
        out.display()
    );

    let ended = on_a_terminal(80, 24, "xterm", &run).await;

    let lines: Vec<String> = ended.stdout.iter().map(|line| plain(line)).collect();
    let counted = lines.iter().filter_map(|line| {
        let (_, rest) = line.split_once(" calls arrived, ")?;
        rest.split(' ').next()?.replace(',', "").parse::<f64>().ok()
    });
    let counted: Vec<f64> = counted.collect();
    // Some 300 in the end. The last frames are drawn when the run has ended, and everything is reported.
    let early = &counted[..counted.len() / 2];
    assert!(early.iter().any(|count| *count > 20.0), "{counted:?}");
    std::fs::remove_file(scenario).expect("the file is ours");
    std::fs::remove_dir_all(out).expect("the folder is ours");
}

#[tokio::test]
async fn what_is_longer_than_the_terminal_is_broken_between_words() {
    for line in [
        "exec \"$LAB\" scenarios",
        "exec \"$LAB\" simulate recovery-herd --check",
        "exec \"$LAB\" simulate flapping --set breaker.open_for=5s",
    ] {
        let ended = on_a_terminal(60, 24, "xterm", line).await;

        let lines: Vec<String> = ended.stdout.iter().map(|line| plain(line)).collect();
        assert!(lines.len() >= 2, "{line}: {lines:#?}");
        for shown in &lines {
            assert!(shown.chars().count() <= 60, "{line}: {shown}");
        }
    }
}
