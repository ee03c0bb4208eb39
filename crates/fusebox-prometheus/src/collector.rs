//! A collector that reads each breaker once per scrape.
//!
//! One snapshot per breaker and scrape keeps its series consistent: the state that is 1, the
//! seconds spent in it and the transitions into it are of the same instant. All series exist from
//! the start, because `increase()` cannot see an increase that comes with the birth of a series.
//!
//! Reading a breaker may run listeners, so no lock is held meanwhile. First the set of exported
//! breakers is copied, then they are read, and then the series of registries continue from the last
//! scrape.

mod counts;
mod ended;
mod families;
mod reading;
mod registries;
mod source;
mod sum;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fusebox::{Breaker, Registry};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use crate::family::description;
use crate::wall::WallTimes;
use families::Families;
use reading::{Polling, Reading, Seen};
use registries::Registries;
use source::Source;

/// The label value of the series that sum the breakers without series of their own.
pub const OTHER: &str = "other";

/// A collector that exports single breakers, and all breakers of a registry, future ones included.
///
/// Register one collector and add every breaker of the process to it; clones are the same
/// collector. A second collector in the same registry is refused, because both have the same
/// metrics.
///
/// # Bounded labels
/// Single breakers always have series of their own. Of the keys of registries, at most
/// [`max_keys`](Self::with_max_keys) have, 100 by default: those that came first. A key keeps its
/// series as long as its breaker lives. Then they end, and another key may get series. All other
/// keys are summed as the breaker [`OTHER`]:
/// - Its counters are sums that never go down: what evicted breakers had counted stays in them.
/// - Each call is in one series only, so `sum(rate(...))` is right across evictions. A key that
///   gets series later starts there at 0, and what it had counted before stays in the sum. A key
///   that comes back continues where its series ended; the last 1000 that ended are remembered.
/// - `circuit_breaker_state` shows how many of these breakers are in each state, and the window's
///   gauges are those of all their calls together. The sum has no instants and no settings.
///
/// A key is in the sum if its text is `other`, the name of a single breaker, or that of another
/// registry's key with series. So no two breakers have the same series.
///
/// # Cost
/// A scrape takes one snapshot of each breaker, and makes some 65 series for each that has series
/// of its own. It holds the lock of one breaker at a time, and the lock of a registry only to list
/// its breakers, none of which is evicted until the scrape has read it. A scrape holds no lock
/// while listeners run, so they may use the collector. `cargo bench -p fusebox-prometheus` measures
/// the cost.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, Registry};
/// use fusebox_prometheus::{BreakerCollector, Metrics};
/// use std::num::NonZeroUsize;
///
/// let hosts: Registry<String> = Registry::new(NonZeroUsize::MAX, Config::default());
/// let breakers = BreakerCollector::new();
/// breakers.add(Breaker::new("db", Config::default()))?;
/// breakers.add_registry("hosts", &hosts)?;
/// let metrics = Metrics::new();
/// metrics.register(breakers)?;
///
/// hosts.get("a.example")?; // comes later
/// let shown = metrics.expose(None).body;
/// assert!(shown.contains(r#"circuit_breaker_state{breaker="db",state="closed"} 1"#));
/// assert!(shown.contains(r#"circuit_breaker_state{breaker="a.example",state="closed"} 1"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BreakerCollector {
    descriptions: Arc<[Desc]>,
    polling: Polling,
    watched: Arc<Mutex<Watched>>,
    /// No foreign code runs while it is locked, and the other lock is never held at the same time.
    registries: Arc<Mutex<Registries>>,
}

/// The exported breakers and registries.
#[derive(Clone, Default)]
struct Watched {
    single: BTreeMap<Arc<str>, (Breaker, WallTimes)>,
    /// In the order in which they were added.
    registries: Vec<(Arc<str>, Arc<dyn Source>)>,
}

/// The error for a name that belongs to another breaker or registry of the same collector.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NameTaken {
    /// The name.
    pub name: String,
}

impl fmt::Display for NameTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        if name == OTHER {
            write!(f, "`{OTHER}` is the name of the sum of keys: ")?;
        } else {
            write!(f, "`{name}` is exported already: ")?;
        }
        f.write_str("give each breaker and registry of a collector its own name")
    }
}

impl Error for NameTaken {}

impl BreakerCollector {
    /// The number of keys that have series of their own by default.
    const MAX_KEYS: usize = 100;

    /// Makes a collector without breakers. At most 100 keys of registries have series of their own.
    pub fn new() -> Self {
        Self::with_max_keys(Self::MAX_KEYS)
    }

    /// Makes a collector without breakers. At most `max_keys` keys of registries have series of
    /// their own, some 65 each; 0 sums them all.
    pub fn with_max_keys(max_keys: usize) -> Self {
        Self {
            descriptions: Families::DEFINITIONS.iter().map(description).collect(),
            polling: Polling::Off,
            watched: Arc::default(),
            registries: Arc::new(Mutex::new(Registries::new(max_keys))),
        }
    }

