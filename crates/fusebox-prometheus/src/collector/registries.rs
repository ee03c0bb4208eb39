//! The breakers of registries: which of them have series of their own, and the sum of the others.
//!
//! The sum is everything that was ever counted, evicted breakers included, minus the series of
//! single keys:
//!
//! ```text
//! other = retired + all that live - shown in series of their own - last shown in series that ended
//! ```
//!
//! A scraper can rely on the following. No counter goes down. A call is in exactly one series. When
//! a key's series ends, what it had shown is not shown again elsewhere, because `rate` would take
//! that for new calls; only what was counted after its last scrape is added to the sum. When a key
//! gets series later, what it had counted in the sum stays there, and its series begin at 0. A key
//! that comes back continues where its series ended.
//!
//! All this assumes one scrape after another. The breakers are read before, with no lock held, so
//! of two concurrent scrapes the second to be shown may have read the breakers first. That one
//! shows the counts of the first, and changes nothing here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::counts::Counts;
use super::ended::Ended;
use super::families::Families;
use super::reading::{Plan, Polling, Reading, Seen};
use super::sum::Sum;
use crate::wall::WallTimes;

pub(super) struct Registries {
    max_keys: usize,
    /// How many scrapes have been shown.
    scrapes: u64,
    /// By registry: a breaker that was made after this time, on its own clock, is not yet in the
    /// sum.
    counted_until: Vec<Option<Duration>>,
    /// The keys that have series of their own.
    own: HashMap<Arc<str>, Own>,
    ended: Ended,
    /// What was last shown as the sum of the others.
    shown: Counts,
}

/// A key with series of its own.
struct Own {
    registry: usize,
    /// When its breaker was made. With the name, this tells one breaker from another.
    born: Duration,
    /// What its breaker had counted at the last scrape.
    counts: Counts,
    /// The part of the counts that belongs to the sum of the others.
    before: Counts,
    /// What earlier breakers of the same key had shown.
    carried: Counts,
    /// The times of its instants.
    times: WallTimes,
    seen: bool,
}

/// Whether another scrape has been shown since this one began to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    InTurn,
    Overtaken,
}

/// The place where a breaker is shown.
enum Place {
    Own,
    /// In the series of its key, if the breaker that had it is gone.
    IfFree,
    Other,
}

impl Registries {
    /// How many ended series are remembered for keys that come back: some 600 KiB.
    const REMEMBERED: usize = 1000;

    pub(super) fn new(max_keys: usize) -> Self {
        Self {
            max_keys,
            scrapes: 0,
            counted_until: Vec::new(),
            own: HashMap::new(),
            ended: Ended::new(Self::REMEMBERED),
            shown: Counts::zero(),
        }
    }

    /// Begins a scrape.
    pub(super) fn plan(&self, polling: Polling) -> Plan {
        Plan {
            shown: self.scrapes,
            own: self.own.keys().cloned().collect(),
            room: self.max_keys.saturating_sub(self.own.len()),
            polling,
        }
    }

    /// Adds the breakers of all registries, as they were read.
    pub(super) fn show(&mut self, plan: &Plan, readings: Vec<Reading>, families: &mut Families) {
        if readings.is_empty() {
            return;
        }
        let order = if plan.shown == self.scrapes {
            Order::InTurn
        } else {
            Order::Overtaken
        };
        for own in self.own.values_mut() {
            own.seen = false;
        }
        let (mut counts, mut sum) = (Counts::zero(), Sum::new());
        for (registry, reading) in readings.into_iter().enumerate() {
            counts.add(&reading.counted);
            sum.join(&reading.sum);
            families.add_registry(&reading.name, reading.figures);
            match order {
                Order::InTurn => self.show_in_turn(registry, reading, families, &mut sum),
                Order::Overtaken => {
                    self.show_overtaken(registry, &reading.candidates, families, &mut sum);
                }
            }
        }
        if order == Order::InTurn {
            self.count_others(counts);
            self.scrapes += 1;
        }
        families.add_sum(&sum, &self.shown);
    }

