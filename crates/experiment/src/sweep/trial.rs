//! The trial: the figures of one cell with one seed, in one line of a file.
//!
//! Only figures are kept. A trial can be performed again from its cell and its seed, and then gives the same figures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Cell;
use crate::expectation::{Figure, Figures};
use crate::result::Repetition;

/// The figures of one cell with one seed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The settings that were varied.
    pub settings: Cell,
    /// The seed.
    pub seed: u64,
    /// Why its figures cannot be trusted, if they cannot.
    pub invalid: Option<String>,
    /// Expectations of the scenario that did not hold.
    pub failed: u32,
    /// Figures by name, without those that were not measured; infinite is what never came.
    #[serde(with = "crate::load::written_figure::map")]
    pub figures: BTreeMap<String, f64>,
}

impl Trial {
    /// What a repetition says about `figures`.
    pub fn of(settings: Cell, run: &Repetition, figures: &[Figure]) -> Self {
        let cut_short = run
            .cut_short
            .then(|| "it was stopped before its end".to_owned());
        let failed = run.verdicts.iter().filter(|verdict| !verdict.held);
        let measured = figures.iter().filter_map(|figure| {
            let value = run.value(figure).filter(|value| !value.is_nan())?;
            Some((figure.to_string(), value))
        });
        Self {
            settings,
            seed: run.seed,
            invalid: run.invalid.clone().or(cut_short),
            failed: u32::try_from(failed.count()).unwrap_or(u32::MAX),
            figures: measured.collect(),
        }
    }

    /// The trial as one line of JSON.
    ///
    /// # Panics
    ///
    /// Never: its parts can all be written.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("names and numbers can be written")
    }

    /// Reads the lines of a file. A last line without its end was being written when the sweep was cut off: it
    /// is left out, and its trial is performed again. A trial that is there twice counts once.
    ///
    /// # Errors
    ///
    /// The number of the line that is not a trial, or that says something else of the same cell and seed than a line
    /// before it, and why.
    pub fn parse_lines(text: &[u8]) -> Result<Vec<Self>, String> {
        let end = text.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        let lines = (1..).zip(text[..end].split(|byte| *byte == b'\n'));
        let mut trials: Vec<Self> = Vec::new();
        let mut seen: BTreeMap<(Cell, u64), usize> = BTreeMap::new();
        for (number, line) in lines {
            let refused = |what: &str| format!("line {number}: {what}");
            let line = str::from_utf8(line).map_err(|_| refused("it is not UTF-8 text"))?;
            if line.trim().is_empty() {
                continue;
            }
            let trial: Self =
                crate::reading::parse_json(line.as_bytes()).map_err(|what| refused(&what))?;
            let key = (trial.settings.clone(), trial.seed);
            match seen.get(&key).map(|place| &trials[*place]) {
                None => {
                    seen.insert(key, trials.len());
                    trials.push(trial);
                }
                Some(known) if *known == trial => {}
                Some(_) => {
                    return Err(refused(&format!(
                        "it differs from an earlier line for the same trial, {} with seed {}: leave one of \
                         the two out",
                        trial.settings, trial.seed
                    )));
                }
            }
        }
        Ok(trials)
    }
}
