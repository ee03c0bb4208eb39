//! The folder of a result, which is checked to be writable before the run starts.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::file;

/// The least space that a run needs; a disk with less counts as full.
const ROOM: usize = 4 * 1024 * 1024;
/// The most numbered folders with the same name.
const MAX_NUMBER: u32 = 10_000;

/// The files that every result has; a scenario there claims the folder.
const SCENARIO: &str = "scenario.toml";
const RESULT: &str = "result.json";
const OWN: [&str; 7] = [
    SCENARIO,
    RESULT,
    "breakers.toml",
    "plan.json",
    "report.html",
    "report.md",
    "timeline.svg",
];

/// The folder of one run.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder and writes to it, so that a full disk is found now and not after an hour.
    ///
    /// A folder that the user named may exist, unless there is a result or a scenario in it. Without a name, a new
    /// one is made below `runs`. If several processes ask for the same folder at once, one gets it.
    pub(crate) fn prepare(asked: Option<&Path>, name: &str) -> Result<Self, Failure> {
        let path = match asked {
            Some(path) => path.to_owned(),
            None => claimed(Path::new("runs"), name)?,
        };
        let refused = |what: &str, error: &io::Error| {
            Failure::usage(format!(
                "cannot {what} {}: {error}; choose another folder with --out",
                path.display()
            ))
        };
        let taken = |what: &str| {
            Failure::usage(format!(
                "{} already holds {what}; choose another folder with --out",
                path.display()
            ))
        };
        if path.join(RESULT).exists() {
            return Err(taken("a result"));
        }
        fs::create_dir_all(&path).map_err(|error| refused("make the folder", &error))?;
        let claim = path.join(SCENARIO);
        match File::create_new(&claim) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(taken("a scenario"));
            }
            Err(error) => return Err(refused("write to", &error)),
        }
        probe(&path).map_err(|error| {
            let _ = fs::remove_file(&claim);
            refused("write to", &error)
        })?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, completely or not at all.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        self.write_with(name, |to| to.write_all(bytes))
    }

    /// Writes the same part by part.
    pub(crate) fn write_with(
        &self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let path = self.path.join(name);
        file::replace_with(&path, write)
            .map_err(|error| Failure::runtime(format!("cannot write {}: {error}", path.display())))
    }
}

fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(".room");
    let written = file::save(&path, &vec![0x55; ROOM]);
    let removed = fs::remove_file(&path);
    written.and(removed)
}

/// Whether a result has a file of this name.
pub(super) fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}

/// The path of a result's files in this folder.
pub(crate) fn places(folder: &Path) -> Vec<PathBuf> {
    OWN.iter().map(|name| folder.join(name)).collect()
}

/// Makes `runs/flapping-1`, or the folder with the next free number. No other process gets the same.
pub(crate) fn claimed(parent: &Path, name: &str) -> Result<PathBuf, Failure> {
    let refused = |path: &Path, error: &io::Error| {
        Failure::usage(format!(
            "cannot make the folder {}: {error}; choose another folder with --out",
            path.display()
        ))
    };
    fs::create_dir_all(parent).map_err(|error| refused(parent, &error))?;
    for number in 1..=MAX_NUMBER {
        let path = parent.join(format!("{name}-{number}"));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(refused(&path, &error)),
        }
    }
    Err(Failure::usage(format!(
        "{} already holds {MAX_NUMBER} runs of {name}; choose a folder with --out",
        parent.display()
    )))
}
