//! The folder of a sweep: its plan, the scenario, and every trial on a line of its own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use experiment::reading::parse_json;
use experiment::sweep::{Sweep, Trial};

use super::Settings;
use crate::failure::Failure;
use crate::file;
use crate::run::RUN_WITH;

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
    /// Makes the folder, or opens one that holds a part of the same sweep, with the trials that it holds. It belongs
    /// to this process until it is dropped or the process ends, however that ends.
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
                "{} holds a result of `run` or `simulate`; choose another folder with --out",
                path.display()
            )));
        }
        check_new(path)?;
        let mut trials_file = locked(path)?;
        // Until now another process may have written.
        let plan = continued(settings)?;
        let (end, trials) = kept(&trials_file, &path.join(TRIALS))?;
        let plan = serde_json::to_string_pretty(&plan).map_err(|error| {
            Failure::runtime(format!("the plan cannot be written as JSON: {error}"))
        })?;
        write(path, PLAN, &(plan + "\n"))?;
        write(path, SCENARIO, &settings.text)?;
        // What a cut-off write has left of a line goes, or the next line would be spoilt.
        let cut = trials_file
            .set_len(end)
            .and_then(|()| trials_file.seek(SeekFrom::Start(end)));
        cut.map_err(|error| cannot("write", &path.join(TRIALS), &error))?;
        let folder = Self {
            path: path.clone(),
            trials: trials_file,
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

/// The file of the trials, of which this process is the only reader and writer. It is never replaced by another file:
/// the lock is on it, and goes with the process. On Windows a lock also keeps every other handle of this process out,
/// and a file that can only be added to cannot be cut, so that this handle does all.
fn locked(path: &Path) -> Result<File, Failure> {
    let file = path.join(TRIALS);
    let opened = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&file);
    let opened = opened.map_err(|error| {
        Failure::usage(format!(
            "cannot write {}: {error}; choose another folder with --out",
            file.display()
        ))
    })?;
    match fs4::FileExt::try_lock(&opened) {
        Ok(()) => Ok(opened),
        Err(fs4::TryLockError::WouldBlock) => Err(Failure::usage(format!(
            "{} is in use, another process sweeps into it: wait for its end, or choose another folder with --out",
            path.display()
        ))),
        Err(fs4::TryLockError::Error(error)) => Err(cannot("lock", &file, &error)),
    }
}

/// The plan for a folder: this sweep, with what trials there remember. Refuses a folder whose trials are those of
/// something else.
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

/// How the text of a scenario differs from the one that is kept: by its flags, or by itself.
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
        "it was begun with {} and is now given {}",
        shown(then),
        shown(now)
    )
}

/// A folder without a plan must not hold somebody's scenario, which would be overwritten, nor somebody's trials.
fn check_new(path: &Path) -> Result<(), Failure> {
    let holds = |name: &&&str| match fs::metadata(path.join(**name)) {
        // Another process may just have made it.
        Ok(about) => **name != TRIALS || about.len() > 0,
        Err(_) => false,
    };
    if path.join(PLAN).exists() {
        return Ok(());
    }
    match [SCENARIO, TRIALS].iter().find(holds) {
        None => Ok(()),
        Some(name) => Err(Failure::usage(format!(
            "{} holds {name}, but no {PLAN}; choose another folder with --out",
            path.display()
        ))),
    }
}

/// Where the whole lines of the file end, and the trials that they hold.
fn kept(trials: &File, path: &Path) -> Result<(u64, Vec<Trial>), Failure> {
    let bytes = file::read_open(trials).map_err(|error| unread(path, &error))?;
    let trials = Trial::parse_lines(&bytes)
        .map_err(|what| Failure::usage(format!("{}: {what}", path.display())))?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n');
    Ok((end.map_or(0, |end| end as u64 + 1), trials))
}

/// A file of the folder that cannot be read: nothing was started.
fn unread(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!(
        "cannot read {}: {error}; choose another folder with --out",
        path.display()
    ))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    file::replace(&path, text.as_bytes()).map_err(|error| cannot("write", &path, &error))
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::runtime(format!("cannot {what} {}: {error}", path.display()))
}
