//! The table of a run's events, a CSV file that takes its place when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use experiment::events::{CsvEvents, Events};

use crate::failure::Failure;

/// A table that is being written.
#[derive(Debug)]
pub(crate) struct EventTable {
    shown: String,
    csv: CsvEvents<BufWriter<File>>,
    /// Where it lies, and where it belongs; none for what is no plain file, such as a pipe.
    moves: Option<(PathBuf, PathBuf)>,
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
        let plain = fs::metadata(path).map_or(true, |about| about.is_file());
        let moves = plain.then(|| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            (
                path.with_file_name(format!(".{name}.part")),
                path.to_owned(),
            )
        });
        let opened = moves.as_ref().map_or(path, |(draft, _)| draft);
        let file = File::create(opened).map_err(|error| refused(&error))?;
        let csv = CsvEvents::new(BufWriter::new(file)).map_err(|error| refused(&error))?;
        Ok(Self { shown, csv, moves })
    }

    /// A run with this seed begins, of instances with these names; it tells its events to what is returned.
    pub(crate) fn run(&mut self, seed: u64, names: &[String]) -> &mut impl Events {
        self.csv.begin(seed, names.iter().cloned());
        &mut self.csv
    }

    /// The table is whole and takes its place.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Self { shown, csv, moves } = self;
        let written = csv.finish().and_then(|_| match &moves {
            Some((draft, path)) => fs::rename(draft, path),
            None => Ok(()),
        });
        written.map_err(|error| {
            if let Some((draft, _)) = &moves {
                // What is left of it would only take up room.
                let _ = fs::remove_file(draft);
            }
            Failure::runtime(format!("cannot write {shown}: {error}"))
        })
    }
}
