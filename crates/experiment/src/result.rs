//! The result of an experiment: everything that is needed to draw it again and to compute it again.
//!
//! The shape is versioned by [`SCHEMA`]: a reader that meets another one says so instead of guessing.

use serde::{Deserialize, Serialize};

use crate::expectation::{Figure, Figures, Source, Verdict};
use crate::fleet::FleetRecord;
use crate::load::LoadResult;

/// The version of the shape of `result.json`.
pub const SCHEMA: &str = "breaker-lab/result/1";

/// The result of a scenario that was run once or several times.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RunResult {
    /// [`SCHEMA`].
    pub schema: String,
    /// The scenario's name.
    pub scenario: String,
    /// Its title.
    pub title: String,
    /// When the first run began, in seconds since 1970.
    pub started_unix_s: f64,
    /// What ran.
    pub versions: Versions,
    /// On what it ran.
    pub machine: Machine,
    /// The runs, one per repetition.
    pub repetitions: Vec<Repetition>,
}

/// What ran.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// The version of the lab.
    pub breaker_lab: String,
    /// Whether it was built with optimisations.
    pub build: String,
}

/// On what it ran.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The operating system.
    pub os: String,
    /// The kind of processor.
    pub arch: String,
    /// The processor's name, where the system tells it.
    pub cpu: Option<String>,
    /// Processors that the run could use.
    pub cores: usize,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Repetition {
    /// The seed of all its chance.
    pub seed: u64,
    /// Whether it was ended before its time.
    pub cut_short: bool,
    /// Why its figures cannot be trusted, if they cannot.
    pub invalid: Option<String>,
    /// Which expectations held.
    pub verdicts: Vec<Verdict>,
    /// What the clients saw.
    pub load: LoadResult,
    /// What the breakers believed, and what was true.
    pub fleet: FleetRecord,
}

impl Figures for Repetition {
    fn value(&self, figure: &Figure) -> Option<f64> {
        match figure.definition.source {
            Source::Load => self.load.value(figure),
            Source::Fleet => self.fleet.value(figure),
        }
    }
}

impl RunResult {
    /// Reads `result.json`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in one line.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            schema: Option<String>,
        }
        let head: Head = crate::reading::parse_json(bytes).map_err(|error| {
            format!("it is not a result that `run` has left, such as runs/flapping-1: {error}")
        })?;
        match head.schema.as_deref() {
            Some(SCHEMA) => crate::reading::parse_json(bytes),
            other => Err(format!(
                "schema: {} is not allowed: this program reads {SCHEMA}",
                other.unwrap_or("none")
            )),
        }
    }

    /// The values of one figure, one per repetition in which it was measured.
    pub fn values(&self, figure: &Figure) -> Vec<f64> {
        let values = self.repetitions.iter().map(|one| one.value(figure));
        values.flatten().filter(|value| !value.is_nan()).collect()
    }
}
