//! The program as the pages promise it: how it is built, what it is called, its completions and man pages.

use std::collections::BTreeSet;

use end_to_end::{Client, Process, System, repository};

use crate::commands::{arguments_of, words};
use crate::{TURN, all_steps};

/// At full length, beside a downstream that fails as the lab's own does; elsewhere the command is cut short.
#[tokio::test]
async fn the_assertions_of_the_pages_hold_under_the_default_faults() {
    let steps = all_steps();
    let mut texts = steps.iter().map(|(_, step)| step.written.text.as_str());
    let line = texts.find(|text| text.contains("-- load --duration 20s --assert"));
    let arguments = line.and_then(arguments_of).expect("the command");
    let _turn = TURN.lock().await;
    let system = System::start(r#"{"phases": [{"name": "x"}]}"#, &[]).await;
    let usual = Process::start(&["unreliable", "--listen", "127.0.0.1:0", "--seed", "1"]);
    let usual = Client::new(usual.url("unreliable service").await)
        .get("/faults")
        .await
        .body;
    assert_eq!(system.downstream.put("/faults", &usual).await.status, 200);
    let targets = system.instances.iter();
    let targets: Vec<String> = targets
        .map(|(name, client, _)| format!("{name}={}", client.base()))
        .collect();
    let mut arguments = words(arguments);
    for target in &targets {
        arguments.extend(["--target", target]);
    }
    // What is asserted here is not how fast the machine is.
    arguments.extend(["--lateness-limit", "10s"]);

    let ended = Process::run(&arguments).await;

    assert!(ended.status.success(), "{ended:#?}");
}

#[tokio::test]
async fn the_version_names_the_commit_and_the_features() {
    let said = Process::run(&["--version"]).await.stdout.join("");

    assert!(
        said.starts_with(&format!(
            "breaker-lab {} (commit ",
            env!("CARGO_PKG_VERSION")
        )),
        "{said}"
    );
    assert!(said.ends_with(", features: otlp-grpc)"), "{said}");
    let commit = said
        .split(' ')
        .nth(3)
        .unwrap_or_default()
        .trim_end_matches(',');
    let is_hash = commit.len() == 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_hash || commit == "unknown", "{said}");
}

#[tokio::test]
async fn completions_name_every_part_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = Process::run(&["completions", shell]).await;

        assert!(ended.status.success(), "{ended:#?}");
        let script = ended.stdout.join("\n");
        for word in [
            "instance",
            "unreliable",
            "scenarios",
            "consecutive-failures",
        ] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let ended = Process::run(&["completions", "tcsh"]).await;
    assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
    assert!(
        ended.stderr.join("").contains("write one of bash"),
        "{ended:#?}"
    );
}

#[tokio::test]
async fn bash_completes_commands_of_commands_flags_and_values() {
    let script = Process::run(&["completions", "bash"]).await.stdout;
    let ask = r#"
        complete_line() {
            COMP_WORDS=("$@")
            COMP_CWORD=$(( $# - 1 ))
            COMPREPLY=()
            _breaker__lab "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            echo "${COMPREPLY[*]}"
        }
        complete_line breaker-lab comp
        complete_line breaker-lab faults p
        complete_line breaker-lab faults dry-run --d
        complete_line breaker-lab run --rep
        complete_line breaker-lab instance --in-flight-calls when-o"#;
    let script = format!("{}\n{ask}", script.join("\n"));
    let mut bash = std::process::Command::new("bash");
    let output = bash.args(["--norc", "-c", &script]).output();

    let output = output.expect("bash is installed");
    let said = String::from_utf8(output.stdout).expect("completions are text");
    let expected = [
        "compare completions",
        "patch presets preset",
        "--downstream",
        "--repeat",
        "when-overdue",
    ];
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines, expected, "{:?}", output.stderr);
}

#[tokio::test]
async fn man_pages_have_examples_flags_and_exit_statuses_of_the_program_and_of_each_command() {
    for words in [&[][..], &["run"], &["faults", "preset"]] {
        let ended = Process::run(&[&["man"], words].concat()).await;

        assert!(ended.status.success(), "{ended:#?}");
        let page = ended.stdout.join("\n");
        let name = [&["breaker\\-lab"], words].concat().join("\\-");
        for part in [
            &name,
            ".SH SYNOPSIS",
            ".SH OPTIONS",
            ".SH EXAMPLES",
            ".SH \"EXIT STATUS\"",
        ] {
            assert!(page.contains(part), "{words:?}: {part}: {page}");
        }
    }
    let ended = Process::run(&["man", "fly"]).await;
    assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
    let said = ended.stderr.join("");
    assert!(
        said.contains("`fly` is not a command: write one of unreliable"),
        "{said}"
    );
}

#[test]
fn a_plain_cargo_run_compiles_nothing_for_benches_and_tests() {
    let packages = |of: &[&str]| -> BTreeSet<String> {
        let mut tree = std::process::Command::new(env!("CARGO"));
        tree.args([
            "tree",
            "--offline",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ]);
        let output = tree.args(of).current_dir(repository()).output();
        let text = String::from_utf8(output.expect("cargo runs").stdout).expect("names are text");
        text.lines()
            .filter_map(|line| {
                line.split(' ')
                    .next()
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
            })
            .collect()
    };
    let (all, lab) = (packages(&["--workspace"]), packages(&["--package", "lab"]));

    let more: Vec<&String> = all.difference(&lab).collect();

    assert!(lab.len() > 50, "{lab:?}");
    // The other members themselves; of these, benches and end-to-end are next to nothing without features.
    let own = |name: &str| name.starts_with("fusebox") || ["benches", "end-to-end"].contains(&name);
    assert!(more.iter().all(|name| own(name)), "{more:?}");
}
