//! The pacer, which lets each request leave at its planned instant, as closely as the machine can.
//!
//! Waking for each arrival costs more than sending it when there are thousands in a second. So from
//! some rate on, arrivals within a fraction of a millisecond leave together; how late that makes them is
//! a part of the lateness that is measured.

use std::sync::Arc;
use std::time::Duration;

use experiment::load::{Curve, Phases, Planned, Schedule, least_loaded};
use experiment::outcome::ClientOutcome;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::job::Job;
use super::lane::Lane;
use crate::shutdown::Shutdown;
use crate::timer::Alarm;

/// So many overdue requests leave before those under way get their turn.
const BURST: u32 = 64;

/// Lets requests go by a plan.
#[derive(Debug)]
pub(super) struct Pacer {
    pub(super) schedule: Schedule,
    pub(super) curve: Curve,
    pub(super) lanes: Vec<Arc<Lane>>,
    pub(super) phases: Phases,
    pub(super) least_loaded: bool,
}

impl Pacer {
    /// Runs until the shutdown, or until everything is sent that was planned before `until`. Says for
    /// how long it planned.
    pub(super) async fn run(
        &mut self,
        began: Instant,
        until: Option<Duration>,
        shutdown: &mut Shutdown,
    ) -> Duration {
        let mut alarm = Alarm::new();
        let mut now = Instant::now();
        let mut in_a_row = 0;
        let end = until.map(|until| began + until);
        while let Some(planned) = self.schedule.next() {
            if until.is_some_and(|until| planned.at >= until) {
                break;
            }
            let due = began + planned.at;
            if due > now {
                now = Instant::now();
            }
            if due > now || in_a_row == BURST {
                in_a_row = 0;
                let wake = due.max(now + quantum(self.curve.rate_at(planned.at)));
                let wake = end.map_or(wake, |end| wake.min(end));
                let overdue = due <= now;
                tokio::select! {
                    biased;
                    () = shutdown.begun() => return began.elapsed(),
                    () = yield_now(), if overdue => {}
                    () = alarm.wait_until(wake), if !overdue => {}
                }
                now = Instant::now();
            }
            in_a_row += 1;
            self.release(&planned, due, now);
        }
        // The plan may end before its time; without a time that is the end.
        if let Some(end) = end {
            tokio::select! {
                biased;
                () = shutdown.begun() => {}
                () = alarm.wait_until(end) => {}
            }
        }
        until.map_or(began.elapsed(), |until| until.min(began.elapsed()))
    }

    fn release(&self, planned: &Planned, due: Instant, now: Instant) {
        let lane = &self.lanes[self.choose(planned)];
        let part = self.phases.place(planned.at);
        let job = Job::new(&lane.account, part, due, planned.key, planned.luck);
        if let Err(job) = lane.submit(job, now) {
            job.end(ClientOutcome::Shed, None);
        }
    }

    /// The planned target, or the one with the fewest requests under way; among equals the request's luck
    /// decides.
    fn choose(&self, planned: &Planned) -> usize {
        if !self.least_loaded {
            return planned.target;
        }
        let loads = self.lanes.iter().map(|lane| lane.under_way());
        least_loaded(loads, planned.luck)
    }
}

/// For how long arrivals are gathered.
fn quantum(rate: f64) -> Duration {
    Duration::from_micros(match rate {
        ..5_000.0 => 0,
        ..20_000.0 => 100,
        _ => 250,
    })
}
