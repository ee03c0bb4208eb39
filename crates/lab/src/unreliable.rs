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
use service::add_routes;
use telemetry::trace::Tracer;
use telemetry::{Metrics, Telemetry};

use crate::plan::Plan;
use crate::serve::{Control, Listening, Routes, router, serve};
use crate::settings::Serving;
use crate::shutdown::Shutdown;

/// The name of the service in traces.
const SERVICE: &str = "unreliable-service";

/// The unreliable service, ready to answer.
#[derive(Debug)]
pub(crate) struct Unreliable {
    running: Arc<Running>,
    metrics: Metrics,
    tracer: Tracer,
}

impl Unreliable {
    /// Starts the clock of `plan`.
    pub(crate) fn new(plan: Plan, clock: impl Clock + 'static, telemetry: &Telemetry) -> Self {
        let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
        telemetry.show_export(&metrics);
        Self {
            running: Arc::new(Running::new(plan, Box::new(clock))),
            metrics,
            tracer: telemetry.tracer(SERVICE, "unreliable"),
        }
    }

    /// What the service is doing, for those who watch.
    pub(crate) fn running(&self) -> Arc<Running> {
        Arc::clone(&self.running)
    }

    /// Answers until the shutdown.
    pub(crate) async fn serve(self, listening: Listening, settings: Serving, shutdown: Shutdown) {
        let control = Control::new(settings.control_token.as_deref());
        let empty = Routes::new(self.metrics, control, self.tracer);
        let answers = router(add_routes(empty, &self.running));
        serve(listening, answers, &settings, shutdown).await;
    }
}
