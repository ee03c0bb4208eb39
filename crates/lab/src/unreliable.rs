//! The service that the instances depend on, which fails as its fault plan says.
//!
//! A value without clock, timer or socket decides what each call meets ([`experiment::downstream`]); this module adds
//! the mutex around it, its timers, and HTTP. Faults never affect control routes: they answer beside the data, and on
//! a listener of their own, which stays open while data connections are refused.

mod answer;
mod control;
mod held_call;
mod live;
mod metrics;
mod running;
mod service;
mod suffering_call;
mod truth_board;
mod truth_changes;
mod waiting_calls;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use experiment::faults::Plan;
use fusebox::Clock;
use telemetry::trace::Tracer;
use telemetry::{Metrics, Telemetry, service_metrics};
use tokio::sync::watch;
use tokio::time::sleep;

pub(crate) use live::PlanChange;
use running::Refusal;
pub(crate) use running::{Health, Running};
use service::add_routes;

use crate::serve::{Below, Control, Door, Listening, Routes, error, router, serve, serve_with};
use crate::settings::Serving;
use crate::shutdown::Shutdown;

/// The name of the service in traces.
const SERVICE: &str = "unreliable-service";
/// How often it is checked whether the port is open, while the plan can close it.
const DOOR_TIME: Duration = Duration::from_millis(5);
/// How often it is checked whether the plan has become one that can.
const PLAN_TIME: Duration = Duration::from_millis(50);

/// The unreliable service, ready to answer.
#[derive(Debug)]
pub(crate) struct Unreliable {
    running: Arc<Running>,
    metrics: Metrics,
    tracer: Tracer,
    control: Option<Listening>,
}

impl Unreliable {
    /// Makes the service and starts the clock of `plan`.
    pub(crate) fn new(plan: Plan, clock: impl Clock + 'static, telemetry: &Telemetry) -> Self {
        Self::for_callers(BTreeMap::new(), plan, clock, telemetry)
    }

    /// Makes the same for callers with known timeouts, whatever plan is in force.
    pub(crate) fn for_callers(
        patience: BTreeMap<String, Duration>,
        plan: Plan,
        clock: impl Clock + 'static,
        telemetry: &Telemetry,
    ) -> Self {
        let metrics = service_metrics(env!("CARGO_PKG_VERSION"));
        telemetry.show_export(&metrics);
        Self {
            running: Arc::new(Running::new(plan, patience, Box::new(clock))),
            metrics,
            tracer: telemetry.tracer(SERVICE, "unreliable"),
            control: None,
        }
    }

    /// Answers control routes on this listener too, whatever the faults do.
    pub(crate) fn controlled_on(self, control: Listening) -> Self {
        Self {
            control: Some(control),
            ..self
        }
    }

    /// The running service, for watchers.
    pub(crate) fn running(&self) -> Arc<Running> {
        Arc::clone(&self.running)
    }

    /// Answers until the shutdown.
    pub(crate) async fn serve(self, listening: Listening, settings: Serving, shutdown: Shutdown) {
        let guard = Control::new(settings.control_token.as_ref());
        let empty = Routes::new(self.metrics, guard, self.tracer);
        let answers = router(add_routes(empty, &self.running));
        let control = async {
            if let Some(listening) = self.control {
                let answers = without_data(answers.router()).into();
                serve(listening, answers, &settings, shutdown.clone()).await;
            }
        };
        let (turn, door) = watch::channel(Door::Open);
        let data = serve_with(
            listening,
            answers.clone(),
            &settings,
            shutdown.clone(),
            Below::Faults(door),
        );
        let mut end = shutdown.clone();
        let keep = async {
            tokio::select! {
                () = keep_door(&self.running, &turn) => {}
                () = end.begun() => {}
            }
        };
        tokio::join!(data, control, keep);
    }
}

/// The routes of the control listener: all but the data.
fn without_data(answers: &Router) -> Router {
    answers
        .clone()
        .layer(from_fn(async |request: Request, next: Next| {
            if request.uri().path().starts_with("/data") {
                let message =
                    "data is answered on the service's own port, not on that of its control";
                return error(StatusCode::NOT_FOUND, "not_found", message);
            }
            next.run(request).await
        }))
}

/// Opens and closes the port as the plan says.
async fn keep_door(running: &Running, turn: &watch::Sender<Door>) {
    loop {
        let refusal = running.refusal();
        let door = if refusal == Refusal::Now {
            Door::Closed
        } else {
            Door::Open
        };
        turn.send_if_modified(|now| std::mem::replace(now, door) != door);
        match refusal {
            Refusal::Never => sleep(PLAN_TIME).await,
            Refusal::Later | Refusal::Now => running.sleep(DOOR_TIME).await,
        }
    }
}
