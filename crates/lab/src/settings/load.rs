//! The settings of a load that runs alone, and what is asked of one run.

use std::path::{Path, PathBuf};

use experiment::expectation::Expectation;
use experiment::load::{Phases, Profile};
use serde::Serialize;

use super::{Address, BaseUrl, Named};
use crate::failure::Failure;

#[derive(Debug, Serialize)]
pub(crate) struct LoadAlone {
    #[serde(skip)]
    pub(crate) targets: Vec<Named<BaseUrl>>,
    pub(crate) load: Profile,
    #[serde(skip)]
    pub(crate) run: LoadRun,
}

/// What is asked of one run. It is no setting: a file does not say it.
#[derive(Clone, Debug)]
pub(crate) struct LoadRun {
    pub(crate) phases: Phases,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) output: OutputPaths,
    pub(crate) quiet: bool,
    pub(crate) dry_run: bool,
    pub(crate) listen: Option<Address>,
}

/// Where the user wants results.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutputPaths {
    /// The result; `-` is standard output.
    pub(crate) json: Option<PathBuf>,
    /// One object per second.
    pub(crate) jsonl: Option<PathBuf>,
    /// One row per second and target.
    pub(crate) csv: Option<PathBuf>,
}

impl OutputPaths {
    /// Whether standard output is taken.
    pub(crate) fn take_standard_output(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }

    /// Whether each result has a place of its own that can take it.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let growing = [("--jsonl", &self.jsonl), ("--csv", &self.csv)];
        for (flag, path) in growing {
            if path.as_deref() == Some(Path::new("-")) {
                return Err(Failure::usage(format!(
                    "{flag} - is not allowed: only --json can go to standard output"
                )));
            }
        }
        let paths: Vec<_> = [&self.json, &self.jsonl, &self.csv]
            .into_iter()
            .flatten()
            .collect();
        for (place, path) in paths.iter().enumerate() {
            if paths[..place].contains(path) {
                return Err(Failure::usage(format!(
                    "{} is given twice: each result needs a file of its own",
                    path.display()
                )));
            }
        }
        Ok(())
    }
}
