//! Clients: when requests are planned, how many connections to a target they have, and when they try again.
//!
//! What they decide is decided by `experiment::load`; this module holds what waits.

use std::collections::VecDeque;
use std::time::Duration;

use experiment::chance::Draw;
use experiment::load::{Budget, Phases, Planned, Profile, Retries, Schedule, least_loaded};
use experiment::outcome::Outcome;

/// The client number of a request that belongs to no closed loop.
pub(crate) const NOBODY: u32 = u32::MAX;

/// One planned request while it is under way. Instants are nanoseconds since the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// When it was to leave.
    pub(crate) planned: u64,
    /// When its last attempt was sent.
    pub(crate) sent: u64,
    pub(crate) luck: u64,
    pub(crate) key: u32,
    pub(crate) target: u32,
    /// The part of the run that it was planned in.
    pub(crate) part: u32,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// Which client of a closed loop it belongs to, or [`NOBODY`].
    pub(crate) client: u32,
}

/// What becomes of a request after an attempt.
pub(crate) enum Next {
    End,
    Again { wait: u64 },
}

/// Everything that clients know.
pub(crate) struct Clients {
    schedule: Schedule,
    /// The next planned request of an open loop.
    next: Option<Planned>,
    until: Duration,
    phases: Phases,
    retries: Retries,
    budget: Option<Budget>,
    late_choice: bool,
    lanes: Vec<Lane>,
    most_busy: u32,
    most_waiting: usize,
    /// Clients of a closed loop.
    pub(crate) connections: Option<u32>,
    pub(crate) timeout: u64,
    /// Requests that wait for a next attempt.
    waiting_again: usize,
}

/// The way to one target.
#[derive(Debug, Default)]
struct Lane {
    /// Connections in use.
    busy: u32,
    /// Requests that were planned and have not ended.
    under_way: u32,
    waiting: VecDeque<Request>,
}

/// Where a request goes that wants a connection.
pub(crate) enum Way {
    Free,
    Waits,
    Full,
}

impl Clients {
    pub(crate) fn new(
        seed: u64,
        profile: &Profile,
        targets: &[&str],
        phases: Phases,
        until: Duration,
    ) -> Self {
        let mut clients = Self {
            schedule: Schedule::new(seed, profile, targets),
            next: None,
            until,
            phases,
            retries: profile.retries.clone(),
            budget: profile.retries.budget(),
            late_choice: profile.chooses_late(),
            lanes: targets.iter().map(|_| Lane::default()).collect(),
            most_busy: profile.max_connections,
            most_waiting: usize::try_from(profile.queue).unwrap_or(usize::MAX),
            connections: profile.connections,
            timeout: nanos(profile.timeout.0),
            waiting_again: 0,
        };
        if clients.connections.is_none() {
            clients.plan_next();
        }
        clients
    }

    fn plan_next(&mut self) {
        self.next = self.schedule.next().filter(|it| it.at < self.until);
    }

    /// When the next request of an open loop is planned; `u64::MAX` when there is none.
    pub(crate) fn next_at(&self) -> u64 {
        self.next.map_or(u64::MAX, |planned| nanos(planned.at))
    }

    /// The request that was planned for [`next_at`](Self::next_at).
    pub(crate) fn arrival(&mut self) -> Option<Request> {
        let planned = self.next?;
        self.plan_next();
        Some(self.request(&planned, planned.at, NOBODY))
    }

    /// The next request of a client of a closed loop, at `now`; `None` when the time is up.
    pub(crate) fn of_client(&mut self, client: u32, now: u64) -> Option<Request> {
        let at = Duration::from_nanos(now);
        if at >= self.until {
            return None;
        }
        let planned = self.schedule.next()?;
        Some(self.request(&planned, at, client))
    }

    fn request(&mut self, planned: &Planned, at: Duration, client: u32) -> Request {
        let target = if self.late_choice {
            let loads = self.lanes.iter().map(|lane| lane.under_way as usize);
            least_loaded(loads, planned.luck)
        } else {
            planned.target
        };
        self.lanes[target].under_way += 1;
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Request {
            planned: nanos(at),
            sent: 0,
            luck: planned.luck,
            key: u32::try_from(planned.key).unwrap_or(u32::MAX),
            target: small(target),
            part: small(self.phases.place(at)),
            attempts: 0,
            client,
        }
    }

    /// Takes a connection for a request, where one is free or none is needed.
    pub(crate) fn enter(&mut self, request: &Request) -> Way {
        let lane = &mut self.lanes[request.target as usize];
        if request.client != NOBODY {
            return Way::Free;
        }
        if lane.busy < self.most_busy {
            lane.busy += 1;
            Way::Free
        } else if lane.waiting.len() < self.most_waiting {
            lane.waiting.push_back(*request);
            Way::Waits
        } else {
            Way::Full
        }
    }

    /// A retry at once goes behind those that wait, where there are any, and gives its connection to the
    /// first of them.
    pub(crate) fn at_once(&mut self, request: Request) -> Request {
        let lane = &mut self.lanes[request.target as usize];
        if lane.waiting.len() >= self.most_waiting {
            return request;
        }
        match lane.waiting.pop_front() {
            Some(first) => {
                lane.waiting.push_back(request);
                first
            }
            None => request,
        }
    }

    /// A connection is free: the request that takes it, if one waits.
    pub(crate) fn leave(&mut self, request: &Request) -> Option<Request> {
        if request.client != NOBODY {
            return None;
        }
        let lane = &mut self.lanes[request.target as usize];
        let next = lane.waiting.pop_front();
        if next.is_none() {
            lane.busy -= 1;
        }
        next
    }

    /// A request has ended.
    pub(crate) fn ended(&mut self, request: &Request) {
        self.lanes[request.target as usize].under_way -= 1;
    }

    /// Whether a request is tried again after an attempt that came to `outcome`.
    pub(crate) fn after(&mut self, request: &Request, outcome: Outcome) -> Next {
        let luck = Draw::new(request.luck).number(request.attempts.into());
        let wait = self.retries.wait(request.attempts, outcome, luck.share());
        let Some(budget) = &mut self.budget else {
            return wait.map_or(Next::End, |wait| Next::Again { wait: nanos(wait) });
        };
        if request.attempts == 1 {
            budget.request();
        }
        match wait {
            Some(wait) if budget.retry() => Next::Again { wait: nanos(wait) },
            _ => Next::End,
        }
    }

    /// Whether one more request may wait for its next attempt.
    pub(crate) fn waits_again(&mut self) -> bool {
        let may = self.waiting_again < self.most_waiting;
        self.waiting_again += usize::from(may);
        may
    }

    pub(crate) fn waited(&mut self) {
        self.waiting_again -= 1;
    }

    pub(crate) fn phases(&self) -> &Phases {
        &self.phases
    }
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
