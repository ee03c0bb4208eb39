//! The breakers of registries: which of them have series of their own, and the sum of the others.
//!
//! The sum is what remains of everything that was ever counted, evicted breakers included, once the
//! series of single keys are taken away:
//!
//! ```text
//! other = retired + all that live - shown in series of their own - last shown in series that ended
//! ```
//!
//! From this follows what a scraper relies on. No counter goes down. A call is in exactly one
//! series. When a key's series ends, what it had shown is not shown again elsewhere, which `rate`
//! would take for new calls; only what was counted after its last scrape comes to the sum. When a key
//! gets a series later, what it had counted in the sum stays there, and the series begins at 0. A key
//! that comes back goes on where its series ended.
//!
//! All this is of one scrape after the other. The breakers are read before, with no lock held, so of two
//! scrapes at once the second to be shown may have read the breakers first. That one takes nothing
//! back: it begins and ends no series, and lowers no number.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::counts::Counts;
use super::ended::Ended;
use super::families::{Families, Sum};
use super::reading::{Plan, Polling, Reading, Seen};

pub(super) struct Registries {
    max_keys: usize,
    /// How many scrapes have been shown.
    scrapes: u64,
    /// By registry: a breaker that was made later, on its own clock, has not been counted in the sum.
    counted_until: Vec<Option<Duration>>,
    /// The keys that have series of their own.
    own: HashMap<Arc<str>, Own>,
    ended: Ended,
    /// The last that was shown as the sum of the others.
    shown: Counts,
}

/// A key with series of its own.
struct Own {
    registry: usize,
    /// When its breaker was made. With the name, this tells one breaker from another.
    born: Duration,
    /// What its breaker had counted at the last scrape.
    counts: Counts,
    /// What of it belongs to the sum of the others.
    before: Counts,
    /// What earlier breakers of the same key had shown.
    carried: Counts,
    seen: bool,
}

/// Whether another scrape has been shown since this one began to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    InTurn,
    Overtaken,
}

/// Where a breaker is shown.
enum Place {
    Own,
    /// In the series of its key, if the breaker that had it is gone.
    IfFree,
    Other,
}

impl Registries {
    /// Ended series whose keys go on with them when they come back: some 600 KiB.
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
        self.scrapes += 1;
        if self.counted_until.len() < readings.len() {
            self.counted_until.resize(readings.len(), None);
        }
        for own in self.own.values_mut() {
            own.seen = false;
        }
        let (mut counts, mut sum) = (Counts::zero(), Sum::new());
        for (registry, reading) in readings.into_iter().enumerate() {
            counts.add(&reading.counted);
            sum.join(&reading.sum);
            families.add_registry(&reading.name, reading.figures);
            self.show_candidates(registry, reading.candidates, order, families, &mut sum);
            let until = &mut self.counted_until[registry];
            *until = match order {
                Order::InTurn => reading.latest,
                Order::Overtaken => reading.latest.max(*until),
            };
        }
        for own in self.own.values() {
            counts.subtract(&own.shown());
        }
        counts.subtract(self.ended.sum());
        // Whatever a registry says, a counter that goes down is a restart to every scraper.
        counts.raise_to(&self.shown);
        families.add_sum(&sum, &counts);
        self.shown = counts;
    }

    /// Adds the breakers of one registry that have series of their own or may get some.
    fn show_candidates(
        &mut self,
        registry: usize,
        candidates: Vec<Seen>,
        order: Order,
        families: &mut Families,
        sum: &mut Sum,
    ) {
        let mut returned = Vec::new();
        for seen in candidates {
            match self.place(registry, &seen, order) {
                Place::Own => self.own[&seen.snapshot.name].show(&seen, families),
                Place::IfFree => returned.push(seen),
                Place::Other => sum.add(&seen.snapshot),
            }
        }
        self.take_over(registry, returned, families, sum);
        if order == Order::InTurn {
            self.end_unseen(registry);
        }
    }

    fn place(&mut self, registry: usize, seen: &Seen, order: Order) -> Place {
        let name = &seen.snapshot.name;
        if let Some(own) = self.own.get_mut(name) {
            if own.registry != registry || own.seen {
                return Place::Other;
            }
            let is_known = own.born == seen.born();
            match order {
                Order::InTurn if is_known && seen.counts.reaches(&own.counts) => {
                    own.counts.clone_from(&seen.counts);
                }
                Order::InTurn => return Place::IfFree,
                Order::Overtaken if is_known => own.counts.raise_to(&seen.counts),
                Order::Overtaken => return Place::Other,
            }
            own.seen = true;
            return Place::Own;
        }
        if self.own.len() >= self.max_keys || order == Order::Overtaken {
            return Place::Other;
        }
        let own = Own {
            registry,
            born: seen.born(),
            counts: seen.counts.clone(),
            before: self.counted_before(registry, seen),
            carried: self.ended.resume(name),
            seen: true,
        };
        self.own.insert(Arc::clone(name), own);
        Place::Own
    }

    /// What of a breaker's counts the sum has shown already.
    fn counted_before(&self, registry: usize, seen: &Seen) -> Counts {
        match self.counted_until[registry] {
            Some(until) if seen.born() <= until => seen.counts.clone(),
            _ => Counts::zero(),
        }
    }

    /// Lets new breakers go on with the series of their keys, whose former breakers are gone.
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
    /// What its series show.
    fn shown(&self) -> Counts {
        let mut shown = self.counts.clone();
        shown.subtract(&self.before);
        shown.add(&self.carried);
        shown
    }

    fn show(&self, seen: &Seen, families: &mut Families) {
        families.add_snapshot(&seen.snapshot, &self.shown(), &seen.config);
    }
}

#[cfg(test)]
mod tests;
