//! The part of one instance in its fleet: how it stands, what an operator orders, and its farewell.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fusebox::Breaker;
use fusebox_fleet::host::{Apart, FleetEvent, FleetListener, Host, Participant, Status};
use fusebox_fleet::{BreakerKey, InstanceId, Order};
use telemetry::FleetEvents;
use telemetry::trace::Tracer;
use tokio::time::{Instant, sleep, timeout};

use super::fleet_reader::FleetReader;
use super::joining::{EngineName, Joining};

/// How long a page waits for the engine to say who probes.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long an operator waits until the own instance has heard the order; others hear it as soon.
const OBEYED_WITHIN: Duration = Duration::from_millis(500);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// The part of one instance in its fleet.
pub(crate) struct Part {
    /// Nobody once it has left.
    participant: Mutex<Option<Arc<Participant>>>,
    reader: FleetReader,
    /// What it takes to join again.
    instance: InstanceId,
    breaker: Breaker,
    joining: Joining,
    tracer: Tracer,
}

/// Why an order to the fleet was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotOrdered {
    /// The instance has left.
    Left,
    /// The fleet refuses the instance.
    Refused,
    /// The engine did not answer, for this reason; the order may be in force all the same.
    Unavailable(String),
}

impl Part {
    /// Makes the breaker of the instance take part. Call it within a runtime. Without an engine that answers the
    /// instance begins alone.
    ///
    /// # Panics
    /// Outside a runtime.
    pub(crate) fn join(
        instance: &str,
        breaker: &Breaker,
        joining: Joining,
        tracer: &Tracer,
    ) -> Self {
        let id = InstanceId::new(instance).expect("names of instances are checked");
        let participant = participant(&id, breaker, &joining, tracer);
        Self {
            reader: FleetReader::new(participant.reader()),
            participant: Mutex::new(Some(Arc::new(participant))),
            instance: id,
            breaker: breaker.clone(),
            joining,
            tracer: tracer.clone(),
        }
    }

    /// Joins again after it has left, as a participant that nobody knows yet. Says whether it had left. Call it within
    /// a runtime.
    ///
    /// # Panics
    /// Outside a runtime.
    pub(crate) fn rejoin(&self) -> bool {
        let mut place = self.lock();
        if place.is_some() {
            return false;
        }
        let again = participant(&self.instance, &self.breaker, &self.joining, &self.tracer);
        self.reader.follow(again.reader());
        *place = Some(Arc::new(again));
        true
    }

    /// Reads how it stands, for metrics and pages.
    pub(crate) fn reader(&self) -> &FleetReader {
        &self.reader
    }

    /// Where it tells others what it sees.
    pub(crate) fn engine(&self) -> &EngineName {
        &self.joining.name
    }

    /// Why the instance is not ready, if that is asked for and its failure is its own.
    pub(crate) fn unready(&self) -> Option<String> {
        let status = self
            .joining
            .ready_unless_localised
            .then(|| self.reader.status())?;
        let votes = status.view.filter(|_| status.is_localised)?.votes;
        Some(format!(
            "localised failure: the breaker of this instance is open while {} of {} instances with calls \
             are fine",
            votes.voters.saturating_sub(votes.suspects),
            votes.voters
        ))
    }

    /// Who probes for the fleet, as far as that can be said at once. The engine is asked only while somebody may
    /// probe and while it answers.
    pub(crate) async fn prober(&self, status: &Status) -> Option<InstanceId> {
        if status.prober.is_some() {
            return status.prober.clone();
        }
        let is_open = status.view.is_some_and(|view| view.verdict.is_open());
        let participant = self.participant().filter(|_| is_open && status.engine_up)?;
        let standing = timeout(PATIENCE, participant.peek()).await;
        Some(standing.ok()?.ok()?.prober?.instance)
    }

    /// Gives an order to the whole fleet, and waits a moment until this instance has heard it.
    pub(crate) async fn order(&self, order: Order) -> Result<(), NotOrdered> {
        let participant = self.participant().ok_or(NotOrdered::Left)?;
        // A fleet that refuses this instance is not its own: it would order the others, and not obey.
        if let Some(Apart::NameTaken | Apart::SettingsDiffer) = self.reader.status().apart {
            return Err(NotOrdered::Refused);
        }
        let taken = participant.order(order).await;
        taken.map_err(|why| NotOrdered::Unavailable(why.to_string()))?;
        let since = Instant::now();
        while self.reader.status().order != order && since.elapsed() < OBEYED_WITHIN {
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Leaves the fleet, and tells the others within a second.
    pub(crate) async fn leave(&self) {
        let taken = self.lock().take();
        // An order that is under way holds it: then it leaves with the end of that order.
        if let Some(participant) = taken.and_then(Arc::into_inner) {
            participant.leave().await;
        }
        if let Some(node) = &self.joining.node {
            node.shutdown().await;
        }
    }

    fn participant(&self) -> Option<Arc<Participant>> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Participant>>> {
        self.participant
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A participant of the fleet, which tells what happens to it.
fn participant(
    id: &InstanceId,
    breaker: &Breaker,
    joining: &Joining,
    tracer: &Tracer,
) -> Participant {
    let events = FleetEvents::new(id.as_str(), joining.name.to_string(), tracer.clone());
    let (first, second) = (events.clone(), joining.told.clone());
    let host = Host::builder(id.clone(), Arc::clone(&joining.engine))
        .listener(move |key: &BreakerKey, event: &FleetEvent| {
            first.on_event(key, event);
            if let Some(second) = &second {
                second.on_event(key, event);
            }
        })
        .build();
    let rules = Arc::clone(&joining.rules);
    let participant = host.join(joining.key.clone(), breaker.clone(), rules);
    let participant = participant.expect("there is a runtime, and no other breaker");
    events.explain_by(participant.reader());
    participant
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("engine", &self.joining.name)
            .finish_non_exhaustive()
    }
}
