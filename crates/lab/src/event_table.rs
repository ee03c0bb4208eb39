//! The table of a run's events, a CSV file that takes its place when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::Path;

use experiment::events::{CsvEvents, Events};

use crate::failure::Failure;
use crate::file::Draft;

/// A table that is being written.
#[derive(Debug)]
pub(crate) struct EventTable {
    shown: String,
    csv: CsvEvents<BufWriter<File>>,
    /// None for what is no plain file, such as a pipe.
    draft: Option<Draft>,
}

impl EventTable {
    /// A table without rows, found to be writable before anything starts. A table that is there already stays until
    /// this one is whole.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let refused = |error: &io::Error| {
            Failure::usage(format!(
                "--events: cannot write {shown}: {error}; choose another file"
            ))
        };
        if path.is_dir() || path.file_name().is_none() || path == Path::new("-") {
            return Err(Failure::usage(format!(
                "--events {shown} is not allowed: write the name of a file, such as events.csv"
            )));
        }
        let is_plain = fs::metadata(path).map_or(true, |about| about.is_file());
        let opened = if is_plain {
            Draft::beside(path).map(|(file, draft)| (file, Some(draft)))
        } else {
            File::create(path).map(|file| (file, None))
        };
        let (file, draft) = opened.map_err(|error| refused(&error))?;
        let csv = CsvEvents::new(BufWriter::new(file)).map_err(|error| refused(&error))?;
        Ok(Self { shown, csv, draft })
    }

    /// A run with this seed begins, of instances with these names; it tells its events to what is returned.
    pub(crate) fn run(&mut self, seed: u64, names: &[String]) -> &mut impl Events {
        self.csv.begin(seed, names.iter().cloned());
        &mut self.csv
    }

    /// The table is whole and takes its place.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Self { shown, csv, draft } = self;
        let written = csv.finish().and_then(|_| match draft {
            Some(draft) => draft.settle(),
            None => Ok(()),
        });
        written.map_err(|error| Failure::runtime(format!("cannot write {shown}: {error}")))
    }
}
