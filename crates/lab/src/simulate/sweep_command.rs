//! The sweep of a scenario: every combination of some settings, with the same seeds, in virtual time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use experiment::breaker_settings::BreakerSettings;
use experiment::chance::Draw;
use experiment::load::Shape;
use experiment::scenario::{Place, Scenario, Set};
use experiment::sweep::{Cell, Grid, SCHEMA, Sweep, USUAL};
use simulator::Options;
use tokio::task::spawn_blocking;

use super::bar::Bar;
use super::{jobs, until_done_or_ended};
use crate::cli::SweepArgs;
use crate::failure::Failure;
use crate::print;
use crate::run::{Source, claimed, commit, each_once, read};
use crate::sweep::{self, Settings};

/// Simulates every combination that has not been simulated yet, and arranges the results in the folder.
pub(crate) async fn sweep(args: SweepArgs) -> Result<(), Failure> {
    let quiet = args.common.changed.quiet;
    let (source, settings) = settled(args)?;
    let bar = Arc::new(Bar::new(quiet));
    let shown = Arc::clone(&bar);
    let mut options = Options::default();
    // Of each run only figures are kept.
    options.without_course = true;
    let cancel = options.cancel.clone();
    let work = spawn_blocking(move || {
        let prepare = |cell: &Cell| scenario_of(&source, cell);
        let perform = |scenario: &Scenario, seed| Ok(simulator::run(scenario, seed, &options));
        let mut title = Some(format!("{}: {}", source.name, source.scenario.title()));
        let ended = sweep::sweep(&settings, prepare, perform, |progress| {
            // Told first when the folder is open: what is refused until then is refused without a word before.
            if let Some(title) = title.take() {
                print::sentence(&title, 2);
            }
            shown.show(progress.done, progress.of);
            if progress.done == progress.of {
                shown.end();
            }
        });
        shown.end();
        ended
    });
    until_done_or_ended(work, &cancel).await?
}

fn settled(args: SweepArgs) -> Result<(Source, Settings), Failure> {
    let source = read(
        &args.common.scenario,
        &args.common.changed.set,
        args.common.changed.seed,
    )?;
    let flag = |flag: &'static str| move |what| Failure::usage(format!("{flag}: {what}"));
    let grid = Grid::new(args.vary).map_err(flag("--vary"))?;
    let figures = if args.figure.is_empty() {
        USUAL.iter().map(|name| (*name).to_owned()).collect()
    } else {
        args.figure
    };
    each_key_once(&source.text, &grid, &args.common.changed.set)?;
    let mut sweep = Sweep {
        schema: SCHEMA.to_owned(),
        scenario: source.name.clone(),
        title: source.scenario.title().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: commit(),
        replayed: BTreeMap::new(),
        grid,
        first_seed: source.scenario.seed(),
        repeat: args.repeat,
        figures,
    };
    let figures = sweep.figures().map_err(flag("--figure"))?;
    each_once(&figures)?;
    let (mut longest, mut breakers) = (Vec::new(), Vec::new());
    let mut has_fixed_lengths = true;
    for cell in sweep.grid.cells() {
        let scenario = scenario_of(&source, &cell)?;
        longest.extend(open_for_alone(&scenario));
        breakers.push(scenario.breaker_of(&scenario.instances()[0]));
        has_fixed_lengths &= scenario.faults().has_fixed_lengths();
        sweep.replayed.extend(replayed(&scenario));
        for figure in &figures {
            let measured = scenario.check_figure(figure);
            measured.map_err(|what| Failure::usage(format!("--figure: `{figure}`: {what}")))?;
        }
    }
    let out = match args.out {
        Some(out) => out,
        None => claimed(Path::new("runs"), &format!("{}-sweep", source.name))?,
    };
    let settings = Settings {
        sweep,
        text: source.text.clone(),
        out,
        jobs: jobs(&args.common),
        remarks: remarks(has_fixed_lengths && args.repeat > 1, longest),
        breakers,
    };
    Ok((source, settings))
}

