//! The runs of a scenario in virtual time: as many as requested, in parallel, judged and kept like live runs.
//!
//! The simulator performs them. This module contains what users see of it: settings that are refused before anything
//! starts, progress, an end at Ctrl-C that keeps what is done, and the folder.

mod bar;
mod keeper;
mod sweep_command;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use experiment::result::{Repetition, RunResult};
use experiment::scenario::{Scenario, Set};
use simulator::{Cancel, Options};
use tokio::task::spawn_blocking;

use crate::cli::{SimulateArgs, VirtualArgs};
use crate::event_table::EventTable;
use crate::failure::Failure;
use crate::parallel::in_parallel;
use crate::print;
use crate::run::{
    Folder, Source, begun, both, check, check_use, judge, keep_inputs, opened, read, report,
    with_engine,
};
use crate::settings::Engine;
use crate::shutdown::asked_to_end;
pub(crate) use bar::Bar;
use keeper::Keeper;
pub(crate) use sweep_command::sweep;

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

/// Simulates the scenario, prints the results and leaves a folder with them.
pub(crate) async fn simulate(args: SimulateArgs) -> Result<(), Failure> {
    let only_check = args.result.check;
    let settings = settled(args)?;
    if only_check {
        check(&settings.source);
        return Ok(());
    }
    let source = &settings.source;
    // All that may be refused is refused before anything is made.
    let table = opened(settings.events.as_deref(), settings.out.as_deref())?;
    let folder = Folder::prepare(settings.out.as_deref(), &source.name)?;
    let path = folder.path().to_owned();
    keep_inputs(&folder, source)?;
    print::sentence(&format!("{}: {}", source.name, source.scenario.title()), 2);
    let keeper = Keeper::new(folder, begun(source));
    let (result, events) = performed(&settings, table, keeper).await?;
    told(&settings, &result);
    let judged = judge(&result).and_then(|()| all_done(&settings, &result));
    print::line(&format!("result in {}", path.display()));
    both(events.and(reported(&path, &result)), judged)
}

fn settled(args: SimulateArgs) -> Result<Settings, Failure> {
    let mut sets = Vec::new();
    if let Some(instances) = args.instances {
        if let Some(set) = args
            .common
            .changed
            .set
            .iter()
            .find(|set| ["fleet", "fleet.size"].contains(&&*set.path().join(".")))
        {
            return Err(Failure::usage(format!(
                "--set {set} is not allowed together with --instances {instances}: leave one of the two out"
            )));
        }
        let size = Set::new("fleet.size", &instances.to_string());
        sets.push(size.map_err(Failure::usage)?);
    }
    sets.extend(args.common.changed.set.iter().cloned());
    if let Some(engine) = &args.engine {
        sets = with_engine(&sets, virtual_engine(engine)?)?;
    }
    let source = read(&args.common.scenario, &sets, args.common.changed.seed)?;
    if let Some(engine) = &args.engine {
        check_use(&source.scenario, engine)?;
    }
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

/// The name of the engine in virtual time.
fn virtual_engine(engine: &Engine) -> Result<&'static str, Failure> {
    match engine {
        Engine::Memory | Engine::Gossip => Ok(engine.kind()),
        Engine::Redis(_) => Err(Failure::usage(format!(
            "--engine {engine} is a server, which cannot run in virtual time: write memory or gossip, or \
             use `breaker-lab run`"
        ))),
    }
}

fn jobs(args: &VirtualArgs) -> NonZeroUsize {
    cores_or(args.jobs)
}

/// The requested number of threads, or one for each core.
pub(crate) fn cores_or(asked: Option<usize>) -> NonZeroUsize {
    let asked = asked.and_then(NonZeroUsize::new);
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    asked.unwrap_or_else(cores)
}

