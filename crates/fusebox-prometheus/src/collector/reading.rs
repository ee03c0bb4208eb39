//! A registry as one scrape reads it.
//!
//! Reading a breaker may tell its listeners waiting events, so it happens with no lock of the
//! collector held: a listener may scrape or change the collector itself. Of the breakers that will
//! have no series of their own, only the sum is kept.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use fusebox::{Breaker, Config, Snapshot};

use super::counts::Counts;
use super::source::{Figures, Listing, Source};
use super::sum::Sum;
use crate::wall::origin;

/// Whether a scrape makes the transitions that are due.
#[derive(Clone, Copy, Debug)]
pub(super) enum Polling {
    Off,
    On,
}

impl Polling {
    fn read(self, breaker: &Breaker) -> Snapshot {
        if let Self::On = self {
            breaker.poll_transitions();
        }
        breaker.snapshot()
    }
}

/// What a scrape has to know before it reads.
pub(super) struct Plan {
    /// How many scrapes had been shown when this one began.
    pub(super) shown: u64,
    /// The keys that have series of their own.
    pub(super) own: HashSet<Arc<str>>,
    /// How many more keys may have series.
    pub(super) room: usize,
    pub(super) polling: Polling,
}

pub(super) struct Reading {
    pub(super) name: Arc<str>,
    pub(super) figures: Figures,
    /// What all breakers, past ones included, have counted.
    pub(super) counted: Counts,
    /// The latest instant at which a breaker was read, on the registry's clock.
    pub(super) latest: Option<Duration>,
    /// The breakers that have series of their own, or may get some.
    pub(super) candidates: Vec<Seen>,
    /// All other breakers.
    pub(super) sum: Sum,
}

/// One breaker at a scrape.
pub(super) struct Seen {
    pub(super) snapshot: Snapshot,
    pub(super) counts: Counts,
    pub(super) config: Config,
    /// The Unix time of the origin of the breaker's clock, by the system's clock at that moment.
    pub(super) origin: f64,
}

impl Seen {
    /// Reads one breaker.
    pub(super) fn read(breaker: &Breaker, polling: Polling) -> Self {
        Self::of(polling.read(breaker), breaker)
    }

    /// What `snapshot`, which was just taken, shows of `breaker`.
    fn of(snapshot: Snapshot, breaker: &Breaker) -> Self {
        Self {
            origin: origin(snapshot.at),
            counts: Counts::of(&snapshot.totals),
            config: breaker.config(),
            snapshot,
        }
    }

    /// When the breaker was made, on its clock: it has been in some state ever since.
    pub(super) fn born(&self) -> Duration {
        self.snapshot.at.saturating_sub(self.counts.age())
    }
}

impl Reading {
    /// Reads all breakers of a registry. A key whose text `is_taken` gets no series of its own.
    pub(super) fn take(
        (name, source): (&Arc<str>, &dyn Source),
        plan: &Plan,
        is_taken: impl Fn(&str) -> bool,
    ) -> Self {
        let Listing {
            breakers,
            retired,
            figures,
        } = source.list();
        let mut reading = Self {
            name: Arc::clone(name),
            figures,
            counted: retired,
            latest: None,
            candidates: Vec::new(),
            sum: Sum::new(),
        };
        let mut room = plan.room;
        // Each handle is dropped at once: no breaker is evicted while its handle is held.
        for breaker in breakers {
            let snapshot = plan.polling.read(&breaker);
            reading.latest = reading.latest.max(Some(snapshot.at));
            let name = &snapshot.name;
            let has_series = plan.own.contains(name);
            if is_taken(name) || (!has_series && room == 0) {
                reading.counted.add(&Counts::of(&snapshot.totals));
                reading.sum.add(&snapshot);
                continue;
            }
            room -= usize::from(!has_series);
            let seen = Seen::of(snapshot, &breaker);
            reading.counted.add(&seen.counts);
            reading.candidates.push(seen);
        }
        reading
    }
}
