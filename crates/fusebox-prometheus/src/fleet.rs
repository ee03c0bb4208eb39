//! Metrics of breakers that take part in a fleet.
//!
//! A [`FleetCollector`] reads the status of each participant once per scrape. All series exist from the start, at
//! zero. Listeners of a host report what happens: `FleetLog` writes `tracing` events, and `FleetSpanEvent` is what an
//! OpenTelemetry span is told.
//!
//! A service whose breakers are alone adds no participant and has none of these series: a vote of zero, or an engine
//! that is not up, would answer a question that does not arise.

#[cfg(feature = "opentelemetry")]
pub mod attributes;
#[cfg(feature = "tracing")]
mod fleet_log;
#[cfg(feature = "opentelemetry")]
mod fleet_span_event;
pub mod names;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fusebox::HoldStage;
use fusebox_fleet::host::{
    Apart, Direction, FallbackReason, HeardVerdict, LeaseOutcome, MessageKind, OpinionTimes,
    Reader, Status, Tally,
};
use fusebox_fleet::{BreakerKey, Opinion};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use crate::collector::NameTaken;
use crate::family::{Family, description};

#[cfg(feature = "tracing")]
pub use fleet_log::FleetLog;
#[cfg(feature = "opentelemetry")]
pub use fleet_span_event::FleetSpanEvent;

/// A collector that exports participants of fleets. Clones are the same collector.
///
/// The label `breaker` is the participant's key. A participant that has left keeps its series, with its last counters
/// and the reason `left`, until it is [removed](Self::remove).
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config};
/// use fusebox_fleet::engine::memory::Memory;
/// use fusebox_fleet::host::Host;
/// use fusebox_fleet::{BreakerKey, InstanceId, Mode, Settings};
/// use fusebox_prometheus::{Metrics, fleet::FleetCollector};
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let host = Host::new(InstanceId::new("a")?, Arc::new(Memory::new()));
/// let breaker = Breaker::new("inventory", Config::default());
/// let settings = Settings::builder(Mode::Quorum).build()?;
/// let participant = host.join(BreakerKey::new("inventory")?, breaker, settings)?;
///
/// let fleet = FleetCollector::new();
/// fleet.add(participant.reader())?;
/// let metrics = Metrics::new();
/// metrics.register(fleet)?;
/// let shown = metrics.expose(None).body;
/// assert!(shown.contains(r#"circuit_breaker_fleet_vetoes_total{breaker="inventory"} 0"#));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FleetCollector {
    descriptions: Arc<[Desc]>,
    participants: Arc<Mutex<BTreeMap<BreakerKey, Exported>>>,
}

/// A participant, and what those before it have counted.
#[derive(Clone)]
struct Exported {
    reader: Reader,
    tally: Tally,
    opinion_times: OpinionTimes,
}

impl FleetCollector {
    /// Makes a collector without participants.
    pub fn new() -> Self {
        Self {
            descriptions: names::FLEET.iter().map(description).collect(),
            participants: Arc::default(),
        }
    }

    /// Exports a participant from now on, until it is [removed](Self::remove). A participant that has joined anew
    /// replaces the one under its key that has left.
    ///
    /// # Errors
    /// [`NameTaken`] if a participant under this key is exported and has not left.
    pub fn add(&self, reader: Reader) -> Result<(), NameTaken> {
        self.add_after(reader, (Tally::default(), OpinionTimes::default()))
    }

    /// The same for a breaker that has been in a fleet before: its counters go on from what was counted then.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    ///
    /// # Examples
    /// ```
    /// use fusebox_fleet::host::Participant;
    /// use fusebox_prometheus::NameTaken;
    /// use fusebox_prometheus::fleet::FleetCollector;
    ///
    /// fn joined_anew(metrics: &FleetCollector, before: &Participant, now: &Participant) -> Result<(), NameTaken> {
    ///     let last = before.status();
    ///     metrics.add_after(now.reader(), (last.tally, last.opinion_times))
    /// }
    /// ```
    pub fn add_after(
        &self,
        reader: Reader,
        (tally, opinion_times): (Tally, OpinionTimes),
    ) -> Result<(), NameTaken> {
        let mut participants = self.lock();
        let key = reader.key().clone();
        let known = participants.get(&key);
        if known.is_some_and(|known| known.reader.status().is_in()) {
            return Err(NameTaken {
                name: key.to_string(),
            });
        }
        participants.insert(
            key,
            Exported {
                reader,
                tally,
                opinion_times,
            },
        );
        Ok(())
    }

