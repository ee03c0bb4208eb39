//! Arrivals: the requests that clients plan, in an open loop by a schedule, in a closed loop by their answers.
//!
//! A schedule is endless and in order, so its next request is merged with the agenda; the schedule is never computed
//! as a whole. The part of the run that a request belongs to is looked up only when a new part begins.
//!
//! A few requests are planned ahead, so that the memory that they will need can be fetched all at once.

use std::time::Duration;

use experiment::chance::Draw;
use experiment::load::{self, Phases, Planned, Schedule, UnderWay};
use experiment::scenario::Scenario;

use crate::nanos;

/// The client number of a request that belongs to no closed loop.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Requests that are planned ahead: as many as a core can fetch lines of memory for at once.
const AHEAD: usize = 16;

/// One planned request while it is under way. Instants are nanoseconds since the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// The instant for which it was planned.
    pub(crate) planned: u64,
    /// The instant at which its last attempt was sent.
    pub(crate) sent: u64,
    pub(crate) luck: u64,
    pub(crate) key: u32,
    pub(crate) target: u32,
    /// The part of the run that it was planned in.
    pub(crate) part: u32,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// The client of a closed loop that it belongs to, or [`NOBODY`].
    pub(crate) client: u32,
}

/// The planner of requests.
#[derive(Debug)]
pub(crate) struct Arrivals {
    schedule: Schedule,
    /// Requests of an open loop that are planned ahead, and how many of them have come.
    ahead: Vec<Planned>,
    came: usize,
    /// The instant of the next request; `u64::MAX` if there is none.
    next_at: u64,
    until: Duration,
    phases: Phases,
    /// The present part of the run, and the instant until which it lasts.
    part: (u32, u64),
    /// When each instance is taken out of the fleet, if any is.
    leaves: Vec<u64>,
    /// Requests under way, if the least loaded target is chosen when a request leaves.
    under_way: Option<UnderWay>,
}

impl Arrivals {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let targets: Vec<&str> = scenario.instances().iter().map(String::as_str).collect();
        let load = scenario.load();
        let mut arrivals = Self {
            schedule: Schedule::new(scenario.seed(), load, &targets),
            ahead: Vec::with_capacity(AHEAD),
            came: 0,
            next_at: u64::MAX,
            until: scenario.duration(),
            phases: scenario.phases().clone(),
            part: (0, 0),
            leaves: leaves(scenario),
            under_way: load.chooses_late().then(|| UnderWay::new(targets.len())),
        };
        if load.connections.is_none() {
            arrivals.plan_ahead();
        }
        arrivals
    }

    /// Plans further requests; returns whether there were any.
    fn plan_ahead(&mut self) -> bool {
        let more = self.came == self.ahead.len();
        if more {
            self.came = 0;
            self.ahead.clear();
            while self.ahead.len() < AHEAD
                && let Some(planned) = self.schedule.next()
                && planned.at < self.until
            {
                self.ahead.push(planned);
            }
        }
        let next = self.ahead.get(self.came);
        self.next_at = next.map_or(u64::MAX, |it| nanos(it.at));
        more
    }

    /// The targets of the requests that are planned ahead.
    pub(crate) fn targets_ahead(&self) -> impl Iterator<Item = usize> {
        let left = self.ahead[self.came..].iter();
        left.map(|planned| planned.target)
    }

    /// When the last of those is planned; zero if there is none.
    pub(crate) fn planned_until(&self) -> u64 {
        self.ahead.last().map_or(0, |planned| nanos(planned.at))
    }

    /// The part of the run that the last request belongs to.
    pub(crate) fn part(&self) -> usize {
        self.part.0 as usize
    }

    /// When the next request of an open loop is planned; `u64::MAX` when there is none.
    pub(crate) fn next_at(&self) -> u64 {
        self.next_at
    }

    /// The request that was planned for [`next_at`](Self::next_at), and whether others have been planned since
    /// the last one.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<(Request, bool)> {
        let planned = *self.ahead.get(self.came)?;
        self.came += 1;
        let at = self.next_at;
        let more = self.plan_ahead();
        Some((self.request(&planned, at, NOBODY), more))
    }

    /// The next request of a client of a closed loop, at `now`; `None` when the time is up.
    pub(crate) fn of_client(&mut self, client: u32, now: u64) -> Option<Request> {
        if now >= nanos(self.until) {
            return None;
        }
        let planned = self.schedule.next()?;
        Some(self.request(&planned, now, client))
    }

    /// The digest of the plan.
    pub(crate) fn into_digest(self) -> load::Digest {
        self.schedule.digest()
    }

    /// Notes that a request has ended.
    pub(crate) fn ended(&mut self, request: &Request) {
        if let Some(under_way) = &mut self.under_way {
            under_way.end(request.target as usize);
        }
    }

    #[inline]
    fn request(&mut self, planned: &Planned, at: u64, client: u32) -> Request {
        let mut target = planned.target;
        if let Some(under_way) = &mut self.under_way {
            target = under_way.least_loaded(planned.luck);
            under_way.begin(target);
        }
        if !self.leaves.is_empty() && self.leaves[target] <= at {
            target = self.another(planned.luck, at);
        }
        if at >= self.part.1 {
            self.part = self.part_at(at);
        }
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Request {
            planned: at,
            sent: 0,
            luck: planned.luck,
            key: u32::try_from(planned.key).unwrap_or(u32::MAX),
            target: small(target),
            part: self.part.0,
            attempts: 0,
            client,
        }
    }

    /// An instance that has not left, drawn by the luck of a request that was for another one.
    fn another(&self, luck: u64, at: u64) -> usize {
        let here = self.leaves.iter().enumerate();
        let here: Vec<usize> = here
            .filter(|(_, leaves)| **leaves > at)
            .map(|(place, _)| place)
            .collect();
        let drawn = Draw::new(luck).with("another target").bits();
        here[usize::try_from(drawn % here.len() as u64).unwrap_or_default()]
    }

    /// The part of the run at an instant, and until when it goes on at least.
    fn part_at(&self, at: u64) -> (u32, u64) {
        let at = Duration::from_nanos(at);
        let next = self.phases.next_border(at);
        let part = u32::try_from(self.phases.place(at)).unwrap_or(u32::MAX);
        (part, next.map_or(u64::MAX, nanos))
    }
}

/// When each instance leaves; empty if none does.
fn leaves(scenario: &Scenario) -> Vec<u64> {
    let mut all = Vec::new();
    for (place, at) in scenario.leaves() {
        all.resize(scenario.instances().len(), u64::MAX);
        all[place] = nanos(at);
    }
    all
}
