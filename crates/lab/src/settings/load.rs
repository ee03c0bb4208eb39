//! The settings of a load that runs alone, and what is asked of one run.

use experiment::expectation::Expectation;
use experiment::load::{Phases, Profile};
use serde::Serialize;

use super::{Address, BaseUrl, Named};
use crate::load::OutputPaths;

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