    /// Ends the export of the participant under this key, and returns it.
    pub fn remove(&self, key: &BreakerKey) -> Option<Reader> {
        self.lock().remove(key).map(|known| known.reader)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<BreakerKey, Exported>> {
        self.participants
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exported {
    /// How it stands now, with all that has been counted under its key.
    fn status(&self) -> Status {
        let mut status = self.reader.status();
        status.tally = self.tally + status.tally;
        status.opinion_times = self.opinion_times + status.opinion_times;
        status
    }
}

impl Default for FleetCollector {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FleetCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetCollector").finish_non_exhaustive()
    }
}

impl Collector for FleetCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let participants = self.lock().clone();
        let mut families = Families::new();
        for (key, participant) in &participants {
            let status = participant.status();
            let breaker = ("breaker", key.as_str());
            families.gauges(breaker, &status);
            families.places(breaker, &status);
            families.opinions(breaker, &status);
            families.counters(breaker, &status);
        }
        families.all.into_iter().map(Family::into_proto).collect()
    }
}

/// The families of a scrape, in the order of [`names::FLEET`].
struct Families {
    all: Vec<Family>,
}

type Label<'a> = (&'static str, &'a str);

impl Families {
    fn new() -> Self {
        Self {
            all: names::FLEET.iter().map(Family::new).collect(),
        }
    }

    fn push(&mut self, name: &str, labels: &[Label<'_>], value: f64) {
        let place = names::FLEET.iter().position(|known| known.name == name);
        if let Some(family) = place.and_then(|place| self.all.get_mut(place)) {
            family.push(labels, value);
        }
    }

    fn gauges(&mut self, breaker: Label<'_>, status: &Status) {
        let votes = status.view.map(|view| view.votes).unwrap_or_default();
        let epoch = status.view.map_or(0, |view| view.era.epoch.get());
        for (definition, value) in [
            (names::VOTERS, f64::from(votes.voters)),
            (names::SUSPECTS, f64::from(votes.suspects)),
            (names::NEED, f64::from(votes.need)),
            (names::EPOCH, count(epoch)),
            (names::VIEW_AGE, status.view_age.as_secs_f64()),
            (names::ENGINE_UP, truth(status.engine_up)),
            (names::LOCALISED, truth(status.is_localised)),
        ] {
            self.push(definition.name, &[breaker], value);
        }
        let mode = [breaker, ("mode", status.mode.as_str())];
        self.push(names::INFO.name, &mode, 1.0);
    }

    /// Shows the instance's opinion, and for how long it has held each opinion.
    fn opinions(&mut self, breaker: Label<'_>, status: &Status) {
        for opinion in Opinion::ALL {
            let word = ("opinion", opinion.as_str());
            let holds = status.opinion == opinion;
            self.push(names::OPINION.name, &[breaker, word], truth(holds));
            for verdict in HeardVerdict::ALL {
                let labels = [breaker, word, ("verdict", verdict.as_str())];
                let time = status.opinion_times.of(opinion, verdict).as_secs_f64();
                self.push(names::OPINION_SECONDS.name, &labels, time);
            }
        }
    }

    /// Shows where the instance and its fleet are: one of several values is 1.
    fn places(&mut self, breaker: Label<'_>, status: &Status) {
        let is_open = status.view.is_some_and(|view| view.verdict.is_open());
        for (state, holds) in [("closed", !is_open), ("open", is_open)] {
            let labels = [breaker, ("state", state)];
            self.push(names::VERDICT.name, &labels, truth(holds));
        }
        let stages = HoldStage::ALL.iter().copied().map(Some);
        for stage in stages.chain([None]) {
            let word = stage.map_or("none", HoldStage::as_str);
            let labels = [breaker, ("stage", word)];
            self.push(names::STAGE.name, &labels, truth(stage == status.stage));
        }
        for reason in Apart::ALL.iter().copied() {
            let labels = [breaker, ("reason", reason.as_str())];
            let holds = status.apart == Some(reason);
            self.push(names::APART.name, &labels, truth(holds));
        }
    }

    fn counters(&mut self, breaker: Label<'_>, status: &Status) {
        let tally = status.tally;
        for kind in MessageKind::ALL.iter().copied() {
            for way in Direction::ALL.iter().copied() {
                // Nobody sends what the engine pushes.
                if (kind, way) == (MessageKind::Push, Direction::Sent) {
                    continue;
                }
                let labels = [
                    breaker,
                    ("kind", kind.as_str()),
                    ("direction", way.as_str()),
                ];
                self.push(
                    names::MESSAGES.name,
                    &labels,
                    count(tally.messages(kind, way)),
                );
            }
        }
        self.push(names::ADOPTIONS.name, &[breaker], count(tally.adoptions()));
        self.push(names::VETOES.name, &[breaker], count(tally.vetoes()));
        for reason in FallbackReason::ALL.iter().copied() {
            let labels = [breaker, ("reason", reason.as_str())];
            self.push(
                names::FALLBACKS.name,
                &labels,
                count(tally.fallbacks(reason)),
            );
        }
        for outcome in LeaseOutcome::ALL.iter().copied() {
            let labels = [breaker, ("outcome", outcome.as_str())];
            self.push(names::LEASES.name, &labels, count(tally.leases(outcome)));
        }
    }
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "Prometheus counts in floating point"
)]
fn count(number: u64) -> f64 {
    number as f64
}
