//! One instance: it calls the downstream for its clients, through its own breaker.
//!
//! An instance needs no other service: without a downstream it starts, answers and counts failures, and it recovers
//! when the downstream comes.

mod call;
mod control;
mod downstream;
mod fleet_view;
mod permitted_calls;
mod stalls;
mod tuning;
mod view;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::routing::{get, patch, post, put};
use experiment::scenario::Mode;
use fusebox::{Breaker, Clock, Outcome};
use telemetry::trace::Tracer;
use telemetry::{
    BreakerCollector, BreakerDurations, CallDurations, FleetCollector, Metrics, Telemetry,
    Transitions, WallTimes, service_metrics,
};

use call::FastFailures;
use downstream::Caller;
pub(crate) use permitted_calls::Permitted;
use stalls::Stalls;
pub(crate) use tuning::{SettingsChange, Tuned, Tuning};

use crate::coordination::Seat;
use crate::serve::{Answers, Control, Listening, Routes, router, serve};
use crate::settings::{self, Serving};
use crate::shutdown::Shutdown;

/// The name of what the breakers protect.
pub(crate) const DOWNSTREAM: &str = "unreliable-service";
/// What all instances are called in traces; each has its name as `service.instance.id`.
const SERVICE: &str = "breaker-instance";
/// How often a breaker without traffic is polled for due transitions.
const TICK: Duration = Duration::from_millis(50);

/// One instance, ready to answer. Clones are the same instance.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    state: Arc<Shared>,
    /// Made once, however often it is started: each metric is registered once.
    answers: Arc<OnceLock<Answers>>,
}

/// What the routes of an instance share.
#[derive(Debug)]
struct Shared {
    name: String,
    breaker: Breaker,
    tuning: Tuning,
    /// The order of an operator or of a scenario from before the first call.
    mode: Mutex<Mode>,
    seat: Arc<Seat>,
    /// Calls that were permitted, counted at that time: their outcomes may come a second later.
    permitted: Permitted,
    caller: Caller,
    stalls: Arc<Stalls>,
    durations: BreakerDurations,
    /// The times of the breaker's instants, as its metrics show them.
    times: WallTimes,
    fast_failures: FastFailures,
    metrics: Metrics,
    tracer: Tracer,
    transitions: Transitions,
}

impl Instance {
    pub(crate) fn new(
        name: &str,
        settings: settings::Instance,
        clock: impl Clock + 'static,
        telemetry: &Telemetry,
    ) -> Self {
        let breaker = Breaker::with_clock(DOWNSTREAM, settings.config, clock);
        let metrics = service_metrics(env!("CARGO_PKG_VERSION"));
        let breakers = BreakerCollector::new();
        breakers.add(breaker.clone()).expect("the only breaker");
        let times = breakers.wall_times(DOWNSTREAM).expect("it was added");
        metrics
            .register(breakers)
            .expect("each metric is registered once");
        let fleet = FleetCollector::new();
        metrics
            .register(fleet.clone())
            .expect("each metric is registered once");
        let tracer = telemetry.tracer(SERVICE, name);
        let durations = CallDurations::new(&metrics).expect("each metric is registered once");
        telemetry.show_export(&metrics);
        let transitions = Transitions::new(name, &metrics);
        breaker.add_listener(transitions.clone());
        set_out(&breaker, settings.mode);
        let stalls = Arc::new(Stalls::new());
        let caller = Caller::new(
            name,
            &settings.downstream,
            (settings.call_timeout.0, Arc::clone(&stalls)),
        );
        Self {
            answers: Arc::default(),
            state: Arc::new(Shared {
                tuning: Tuning::new(name, &breaker, settings.breaker),
                mode: Mutex::new(settings.mode),
                seat: Arc::new(Seat::new(name, &breaker, (tracer.clone(), fleet))),
                caller,
                stalls,
                durations: durations.of(DOWNSTREAM),
                times,
                fast_failures: FastFailures::of(name),
                name: name.to_owned(),
                permitted: Permitted::default(),
                breaker,
                metrics,
                tracer,
                transitions,
            }),
        }
    }

    /// Its seat in whatever fleet there is.
    pub(crate) fn seat(&self) -> &Arc<Seat> {
        &self.state.seat
    }

    /// The instance's breaker.
    pub(crate) fn breaker(&self) -> &Breaker {
        &self.state.breaker
    }

    /// The settings of its breaker.
    pub(crate) fn tuning(&self) -> &Tuning {
        &self.state.tuning
    }

