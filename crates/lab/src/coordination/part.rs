//! The part of one instance in its fleet: how it stands, what an operator orders, and its farewell.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fusebox::Breaker;
use fusebox_fleet::host::{Apart, FleetEvent, FleetListener, Host, Participant, Reader, Status};
use fusebox_fleet::{BreakerKey, InstanceId, Order};
use telemetry::FleetEvents;
use telemetry::trace::Tracer;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::joining::{EngineName, Joining};

/// How long a page waits for the engine to say who probes.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long an operator waits until the own instance has heard the order; others hear it as soon.
const OBEYED_WITHIN: Duration = Duration::from_millis(500);
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// The part of one instance in its fleet, from joining it to leaving it.
pub(crate) struct Part {
    /// Nobody once it has left.
    participant: Mutex<Option<Arc<Participant>>>,
    /// Whether it has begun to leave: what is asked of the engine meanwhile is given up.
    leaves: watch::Sender<bool>,
    reader: Reader,
    joining: Arc<Joining>,
}

/// Who joins.
pub(super) struct Joiner<'a> {
    pub(super) instance: &'a InstanceId,
    pub(super) breaker: &'a Breaker,
    pub(super) tracer: &'a Tracer,
    /// Who else is told what happens to the instance in its fleet.
    pub(super) told: Option<&'a Arc<dyn FleetListener>>,
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
    /// Makes the breaker of an instance take part. Call it within a runtime. Without an engine that answers the
    /// instance begins alone.
    ///
    /// # Panics
    /// Outside a runtime.
    pub(super) fn join(joiner: &Joiner<'_>, joining: &Arc<Joining>) -> Self {
        let participant = participant(joiner, joining);
        Self {
            reader: participant.reader(),
            participant: Mutex::new(Some(Arc::new(participant))),
            leaves: watch::Sender::new(false),
            joining: Arc::clone(joining),
        }
    }

    /// Reads how it stands.
    pub(crate) fn reader(&self) -> &Reader {
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
        if !is_open || !status.engine_up {
            return None;
        }
        let ask = |it: Arc<Participant>| async move { timeout(PATIENCE, it.peek()).await };
        let standing = self.ask(ask).await?;
        Some(standing.ok()?.ok()?.prober?.instance)
    }

    /// Gives an order to the whole fleet, and waits a moment until this instance has heard it.
    pub(crate) async fn order(&self, order: Order) -> Result<(), NotOrdered> {
        // A fleet that refuses this instance is not its own: it would order the others, and not obey.
        if let Some(Apart::NameTaken | Apart::SettingsDiffer) = self.reader.status().apart {
            return Err(NotOrdered::Refused);
        }
        let ask = |it: Arc<Participant>| async move { it.order(order).await };
        let taken = self.ask(ask).await.ok_or(NotOrdered::Left)?;
        taken.map_err(|why| NotOrdered::Unavailable(why.to_string()))?;
        let since = Instant::now();
        while self.reader.status().order != order && since.elapsed() < OBEYED_WITHIN {
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Leaves the fleet, and tells the others within a second.
    pub(super) async fn leave(&self) {
        self.leaves.send_replace(true);
        let mut taken = self.lock().take();
        // Whoever asks something of the engine holds it, until the word above has come to them.
        while let Some(shared) = taken.take() {
            match Arc::try_unwrap(shared) {
                Ok(participant) => {
                    participant.leave().await;
                }
                Err(shared) => {
                    taken = Some(shared);
                    sleep(LOOK).await;
                }
            }
        }
        if let Some(node) = &self.joining.node {
            node.shutdown().await;
        }
    }

    /// Asks something of the participant, unless it has left, or leaves before there is an answer.
    async fn ask<F: Future>(&self, ask: impl FnOnce(Arc<Participant>) -> F) -> Option<F::Output> {
        let mut leaves = self.leaves.subscribe();
        let participant = self.lock().clone()?;
        tokio::select! {
            biased;
            _ = leaves.wait_for(|leaves| *leaves) => None,
            answer = ask(participant) => Some(answer),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Participant>>> {
        self.participant
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A participant of the fleet, which tells what happens to it.
fn participant(joiner: &Joiner<'_>, joining: &Joining) -> Participant {
    let (id, tracer) = (joiner.instance, joiner.tracer);
    let events = FleetEvents::new(id.as_str(), joining.name.to_string(), tracer.clone());
    let (first, second) = (events.clone(), joiner.told.cloned());
    let host = Host::builder(id.clone(), Arc::clone(&joining.engine))
        .listener(move |key: &BreakerKey, event: &FleetEvent| {
            first.on_event(key, event);
            if let Some(second) = &second {
                second.on_event(key, event);
            }
        })
        .build();
    let rules = Arc::clone(&joining.rules);
    let participant = host.join(joining.key.clone(), joiner.breaker.clone(), rules);
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
