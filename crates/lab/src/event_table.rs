//! The table of a run's events: a CSV file that appears under its name when it is complete.
//!
//! A table replaces nothing but another table: a mistaken name never overwrites a scenario, a result or any other
//! file of the user.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use experiment::events::{COLUMNS, CsvEvents, Events};

use crate::failure::Failure;
use crate::file::{Draft, is_empty_or_begins};

/// A table that is being written.
#[derive(Debug)]
pub(crate) struct EventTable {
    shown: String,
    csv: CsvEvents<BufWriter<File>>,
    /// `None` for something that is not a plain file, such as a pipe.
    draft: Option<Draft>,
    /// Where the rows of the last run begin, in a plain file.
    begun: Option<u64>,
}

impl EventTable {
    /// Makes a table without rows, which is checked to be writable before anything starts. An existing table stays
    /// until this one is complete. The result of the run needs the places in `taken`.
    pub(crate) fn open(path: &Path, taken: &[PathBuf]) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let not_allowed = |why: &str| Failure::usage(format!("--events {shown}: {why}"));
        let refused = |error: &io::Error| {
            Failure::usage(format!(
                "--events: cannot write {shown}: {error}; choose another file"
            ))
        };
        if path.is_dir() || path.file_name().is_none() || path == Path::new("-") {
            return Err(not_allowed(
                "it is not the name of a file: write one such as events.csv",
            ));
        }
        // Where a link leads to, so that the link stays.
        let place = place_of(path);
        if taken.iter().any(|it| place_of(it) == place) {
            return Err(not_allowed(
                "the result writes a file of this name there: choose another file",
            ));
        }
        let columns = COLUMNS[..3].join(",");
        let (file, draft) = match fs::metadata(&place) {
            Ok(about) if !about.is_file() => (open_special(&place), None),
            Ok(_)
                if !is_empty_or_begins(&place, &[&columns]).map_err(|error| refused(&error))? =>
            {
                return Err(not_allowed(
                    "the file holds something other than events: choose another file",
                ));
            }
            _ => match Draft::beside(&place) {
                Ok((file, draft)) => (Ok(file), Some(draft)),
                Err(error) => (Err(error), None),
            },
        };
        let file = file.map_err(|error| refused(&error))?;
        let csv = CsvEvents::new(BufWriter::new(file)).map_err(|error| refused(&error))?;
        Ok(Self {
            shown,
            csv,
            draft,
            begun: None,
        })
    }

    /// Begins a run with this seed, of instances with these names; it reports its events to what is returned.
    pub(crate) fn run(&mut self, seed: u64, names: &[String]) -> &mut impl Events {
        let plain = self.draft.is_some();
        // Where that cannot be told, the run before stays: nothing may be written either.
        let place = plain.then(|| self.csv.get_mut().stream_position().ok());
        self.begun = place.flatten();
        self.csv.begin(seed, names.iter().cloned());
        &mut self.csv
    }

    /// Removes the rows of the last run, whose result is not kept. A pipe or a device has them already.
    pub(crate) fn forget_run(&mut self) -> Result<(), Failure> {
        let Some(begun) = self.begun.take() else {
            return Ok(());
        };
        let to = self.csv.get_mut();
        let forgotten = to
            .flush()
            .and_then(|()| to.get_ref().set_len(begun))
            .and_then(|()| to.seek(SeekFrom::Start(begun)));
        forgotten.map(|_| ()).map_err(|error| self.failed(&error))
    }

    /// Puts the complete table in its place.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Self {
            shown, csv, draft, ..
        } = self;
        let written = csv
            .finish()
            .and_then(|to| draft.map_or(Ok(()), |draft| draft.settle(to.get_ref())));
        written.map_err(|error| Failure::runtime(format!("cannot write {shown}: {error}")))
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::runtime(format!("cannot write {}: {error}", self.shown))
    }
}

/// The path without links, even for a file that does not exist yet.
fn place_of(path: &Path) -> PathBuf {
    if let Ok(place) = fs::canonicalize(path) {
        return place;
    }
    // A link to a file that is not there yet.
    let leads = fs::read_link(path).map(|to| path.parent().unwrap_or(Path::new("")).join(to));
    let path = leads.as_deref().unwrap_or(path);
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    match (fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// A pipe or a device.
fn open_special(place: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(place)
}
