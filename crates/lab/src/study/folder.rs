//! The folder of a study: its plan, and every trial on a line of its own.

use std::io;
use std::path::{Path, PathBuf};

use experiment::reading::parse_json;
use experiment::study::Plan;
use experiment::sweep::Trial;

use crate::failure::Failure;
use crate::file;
use crate::trial_file::{TrialFile, check_new, make_folder, unread, write};

/// The plan of the study.
const PLAN: &str = "study.json";

/// A folder for the trials of one study.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    trials: TrialFile,
}

impl Folder {
    /// Makes the folder, or opens one with a part of the same study and its trials. It belongs to this process until
    /// it is dropped or the process ends, in whatever way.
    pub(super) fn open(path: &Path, plan: &Plan) -> Result<(Self, Vec<Trial>), Failure> {
        make_folder(path)?;
        check_new(path, PLAN)?;
        let mut file = TrialFile::lock(path, "studies")?;
        check_continues(path, plan)?;
        let (end, trials) = file.kept()?;
        let written = serde_json::to_string_pretty(plan).map_err(|error| {
            Failure::runtime(format!("the plan cannot be written as JSON: {error}"))
        })?;
        write(path, PLAN, &(written + "\n"))?;
        file.cut(end)?;
        let folder = Self {
            path: path.to_owned(),
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

/// Refuses a folder with trials of something else.
fn check_continues(path: &Path, plan: &Plan) -> Result<(), Failure> {
    let file = path.join(PLAN);
    let kept = match file::read(&file, file::WRITTEN_BY_HAND) {
        Ok(kept) => kept,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unread(&file, &error)),
    };
    let kept: Plan = parse_json(&kept).map_err(|what| {
        Failure::usage(format!(
            "{}: it is not the plan of a study: {what}",
            file.display()
        ))
    })?;
    plan.check_continues(&kept).map_err(|what| {
        Failure::usage(format!(
            "{} holds another study: {what}; choose another folder with --out",
            path.display()
        ))
    })
}
