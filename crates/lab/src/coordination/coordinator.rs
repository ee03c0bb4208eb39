//! The coordinator of a lab: how its instances decide, which can be changed while they work.
//!
//! A change is carried out whole or not at all. The new engine is started and asked first, while the old rules are in
//! force. Then all instances leave their fleet and tell the others, the old engine ends, and all join under the new rules;
//! in between each decides alone. No instance votes by rules that another one does not have. A change that has begun is
//! carried out, also when whoever ordered it goes away; the next one waits for it.

mod force;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use experiment::coordination::LedgerRecord;
use fusebox::{Clock, SystemClock};
use fusebox_fleet::Mode;
use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::change::Change;
use super::engines::{Engines, Place};
use super::seat::Seat;
use crate::settings::{BreakerSettings, Coordinating, Engine};
use force::{Changed, Force, View};

/// How the instances of a lab decide, now and before.
pub(crate) struct Coordinator {
    breaker: &'static str,
    clock: SystemClock,
    places: Vec<Place>,
    seats: Vec<Arc<Seat>>,
    /// One change at a time.
    turn: tokio::sync::Mutex<()>,
    force: Mutex<Force>,
}

/// Why another way to decide is not in force. The one before is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unchanged {
    /// What was asked for cannot be.
    Invalid(String),
    /// It does not fit what is so now.
    Conflict(String),
    /// The engine does not answer, or cannot be started.
    Unavailable(String),
    /// The lab ends.
    LabEnds,
}

/// The instances of a lab, and what their fleets are about.
pub(crate) struct Instances {
    /// The name of what their breakers protect.
    pub(crate) breaker: &'static str,
    pub(crate) clock: SystemClock,
    pub(crate) places: Vec<Place>,
    /// In the same order.
    pub(crate) seats: Vec<Arc<Seat>>,
}

impl Coordinator {
    /// Lets these instances decide by these settings, over engines that were started for them. Call it within a runtime.
    ///
    /// # Panics
    /// Outside a runtime.
    pub(crate) fn begin(
        instances: Instances,
        settings: Coordinating,
        (engines, began): (Option<Engines>, Instant),
    ) -> Self {
        let at = instances.clock.now();
        let coordinator = Self {
            breaker: instances.breaker,
            clock: instances.clock,
            places: instances.places,
            seats: instances.seats,
            turn: tokio::sync::Mutex::default(),
            force: Mutex::new(Force::new(settings, engines.map(Arc::new), (at, began))),
        };
        coordinator.join();
        coordinator
    }

    /// What is in force.
    pub(crate) fn settings(&self) -> Coordinating {
        self.lock().settings.clone()
    }

    /// What is in force, as people are shown it.
    pub(crate) fn view(&self) -> View {
        View::of(&self.lock())
    }

    /// In which mode the instances decide together, and over which engine, in words. Nothing where each decides alone.
    pub(crate) fn described(&self) -> Option<String> {
        self.lock().engines.as_ref().map(|it| it.described())
    }

    /// How they have decided since the start: what was in force then, and each change.
    pub(crate) fn changes(&self) -> Vec<Changed> {
        self.lock().changes.clone()
    }

    /// How often another fleet has begun: a scenario that is played again has an engine of its own, too.
    pub(crate) fn times_replaced(&self) -> usize {
        self.lock().replaced
    }

    /// What the engine has done so far, where one engine of this run alone has been there from the start.
    pub(crate) fn ledger(&self) -> Option<LedgerRecord> {
        let force = self.lock();
        let engines = force.engines.as_ref().filter(|_| force.replaced == 0)?;
        engines.ledger()
    }

    /// Changes how the instances decide. `breakers` says which settings their breakers have now; it is asked once no other
    /// change is under way.
    ///
    /// # Errors
    ///
    /// Why nothing has changed.
    ///
    /// # Cancel safety
    ///
    /// A change that has begun is carried out all the same.
    pub(crate) async fn change(
        self: &Arc<Self>,
        change: Change,
        breakers: impl FnOnce() -> Vec<BreakerSettings> + Send + 'static,
    ) -> Result<(), Unchanged> {
        let it = Arc::clone(self);
        carried_out(async move {
            let _turn = it.turn.lock().await;
            let before = it.settings();
            let after = change.over(&before, &breakers());
            let after = after.map_err(Unchanged::Invalid)?;
            if after.is_as(&before) {
                return Ok(());
            }
            check_own_trips(before.coordination.mode.0, after.coordination.mode.0)?;
            it.check_ports(&after).map_err(Unchanged::Conflict)?;
            let began = it.lock().began;
            it.go_over(after, Some(began), || Ok(())).await
        })
        .await
    }

    /// Lets the instances decide by other settings from now on, and does `meanwhile` while they are in no fleet: the faults of
    /// an engine of a scenario count from then. The settings follow from those in force once no other change is under way.
    ///
    /// # Errors
    ///
    /// Why nothing has changed: what `meanwhile` says among others.
    ///
    /// # Cancel safety
    ///
    /// As that of [`change`](Self::change).
    pub(crate) async fn begin_anew(
        self: &Arc<Self>,
        settings: impl FnOnce(Coordinating) -> Coordinating + Send + 'static,
        meanwhile: impl FnOnce() -> Result<(), String> + Send + 'static,
    ) -> Result<(), Unchanged> {
        let it = Arc::clone(self);
        carried_out(async move {
            let _turn = it.turn.lock().await;
            let settings = settings(it.settings());
            it.check_ports(&settings).map_err(Unchanged::Conflict)?;
            it.go_over(settings, None, meanwhile).await
        })
        .await
    }

