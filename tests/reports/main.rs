//! Reports that commands leave in their folders: they are there, say what the result says, and open in a browser.

mod chromium;

use std::path::{Path, PathBuf};

use end_to_end::{Process, empty_folder, read, repetitions, text};
use serde_json::Value;

use chromium::opened;

fn folder(name: &str) -> PathBuf {
    empty_folder(env!("CARGO_TARGET_TMPDIR"), &format!("reports-{name}"))
}

/// A scenario of twelve seconds with an outage, with more lines at its end.
fn scenario(folder: &Path, more: &str) -> PathBuf {
    let path = folder.join("outage.toml");
    let content = format!(
        "title = \"down & <up> | again\"\nduration = \"12s\"\n\
         expectations = [\"ok_ratio > 0.1\", \"divergence_share < 1 %\", \"flaps < 100\"]\n{more}\
         [faults]\nphases = [{{ name = \"well\", for = \"3s\" }}, {{ name = \"down\", for = \"4s\", failure_ratio = 1 }}, \
         {{ name = \"well again\" }}]\n"
    );
    std::fs::write(&path, content).expect("the scenario can be written");
    path
}

#[tokio::test]
async fn a_simulation_leaves_a_report_with_the_figures_of_its_result() {
    let folder = folder("simulate");
    let out = folder.join("out");
    let scenario = scenario(&folder, "");

    let ended = Process::run(&[
        "simulate",
        text(&scenario),
        "--repeat",
        "2",
        "--out",
        text(&out),
    ])
    .await;

    assert!(
        ended.status.code().is_some_and(|code| code < 2),
        "{ended:#?}"
    );
    let report = read(&out.join("report.md"));
    for run in repetitions(&out) {
        for verdict in run["verdicts"].as_array().expect("verdicts") {
            let expectation = verdict["expectation"]
                .as_str()
                .expect("text")
                .replace('<', "\\<");
            assert!(report.contains(&expectation), "{expectation}: {report}");
        }
    }
    let seeds = repetitions(&out)
        .iter()
        .map(|run| run["seed"].to_string())
        .collect::<Vec<_>>();
    assert!(
        report.contains(&format!("seeds {} to {}", seeds[0], seeds[1])),
        "{report}"
    );
    assert!(
        report.starts_with("<!-- breaker-lab report -->\n# outage: down & \\<up> \\| again\n")
            || report.contains("down \\& \\<up> \\| again"),
        "{report}"
    );
    opened(&out.join("timeline.svg")).says("down &amp; &lt;up&gt; | again");
}

/// The figures in the reports of one run are those of `result.json`.
#[tokio::test]
async fn a_single_run_is_told_with_the_figures_of_its_result() {
    let folder = folder("single");
    let out = folder.join("out");
    let scenario = scenario(&folder, "");

    let ended = Process::run(&["simulate", text(&scenario), "--out", text(&out)]).await;

    assert!(
        ended.status.code().is_some_and(|code| code < 2),
        "{ended:#?}"
    );
    let report = read(&out.join("report.md"));
    let run = &repetitions(&out)[0];
    for verdict in run["verdicts"].as_array().expect("verdicts") {
        let word = if verdict["held"] == Value::Bool(true) {
            "held"
        } else {
            "failed"
        };
        let said = |key: &str| verdict[key].as_str().expect("text").replace('<', "\\<");
        let row = format!("| {word} | {} | {} |", said("expectation"), said("shown"));
        assert!(report.contains(&row), "{row}: {report}");
    }
    let rejected = run["load"]["targets"]
        .as_array()
        .expect("targets")
        .iter()
        .map(|target| {
            let parts = target["parts"].as_array().expect("parts").iter();
            parts
                .filter_map(|part| part["outcomes"]["fast_fail"].as_u64())
                .sum::<u64>()
        });
    let rejected: u64 = rejected.sum();
    assert!(
        report.contains(&format!("Breakers rejected {rejected} of ")),
        "{rejected}: {report}"
    );
    let opened_first = run["fleet"]["instances"]
        .as_array()
        .expect("instances")
        .iter();
    let at = opened_first.filter_map(|one| one["transitions"][0][0].as_f64());
    let at = at.fold(f64::INFINITY, f64::min);
    let tenths = (at * 10.0).floor() / 10.0;
    assert!(
        report.contains(&format!("opened first, at 0:0{tenths:.1}")),
        "{at}: {report}"
    );
}

