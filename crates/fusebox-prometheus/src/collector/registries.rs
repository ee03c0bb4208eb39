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

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fusebox::{Config, Snapshot};

use super::counts::Counts;
use super::ended::Ended;
use super::families::{Families, Sum};
use super::source::{Reading, Source};

pub(super) struct Registries {
    max_keys: usize,
    watched: Vec<Watched>,
    /// The keys that have series of their own.
    own: HashMap<Arc<str>, Own>,
    ended: Ended,
    /// The last that was shown as the sum of the others.
    shown: Counts,
}

struct Watched {
    name: String,
    source: Box<dyn Source>,
    /// A breaker that was made later, on its own clock, has not been counted in the sum.
    counted_until: Option<Duration>,
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

/// One breaker at a scrape.
struct Seen {
    snapshot: Snapshot,
    counts: Counts,
    config: Config,
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
            watched: Vec::new(),
            own: HashMap::new(),
            ended: Ended::new(Self::REMEMBERED),
            shown: Counts::zero(),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.watched.iter().any(|watched| watched.name == name)
    }

    pub(super) fn watch(&mut self, name: &str, source: Box<dyn Source>) {
        self.watched.push(Watched {
            name: name.to_owned(),
            source,
            counted_until: None,
        });
    }

    /// Adds the breakers of all registries. A key whose text `is_taken` gets no series of its own.
    pub(super) fn collect(&mut self, is_taken: impl Fn(&str) -> bool, families: &mut Families) {
        if self.watched.is_empty() {
            return;
        }
        for own in self.own.values_mut() {
            own.seen = false;
        }
        let (mut counts, mut sum) = (Counts::zero(), Sum::new());
        for registry in 0..self.watched.len() {
            counts.add(&self.read(registry, &is_taken, families, &mut sum));
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

    /// Adds the breakers of one registry: to series of their own or to `sum`. Returns what they and
    /// those before them have counted.
    fn read(
        &mut self,
        registry: usize,
        is_taken: &impl Fn(&str) -> bool,
        families: &mut Families,
        sum: &mut Sum,
    ) -> Counts {
        let Reading {
            breakers,
            retired: mut all,
            figures,
        } = self.watched[registry].source.read();
        let (mut latest, mut returned) = (None, Vec::new());
        // Each handle is given back at once: no breaker is evicted while its handle is held.
        for breaker in breakers {
            let snapshot = breaker.snapshot();
            let counts = Counts::of(&snapshot.totals);
            all.add(&counts);
            latest = latest.max(Some(snapshot.at));
            match self.place(registry, &snapshot, &counts, is_taken) {
                Place::Other => sum.add(&snapshot),
                place => {
                    let config = breaker.config();
                    let seen = Seen {
                        snapshot,
                        counts,
                        config,
                    };
                    match place {
                        Place::Own => self.own[&seen.snapshot.name].show(&seen, families),
                        _ => returned.push(seen),
                    }
                }
            }
        }
        self.take_over(registry, returned, families, sum);
        self.end_unseen(registry);
        let watched = &mut self.watched[registry];
        watched.counted_until = latest;
        families.add_registry(&watched.name, figures);
        all
    }

    fn place(
        &mut self,
        registry: usize,
        snapshot: &Snapshot,
        counts: &Counts,
        is_taken: &impl Fn(&str) -> bool,
    ) -> Place {
        let name = &snapshot.name;
        if is_taken(name) {
            return Place::Other;
        }
        let before = self.counted_before(registry, snapshot, counts);
        if let Some(own) = self.own.get_mut(name) {
            if own.registry != registry || own.seen {
                return Place::Other;
            }
            if own.born != born(snapshot, counts) || !counts.reaches(&own.counts) {
                return Place::IfFree;
            }
            own.seen = true;
            own.counts.clone_from(counts);
            return Place::Own;
        }
        if self.own.len() >= self.max_keys {
            return Place::Other;
        }
        let own = Own {
            registry,
            born: born(snapshot, counts),
            counts: counts.clone(),
            before,
            carried: self.ended.resume(name),
            seen: true,
        };
        self.own.insert(Arc::clone(name), own);
        Place::Own
    }

    /// What of a breaker's counts the sum has shown already.
    fn counted_before(&self, registry: usize, snapshot: &Snapshot, counts: &Counts) -> Counts {
        match self.watched[registry].counted_until {
            Some(until) if born(snapshot, counts) <= until => counts.clone(),
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
            let before = self.counted_before(registry, &seen.snapshot, &seen.counts);
            match self.own.get_mut(&seen.snapshot.name) {
                Some(own) if !own.seen => {
                    own.carried = own.shown();
                    own.born = born(&seen.snapshot, &seen.counts);
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

/// When the breaker was made, on its clock: it has been in some state ever since.
fn born(snapshot: &Snapshot, counts: &Counts) -> Duration {
    snapshot.at.saturating_sub(counts.age())
}

#[cfg(test)]
mod tests;
