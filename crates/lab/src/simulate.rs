//! Runs of a scenario in virtual time: as many as are asked for, in parallel, judged and kept like live runs.
//!
//! The simulator performs them. What is here is what users see of it: settings that are refused before anything
//! starts, progress, an end at Ctrl-C that keeps what is done, and the folder.

mod bar;
mod swept;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use experiment::result::{Repetition, RunResult};
use experiment::scenario::{Scenario, Set};
use simulator::{Cancel, Options};
use tokio::task::spawn_blocking;

use crate::cli::{SimulateArgs, VirtualArgs};
use crate::event_table::EventTable;
use crate::failure::Failure;
use crate::print;
use crate::run::{Folder, Source, begun, check, judge, keep, keep_inputs, read, report};
use crate::shutdown::asked_to_end;
use bar::Bar;
pub(crate) use swept::sweep;

/// What to simulate, and what to do with the result.
#[derive(Debug)]
struct Settings {
    source: Source,
    seeds: Vec<u64>,
    jobs: NonZeroUsize,
    out: Option<PathBuf>,
    events: Option<PathBuf>,
    quiet: bool,
}

/// Simulates the scenario, prints what came of it and leaves a folder with the result.
pub(crate) async fn simulate(args: SimulateArgs) -> Result<(), Failure> {
    let only_check = args.result.check;
    let settings = settled(args)?;
    if only_check {
        check(&settings.source);
        return Ok(());
    }
    let source = &settings.source;
    // All that may be refused is refused before anything is made.
    let table = settings.events.as_deref().map(EventTable::open);
    let table = table.transpose()?;
    let folder = Folder::prepare(settings.out.as_deref(), &source.name)?;
    keep_inputs(&folder, source)?;
    print::line(&format!("{}: {}", source.name, source.scenario.title()));
    let mut result = begun(source);
    result.repetitions = performed(&settings, table).await?;
    keep(&folder, &result)?;
    told(&settings, &result);
    print::line(&format!("result in {}", folder.path().display()));
    judge(&result)?;
    all_done(&settings, &result)
}

fn settled(args: SimulateArgs) -> Result<Settings, Failure> {
    let mut sets = Vec::new();
    if let Some(instances) = args.instances {
        if let Some(set) = args
            .common
            .changed
            .set
            .iter()
            .find(|set| set.key() == "fleet.size")
        {
            return Err(Failure::usage(format!(
                "--set {set} is not allowed together with --instances {instances}: leave one of the two out"
            )));
        }
        let size = Set::new("fleet.size", &instances.to_string());
        sets.push(size.map_err(Failure::usage)?);
    }
    sets.extend(args.common.changed.set.iter().cloned());
    let source = read(&args.common.scenario, &sets, args.common.changed.seed)?;
    let first = source.scenario.seed();
    Ok(Settings {
        seeds: (0..args.repeat)
            .map(|number| first.wrapping_add(number.into()))
            .collect(),
        jobs: jobs(&args.common),
        source,
        out: args.result.out,
        events: args.result.events,
        quiet: args.common.changed.quiet,
    })
}

fn jobs(args: &VirtualArgs) -> NonZeroUsize {
    let asked = args.jobs.and_then(NonZeroUsize::new);
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    asked.unwrap_or_else(cores)
}

/// The runs that ended, in the order of their seeds. After Ctrl-C those that were under way are left out, unless
/// there are no others.
async fn performed(
    settings: &Settings,
    table: Option<EventTable>,
) -> Result<Vec<Repetition>, Failure> {
    let (scenario, seeds) = (settings.source.scenario.clone(), settings.seeds.clone());
    let (jobs, options) = (settings.jobs, Options::default());
    let bar = Arc::new(Bar::new(settings.quiet || seeds.len() == 1));
    let shown = Arc::clone(&bar);
    let cancel = options.cancel.clone();
    let work = spawn_blocking(move || match table {
        Some(table) => one_by_one(&scenario, &seeds, &options, table, &shown),
        None => Ok(simulator::many(
            &scenario,
            &seeds,
            jobs,
            &options,
            |progress| {
                shown.show(progress.done, progress.all);
            },
        )),
    });
    let runs = until_done_or_ended(work, &cancel).await;
    bar.end();
    let mut runs = runs??;
    if runs.iter().any(|run| !run.cut_short) {
        runs.retain(|run| !run.cut_short);
    }
    Ok(runs)
}

/// The runs one after another, so that their events do not mix.
fn one_by_one(
    scenario: &Scenario,
    seeds: &[u64],
    options: &Options,
    mut table: EventTable,
    bar: &Bar,
) -> Result<Vec<Repetition>, Failure> {
    let mut runs = Vec::new();
    for seed in seeds {
        if options.cancel.is_cancelled() {
            break;
        }
        let events = table.run(*seed, scenario.instances());
        runs.push(simulator::run_telling(
            scenario,
            *seed,
            options,
            Some(events),
        ));
        bar.show(runs.len(), seeds.len());
    }
    table.finish()?;
    Ok(runs)
}

/// What the work comes to; Ctrl-C, or a reader who has gone away, makes it end early.
async fn until_done_or_ended<T>(
    mut work: tokio::task::JoinHandle<T>,
    cancel: &Cancel,
) -> Result<T, Failure> {
    let ended = tokio::select! {
        ended = &mut work => ended,
        () = asked_to_end() => {
            cancel.cancel();
            work.await
        }
    };
    ended.map_err(|error| Failure::runtime(format!("a run broke: {error}")))
}

fn told(settings: &Settings, result: &RunResult) {
    let of = u32::try_from(settings.seeds.len()).unwrap_or(u32::MAX);
    for (place, run) in (0..).zip(&result.repetitions) {
        report::one(run, place, of);
    }
    report::all(result);
}

/// Whether as many runs ended as were asked for, where something is expected of them.
fn all_done(settings: &Settings, result: &RunResult) -> Result<(), Failure> {
    let (done, of) = (result.repetitions.len(), settings.seeds.len());
    let expects = !settings.source.scenario.expectations().is_empty();
    if done < of && expects {
        return Err(Failure::Assertion(format!(
            "stopped after {done} of {of} runs: whether the expectations hold for the others is not known"
        )));
    }
    Ok(())
}
