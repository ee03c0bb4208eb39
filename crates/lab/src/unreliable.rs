//! What do the instances depend on? A service that fails as its fault plan says.
//!
//! The plan is a pure function of seed, time, caller and the caller's n-th call ([`plan`](crate::plan)); the
//! service only carries it out. Control routes are never affected by faults.

mod metrics;
mod running;
mod service;

use std::sync::Arc;

use breaker::Clock;

pub(crate) use running::{Health, Running};
use service::routes;

use crate::plan::Plan;
use crate::serve::{Control, Listening, serve};
use crate::settings::Serving;
use crate::shutdown::Shutdown;

/// The unreliable service, ready to answer.
#[derive(Debug)]
pub(crate) struct Unreliable {
    running: Arc<Running>,
}

impl Unreliable {
    /// Starts the clock of `plan`.
    pub(crate) fn new(plan: Plan, clock: impl Clock + 'static) -> Self {
        Self {
            running: Arc::new(Running::new(plan, Box::new(clock))),
        }
    }

    /// What the service is doing, for those who watch.
    pub(crate) fn running(&self) -> Arc<Running> {
        Arc::clone(&self.running)
    }

    /// Answers until the shutdown.
    pub(crate) async fn serve(self, listening: Listening, settings: Serving, shutdown: Shutdown) {
        let control = Control::new(settings.control_token.as_deref());
        let router = routes(&self.running, control);
        serve(listening, router, &settings, shutdown).await;
    }
}
