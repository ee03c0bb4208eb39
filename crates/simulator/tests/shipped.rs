//! The shipped scenarios, each of which meets its expectations whatever the seed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread::{available_parallelism, scope};

use experiment::expectation::{CATALOGUE, Figure, Figures};
use experiment::scenario::Scenario;
use simulator::{Cancel, perform};

/// Seeds of each scenario.
const SEEDS: u64 = 30;

/// What does not hold of one scenario.
fn failed(path: &Path) -> Vec<String> {
    let name = path.file_stem().unwrap().display();
    let scenario = Scenario::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(
        !scenario.expectations().is_empty(),
        "{name} expects nothing"
    );
    let mut failed = Vec::new();
    for seed in 1..=SEEDS {
        // No expectation is on what would be without breakers, which would be performed as well by `run`.
        let run = perform(&scenario.clone().with_seed(seed), &Cancel::default(), None).repetition;
        assert_eq!(run.invalid, None, "{name}, seed {seed}");
        let verdicts = scenario.expectations().iter().map(|it| it.judge(&run));
        failed.extend(verdicts.filter(|it| !it.held).map(|verdict| {
            let (expected, shown) = (verdict.expectation, verdict.shown);
            format!("{name}, seed {seed}: {expected}: {shown}")
        }));
    }
    failed
}

#[test]
fn every_shipped_scenario_holds_what_it_expects_with_30_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let folders = [folder.clone(), folder.join("coordination")];
    let files = folders.map(|folder| std::fs::read_dir(folder).unwrap());
    let files = files.into_iter().flatten().map(|file| file.unwrap().path());
    let mut paths: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    paths.sort();
    assert!(paths.len() >= 38, "{paths:?}");
    let (paths, all) = (Mutex::new(paths), Mutex::new(Vec::new()));

    scope(|threads| {
        for _ in 0..available_parallelism().map_or(1, NonZeroUsize::get) {
            threads.spawn(|| {
                loop {
                    let path = paths.lock().unwrap().pop();
                    let Some(path) = path else { return };
                    all.lock().unwrap().extend(failed(&path));
                }
            });
        }
    });

    let failed = all.into_inner().unwrap();
    assert!(failed.is_empty(), "{failed:#?}");
}

/// A figure that is in the catalogue and is never worked out would fail every expectation, as not measured.
#[test]
fn every_figure_of_the_catalogue_is_measured_in_a_scenario_of_coordination() {
    let file = "../../scenarios/coordination/total-outage.toml";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let scenario = Scenario::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
    let run = perform(&scenario, &Cancel::default(), None).repetition;
    for definition in CATALOGUE {
        let figure = Figure {
            definition,
            target: None,
            phase: None,
        };
        assert!(run.value(&figure).is_some(), "{}", definition.name);
    }
}
