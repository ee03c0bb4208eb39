//! The result of an experiment: everything that is needed to draw it again and to compute it again.
//!
//! The shape is versioned by [`SCHEMA`]: a reader that meets another one says so instead of guessing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::coordination::CoordinationRecord;
use crate::expectation::{CATALOGUE, Expectation, ExpectationVerdict, Figure, Figures, Source};
use crate::fleet::{FleetRecord, OtherTruth};
use crate::load::LoadResult;
use crate::load::written_figure;
use crate::orders::Orders;

/// The version of the shape of `result.json`; `docs/result.schema.json` describes it.
pub const SCHEMA: &str = "breaker-lab-result/3";
/// The version before: it lacks the course of coordination and the orders, and is read all the same.
const BEFORE: &str = "breaker-lab-result/2";
/// What earlier versions of the lab wrote.
const OLD: &str = "breaker-lab/result/1";

/// The result of a scenario that was run once or several times.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RunResult {
    /// [`SCHEMA`]; of a result that an earlier version has left the schema before it.
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
    /// `release` when it was built with optimisations, else `debug`.
    pub build: String,
    /// The commit that it was built from, where the build knew it.
    pub commit: Option<String>,
}

/// On what it ran.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
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
    /// How many processes were ready to run when the run began: the means of the last 1, 5 and 15 minutes, where the
    /// system tells them.
    pub load: Option<[f64; 3]>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Repetition {
    /// The seed of all its chance.
    pub seed: u64,
    /// Who performed it.
    pub performer: Performer,
    /// The digest of all that happened, in a simulated run: the same for the same scenario, seed and program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Whether it was ended before its time.
    pub cut_short: bool,
    /// Why its figures cannot be trusted, if they cannot.
    pub invalid: Option<String>,
    /// Which expectations held.
    pub verdicts: Vec<ExpectationVerdict>,
    /// What the clients saw.
    pub load: LoadResult,
    /// What the breakers believed, and what was true.
    pub fleet: FleetRecord,
    /// The same seed without breakers, where it was performed, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counterfactual: Option<Counterfactual>,
    /// What the instances told each other, where they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordination: Option<CoordinationRecord>,
    /// What operators did during a live run; results of earlier versions do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<Orders>,
}

/// Who performed a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Performer {
    /// The lab: sockets, and the machine's time.
    #[default]
    Live,
    /// The simulator: virtual time.
    Simulated,
}

/// What would have been without breakers: the same scenario and seed, with all breakers disabled.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Counterfactual {
    /// Figures of the whole run, of all instances, without those that were not measured.
    #[serde(with = "written_figure::map")]
    pub figures: BTreeMap<String, f64>,
    /// The truth without breakers; "wrongly open" is held against it.
    pub truth: OtherTruth,
}

impl Repetition {
    /// A whole run of which nothing was expected.
    pub fn new(performer: Performer, seed: u64, load: LoadResult, fleet: FleetRecord) -> Self {
        Self {
            seed,
            performer,
            digest: None,
            cut_short: false,
            invalid: None,
            verdicts: Vec::new(),
            fleet: fleet.watched_for(load.duration_s),
            load,
            counterfactual: None,
            coordination: None,
            orders: None,
        }
    }

    /// Judges what was expected.
    pub fn judge(&mut self, expectations: &[Expectation]) {
        self.verdicts = expectations.iter().map(|it| it.judge(self)).collect();
    }
}

impl Counterfactual {
    /// What a run without breakers says about the same run with them.
    pub fn of(without_breakers: &Repetition) -> Self {
        let values = CATALOGUE.iter().filter_map(|definition| {
            let figure = Figure {
                definition,
                target: None,
                phase: None,
            };
            let value = without_breakers
                .value(&figure)
                .filter(|value| !value.is_nan())?;
            Some((definition.name.to_owned(), value))
        });
        Self {
            figures: values.collect(),
            truth: without_breakers.fleet.truth(),
        }
    }
}

impl Figures for Repetition {
    fn value(&self, figure: &Figure) -> Option<f64> {
        match figure.definition.source {
            Source::Load => self.load.value(figure),
            Source::Coordination => self.coordination.as_ref()?.value(figure),
            Source::Fleet => match &self.counterfactual {
                Some(without) if self.needs_counterfactual(figure) => {
                    self.fleet.beside(&without.truth).value(figure)
                }
                _ => self.fleet.value(figure),
            },
        }
    }

    fn missing(&self, figure: &Figure) -> Option<&'static str> {
        let known = self.counterfactual.is_some() && self.needs_counterfactual(figure);
        if known {
            None
        } else {
            self.fleet.missing(figure)
        }
    }
}

impl Repetition {
    /// Whether a figure can only be said beside the run without breakers.
    fn needs_counterfactual(&self, figure: &Figure) -> bool {
        self.fleet.missing(figure).is_some()
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
            format!("it is not a result of `run` or `simulate`, such as runs/flapping-1: {error}")
        })?;
        match head.schema.as_deref() {
            Some(SCHEMA | BEFORE) => crate::reading::parse_json(bytes),
            Some(OLD) => Err(format!(
                "schema: {OLD} is of an earlier version of the lab, which measured wasted and wrongly rejected calls \
                 in another way; this program reads {SCHEMA}: run the scenario again"
            )),
            Some(newer) if is_newer(newer) => Err(format!(
                "schema: {newer} is of a newer version of the lab; this program reads {SCHEMA}: read it with the \
                 version that wrote it, or run the scenario again"
            )),
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

/// Whether a schema has a higher number than the one that is read here.
fn is_newer(schema: &str) -> bool {
    let number = |schema: &str| {
        let (name, number) = schema.rsplit_once('/')?;
        Some((name.to_owned(), number.parse::<u32>().ok()?))
    };
    match (number(schema), number(SCHEMA)) {
        (Some((name, number)), Some((own, read))) => name == own && number > read,
        _ => false,
    }
}
