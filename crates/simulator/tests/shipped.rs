//! Every shipped scenario holds what it expects, whatever the seed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread::available_parallelism;

use experiment::scenario::Scenario;
use simulator::{Options, many};

/// Seeds of each scenario.
const SEEDS: u64 = 30;

#[test]
fn every_shipped_scenario_holds_what_it_expects_with_30_seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let files = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let seeds: Vec<u64> = (1..=SEEDS).collect();
    let jobs = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let (mut judged, mut failed) = (0, Vec::new());
    for path in paths {
        let scenario = Scenario::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().display();
        assert!(
            !scenario.expectations().is_empty(),
            "{name} expects nothing"
        );

        for run in many(&scenario, &seeds, jobs, &Options::default(), |_| {}) {
            assert_eq!(run.invalid, None, "{name}, seed {}", run.seed);
            for expectation in scenario.expectations() {
                let verdict = expectation.judge(&run);
                judged += 1;
                if !verdict.held {
                    let (said, shown) = (verdict.expectation, verdict.shown);
                    failed.push(format!("{name}, seed {}: {said}: {shown}", run.seed));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(judged >= 16 * SEEDS, "{judged}");
}