    /// Makes scrapes of this collector first make the transitions that are due, as
    /// [`Breaker::poll_transitions`] does. Default: a scrape changes nothing.
    ///
    /// A breaker makes due transitions when a call asks for a permit. So a breaker without traffic
    /// stays `open` after its open period unless it is polled. Register the collector that this
    /// method returns: a clone that was made before does not poll.
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Breaker, Config, ManualClock, State};
    /// use fusebox_prometheus::{BreakerCollector, Metrics};
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new();
    /// let breaker = Breaker::with_clock("db", Config::default(), clock.clone());
    /// let breakers = BreakerCollector::new().polling();
    /// breakers.add(breaker.clone())?;
    /// let metrics = Metrics::new();
    /// metrics.register(breakers)?;
    ///
    /// breaker.open_for(Duration::from_secs(5));
    /// clock.advance(Duration::from_secs(5));
    /// assert_eq!(breaker.state(), State::Open); // nobody has asked
    /// let shown = metrics.expose(None).body;
    /// assert!(shown.contains(r#"circuit_breaker_state{breaker="db",state="half_open"} 1"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn polling(self) -> Self {
        Self {
            polling: Polling::On,
            ..self
        }
    }

    /// Exports `breaker` from now on, until it is [removed](Self::remove).
    ///
    /// # Errors
    /// [`NameTaken`] if a breaker of the same name is already exported, or its name is [`OTHER`]. A
    /// key of a registry never takes a name: it makes room for the single breaker.
    pub fn add(&self, breaker: Breaker) -> Result<(), NameTaken> {
        let name: Arc<str> = breaker.name().into();
        let mut watched = self.lock();
        if &*name == OTHER || watched.single.contains_key(&name) {
            return Err(NameTaken {
                name: name.to_string(),
            });
        }
        watched.single.insert(name, (breaker, WallTimes::new()));
        Ok(())
    }

    /// Ends the export of a breaker that was [added](Self::add), and returns it.
    pub fn remove(&self, name: &str) -> Option<Breaker> {
        let (breaker, _) = self.lock().single.remove(name)?;
        Some(breaker)
    }

    /// Returns the times that the metrics show for a breaker that was [added](Self::add). Code that
    /// shows the same instants elsewhere then shows the same times.
    ///
    /// # Examples
    /// ```
    /// use fusebox::{Breaker, Config};
    /// use fusebox_prometheus::{BreakerCollector, Metrics};
    ///
    /// let breakers = BreakerCollector::new();
    /// let breaker = Breaker::new("db", Config::default());
    /// breakers.add(breaker.clone())?;
    /// let metrics = Metrics::new();
    /// metrics.register(breakers.clone())?;
    ///
    /// let times = breakers.wall_times("db").unwrap();
    /// let snapshot = breaker.snapshot();
    /// let since = times.unix_time(snapshot.since, snapshot.at);
    /// let name = "circuit_breaker_last_transition_timestamp_seconds";
    /// assert!(metrics.expose(None).body.contains(&format!("{name}{{breaker=\"db\"}} {since}\n")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wall_times(&self, name: &str) -> Option<WallTimes> {
        let watched = self.lock();
        let (_, times) = watched.single.get(name)?;
        Some(times.clone())
    }

    /// Exports all breakers of `registry`, future ones included. Under the label value `name` it
    /// exports how many there are and may be, and how many were evicted, removed and refused.
    ///
    /// A breaker of the registry that is also [added](Self::add) as a single one is counted twice.
    ///
    /// # Errors
    /// [`NameTaken`] if another registry was added by this name, or this one by any name; a clone
    /// of a registry has the same breakers. The error contains the name by which it is exported.
    pub fn add_registry<K: Send + Sync + 'static>(
        &self,
        name: &str,
        registry: &Registry<K>,
    ) -> Result<(), NameTaken> {
        let mut watched = self.lock();
        let named = |(known, _): &&(Arc<str>, _)| &**known == name;
        let same = |(_, source): &&(_, Arc<dyn Source>)| source.is(registry);
        let mut all = watched.registries.iter();
        if let Some((known, _)) = all.clone().find(named).or_else(|| all.find(same)) {
            return Err(NameTaken {
                name: known.to_string(),
            });
        }
        let source = Arc::new(registry.clone());
        watched.registries.push((name.into(), source));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_registries(&self) -> MutexGuard<'_, Registries> {
        let registries = self.registries.lock();
        registries.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for BreakerCollector {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for BreakerCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerCollector").finish_non_exhaustive()
    }
}

impl Collector for BreakerCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        // What a scrape makes listeners hear belongs to no call, so it must not go to the span of
        // the scrape.
        #[cfg(feature = "opentelemetry")]
        let _no_span = opentelemetry::Context::new().attach();
        // A copy, so that the lock is released before any breaker is read.
        let Watched { single, registries } = self.lock().clone();
        let mut families = Families::new();
        families.reserve(single.len());
        for (breaker, times) in single.values() {
            let seen = Seen::read(breaker, self.polling);
            families.add(&seen, &seen.counts, times);
        }
        let is_taken = |name: &str| name == OTHER || single.contains_key(name);
        let plan = self.lock_registries().plan(self.polling);
        let readings = registries
            .iter()
            .map(|(name, source)| Reading::take((name, &**source), &plan, is_taken))
            .collect();
        self.lock_registries().show(&plan, readings, &mut families);
        families.into_proto()
    }
}

#[cfg(test)]
mod tests;