/// The result with the runs that ended, and the result of writing their events.
async fn performed(
    settings: &Settings,
    table: Option<EventTable>,
    mut keeper: Keeper,
) -> Result<(RunResult, Result<(), Failure>), Failure> {
    let (scenario, seeds) = (settings.source.scenario.clone(), settings.seeds.clone());
    let (jobs, options) = (settings.jobs, Options::default());
    let bar = Arc::new(Bar::new(settings.quiet || seeds.len() == 1));
    let shown = Arc::clone(&bar);
    let cancel = options.cancel.clone();
    let work = spawn_blocking(move || {
        let mut done = 0;
        let mut ended = |place, run| {
            done += 1;
            shown.show(done, seeds.len());
            keeper.take(place, run)
        };
        let events = if let Some(table) = table {
            one_by_one(&scenario, &seeds, &options, table, &mut ended)?
        } else {
            at_once(&scenario, &seeds, jobs, &options, ended)?;
            Ok(())
        };
        Ok((keeper.finish()?, events))
    });
    let ended = until_done_or_ended(work, &cancel).await;
    bar.end();
    ended?
}

/// The runs on several threads, each passed on when it has ended.
fn at_once(
    scenario: &Scenario,
    seeds: &[u64],
    jobs: NonZeroUsize,
    options: &Options,
    mut ended: impl FnMut(usize, Repetition) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let tasks: Vec<(usize, u64)> = seeds.iter().copied().enumerate().collect();
    let one = |(place, seed): &(usize, u64)| {
        let begins = !options.cancel.is_cancelled();
        let run = begins.then(|| simulator::run(scenario, *seed, options));
        Ok((*place, run))
    };
    in_parallel(&tasks, jobs, one, |(place, run)| {
        run.map_or(Ok(()), |run| ended(place, run))
    })
}

/// The runs one after another, so that their events do not mix, and the result of writing them. The events of a run
/// that was cut short are removed with it.
fn one_by_one(
    scenario: &Scenario,
    seeds: &[u64],
    options: &Options,
    mut table: EventTable,
    ended: &mut impl FnMut(usize, Repetition) -> Result<(), Failure>,
) -> Result<Result<(), Failure>, Failure> {
    let mut forgotten = Ok(());
    for (place, seed) in seeds.iter().enumerate() {
        if options.cancel.is_cancelled() {
            break;
        }
        let events = table.run(*seed, scenario.instances());
        let run = simulator::run_telling(scenario, *seed, options, Some(events));
        if run.cut_short && place > 0 {
            forgotten = table.forget_run();
        }
        ended(place, run)?;
    }
    Ok(forgotten.and_then(|()| table.finish()))
}

/// The result of the work; Ctrl-C, or a reader who has gone away, ends it early.
pub(crate) async fn until_done_or_ended<T>(
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
    ended.map_err(|error| Failure::runtime(format!("a run failed: {error}")))
}

/// The report of what has been performed, if anything.
fn reported(folder: &Path, result: &RunResult) -> Result<(), Failure> {
    if result.repetitions.is_empty() {
        return Ok(());
    }
    crate::report::write(folder, result)
}

fn told(settings: &Settings, result: &RunResult) {
    let of = u32::try_from(settings.seeds.len()).unwrap_or(u32::MAX);
    for (place, run) in (0..).zip(&result.repetitions) {
        report::one(run, place, of);
    }
    report::all(result);
}

/// Whether as many runs ended as were requested, if they have expectations; reported in any case.
fn all_done(settings: &Settings, result: &RunResult) -> Result<(), Failure> {
    let whole = result.repetitions.iter().filter(|run| !run.cut_short);
    let (done, of) = (whole.count(), settings.seeds.len());
    if done == of {
        return Ok(());
    }
    let stopped = format!("stopped after {done} of {of} runs");
    if settings.source.scenario.expectations().is_empty() {
        print::sentence(&stopped, 2);
        return Ok(());
    }
    Err(Failure::Assertion(format!(
        "{stopped}: whether the expectations hold for the others is not known"
    )))
}