    /// Shows everything that was ever counted, minus the keys with series, as the sum of the
    /// others.
    fn count_others(&mut self, mut counts: Counts) {
        for own in self.own.values() {
            counts.subtract(&own.shown());
        }
        counts.subtract(self.ended.sum());
        // Even if a registry is wrong, a counter must not go down: a scraper takes that for a
        // restart.
        counts.raise_to(&self.shown);
        self.shown = counts;
    }

    /// Adds the breakers of one registry that have series of their own or may get some.
    fn show_in_turn(
        &mut self,
        registry: usize,
        reading: Reading,
        families: &mut Families,
        sum: &mut Sum,
    ) {
        if self.counted_until.len() <= registry {
            self.counted_until.resize(registry + 1, None);
        }
        let mut returned = Vec::new();
        for seen in reading.candidates {
            match self.place(registry, &seen) {
                Place::Own => self.own[&seen.snapshot.name].show(&seen, families),
                Place::IfFree => returned.push(seen),
                Place::Other => sum.add(&seen.snapshot),
            }
        }
        self.take_over(registry, returned, families, sum);
        self.end_unseen(registry);
        self.counted_until[registry] = reading.latest;
    }

    /// Does the same when another scrape has been shown meanwhile.
    fn show_overtaken(
        &mut self,
        registry: usize,
        candidates: &[Seen],
        families: &mut Families,
        sum: &mut Sum,
    ) {
        for seen in candidates {
            match self.own.get_mut(&seen.snapshot.name) {
                Some(own) if own.registry == registry && !own.seen => {
                    own.seen = true;
                    own.show(seen, families);
                }
                _ => sum.add(&seen.snapshot),
            }
        }
    }

    fn place(&mut self, registry: usize, seen: &Seen) -> Place {
        let name = &seen.snapshot.name;
        if let Some(own) = self.own.get_mut(name) {
            if own.registry != registry || own.seen {
                return Place::Other;
            }
            if own.born != seen.born() || !seen.counts.reaches(&own.counts) {
                return Place::IfFree;
            }
            own.seen = true;
            own.counts.clone_from(&seen.counts);
            return Place::Own;
        }
        if self.own.len() >= self.max_keys {
            return Place::Other;
        }
        let own = Own {
            registry,
            born: seen.born(),
            counts: seen.counts.clone(),
            before: self.counted_before(registry, seen),
            carried: self.ended.resume(name),
            times: WallTimes::new(),
            seen: true,
        };
        self.own.insert(Arc::clone(name), own);
        Place::Own
    }

    /// The part of a breaker's counts that the sum has already shown.
    fn counted_before(&self, registry: usize, seen: &Seen) -> Counts {
        match self.counted_until[registry] {
            Some(until) if seen.born() <= until => seen.counts.clone(),
            _ => Counts::zero(),
        }
    }

    /// Lets new breakers continue the series of their keys, whose former breakers are gone.
    fn take_over(
        &mut self,
        registry: usize,
        returned: Vec<Seen>,
        families: &mut Families,
        sum: &mut Sum,
    ) {
        for seen in returned {
            let before = self.counted_before(registry, &seen);
            match self.own.get_mut(&seen.snapshot.name) {
                Some(own) if !own.seen => {
                    own.carried = own.shown();
                    own.born = seen.born();
                    own.counts.clone_from(&seen.counts);
                    own.before = before;
                    own.times = WallTimes::new();
                    own.seen = true;
                    own.show(&seen, families);
                }
                _ => sum.add(&seen.snapshot),
            }
        }
    }

    /// Ends the series of a registry's keys that are gone.
    fn end_unseen(&mut self, registry: usize) {
        let ended = &mut self.ended;
        self.own.retain(|name, own| {
            let stays = own.seen || own.registry != registry;
            if !stays {
                ended.end(name, own.shown());
            }
            stays
        });
    }
}

impl Own {
    /// What the key's series show.
    fn shown(&self) -> Counts {
        let mut shown = self.counts.clone();
        shown.subtract(&self.before);
        shown.add(&self.carried);
        shown
    }

    fn show(&self, seen: &Seen, families: &mut Families) {
        families.add(seen, &self.shown(), &self.times);
    }
}

#[cfg(test)]
mod tests;
