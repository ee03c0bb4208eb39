//! Every scenario of coordination, in every mode: a table, and no claim about it.
//!
//! ```text
//! SEEDS=30 cargo test --release -p simulator --test coordination table -- --ignored --nocapture
//! ```

use std::path::{Path, PathBuf};

use experiment::expectation::{Figure, Figures};
use experiment::result::Repetition;
use experiment::scenario::Scenario;
use fusebox_fleet::Mode;
use simulator::{Options, run};

/// The columns, and how many digits each has.
const FIGURES: [(&str, usize); 10] = [
    ("goodput", 1),
    ("first_open_delay", 2),
    ("all_open_delay", 2),
    ("recovery_delay_max", 1),
    ("closing_spread", 1),
    ("wasted_calls", 0),
    ("wrongly_rejected_calls", 0),
    ("probes", 0),
    ("probes_in_100ms", 0),
    ("messages", 2),
];

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/coordination");
    let files = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths
}

fn row(runs: &[Repetition], figure: &str, digits: usize) -> String {
    let figure: Figure = figure.parse().unwrap();
    let values: Vec<f64> = runs.iter().filter_map(|run| run.value(&figure)).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    if values.is_empty() {
        return "–".to_owned();
    }
    format!("{mean:.digits$}")
}

#[test]
#[ignore = "it prints a table and takes minutes"]
#[expect(clippy::print_stdout, reason = "it prints a table")]
fn table() {
    let number = |name: &str, usual| std::env::var(name).map_or(usual, |it| it.parse().unwrap());
    let asked = std::env::var("SCENARIOS").unwrap_or_default();
    let names = FIGURES.map(|(name, _)| name).join(" | ");
    println!("| scenario | mode | {names} | failed expectations |");
    println!("|---|---|{}---|", "---:|".repeat(FIGURES.len()));
    for path in scenarios() {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !asked.is_empty() && !asked.split(',').any(|it| it == name) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for mode in Mode::ALL {
            let set = format!("coordination.mode={mode}").parse().unwrap();
            let scenario = Scenario::parse_with_sets(&text, &[set]);
            let scenario = scenario.unwrap_or_else(|error| panic!("{name}: {error}"));
            let runs: Vec<Repetition> = (1..=number("SEEDS", 3))
                .map(|seed| run(&scenario, seed, &Options::default()))
                .collect();
            let columns = FIGURES.map(|(figure, digits)| row(&runs, figure, digits));
            let verdicts = runs.iter().flat_map(|run| &run.verdicts);
            let failed = verdicts.filter(|it| !it.held && mode == Mode::Quorum);
            let failed: Vec<String> = failed
                .map(|it| format!("`{}`: {}", it.expectation, it.shown))
                .collect();
            println!(
                "| {name} | {mode} | {} | {} |",
                columns.join(" | "),
                failed.join("; ")
            );
        }
    }
}
