//! The file of trials: each on a line of its own, added by one process at a time.
//!
//! Sweeps and studies keep their trials in such a file. The file is never replaced by another: the lock is on it, and
//! ends with the process. On Windows a lock also keeps every other handle of this process out, and a file that is
//! opened only for appending cannot be cut, so this handle does everything.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use experiment::sweep::Trial;

use crate::failure::Failure;
use crate::file;

/// Its name in a folder.
pub(crate) const TRIALS: &str = "trials.jsonl";

/// The name that says best whose folder it is.
const PLANS: [&str; 4] = ["study.json", "sweep.json", "scenario.toml", TRIALS];

/// The file of a folder, which belongs to this process until it is dropped or the process ends, in whatever way.
#[derive(Debug)]
pub(crate) struct TrialFile {
    path: PathBuf,
    file: File,
}

impl TrialFile {
    /// Makes the file, or opens an existing one. `doing` says what another process is doing with it.
    pub(crate) fn lock(folder: &Path, doing: &str) -> Result<Self, Failure> {
        let path = folder.join(TRIALS);
        let opened = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path);
        let file = opened.map_err(|error| {
            Failure::usage(format!(
                "cannot write {}: {error}; choose another folder with --out",
                path.display()
            ))
        })?;
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => Ok(Self { path, file }),
            Err(fs4::TryLockError::WouldBlock) => Err(Failure::usage(format!(
                "{} is in use, because another process {doing} into it: wait until that process ends, or \
                 choose another folder with --out",
                folder.display()
            ))),
            Err(fs4::TryLockError::Error(error)) => Err(cannot("lock", &path, &error)),
        }
    }

    /// The end of its complete lines, and the trials in them.
    pub(crate) fn kept(&self) -> Result<(u64, Vec<Trial>), Failure> {
        let bytes = file::read_open(&self.file).map_err(|error| unread(&self.path, &error))?;
        let trials = Trial::parse_lines(&bytes)
            .map_err(|what| Failure::usage(format!("{}: {what}", self.path.display())))?;
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        Ok((end.map_or(0, |end| end as u64 + 1), trials))
    }

    /// Cuts off the incomplete line of an interrupted write, which would spoil the next line.
    pub(crate) fn cut(&mut self, end: u64) -> Result<(), Failure> {
        let cut = self
            .file
            .set_len(end)
            .and_then(|()| self.file.seek(SeekFrom::Start(end)));
        cut.map(|_| ())
            .map_err(|error| cannot("write", &self.path, &error))
    }

    /// Adds a complete trial.
    pub(crate) fn keep(&mut self, trial: &Trial) -> Result<(), Failure> {
        let line = trial.line() + "\n";
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|error| cannot("write", &self.path, &error))
    }
}

/// Makes a folder for trials, which must not contain a result of another command.
pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|error| {
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
    Ok(())
}

/// A folder without a plan of this name must be empty: new files would stand beside the user's files, or replace
/// them. Hidden files do not count, nor does a file of trials that another process may just have made.
pub(crate) fn check_new(path: &Path, plan: &str) -> Result<(), Failure> {
    if path.join(plan).exists() {
        return Ok(());
    }
    let files = std::fs::read_dir(path).map_err(|error| unread(path, &error))?;
    let mut names = Vec::new();
    for file in files {
        let file = file.map_err(|error| unread(path, &error))?;
        let name = file.file_name().to_string_lossy().into_owned();
        let is_begun = name == TRIALS && file.metadata().is_ok_and(|about| about.len() == 0);
        if !(name.starts_with('.') || is_begun) {
            names.push(name);
        }
    }
    // The other process may have written its plan meanwhile.
    if names.is_empty() || path.join(plan).exists() {
        return Ok(());
    }
    names.sort();
    let telling = |name: &&String| PLANS.contains(&name.as_str());
    let shown = names.iter().find(telling).unwrap_or(&names[0]);
    Err(Failure::usage(format!(
        "{} holds {shown}, but no {plan}; choose another folder with --out",
        path.display()
    )))
}

/// The error for a file of the folder that cannot be read: nothing was started.
pub(crate) fn unread(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!(
        "cannot read {}: {error}; choose another folder with --out",
        path.display()
    ))
}

/// Writes a file of the folder, completely or not at all.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    file::replace(&path, text.as_bytes()).map_err(|error| cannot("write", &path, &error))
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::runtime(format!("cannot {what} {}: {error}", path.display()))
}
