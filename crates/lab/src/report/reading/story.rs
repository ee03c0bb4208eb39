//! The story of a run: its faults, with the instances that each concerned.

use std::collections::BTreeMap;
use std::time::Duration;

use experiment::expectation::{Figure, Figures, Unit};
use experiment::fleet::{Change, FleetRecord, Span};
use experiment::result::Repetition;
use fusebox::State;

use crate::report::names;
use crate::words;

/// A run, and what its sentences look up again and again.
pub(super) struct Story<'a> {
    pub(super) run: &'a Repetition,
    /// Times in which the downstream was unhealthy for somebody, in order, without overlaps.
    pub(super) faults: Vec<Fault>,
}

/// A time in which the downstream was unhealthy for some instances.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) from: f64,
    pub(super) until: f64,
    /// The places of the instances that it concerned at any time of it.
    pub(super) concerned: Vec<usize>,
}

impl<'a> Story<'a> {
    pub(super) fn of(run: &'a Repetition) -> Self {
        Self {
            run,
            faults: faults(&run.fleet),
        }
    }

    pub(super) fn fleet(&self) -> &'a FleetRecord {
        &self.run.fleet
    }

    /// Instances of the fleet.
    pub(super) fn size(&self) -> usize {
        self.fleet().instances.len()
    }

    /// The name of the instance at a place.
    pub(super) fn name(&self, place: usize) -> &'a str {
        self.fleet()
            .instances
            .get(place)
            .map_or("", |one| &*one.name)
    }

    /// Instances by name, or by number where they are many.
    pub(super) fn names(&self, places: &[usize]) -> String {
        let names: Vec<&str> = places.iter().map(|place| self.name(*place)).collect();
        names::listed(&names, self.size())
    }

    /// The transitions of all instances within the time that was watched, in order, with the place of each.
    pub(super) fn changes(&self) -> Vec<(usize, &'a Change)> {
        let fleet = self.fleet();
        let placed = fleet.instances.iter().enumerate();
        let changes =
            placed.flat_map(|(place, one)| one.transitions.iter().map(move |it| (place, it)));
        let mut changes: Vec<_> = changes
            .filter(|(_, it)| it.at_s <= fleet.duration_s)
            .collect();
        changes.sort_by(|a, b| a.1.at_s.total_cmp(&b.1.at_s));
        changes
    }

    /// A figure of one instance or of all.
    pub(super) fn value(&self, figure: &str) -> Option<f64> {
        let figure: Figure = figure
            .parse()
            .expect("the figures of the reading are known");
        self.run.value(&figure).filter(|value| !value.is_nan())
    }
}

/// The times in which the downstream was unhealthy for somebody. Those that overlap are one.
fn faults(fleet: &FleetRecord) -> Vec<Fault> {
    let mut of_truth: BTreeMap<usize, (usize, Vec<usize>)> = BTreeMap::new();
    for (place, one) in fleet.instances.iter().enumerate() {
        of_truth
            .entry(one.truth)
            .or_insert((place, Vec::new()))
            .1
            .push(place);
    }
    let mut all: Vec<Fault> = Vec::new();
    for (place, concerned) in of_truth.into_values() {
        let bad = fleet.health(place).into_iter().filter(|span| span.value);
        all.extend(bad.map(|Span { from, until, .. }| Fault {
            from,
            until,
            concerned: concerned.clone(),
        }));
    }
    all.sort_by(|a, b| a.from.total_cmp(&b.from));
    let mut merged: Vec<Fault> = Vec::new();
    for fault in all {
        match merged.last_mut() {
            Some(last) if fault.from < last.until => {
                last.until = last.until.max(fault.until);
                last.concerned.extend(fault.concerned);
                last.concerned.sort_unstable();
                last.concerned.dedup();
            }
            _ => merged.push(fault),
        }
    }
    merged
}

/// Whether calls pass as if there were no fault.
pub(super) fn passes(state: State) -> bool {
    matches!(state, State::Closed | State::Disabled | State::MetricsOnly)
}

/// `0:05.3`
pub(super) fn clock(at: f64) -> String {
    words::clock(Duration::try_from_secs_f64(at).unwrap_or_default())
}

/// `316 ms`, `1.80 s`
pub(super) fn time(seconds: f64) -> String {
    Unit::Seconds.show(seconds)
}

/// `62.5 %`
pub(super) fn share(part: f64) -> String {
    Unit::Share.show(part)
}