    /// Ends: nothing changes any more.
    pub(crate) fn end(&self) {
        self.lock().is_over = true;
    }

    /// Goes over to these settings. What breaks half way leaves those before in force.
    async fn go_over(
        &self,
        settings: Coordinating,
        began: Option<Instant>,
        meanwhile: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), Unchanged> {
        let gone = AssertUnwindSafe(self.exchange(settings, began, meanwhile));
        let gone = gone.catch_unwind().await.unwrap_or_else(|_| {
            let why =
                "the change failed half way, which is a fault of the lab: see its error output";
            Err(Unchanged::Unavailable(why.to_owned()))
        });
        if gone.is_err() && !self.lock().is_over {
            self.join(); // those that have left
        }
        gone
    }

    async fn exchange(
        &self,
        settings: Coordinating,
        began: Option<Instant>,
        meanwhile: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), Unchanged> {
        self.check_open()?;
        // An engine in this process answers in any case. Its clock begins when nobody is in the fleet before any more.
        let is_here = settings.coordination.engine.is_memory();
        let mut ready = None;
        if !is_here {
            ready = self.started(&settings, Instant::now()).await?;
            if let Err(over) = self.check_open() {
                end(ready).await;
                return Err(over);
            }
        }
        let at = self.clock.now();
        join_all(self.seats.iter().map(|seat| seat.leave())).await;
        let began = began.unwrap_or_else(Instant::now);
        let done = meanwhile().map_err(Unchanged::Conflict);
        if let Err(why) = done.and_then(|()| self.check_open()) {
            end(ready).await;
            return Err(why);
        }
        if is_here {
            ready = self.started(&settings, began).await?;
        }
        let engines = ready.map(Arc::new);
        let before = self.lock().change(settings, engines, (at, began));
        if let Some(before) = before {
            before.end().await;
        }
        self.join();
        Ok(())
    }

    /// Nothing begins once the lab ends.
    fn check_open(&self) -> Result<(), Unchanged> {
        if self.lock().is_over {
            return Err(Unchanged::LabEnds);
        }
        Ok(())
    }

    /// The engines for these settings, which answer.
    async fn started(
        &self,
        settings: &Coordinating,
        began: Instant,
    ) -> Result<Option<Engines>, Unchanged> {
        let engines = Engines::start(settings, &self.places, (self.breaker, began)).await;
        let engines = engines.map_err(|failure| Unchanged::Unavailable(failure.to_string()))?;
        if let Some(engines) = &engines {
            let answers = engines.check().await;
            answers.map_err(|why| {
                Unchanged::Unavailable(format!(
                    "engine {why}; start it, or write another engine, such as \"memory\""
                ))
            })?;
        }
        Ok(engines)
    }

    /// All instances join what is in force.
    fn join(&self) {
        let Some(engines) = self.lock().engines.clone() else {
            return;
        };
        for (place, seat) in self.places.iter().zip(&self.seats) {
            seat.join(engines.joining(&place.name));
        }
    }

    /// Whether the ports that were chosen for nodes are free then: they belong to nodes until these have ended.
    ///
    /// # Errors
    ///
    /// Why they are not, and what to do.
    pub(crate) fn check_ports(&self, after: &Coordinating) -> Result<(), String> {
        let gossips = |settings: &Coordinating| {
            !settings.is_local() && matches!(settings.coordination.engine, Engine::Gossip)
        };
        let mut chosen = self.places.iter().filter_map(|place| place.gossip);
        match chosen.find(|place| place.chosen && place.listen.0.port() != 0) {
            Some(place) if gossips(after) && gossips(&self.settings()) => Err(format!(
                "the instances keep their gossip addresses, such as {}, until they have left the fleet: \
                 write {{\"mode\": \"local\"}} first",
                place.listen
            )),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Force> {
        self.force.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends engines that nobody has joined.
async fn end(engines: Option<Engines>) {
    if let Some(engines) = engines {
        engines.end().await;
    }
}

/// Carries a change out in a task of its own: whoever waits for it may go away.
async fn carried_out(
    change: impl Future<Output = Result<(), Unchanged>> + Send + 'static,
) -> Result<(), Unchanged> {
    let done = tokio::spawn(change).await;
    done.unwrap_or_else(|broken| {
        Err(Unchanged::Unavailable(format!(
            "the change failed: {broken}"
        )))
    })
}

/// Breakers that do not trip by themselves are made so before their first call, and belong to one mode.
fn check_own_trips(before: Mode, after: Mode) -> Result<(), Unchanged> {
    if before.dials().own_trips == after.dials().own_trips {
        return Ok(());
    }
    Err(Unchanged::Conflict(format!(
        "mode {before} cannot change to {after} while the lab runs, because breakers in mode {} do not trip \
         by themselves: start \
         the lab with --coordination {after}, or play a scenario",
        Mode::PooledNaive
    )))
}

impl fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coordinator")
            .field("described", &self.described())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
