//! The folder of a sweep: its plan, the scenario, and every trial on a line of its own.

use std::io;
use std::path::PathBuf;

use experiment::reading::parse_json;
use experiment::sweep::{Sweep, Trial};

use super::Settings;
use crate::failure::Failure;
use crate::file;
use crate::run::RUN_WITH;
use crate::trial_file::{TrialFile, check_new, make_folder, unread, write};

/// The plan of the sweep.
const PLAN: &str = "sweep.json";
/// The scenario, as it was written.
const SCENARIO: &str = "scenario.toml";

/// A folder for the trials of one sweep.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    trials: TrialFile,
}

impl Folder {
    /// Makes the folder, or opens one with a part of the same sweep and its trials. It belongs to this process until
    /// it is dropped or the process ends, in whatever way.
    pub(super) fn open(settings: &Settings) -> Result<(Self, Vec<Trial>), Failure> {
        let path = &settings.out;
        make_folder(path)?;
        check_new(path, PLAN)?;
        let mut file = TrialFile::lock(path, "sweeps")?;
        // Until now another process may have written.
        let plan = continued(settings)?;
        let (end, trials) = file.kept()?;
        let plan = serde_json::to_string_pretty(&plan).map_err(|error| {
            Failure::runtime(format!("the plan cannot be written as JSON: {error}"))
        })?;
        write(path, PLAN, &(plan + "\n"))?;
        write(path, SCENARIO, &settings.text)?;
        file.cut(end)?;
        let folder = Self {
            path: path.clone(),
            trials: file,
        };
        Ok((folder, trials))
    }

    /// Adds a complete trial.
    pub(super) fn keep(&mut self, trial: &Trial) -> Result<(), Failure> {
        self.trials.keep(trial)
    }

    /// Writes a file, completely or not at all.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        write(&self.path, name, text)
    }
}

/// The plan for a folder: this sweep, with what the trials there record. Refuses a folder with trials of something
/// else.
fn continued(settings: &Settings) -> Result<Sweep, Failure> {
    let path = &settings.out;
    let mut sweep = settings.sweep.clone();
    let plan = path.join(PLAN);
    let kept = match file::read(&plan, file::WRITTEN_BY_HAND) {
        Ok(kept) => kept,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(sweep),
        Err(error) => return Err(unread(&plan, &error)),
    };
    let kept: Sweep = parse_json(&kept).map_err(|what| {
        Failure::usage(format!(
            "{}: it is not the plan of a sweep: {what}",
            plan.display()
        ))
    })?;
    let differs = |what: String| {
        Failure::usage(format!(
            "{} holds another sweep: {what}; choose another folder with --out",
            path.display()
        ))
    };
    sweep.check_continues(&kept).map_err(differs)?;
    let scenario = path.join(SCENARIO);
    match file::read_text(&scenario, file::WRITTEN_BY_HAND) {
        Ok(text) if text == settings.text => {}
        // The plan is written first.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unread(&scenario, &error)),
        Ok(text) => return Err(differs(difference(&text, &settings.text))),
    }
    for (file, digest) in kept.replayed {
        sweep.replayed.entry(file).or_insert(digest);
    }
    Ok(sweep)
}

/// How the text of a scenario differs from the stored one: by its flags, or by itself.
fn difference(kept: &str, now: &str) -> String {
    let flags = |text: &str| {
        let flags = text.lines().map_while(|line| line.strip_prefix(RUN_WITH));
        let flags = flags.collect::<Vec<_>>().join(" ");
        Some(flags).filter(|flags| !flags.is_empty())
    };
    let (then, now) = (flags(kept), flags(now));
    if then == now {
        return "the text of the scenario differs from scenario.toml there".to_owned();
    }
    let shown = |flags: Option<String>| flags.unwrap_or("no --seed and no --set".to_owned());
    format!(
        "it was started with {} and is now given {}",
        shown(then),
        shown(now)
    )
}
