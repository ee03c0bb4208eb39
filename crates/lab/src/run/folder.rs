//! The folder of a result, found to be writable before the run starts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::file;

/// What a run needs at least; a disk that has less is full.
const ROOM: usize = 4 * 1024 * 1024;
/// Folders of the same name that are numbered.
const MAX_NUMBER: u32 = 10_000;

/// The folder of one run.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder and writes to it, so that a full disk is found now and not after an hour.
    ///
    /// A folder that the user named may exist, unless there is a result or a scenario in it; without a name it
    /// is a new one below `runs`.
    pub(crate) fn prepare(asked: Option<&Path>, name: &str) -> Result<Self, Failure> {
        let path = match asked {
            Some(path) => path.to_owned(),
            None => unused(Path::new("runs"), name)?,
        };
        let refused = |what: &str, error: &io::Error| {
            Failure::usage(format!(
                "cannot {what} {}: {error}; choose another folder with --out",
                path.display()
            ))
        };
        for (file, what) in [("result.json", "a result"), ("scenario.toml", "a scenario")] {
            if path.join(file).exists() {
                return Err(Failure::usage(format!(
                    "{} holds {what} already; choose another folder with --out",
                    path.display()
                )));
            }
        }
        fs::create_dir_all(&path).map_err(|error| refused("make the folder", &error))?;
        probe(&path).map_err(|error| refused("write to", &error))?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, whole or not at all.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path.join(name);
        file::replace(&path, bytes)
            .map_err(|error| Failure::runtime(format!("cannot write {}: {error}", path.display())))
    }
}

fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(".room");
    let written = file::save(&path, &vec![0x55; ROOM]);
    let removed = fs::remove_file(&path);
    written.and(removed)
}

/// `runs/flapping-1`, or the next number that is free.
pub(crate) fn unused(parent: &Path, name: &str) -> Result<PathBuf, Failure> {
    (1..=MAX_NUMBER)
        .map(|number| parent.join(format!("{name}-{number}")))
        .find(|path| !path.exists())
        .ok_or_else(|| {
            Failure::usage(format!(
                "{} holds {MAX_NUMBER} runs of {name}; choose a folder with --out",
                parent.display()
            ))
        })
}
