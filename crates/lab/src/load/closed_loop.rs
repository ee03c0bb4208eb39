//! The closed loop, whose clients send their next request when they have an answer.
//!
//! It is here for comparison: such a client waits while the system is slow, and so leaves out just the requests that
//! would have been slow. Response times are then service times.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use experiment::load::{Clients, Next, Phases, Planned, Schedule, least_loaded};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::connection::Client;
use super::job::Job;
use super::lane::Lane;
use super::load_control::Demand;
use crate::shutdown::Shutdown;
use crate::timer::Sleeper;

/// What all clients of the loop share.
#[derive(Debug)]
pub(super) struct ClosedLoop {
    pub(super) schedule: Mutex<Schedule>,
    pub(super) lanes: Vec<Arc<Lane>>,
    pub(super) phases: Phases,
    pub(super) least_loaded: bool,
    pub(super) sleeper: Sleeper,
    /// The control of the load, if it can change.
    pub(super) demand: Option<watch::Receiver<Demand>>,
}

impl ClosedLoop {
    /// Runs `count` clients among the `tasks` until the shutdown or until `until`. Returns for how long they began
    /// requests; some requests may still be under way.
    pub(super) async fn run(
        self,
        count: u32,
        began: Instant,
        until: Option<Duration>,
        shutdown: &mut Shutdown,
        tasks: &mut JoinSet<()>,
    ) -> Duration {
        let shared = Arc::new(self);
        let (stop, stopped) = watch::channel(false);
        for _ in 0..count {
            let (shared, mut stopped) = (Arc::clone(&shared), stopped.clone());
            let mut demand = shared.demand.clone();
            tasks.spawn(async move {
                let mut own: Vec<Client> = shared
                    .lanes
                    .iter()
                    .map(|lane| Client::new(lane.endpoint.clone()))
                    .collect();
                loop {
                    tokio::select! {
                        biased;
                        () = goes_on(demand.as_mut()) => {}
                        _ = stopped.changed() => return,
                    }
                    let at = began.elapsed();
                    if *stopped.borrow() || until.is_some_and(|until| at >= until) {
                        return;
                    }
                    shared.request(&mut own, began, at).await;
                }
            });
        }
        tokio::select! {
            () = shutdown.begun() => {}
            () = after(until) => {}
        }
        let planned = until.map_or(began.elapsed(), |until| until.min(began.elapsed()));
        stop.send_replace(true);
        planned
    }

    fn plan(&self) -> Option<Planned> {
        let mut schedule = self.schedule.lock().unwrap_or_else(PoisonError::into_inner);
        schedule.next()
    }

    async fn request(&self, own: &mut [Client], began: Instant, at: Duration) {
        let Some(planned) = self.plan() else { return };
        let place = if self.least_loaded {
            least_loaded(self.lanes.iter().map(|lane| lane.under_way()), planned.luck)
        } else {
            planned.target
        };
        let lane = &self.lanes[place];
        let part = self.phases.place(at);
        let mut job = Job::new(&lane.account, part, began + at, planned.key, planned.luck);
        loop {
            let (outcome, sent) = lane.attempt(&mut own[place], &mut job).await;
            match lane.attempts.after(&job, outcome) {
                Next::Again { wait } => self.sleeper.sleep(wait).await,
                Next::End => {
                    job.end(outcome, Some(sent));
                    let pause = Clients::pause_after(outcome);
                    if !pause.is_zero() {
                        sleep(pause).await;
                    }
                    return;
                }
            }
        }
    }
}

/// Returns once nothing is paused.
async fn goes_on(demand: Option<&mut watch::Receiver<Demand>>) {
    if let Some(demand) = demand {
        // A control that is gone asks for nothing more.
        let _ = demand.wait_for(|demand| !demand.paused).await;
    }
}

async fn after(until: Option<Duration>) {
    match until {
        Some(until) => sleep(until).await,
        None => std::future::pending().await,
    }
}
