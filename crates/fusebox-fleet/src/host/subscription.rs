//! The task that receives what an engine pushes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::caught_panic::Caught;
use super::fleet_engine::FleetEngine;
use super::input::Input;
use crate::name::BreakerKey;

/// The shortest time between two views, so that an engine that pushes without end does not use up a core.
const BREATH: Duration = Duration::from_millis(2);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A subscription, which ends with its owner.
pub(super) struct Subscription {
    task: JoinHandle<()>,
}

impl Subscription {
    /// Passes each view on. If the engine's stream ends or panics, it is asked for another one, after waits that grow
    /// from `wait`.
    pub(super) fn begin(
        engine: Arc<dyn FleetEngine>,
        key: BreakerKey,
        (inbox, wait): (mpsc::Sender<Input>, Duration),
    ) -> Self {
        Self {
            task: tokio::spawn(listen(engine, key, inbox, wait)),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(
    engine: Arc<dyn FleetEngine>,
    key: BreakerKey,
    inbox: mpsc::Sender<Input>,
    first_wait: Duration,
) {
    let mut wait = first_wait;
    while !inbox.is_closed() {
        let views = views(Arc::clone(&engine), key.clone(), inbox.clone());
        if Caught::new(views).await == Ok(true) {
            wait = first_wait;
        }
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Returns whether any view came.
async fn views(engine: Arc<dyn FleetEngine>, key: BreakerKey, inbox: mpsc::Sender<Input>) -> bool {
    let mut events = engine.events(&key);
    let mut any = false;
    while let Some(view) = events.next().await {
        any = true;
        if inbox.send(Input::Pushed(view)).await.is_err() {
            break;
        }
        sleep(BREATH).await;
    }
    any
}
