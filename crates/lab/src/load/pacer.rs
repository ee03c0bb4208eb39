//! The pacer, which sends each request at its planned instant, as closely as the machine can.
//!
//! With thousands of arrivals in a second, waking for each costs more than sending it. So above a certain rate,
//! arrivals within a fraction of a millisecond leave together; the delay is included in the measured lateness.

use std::sync::Arc;
use std::time::Duration;

use experiment::load::{Curve, Phases, Planned, Schedule, least_loaded};
use experiment::outcome::ClientOutcome;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::job::Job;
use super::lane::Lane;
use super::load_control::Demand;
use crate::shutdown::Shutdown;
use crate::timer::Alarm;

/// How many overdue requests leave before those under way get their turn.
const BURST: u32 = 64;

/// Sends requests by a plan.
#[derive(Debug)]
pub(super) struct Pacer {
    plan: Plan,
    /// The request that was next when the plan was interrupted.
    next: Option<Planned>,
    names: Vec<String>,
    lanes: Vec<Arc<Lane>>,
    phases: Phases,
    /// The control of the load, if it can change.
    demand: Option<watch::Receiver<Demand>>,
}

/// The schedule of one demand.
#[derive(Debug)]
struct Plan {
    number: u64,
    schedule: Schedule,
    curve: Curve,
    least_loaded: bool,
}

/// The time of a run.
struct Course {
    began: Instant,
    /// When the plan in force began; later by as long as it was paused.
    origin: Instant,
    end: Option<Instant>,
    alarm: Alarm,
}

/// The reason why a plan is no longer followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Shutdown,
    End,
    /// Another demand was made.
    Change,
}

impl Plan {
    fn of(demand: &Demand, names: &[String]) -> Self {
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        Self {
            number: demand.plan,
            schedule: Schedule::new(demand.seed, &demand.profile, &names),
            curve: Curve::new(&demand.profile),
            least_loaded: demand.profile.chooses_late(),
        }
    }
}

impl Pacer {
    /// Makes a pacer that follows `demand` on these lanes, which have these names; `changes` brings later demands.
    pub(super) fn new(
        (demand, changes): (&Demand, Option<watch::Receiver<Demand>>),
        (names, lanes): (Vec<String>, Vec<Arc<Lane>>),
        phases: Phases,
    ) -> Self {
        Self {
            plan: Plan::of(demand, &names),
            next: None,
            names,
            lanes,
            phases,
            demand: changes,
        }
    }

    /// Runs until the shutdown, or until everything is sent that was planned before `until`. Returns for how long it
    /// planned.
    pub(super) async fn run(
        &mut self,
        began: Instant,
        until: Option<Duration>,
        shutdown: &mut Shutdown,
    ) -> Duration {
        let mut course = Course {
            began,
            origin: began,
            end: until.map(|until| began + until),
            alarm: Alarm::new(),
        };
        loop {
            let mut heard = self.follow(&mut course, shutdown).await;
            if heard == Heard::Change {
                match self.obey(&mut course, shutdown).await {
                    None => continue,
                    Some(other) => heard = other,
                }
            }
            if heard == Heard::Shutdown {
                return began.elapsed();
            }
            return until.map_or(began.elapsed(), |until| until.min(began.elapsed()));
        }
    }

    /// Follows the plan until another demand arrives.
    async fn follow(&mut self, course: &mut Course, shutdown: &mut Shutdown) -> Heard {
        let mut now = Instant::now();
        let mut in_a_row = 0;
        while let Some(planned) = self.next.take().or_else(|| self.plan.schedule.next()) {
            let due = course.origin + planned.at;
            if course.end.is_some_and(|end| due >= end) {
                break;
            }
            if due > now {
                now = Instant::now();
            }
            if due > now || in_a_row == BURST {
                in_a_row = 0;
                let wake = due.max(now + quantum(self.plan.curve.rate_at(planned.at)));
                let wake = course.end.map_or(wake, |end| wake.min(end));
                let overdue = due <= now;
                let heard = tokio::select! {
                    biased;
                    () = shutdown.begun() => Some(Heard::Shutdown),
                    () = changed(self.demand.as_mut()) => Some(Heard::Change),
                    () = yield_now(), if overdue => None,
                    () = course.alarm.wait_until(wake), if !overdue => None,
                };
                if let Some(heard) = heard {
                    self.next = Some(planned);
                    return heard;
                }
                now = Instant::now();
            }
            in_a_row += 1;
            self.release(&planned, due, now, course.began);
        }
        self.rest(course, shutdown).await
    }

    /// The plan may end early; without an end time that ends the load, unless another plan may be requested.
    async fn rest(&mut self, course: &mut Course, shutdown: &mut Shutdown) -> Heard {
        if course.end.is_none() && self.demand.is_none() {
            return Heard::End;
        }
        let end = course.end;
        tokio::select! {
            biased;
            () = shutdown.begun() => Heard::Shutdown,
            () = changed(self.demand.as_mut()) => Heard::Change,
            () = at(&mut course.alarm, end) => Heard::End,
        }
    }

    /// Changes to the new demand, once nothing is paused any more.
    async fn obey(&mut self, course: &mut Course, shutdown: &mut Shutdown) -> Option<Heard> {
        let told = Instant::now();
        let mut is_new = false;
        loop {
            let demand = self.demand.as_mut()?.borrow_and_update().clone();
            if demand.plan != self.plan.number {
                self.plan = Plan::of(&demand, &self.names);
                self.next = None;
                is_new = true;
            }
            if !demand.paused {
                let now = Instant::now();
                course.origin = if is_new {
                    now
                } else {
                    course.origin + (now - told)
                };
                return None;
            }
            let end = course.end;
            let heard = tokio::select! {
                biased;
                () = shutdown.begun() => Heard::Shutdown,
                () = changed(self.demand.as_mut()) => Heard::Change,
                () = at(&mut course.alarm, end) => Heard::End,
            };
            if heard != Heard::Change {
                return Some(heard);
            }
        }
    }

    fn release(&self, planned: &Planned, due: Instant, now: Instant, began: Instant) {
        let lane = &self.lanes[self.choose(planned)];
        let part = self.phases.place(due.saturating_duration_since(began));
        let job = Job::new(&lane.account, part, due, planned.key, planned.luck);
        if let Err(job) = lane.submit(job, now) {
            job.end(ClientOutcome::Shed, None);
        }
    }

    /// The planned target, or the one with the fewest requests under way; the request's luck decides among equals.
    fn choose(&self, planned: &Planned) -> usize {
        if !self.plan.least_loaded {
            return planned.target;
        }
        let loads = self.lanes.iter().map(|lane| lane.under_way());
        least_loaded(loads, planned.luck)
    }
}

/// Returns when another demand arrives; never, if that cannot happen.
async fn changed(demand: Option<&mut watch::Receiver<Demand>>) {
    if let Some(demand) = demand
        && demand.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// Returns at the end, if there is one.
async fn at(alarm: &mut Alarm, end: Option<Instant>) {
    match end {
        Some(end) => alarm.wait_until(end).await,
        None => std::future::pending().await,
    }
}

/// The period over which arrivals are gathered.
fn quantum(rate: f64) -> Duration {
    Duration::from_micros(match rate {
        ..5_000.0 => 0,
        ..20_000.0 => 100,
        _ => 250,
    })
}
