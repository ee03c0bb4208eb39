//! The seat of an instance in whatever fleet there is: it joins and leaves as the instance works and as the rules change.
//!
//! An instance has its seat from its making to its end. While nobody has given rules to it the instance decides alone. A
//! breaker that the fleet held when its instance left is open by itself and probes with its next call
//! ([`Participant::leave`]), so nothing of a fleet stays behind in it.
//!
//! [`Participant::leave`]: fusebox_fleet::host::Participant::leave

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use fusebox::Breaker;
use fusebox_fleet::InstanceId;
use fusebox_fleet::host::FleetListener;
use telemetry::FleetCollector;
use telemetry::trace::Tracer;

use super::fleet_reader::FleetReader;
use super::joining::Joining;
use super::part::{Joiner, Part};

/// The seat of one instance.
pub(crate) struct Seat {
    instance: InstanceId,
    breaker: Breaker,
    tracer: Tracer,
    metrics: FleetCollector,
    reader: FleetReader,
    told: OnceLock<Arc<dyn FleetListener>>,
    place: Mutex<Place>,
}

struct Place {
    /// Whether the instance works; one that is stopped is in no fleet.
    is_there: bool,
    /// What it takes to join, where it does not decide alone.
    joining: Option<Arc<Joining>>,
    part: Option<Arc<Part>>,
}

impl Seat {
    /// The seat of an instance that is about to work, and that decides alone.
    ///
    /// # Panics
    /// If the instance has a name that no instance of a fleet may have.
    pub(crate) fn new(
        instance: &str,
        breaker: &Breaker,
        (tracer, metrics): (Tracer, FleetCollector),
    ) -> Self {
        Self {
            instance: InstanceId::new(instance).expect("names of instances are checked"),
            breaker: breaker.clone(),
            tracer,
            metrics,
            reader: FleetReader::default(),
            told: OnceLock::new(),
            place: Mutex::new(Place {
                is_there: true,
                joining: None,
                part: None,
            }),
        }
    }

    /// Tells this listener what happens to the instance in its fleets. The first one only, before the first fleet.
    pub(crate) fn tell(&self, listener: Arc<dyn FleetListener>) {
        let _ = self.told.set(listener);
    }

    /// Reads how the instance stands, through all its fleets.
    pub(crate) fn reader(&self) -> &FleetReader {
        &self.reader
    }

    /// Its part in the fleet that it is in.
    pub(crate) fn part(&self) -> Option<Arc<Part>> {
        self.lock().part.clone()
    }

    /// Joins a fleet, as soon as the instance works. It must have left the one before. Call it within a runtime.
    ///
    /// # Panics
    /// Outside a runtime.
    pub(crate) fn join(&self, joining: Joining) {
        let mut place = self.lock();
        place.joining = Some(Arc::new(joining));
        self.sit(&mut place);
    }

    /// Leaves its fleet for good, and decides alone.
    pub(crate) async fn leave(&self) {
        let (joining, part) = {
            let mut place = self.lock();
            (place.joining.take(), place.part.take())
        };
        if let Some(part) = part {
            part.leave().await;
        }
        if let Some(joining) = joining {
            self.metrics.remove(&joining.key);
            self.reader.lose();
        }
    }

    /// The instance works from now on, and joins its fleet anew, if it has one. Call it within a runtime.
    ///
    /// # Panics
    /// Outside a runtime.
    pub(crate) fn enter(&self) {
        let mut place = self.lock();
        place.is_there = true;
        self.sit(&mut place);
    }

    /// The instance ends, and leaves its fleet until it works again.
    pub(crate) async fn go(&self) {
        let part = {
            let mut place = self.lock();
            place.is_there = false;
            place.part.take()
        };
        if let Some(part) = part {
            part.leave().await;
        }
    }

    fn sit(&self, place: &mut Place) {
        let is_free = place.is_there && place.part.is_none();
        let Some(joining) = place.joining.as_ref().filter(|_| is_free) else {
            return;
        };
        let joiner = Joiner {
            instance: &self.instance,
            breaker: &self.breaker,
            tracer: &self.tracer,
            told: self.told.get(),
        };
        let part = Part::join(&joiner, joining);
        let before = self.reader.follow(part.reader().clone());
        self.metrics.remove(&joining.key);
        let known = self.metrics.add_after(part.reader().clone(), before);
        known.expect("the participant before has been removed");
        place.part = Some(Arc::new(part));
    }

    fn lock(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seat").field(&self.instance).finish()
    }
}