/// The remarks about all combinations of a scenario, and about those whose breakers wait equally long each time.
fn remarks(has_fixed_lengths: bool, mut longest: Vec<String>) -> Vec<String> {
    let mut remarks = Vec::new();
    if has_fixed_lengths {
        remarks.push(
            "! faults begin and end at the same instants for every seed, so that the results may hold only \
             for these lengths, which ± does not show; write for_jitter beside for in a phase to vary them"
                .to_owned(),
        );
    }
    let mut seen = std::collections::BTreeSet::new();
    longest.retain(|wait| seen.insert(wait.clone()));
    if !longest.is_empty() {
        remarks.push(format!(
            "! max_open_for is no longer than open_for = {}: open periods do not grow there",
            longest.join(", ")
        ));
    }
    remarks
}

/// How long the first breaker waits, if that is above the usual longest wait and the longest wait was not set.
fn open_for_alone(scenario: &Scenario) -> Option<String> {
    let breaker = scenario.breaker_of(&scenario.instances()[0]);
    let usual = BreakerSettings::default().settled();
    let grows = breaker.backoff_factor.is_none_or(|factor| factor > 1.0);
    let alone = breaker.open_for == breaker.max_open_for && breaker.open_for > usual.max_open_for;
    (alone && grows).then(|| breaker.open_for.map(|wait| wait.to_string()))?
}

/// Refuses keys of which one is a part of another: rows would be labelled with values that were never simulated. A
/// part of something that was set before may vary.
fn each_key_once(text: &str, grid: &Grid, sets: &[Set]) -> Result<(), Failure> {
    let keys: Vec<&str> = grid.keys().collect();
    let varied = keys.iter().map(|key| Set::new(key, "varied"));
    let varied = varied
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::usage)?;
    let places: Vec<Place> = varied.iter().map(|key| Place::of(text, key)).collect();
    for (number, place) in places.iter().enumerate() {
        let key = keys[number];
        if varied[number].path() == ["seed"] {
            return Err(Failure::usage(format!(
                "--vary {key} is not allowed: each combination takes the same seeds, as many as --repeat says"
            )));
        }
        for (other, before) in keys.iter().zip(&places).take(number) {
            if place.holds(before) || before.holds(place) {
                let how = if place == before {
                    "mean the same setting"
                } else {
                    "are a setting and a part of it"
                };
                return Err(Failure::usage(format!(
                    "--vary: {other} and {key} {how}: vary one of the two"
                )));
            }
        }
        for set in sets {
            let given = Place::of(text, set);
            if place.holds(&given) {
                let what = if *place == given {
                    format!("{key} is given with --set and with --vary")
                } else {
                    format!("--vary {key} would undo --set {set}")
                };
                return Err(Failure::usage(format!("{what}: leave one of the two out")));
            }
        }
    }
    Ok(())
}

/// The file of a replayed load, with a digest of its rates.
fn replayed(scenario: &Scenario) -> Option<(String, String)> {
    let Shape::Replay {
        file: Some(file),
        points,
    } = &scenario.load().shape
    else {
        return None;
    };
    let rates = points.iter().map(|it| format!("{},{}\n", it.at_s, it.rate));
    let rates: String = rates.collect();
    let digest = Draw::new(0).with(&rates).bits();
    Some((file.clone(), format!("{digest:016x}")))
}

/// The scenario with the settings of a cell. Refusals name the key of the value.
fn scenario_of(source: &Source, cell: &Cell) -> Result<Scenario, Failure> {
    let sets = cell.settings().iter();
    let sets = sets.map(|(key, value)| Set::new(key, value));
    let sets = sets
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::usage)?;
    source.with_sets(&sets).map_err(|what| {
        Failure::usage(format!(
            "--vary: {}",
            what.replace("--set ", "").trim_start()
        ))
    })
}