    /// Carries out an operator's order before the breaker has seen a call.
    pub(crate) fn set_out(&self, mode: Mode) {
        *self.mode() = mode;
        self.state.breaker.reset();
        set_out(&self.state.breaker, mode);
    }

    fn mode(&self) -> MutexGuard<'_, Mode> {
        let mode = &self.state.mode;
        mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prepares the instance to be served again, like a process that is started again: its breaker is in its first
    /// state and knows of no call, and it joins its fleet anew. It keeps its settings and its counters. Call it
    /// within a runtime.
    pub(crate) fn begin_anew(&self) {
        let mode = *self.mode();
        self.set_out(mode);
        self.state.seat.enter();
    }

    /// How many calls the breaker has permitted so far.
    pub(crate) fn permitted(&self) -> Permitted {
        self.state.permitted.clone()
    }

    /// Answers until the shutdown. Returns how many calls were answered.
    pub(crate) async fn serve(
        self,
        listening: Listening,
        settings: Serving,
        shutdown: Shutdown,
    ) -> Answered {
        let control = || Control::new(settings.control_token.as_ref());
        let answers = self.answers.get_or_init(|| self.routes(control())).clone();
        let farewell = farewell(&self.state, shutdown.clone());
        let served =
            async { tokio::join!(serve(listening, answers, &settings, shutdown), farewell) };
        tokio::select! {
            _ = served => {}
            () = tick(&self.state) => {}
        }
        Answered::of(&self.state.breaker)
    }

    fn routes(&self, control: Control) -> Answers {
        let state = || Arc::clone(&self.state);
        let (read, mode, reset, fleet) = (state(), state(), state(), state());
        let (ready, settings) = (state(), state());
        let tracer = self.state.tracer.clone();
        let mut routes = Routes::new(self.state.metrics.clone(), control, tracer);
        for (path, route) in [
            ("/call", "/call"),
            ("/call/", "/call"),
            ("/call/{*path}", "/call/{*path}"),
        ] {
            let state = state();
            let call = move |request: Request| {
                let state = Arc::clone(&state);
                async move { call::answer(&state, request.uri().path(), request.headers()).await }
            };
            routes = routes.add_calls([path, route], &[200, 500, 502, 503, 504], call);
        }
        let routes = routes
            .add(
                "GET",
                "/breaker",
                &[200],
                get(async move || control::show(&read).await),
            )
            .add_control(
                "PUT",
                "/breaker/mode",
                &[200, 400],
                put(async move |request| control::set_mode(&mode, request).await),
            )
            .add_control(
                "PATCH",
                "/breaker/settings",
                &[200, 400],
                patch(async move |request| control::change_settings(&settings, request).await),
            )
            .add_control(
                "POST",
                "/breaker/reset",
                &[200],
                post(async move || control::reset(&reset).await),
            )
            .add_control(
                "PUT",
                "/fleet/mode",
                &[200, 400, 409, 503],
                put(async move |request| control::order(&fleet, request).await),
            )
            .ready_when(
                move || match ready.seat.part().and_then(|part| part.unready()) {
                    None => Ok(()),
                    Some(why) => Err(("localised_failure", why)),
                },
            );
        router(routes)
    }
}

/// What an instance did with the calls that it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) permitted: u64,
    pub(crate) cancelled: u64,
    pub(crate) fast_failures: u64,
}

impl Answered {
    fn of(breaker: &Breaker) -> Self {
        let totals = breaker.snapshot().totals;
        let cancelled = totals.calls(Outcome::Cancelled);
        let ended: u64 = Outcome::ALL
            .iter()
            .map(|&outcome| totals.calls(outcome))
            .sum();
        Self {
            permitted: ended - cancelled,
            cancelled,
            fast_failures: fusebox::RejectReason::ALL
                .iter()
                .map(|&reason| totals.rejections(reason))
                .sum(),
        }
    }
}

/// Puts a breaker that has seen no call into the state that an operator ordered.
fn set_out(breaker: &Breaker, mode: Mode) {
    match mode {
        Mode::Auto => {}
        Mode::Disabled => breaker.disable(),
        Mode::MetricsOnly => breaker.metrics_only(),
        Mode::ForcedOpen => breaker.force_open(),
    }
}

/// Leaves the fleet as soon as the shutdown begins: calls under way end through a breaker of their own instance
/// alone.
async fn farewell(state: &Shared, mut shutdown: Shutdown) {
    shutdown.begun().await;
    state.seat.go().await;
}

/// Keeps the breaker's state true while there are no calls, and notices when the process did not run. Never returns.
async fn tick(state: &Shared) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        state.stalls.pulse();
        state.caller.sweep();
        state.breaker.poll_transitions();
    }
}
