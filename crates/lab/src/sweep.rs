//! The sweep of a scenario: its trials performed in parallel, kept one by one, and arranged in a folder.
//!
//! The performer of a trial is passed in. The folder knows which trials have been done, so a sweep that was stopped,
//! or that is requested with more seeds or values, performs only what is left. The last files are made anew from all
//! trials at the end.

mod folder;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use experiment::breaker_settings::BreakerSettings;
use experiment::expectation::Figure;
use experiment::result::Repetition;
use experiment::sweep::{Cell, Sweep, Table, Task, Trial, chart};

use crate::failure::Failure;
use crate::parallel::in_parallel;
use crate::print;
use crate::report;
use folder::Folder;

/// The subject of a sweep, and where it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The grid, the seeds and the figures.
    pub(crate) sweep: Sweep,
    /// The scenario's file as it was written: a folder holds trials of this text only.
    pub(crate) text: String,
    /// The folder; it may hold a part of this sweep already.
    pub(crate) out: PathBuf,
    /// How many trials are performed at once.
    pub(crate) jobs: NonZeroUsize,
    /// Remarks about all combinations, besides their figures.
    pub(crate) remarks: Vec<String>,
    /// The settings of the first breaker in each combination, which explain why another setting has no effect.
    pub(crate) breakers: Vec<BreakerSettings>,
}

impl Settings {
    /// Why this setting of all breakers has no effect, if the reason is the same in all combinations.
    fn why_idle(&self, key: &str) -> Option<String> {
        if !key.starts_with("breaker.") {
            return None;
        }
        let mut reasons = self.breakers.iter().map(|breaker| breaker.why_idle(key));
        let reason = reasons.next()??;
        reasons
            .all(|other| other.as_ref() == Some(&reason))
            .then_some(reason)
    }
}

/// The progress of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Trials that are done, including earlier ones.
    pub(crate) done: usize,
    /// All trials.
    pub(crate) of: usize,
}

/// Performs what is left of a sweep and prints its table.
///
/// `prepare` turns a cell into what is performed. It is called for all cells before anything starts, so that an
/// invalid value is found at once. `perform` does one trial with one seed, and is called from `jobs` threads. A trial
/// that was cut short is not kept, so it is performed again when the sweep is continued.
///
/// # Errors
///
/// An invalid cell, an unusable folder, and the first trial that failed or was cut short; what was done until then is
/// kept.
pub(crate) fn sweep<S>(
    settings: &Settings,
    prepare: impl Fn(&Cell) -> Result<S, Failure> + Sync,
    perform: impl Fn(&S, u64) -> Result<Repetition, Failure> + Sync,
    mut progress: impl FnMut(Progress),
) -> Result<(), Failure> {
    let figures = settings.sweep.figures().map_err(Failure::usage)?;
    let cells = settings.sweep.grid.cells();
    for cell in &cells {
        prepare(cell)?;
    }
    let (mut folder, mut trials) = Folder::open(settings)?;
    let tasks = settings.sweep.left(&trials);
    let of = cells.len() * settings.sweep.repeat as usize;
    let before = of - tasks.len();
    progress(Progress { done: before, of });
    let cut = AtomicBool::new(false);
    let one = |task: &Task| {
        let cell = &cells[task.cell];
        let run = perform(&prepare(cell)?, task.seed)?;
        if run.cut_short {
            cut.store(true, Ordering::Relaxed);
            return Err(Failure::runtime("a trial was stopped before its end"));
        }
        Ok(trial(cell, task.seed, &run, &figures))
    };
    let mut done = before;
    let mut is_kept = true;
    let ended = in_parallel(&tasks, settings.jobs, one, |trial| {
        is_kept = false;
        folder.keep(&trial)?;
        is_kept = true;
        trials.push(trial);
        done += 1;
        progress(Progress { done, of });
        Ok(())
    });
    if ended.is_err() && is_kept && cut.load(Ordering::Relaxed) {
        // What is there may be read until the rest is done.
        laid_out(settings, &folder, &trials)?;
        return Err(stopped(&settings.out, done, of));
    }
    ended?;
    finish(settings, &folder, &trials)
}

/// The trial of a task, whatever seed the performer wrote into its result.
fn trial(cell: &Cell, seed: u64, run: &Repetition, figures: &[Figure]) -> Trial {
    let trial = Trial::of(cell.clone(), run, figures);
    Trial { seed, ..trial }
}

/// The message about a sweep that was stopped: its progress, and how to continue.
fn stopped(out: &Path, done: usize, of: usize) -> Failure {
    Failure::Runtime(format!(
        "stopped after {done} of {of} trials, whose figures are in {out}/table.txt; the same command with \
         --out {out} continues",
        out = out.display()
    ))
}

/// Writes the files that are made from all trials.
fn laid_out(settings: &Settings, folder: &Folder, trials: &[Trial]) -> Result<Table, Failure> {
    let mut table = Table::of(&settings.sweep, trials).map_err(Failure::usage)?;
    for unmoved in &mut table.unmoved {
        unmoved.why = settings.why_idle(&unmoved.key);
    }
    table.remarks.clone_from(&settings.remarks);
    folder.write("sweep.csv", &table.csv())?;
    let text = table.lines().join("\n") + "\n";
    folder.write("table.txt", &text)?;
    folder.write("pareto.svg", &chart::svg(&table))?;
    let swept = report::sweep::Swept {
        sweep: &settings.sweep,
        table: &table,
        scenario: &settings.text,
        text: &text,
    };
    report::write_beside(&settings.out, &report::sweep::document(swept))?;
    Ok(table)
}

fn finish(settings: &Settings, folder: &Folder, trials: &[Trial]) -> Result<(), Failure> {
    let table = laid_out(settings, folder, trials)?;
    // The caller has said the title.
    for line in table.lines().iter().skip(1) {
        print::line(line);
    }
    if let Some(left_out) = left_out(&settings.sweep, trials) {
        print::sentence(&left_out, 2);
    }
    print::sentence(&format!("sweep in {}", settings.out.display()), 2);
    let void: usize = table.rows.iter().map(|row| row.void).sum();
    match void {
        0 => Ok(()),
        1 => Err(Failure::NotKept(
            "1 trial is void and counts in no figure; trials.jsonl says why".to_owned(),
        )),
        void => Err(Failure::NotKept(format!(
            "{void} trials are void and count in no figure; trials.jsonl says why"
        ))),
    }
}

/// The message about trials in the folder that this sweep did not request: only trials.jsonl contains them.
fn left_out(sweep: &Sweep, trials: &[Trial]) -> Option<String> {
    let cells: BTreeSet<Cell> = sweep.grid.cells().into_iter().collect();
    let seeds: BTreeSet<u64> = sweep.seeds().collect();
    let asked = |trial: &&Trial| cells.contains(&trial.settings) && seeds.contains(&trial.seed);
    let others = trials.len() - trials.iter().filter(asked).count();
    let trial = if others == 1 { "trial" } else { "trials" };
    (others > 0).then(|| {
        format!(
            "{others} {trial} of other values or seeds stay in trials.jsonl, but are not in the table, \
             sweep.csv and pareto.svg: give all values and seeds to include them"
        )
    })
}

#[cfg(test)]
mod tests;
