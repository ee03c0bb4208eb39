//! Tests of which trials are performed, kept and performed again.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;

use experiment::events::{CallEvent, Events};
use experiment::fleet::Change;
use experiment::scenario::Scenario;
use experiment::sweep::{Axis, Grid, SCHEMA, USUAL};

use super::*;

const SCENARIO: &str = "title = \"short\"\nduration = \"1s\"\n[load]\nrate = 20\n\
                        [faults]\nphases = [{ name = \"bad\", failure_ratio = 0.5 }]\n";

/// A sweep in a folder of its own, which does not exist yet.
fn settings(name: &str, axes: &[&str], repeat: u32) -> Settings {
    let out = std::env::temp_dir().join(format!("breaker-lab-sweep-{}-{name}", std::process::id()));
    let axes = axes.iter().map(|axis| axis.parse::<Axis>().unwrap());
    Settings {
        sweep: Sweep {
            schema: SCHEMA.to_owned(),
            scenario: "short".to_owned(),
            title: "short".to_owned(),
            version: "0.1.0".to_owned(),
            commit: None,
            replayed: BTreeMap::new(),
            grid: Grid::new(axes.collect()).unwrap(),
            first_seed: 1,
            repeat,
            figures: USUAL.iter().map(|name| (*name).to_owned()).collect(),
        },
        text: SCENARIO.to_owned(),
        out,
        jobs: NonZeroUsize::new(2).unwrap(),
        remarks: Vec::new(),
        breakers: vec![BreakerSettings::default()],
    }
}

/// Performs a sweep; the trials that were performed now, in any order.
fn performed(
    settings: &Settings,
    fails_at: Option<u64>,
) -> (Vec<(String, u64)>, Result<(), Failure>) {
    let scenario = Scenario::parse(SCENARIO).unwrap();
    let seen = Mutex::new(Vec::new());
    let ended = sweep(
        settings,
        |cell| Ok(cell.to_string()),
        |cell: &String, seed| {
            if fails_at == Some(seed) {
                return Err(Failure::runtime("stopped"));
            }
            seen.lock().unwrap().push((cell.clone(), seed));
            Ok(simulator::run(
                &scenario,
                seed,
                &simulator::Options::default(),
            ))
        },
        |_| {},
    );
    let mut seen = seen.into_inner().unwrap();
    seen.sort();
    (seen, ended)
}

fn lines(settings: &Settings, file: &str) -> usize {
    fs::read_to_string(settings.out.join(file))
        .unwrap()
        .lines()
        .count()
}

#[test]
fn a_sweep_that_was_stopped_goes_on_where_it_was() {
    let first = settings("stopped", &["breaker.open_for=1s,2s"], 3);

    let (before, ended) = performed(&first, Some(2));
    assert!(ended.is_err() && before.len() < 6, "{before:?}");
    let kept = lines(&first, "trials.jsonl");
    assert!(!first.out.join("sweep.csv").exists());
    // What was being written when the power went.
    let trials = first.out.join("trials.jsonl");
    let half = fs::read_to_string(&trials).unwrap() + "{\"settings\":[[";
    fs::write(&trials, half).unwrap();

    let (after, ended) = performed(&first, None);

    assert!(ended.is_ok(), "{ended:?}");
    assert_eq!(after.len() + kept, 6);
    assert_eq!(lines(&first, "trials.jsonl"), 6);
    assert_eq!(lines(&first, "sweep.csv"), 3);
    for file in ["pareto.svg", "table.txt", "sweep.json", "scenario.toml"] {
        assert!(first.out.join(file).exists(), "{file}");
    }
    let (again, ended) = performed(&first, None);
    assert!(again.is_empty() && ended.is_ok());
    fs::remove_dir_all(&first.out).unwrap();
}

#[test]
fn a_trial_that_was_stopped_between_its_two_runs_is_not_kept_and_is_performed_again() {
    let settings = settings("half", &["breaker.open_for=1s"], 2);
    // Some hundred events: the run with breakers ends before it is seen that the switch was used.
    let overload = format!(
        "{SCENARIO}overload = {{ workers = 2, service = {{ exponential = {{ mean = \"15ms\" }} }} }}\n"
    );
    let scenario = Scenario::parse(&overload).unwrap();
    let performed = |stops_at: Option<u64>| {
        sweep(
            &settings,
            |_| Ok(()),
            |(), seed| {
                let options = simulator::Options::default();
                let mut stops = Stops(options.cancel.clone());
                let stops = (stops_at == Some(seed)).then_some(&mut stops as &mut dyn Events);
                Ok(simulator::run_telling(&scenario, seed, &options, stops))
            },
            |_| {},
        )
    };

    let stopped = performed(Some(2)).unwrap_err();
    let kept = lines(&settings, "trials.jsonl");
    let rest = performed(None);

    assert!(stopped.to_string().contains("continues"), "{stopped}");
    assert!(kept <= 1, "{kept}");
    assert!(rest.is_ok(), "{rest:?}");
    let trials = fs::read(settings.out.join("trials.jsonl")).unwrap();
    let trials = Trial::parse_lines(&trials).unwrap();
    assert_eq!(trials.len(), 2);
    assert!(trials.iter().all(|it| it.invalid.is_none()), "{trials:?}");
    fs::remove_dir_all(&settings.out).unwrap();
}

/// Uses the switch when the first call is reported.
struct Stops(simulator::Cancel);

impl Events for Stops {
    fn call(&mut self, _: &CallEvent) {
        self.0.cancel();
    }

    fn transition(&mut self, _: usize, _: &Change) {}
}

#[test]
fn more_seeds_and_values_are_added_and_another_scenario_is_refused() {
    let first = settings("more", &["breaker.open_for=1s"], 1);
    assert_eq!(performed(&first, None).0.len(), 1);

    let more = settings("more", &["breaker.open_for=1s,2s"], 2);
    let (added, ended) = performed(&more, None);
    let other = Settings {
        text: SCENARIO.replace("20", "30"),
        ..more.clone()
    };
    let refusal = performed(&other, None).1.unwrap_err();

    assert!(ended.is_ok());
    assert_eq!(added.len(), 3);
    assert!(
        matches!(&refusal, Failure::Usage(what) if what.contains("choose another folder with --out")),
        "{refusal}"
    );
    fs::remove_dir_all(&first.out).unwrap();
}

#[test]
fn a_value_that_is_not_allowed_is_found_before_anything_is_made() {
    let settings = settings("refused", &["breaker.open_for=1s,never"], 1);

    let ended = sweep(
        &settings,
        |cell| {
            if cell.to_string().contains("never") {
                Err(Failure::usage("no"))
            } else {
                Ok(())
            }
        },
        |(), _| panic!("nothing is performed"),
        |_| {},
    );

    assert!(matches!(ended, Err(Failure::Usage(_))));
    assert!(!settings.out.exists());
}

#[test]
fn a_folder_that_holds_something_else_is_left_alone() {
    let settings = settings("foreign", &["breaker.open_for=1s"], 1);
    fs::create_dir_all(&settings.out).unwrap();
    fs::write(settings.out.join("scenario.toml"), "mine").unwrap();

    let refusal = performed(&settings, None).1.unwrap_err();

    assert!(
        refusal
            .to_string()
            .contains("holds scenario.toml, but no sweep.json"),
        "{refusal}"
    );
    assert_eq!(
        fs::read_to_string(settings.out.join("scenario.toml")).unwrap(),
        "mine"
    );
    fs::remove_dir_all(&settings.out).unwrap();
}