#[tokio::test]
async fn a_run_of_one_second_leaves_whole_reports() {
    let folder = folder("second");
    let (out, path) = (folder.join("out"), folder.join("second.toml"));
    // However busy the machine is, the run is not void.
    let content = "title = \"short\"\nduration = \"1s\"\n[load]\nlateness_limit = \"1h\"\n[faults]\n\
                   phases = [{ name = \"well\" }]\n";
    std::fs::write(&path, content).expect("the scenario can be written");

    let ended = Process::run(&["run", text(&path), "--out", text(&out)]).await;

    assert!(ended.status.success(), "{ended:#?}");
    let report = read(&out.join("report.md"));
    for part in [
        "## What happened",
        "No breaker opened.",
        "A     ▁",
        "breaker-lab run scenario.toml --seed 1",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    opened(&out.join("timeline.svg")).says("short");
    opened(&out.join("report.html")).says("short");
}

#[tokio::test]
async fn a_sweep_leaves_a_report_and_it_is_made_anew_from_its_folder() {
    let folder = folder("sweep");
    let out = folder.join("out");
    let scenario = scenario(&folder, "");
    let vary = [
        "--vary",
        "breaker.open_for=500ms,2s",
        "--vary",
        "fleet.size=3,6",
    ];
    let asked = [
        "sweep",
        text(&scenario),
        "--repeat",
        "2",
        "--out",
        text(&out),
    ];

    let ended = Process::run(&[&asked[..], &vary].concat()).await;

    assert!(ended.status.success(), "{ended:#?}");
    let html = out.join("report.html");
    let first = [read(&html), read(&out.join("report.md"))];
    assert!(
        first[1].contains("4 combinations") && first[1].contains("(pareto.svg)"),
        "{}",
        first[1]
    );
    opened(&html)
        .says("Best by each figure")
        .says("breaker-lab sweep scenario.toml");
    for name in ["report.html", "report.md"] {
        std::fs::remove_file(out.join(name)).expect("the report is there");
    }
    let again = Process::run(&["report", text(&out)]).await;
    assert!(again.status.success(), "{again:#?}");
    assert_eq!(first, [read(&html), read(&out.join("report.md"))]);
}

#[tokio::test]
async fn a_study_leaves_a_report_and_it_is_made_anew_from_its_folder() {
    let folder = folder("study");
    let out = folder.join("out");

    let only = ["--only", "one-bad-instance", "--seeds", "1"];
    let asked = ["study", "coordination", "--quiet", "--out", text(&out)];
    let ended = Process::run(&[&asked[..], &only].concat()).await;

    assert!(ended.status.success(), "{ended:#?}");
    let html = out.join("report.html");
    opened(&html)
        .says("1 scenario under 9 policies, 1 seed each.")
        .says("The best policy of each scenario")
        .says("breaker-lab study coordination --seeds 1 --seed 1 --only one-bad-instance");
    let first = read(&html);
    let again = Process::run(&["report", text(&out)]).await;
    assert!(again.status.success(), "{again:#?}");
    assert_eq!(first, read(&html));
}

/// Eight runs of a scenario with one setting.
async fn simulated(scenario: &Path, out: &Path, set: &str) {
    let asked = ["simulate", text(scenario), "--repeat", "8", "--out"];
    let set = [text(out), "--set", set, "--set", "breaker.max_open_for=3s"];
    let ended = Process::run(&[&asked[..], &set].concat()).await;
    let code = ended.status.code();
    assert!(code.is_some_and(|code| code < 2), "{ended:#?}");
}

#[tokio::test]
async fn a_comparison_is_written_as_a_page_and_replaces_nothing_else() {
    let folder = folder("compare");
    let scenario = scenario(&folder, "");
    let out = |name: &str| folder.join(name);
    simulated(&scenario, &out("short"), "breaker.open_for=500ms").await;
    simulated(&scenario, &out("long"), "breaker.open_for=3s").await;
    let (short, long, html) = (out("short"), out("long"), out("page.html"));
    let compare = [
        "compare",
        text(&short),
        text(&long),
        "--figure",
        "flaps",
        "--figure",
        "ok_ratio",
        "--html",
    ];

    let ended = Process::run(&[&compare[..], &[text(&html)]].concat()).await;

    assert!(
        ended.status.success() && ended.said("report in"),
        "{ended:#?}"
    );
    opened(&html)
        .says("8 pairs of one seed each")
        .says("by more than chance: flaps");
    let text_too = read(&out("page.md"));
    for part in [
        "| **flaps** |",
        "short/scenario.toml --seed 1 --repeat 8",
        "--figure flaps",
    ] {
        assert!(text_too.contains(part), "{part}: {text_too}");
    }
    let mine = out("mine.html");
    std::fs::write(&mine, "<p>mine").expect("a file can be written");
    for (path, why) in [
        (&mine, "not a report of breaker-lab"),
        (&out("page.md"), "write a name such as"),
    ] {
        let ended = Process::run(&[&compare[..], &[text(path)]].concat()).await;
        assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
        assert!(
            ended.stderr.iter().any(|line| line.contains(why)),
            "{ended:#?}"
        );
    }
    assert_eq!(read(&mine), "<p>mine");
}
