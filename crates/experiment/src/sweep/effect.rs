//! The effect of what is varied: values that change no figure are named, because nobody expects a setting to do
//! nothing.

use std::collections::BTreeMap;

use super::{Cell, Sweep, Trial};

/// Values of one key that give the same figures, in every trial and whatever the other keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmoved {
    /// The key.
    pub key: String,
    /// The values; at least two.
    pub values: Vec<String>,
    /// Whether these are all values of the key.
    pub all: bool,
    /// The reason, if it is known.
    pub why: Option<String>,
}

/// The values of each key that make no difference. Only existing trials are compared: with the same seed they met the
/// same arrivals and the same faults, so a setting that has any effect shows it.
pub(super) fn unmoved(sweep: &Sweep, trials: &[Trial]) -> Vec<Unmoved> {
    let seeds: Vec<u64> = sweep.seeds().collect();
    let known = trials.iter().filter(|trial| seeds.contains(&trial.seed));
    let known: BTreeMap<(&Cell, u64), &Trial> = known
        .map(|trial| ((&trial.settings, trial.seed), trial))
        .collect();
    let cells = sweep.grid.cells();
    let mut found = Vec::new();
    for axis in sweep.grid.axes() {
        let mut alike: Vec<Vec<&String>> = Vec::new();
        for value in axis.values() {
            let same = |group: &&mut Vec<&String>| {
                let (key, pair) = (axis.key(), [group[0], value]);
                are_alike(&known, &cells, &seeds, key, pair)
            };
            match alike.iter_mut().find(same) {
                Some(group) => group.push(value),
                None => alike.push(vec![value]),
            }
        }
        let groups = alike.into_iter().filter(|group| group.len() > 1);
        found.extend(groups.map(|group| Unmoved {
            key: axis.key().to_owned(),
            why: None,
            all: group.len() == axis.values().len(),
            values: group.into_iter().cloned().collect(),
        }));
    }
    found
}

/// Whether all pairs of trials that differ only in this key, by these values, have the same figures; there must be at
/// least one pair.
fn are_alike(
    known: &BTreeMap<(&Cell, u64), &Trial>,
    cells: &[Cell],
    seeds: &[u64],
    key: &str,
    [one, other]: [&String; 2],
) -> bool {
    let mut compared = false;
    for cell in cells {
        let Some(twin) = cell.with(key, one, other) else {
            continue;
        };
        for seed in seeds {
            let pair = [cell, &twin].map(|cell| known.get(&(cell, *seed)));
            let [Some(one), Some(other)] = pair else {
                continue;
            };
            if one.figures != other.figures {
                return false;
            }
            compared |= !one.figures.is_empty();
        }
    }
    compared
}

impl Unmoved {
    /// Returns the sentence about it: `breaker.window_length changed no figure`, or which values did not, and why.
    pub fn said(&self) -> String {
        let what = match self.values.split_last() {
            Some((last, first)) if !self.all => {
                format!(
                    "{} = {} and {last} give the same figures",
                    self.key,
                    first.join(", ")
                )
            }
            _ => format!("{} changed no figure", self.key),
        };
        match &self.why {
            Some(why) => format!("! {what}: {why}"),
            None => format!("! {what}"),
        }
    }
}
