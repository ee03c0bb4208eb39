//! The folder of a sweep: its plan, the scenario, and every trial on a line of its own.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use experiment::reading::parse_json;
use experiment::sweep::{Sweep, Trial};

use super::Settings;
use crate::failure::Failure;
use crate::file;

/// The plan: what is swept.
const PLAN: &str = "sweep.json";
/// The scenario, as it was written.
const SCENARIO: &str = "scenario.toml";
/// What has been done.
const TRIALS: &str = "trials.jsonl";

/// A folder that takes the trials of one sweep.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    trials: File,
}

impl Folder {
    /// Makes the folder, or opens one that holds a part of the same sweep, with the trials that it holds.
    pub(super) fn open(settings: &Settings) -> Result<(Self, Vec<Trial>), Failure> {
        let path = &settings.out;
        fs::create_dir_all(path).map_err(|error| {
            Failure::usage(format!(
                "cannot make the folder {}: {error}; choose another folder with --out",
                path.display()
            ))
        })?;
        if path.join("result.json").exists() {
            return Err(Failure::usage(format!(
                "{} holds a result of `run`; choose another folder with --out",
                path.display()
            )));
        }
        check_same(settings)?;
        let (lines, trials) = kept(&path.join(TRIALS))?;
        write(path, SCENARIO, &settings.text)?;
        let plan = serde_json::to_string_pretty(&settings.sweep).map_err(|error| {
            Failure::runtime(format!("the plan cannot be written as JSON: {error}"))
        })?;
        write(path, PLAN, &(plan + "\n"))?;
        // What a cut-off write has left of a line goes, or the next line would be spoilt.
        write(path, TRIALS, &lines)?;
        let file = path.join(TRIALS);
        let opened = OpenOptions::new().append(true).open(&file);
        let opened = opened.map_err(|error| cannot("write", &file, &error))?;
        let folder = Self {
            path: path.clone(),
            trials: opened,
        };
        Ok((folder, trials))
    }

    /// Adds a trial, whole.
    pub(super) fn keep(&mut self, trial: &Trial) -> Result<(), Failure> {
        let line = trial.line() + "\n";
        let written = self.trials.write_all(line.as_bytes());
        written.map_err(|error| cannot("write", &self.path.join(TRIALS), &error))
    }

    /// Writes a file, whole or not at all.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        write(&self.path, name, text)
    }
}

/// Refuses a folder whose trials are those of something else.
fn check_same(settings: &Settings) -> Result<(), Failure> {
    let path = &settings.out;
    let plan = path.join(PLAN);
    let kept = match file::read(&plan, file::WRITTEN_BY_HAND) {
        Ok(kept) => kept,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return check_new(path),
        Err(error) => return Err(cannot("read", &plan, &error)),
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
    settings.sweep.check_continues(&kept).map_err(differs)?;
    let scenario = path.join(SCENARIO);
    let text = file::read_text(&scenario, file::WRITTEN_BY_HAND)
        .map_err(|error| cannot("read", &scenario, &error))?;
    if text == settings.text {
        Ok(())
    } else {
        Err(differs(
            "the text of the scenario differs from scenario.toml there".to_owned(),
        ))
    }
}

/// A folder without a plan must not hold somebody's scenario, which would be overwritten.
fn check_new(path: &Path) -> Result<(), Failure> {
    match [SCENARIO, TRIALS]
        .iter()
        .find(|name| path.join(name).exists())
    {
        None => Ok(()),
        Some(name) => Err(Failure::usage(format!(
            "{} holds {name}, but no {PLAN}; choose another folder with --out",
            path.display()
        ))),
    }
}

/// The whole lines of the file, as they are, and the trials that they hold.
fn kept(path: &Path) -> Result<(String, Vec<Trial>), Failure> {
    let mut text = match file::read_text(path, file::RESULT) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Default::default()),
        Err(error) => return Err(cannot("read", path, &error)),
    };
    let trials = Trial::parse_lines(&text)
        .map_err(|what| Failure::usage(format!("{}: {what}", path.display())))?;
    text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
    Ok((text, trials))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    file::replace(&path, text.as_bytes()).map_err(|error| cannot("write", &path, &error))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::runtime(format!("cannot {what} {}: {error}", path.display()))
}
