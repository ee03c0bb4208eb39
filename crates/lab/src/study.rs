//! The study of coordination: its trials performed in parallel, kept one by one, and arranged in a folder.
//!
//! The folder knows which trials have been done, so a study that was stopped, or that is requested with more seeds,
//! performs only what is left. The other files are made anew from all trials at the end.

mod cases;
mod folder;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use experiment::count::{counted, counted_are};
use experiment::expectation::Figure;
use experiment::study::{FIGURES, FRONTIER, GEDCB, MATRIX, Plan, Results, SCHEMA};
use experiment::study::{chart, frontier, gedcb, tables};
use experiment::sweep::{Task, Trial};
use simulator::Options;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::cli::StudyArgs;
use crate::failure::Failure;
use crate::parallel::in_parallel;
use crate::print;
use crate::report;
use crate::run::{claimed, commit};
use crate::simulate::{Bar, cores_or, until_done_or_ended};
use crate::together::words::clock;
use cases::Case;
use folder::Folder;

/// The only study that there is.
const NAME: &str = "coordination";

/// The subject of a study, and where it is kept.
#[derive(Debug)]
struct Settings {
    plan: Plan,
    figures: Vec<Figure>,
    cases: Vec<Case>,
    out: PathBuf,
    jobs: std::num::NonZeroUsize,
}

/// Performs what is left of the study, and arranges all of it in the folder.
pub(crate) async fn study(args: StudyArgs) -> Result<(), Failure> {
    let quiet = args.quiet;
    let settings = settled(args)?;
    let bar = Arc::new(Bar::new(quiet));
    let shown = Arc::clone(&bar);
    let mut options = Options::default();
    // Of each run only figures are kept.
    options.without_course = true;
    let cancel = options.cancel.clone();
    let work = spawn_blocking(move || performed(&settings, &options, &shown));
    let ended = until_done_or_ended(work, &cancel).await;
    bar.end();
    ended?
}

fn settled(args: StudyArgs) -> Result<Settings, Failure> {
    let cases = cases::all()?;
    let digest = cases::digest(&cases);
    let cases = cases::only(cases, &args.only)?;
    let plan = Plan {
        schema: SCHEMA.to_owned(),
        study: NAME.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: commit(),
        digest,
        first_seed: args.seed,
        repeat: args.seeds,
        figures: FIGURES.iter().map(|name| (*name).to_owned()).collect(),
        cells: cases.iter().map(|case| case.cell.clone()).collect(),
    };
    let out = match args.out {
        Some(out) => out,
        None => claimed(Path::new("runs"), &format!("{NAME}-study"))?,
    };
    Ok(Settings {
        figures: plan.figures().map_err(Failure::runtime)?,
        plan,
        cases,
        out,
        jobs: cores_or(args.jobs),
    })
}

fn performed(settings: &Settings, options: &Options, bar: &Bar) -> Result<(), Failure> {
    let began = Instant::now();
    let (mut folder, mut trials) = Folder::open(&settings.out, &settings.plan)?;
    let tasks = settings.plan.left(&trials);
    let of = settings.cases.len() * settings.plan.repeat as usize;
    print::sentence(
        &format!(
            "study of {NAME}: {}, {} each, {} of {} to do",
            counted(settings.cases.len(), "cell"),
            counted(settings.plan.repeat, "seed"),
            tasks.len(),
            counted(of, "run")
        ),
        2,
    );
    let mut done = of - tasks.len();
    bar.show(done, of);
    let cut = AtomicBool::new(false);
    let one = |task: &Task| {
        let case = &settings.cases[task.cell];
        let run = simulator::run(&case.scenario, task.seed, options);
        if run.cut_short {
            cut.store(true, Ordering::Relaxed);
            return Err(Failure::runtime("a run was stopped before its end"));
        }
        Ok(Trial::of(case.cell.clone(), &run, &settings.figures))
    };
    let mut is_kept = true;
    let ended = in_parallel(&tasks, settings.jobs, one, |trial| {
        is_kept = false;
        folder.keep(&trial)?;
        is_kept = true;
        trials.push(trial);
        done += 1;
        bar.show(done, of);
        Ok(())
    });
    bar.end();
    if ended.is_err() && is_kept && cut.load(Ordering::Relaxed) {
        // What is there may be read until the rest is done.
        laid_out(settings, &folder, &trials)?;
        return Err(stopped(&settings.out, done, of));
    }
    ended?;
    let void = laid_out(settings, &folder, &trials)?;
    print::sentence(
        &format!(
            "{} in {}; tables and charts in {}",
            counted(tasks.len(), "run"),
            clock(began.elapsed()),
            settings.out.display()
        ),
        2,
    );
    match void {
        0 => Ok(()),
        void => Err(Failure::NotKept(format!(
            "{} void and count in no figure; trials.jsonl says why",
            counted_are(void, "run")
        ))),
    }
}

/// The message about a study that was stopped: its progress, and how to continue.
fn stopped(out: &Path, done: usize, of: usize) -> Failure {
    Failure::Runtime(format!(
        "stopped after {done} of {}, whose figures are in {out}/table.md; the same command with --out {out} continues",
        counted(of, "run"),
        out = out.display()
    ))
}

/// Writes the files that are made from all trials; returns how many trials are void.
fn laid_out(settings: &Settings, folder: &Folder, trials: &[Trial]) -> Result<usize, Failure> {
    let results = Results::of(&settings.plan, trials);
    folder.write("table.md", &tables::markdown(&results))?;
    folder.write("study.csv", &tables::csv(&results))?;
    folder.write("summary.json", &tables::summary(&results))?;
    let has = |part: &str| !results.scenarios(part).is_empty();
    if has(MATRIX) {
        folder.write("goodput.svg", &chart::goodput(&results))?;
    }
    if has(FRONTIER) {
        folder.write("frontier.csv", &frontier::csv(&results))?;
        folder.write("frontier.svg", &chart::frontier(&results))?;
    }
    if has(GEDCB) {
        folder.write("gedcb.csv", &gedcb::csv(&results))?;
        folder.write("gedcb.svg", &chart::gedcb(&results))?;
    }
    report::write_beside(&settings.out, &report::study::document(&results))?;
    Ok(results.void)
}
