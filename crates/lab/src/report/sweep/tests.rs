//! Reports of a small sweep of which the trials are known.

use experiment::sweep::{Cell, Grid, SCHEMA};

use super::*;

/// Two ways to set `open_for`, in two fleets, two seeds each.
fn sweep() -> (Sweep, Vec<Trial>) {
    let axes = ["breaker.open_for=1s,2s", "fleet.size=3,30"];
    let axes = axes.map(|axis| axis.parse().unwrap());
    let figures = [
        "detection_delay_p50",
        "wrongly_rejected_ratio",
        "wasted_ratio",
        "ok_ratio",
    ];
    let sweep = Sweep {
        schema: SCHEMA.to_owned(),
        scenario: "flapping".to_owned(),
        title: "a | b".to_owned(),
        version: "0.1.0".to_owned(),
        commit: None,
        replayed: std::collections::BTreeMap::new(),
        grid: Grid::new(axes.into()).unwrap(),
        first_seed: 1,
        repeat: 2,
        figures: figures.map(str::to_owned).into(),
    };
    let trial = |cell: &Cell, seed: u64| {
        let is_long = cell.to_string().contains("2s");
        let wait = if is_long { 0.2 } else { 0.1 };
        let line = format!(
            r#"{{"settings":{},"seed":{seed},"figures":{{"detection_delay_p50":{wait},"wrongly_rejected_ratio":{},"wasted_ratio":{},"ok_ratio":{}}},"invalid":null,"failed":0}}"#,
            serde_json::to_string(cell).unwrap(),
            if is_long { 0.05 } else { 0.1 },
            0.01,
            if is_long { 0.9 } else { 0.8 },
        );
        Trial::parse_lines((line + "\n").as_bytes())
            .unwrap()
            .remove(0)
    };
    let cells = sweep.grid.cells();
    let trials = cells
        .iter()
        .flat_map(|cell| [1, 2].map(|seed| trial(cell, seed)));
    let trials = trials.collect();
    (sweep, trials)
}

#[test]
fn a_sweep_tells_its_front_and_who_is_best_by_each_figure_under_each_condition() {
    let (sweep, trials) = sweep();
    let table = SweepTable::of(&sweep, &trials).unwrap();

    let document = document(Swept {
        sweep: &sweep,
        table: &table,
        scenario: "title = \"<x>\"",
        text: "the table",
    });
    let text = document.markdown(65_000);

    assert!(
        text.contains("**4 combinations, of which 4 on the Pareto front.**"),
        "{text}"
    );
    assert!(
        text.contains(
            "| 1 | fleet.size=3 | breaker.open_for=1s | 100 ms ± 0 s | 10.0 % ± 0.00 % |"
        ),
        "{text}"
    );
    for row in [
        "| detection_delay_p50 | fleet.size=3 | breaker.open_for=1s | 100 ms ± 0 s |",
        "| wasted_ratio | fleet.size=30 | the same in all | 1.00 % ± 0.00 % |",
        "| ok_ratio | fleet.size=30 | breaker.open_for=2s | 90.0 % ± 0.00 % |",
        "![Wrongly rejected and wasted calls over the detection delay of each choice](pareto.svg)",
        "breaker-lab sweep scenario.toml --seed 1 --repeat 2 --vary breaker.open_for=1s,2s --vary fleet.size=3,30 \
         --figure detection_delay_p50",
    ] {
        assert!(text.contains(row), "{row}: {text}");
    }
    let html = document.html();
    assert!(
        !html.contains("<script") && html.contains("title = &quot;&lt;x&gt;&quot;"),
        "{html}"
    );
}

#[test]
fn the_report_of_a_folder_is_made_anew_from_its_plan_and_its_trials() {
    let (sweep, trials) = sweep();
    let folder = std::env::temp_dir().join(format!("breaker-lab-swept-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let lines: String = trials.iter().map(|trial| trial.line() + "\n").collect();
    for (name, text) in [
        ("sweep.json", serde_json::to_string(&sweep).unwrap()),
        ("trials.jsonl", lines),
        ("scenario.toml", "title = \"t\"\n".to_owned()),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }

    write(&folder, &folder.join("report.html")).unwrap();

    let text = std::fs::read_to_string(folder.join("report.md")).unwrap();
    assert!(
        text.contains("4 combinations, of which 4 on the Pareto front"),
        "{text}"
    );
    assert!(folder.join("report.html").exists());
    std::fs::remove_file(folder.join("trials.jsonl")).unwrap();
    let error = write(&folder, &folder.join("again.html"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("trials.jsonl"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}
