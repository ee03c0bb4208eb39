//! The names of a fleet's instances, each once, with a look-up by name.

use std::collections::BTreeMap;

use super::written::Fleet;
use crate::bounds::within;

/// The most instances of a fleet.
const MAX_INSTANCES: usize = 100_000;
/// The number of instances if nothing is said.
const USUAL: usize = 3;
/// The first names for instances without one.
const LETTERS: [&str; USUAL] = ["A", "B", "C"];
/// Names of other services.
const TAKEN: [&str; 2] = ["unreliable", "lab"];

/// Returns whether an instance may have this name: 1 to 32 ASCII letters, digits, `-` and `_`.
pub fn is_instance_name(name: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    (1..=32).contains(&name.len()) && name.chars().all(allowed)
}

/// The names of instances in order, at least one.
#[derive(Clone, Debug)]
pub(super) struct Names {
    all: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl Names {
    /// The names that were given, or made for the given number of instances.
    ///
    /// # Errors
    ///
    /// The key, its value and what is allowed.
    pub(super) fn of(fleet: &Fleet) -> Result<Self, String> {
        let allowed = 1..=MAX_INSTANCES;
        if let Some(size) = fleet.size {
            within("fleet.size", size, 1, MAX_INSTANCES)?;
        }
        let Some(given) = &fleet.instances else {
            let made = (0..fleet.size.unwrap_or(USUAL)).map(made);
            return Self::distinct(made.collect());
        };
        if !allowed.contains(&given.len()) {
            return Err(format!(
                "fleet.instances: {} are not allowed: there must be from 1 to {MAX_INSTANCES}",
                given.len()
            ));
        }
        if let Some(size) = fleet.size.filter(|size| *size != given.len()) {
            return Err(format!(
                "fleet.size: {size} is not allowed beside fleet.instances, which names {}: leave one of the \
                 two out",
                given.len()
            ));
        }
        Self::distinct(given.clone())
    }

    fn distinct(all: Vec<String>) -> Result<Self, String> {
        let mut places = BTreeMap::new();
        for (place, name) in all.iter().enumerate() {
            if !is_instance_name(name) || TAKEN.contains(&&**name) {
                return Err(format!(
                    "fleet.instances: `{name}` is not allowed: 1 to 32 letters, digits, - and _, \
                     and not the name of another service"
                ));
            }
            if places.insert(name.clone(), place).is_some() {
                return Err(format!(
                    "fleet.instances: `{name}` is given twice: write each name once"
                ));
            }
        }
        Ok(Self { all, places })
    }

    pub(super) fn all(&self) -> &[String] {
        &self.all
    }

    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

/// A, B, C, i4, i5, …
fn made(place: usize) -> String {
    match LETTERS.get(place) {
        Some(letter) => (*letter).to_owned(),
        None => format!("i{}", place + 1),
    }
}
