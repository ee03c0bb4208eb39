//! Lanes: the connections that clients have to each target, and the requests that wait for one.
//!
//! As in the live load generator, the number of connections is bounded, and so is the queue behind them; requests
//! beyond both are shed. Clients of a closed loop have connections of their own.

use std::collections::VecDeque;

use experiment::load::Profile;

use crate::arrivals::{NOBODY, Request};

/// The lanes to all targets.
#[derive(Debug)]
pub(crate) struct Lanes {
    all: Vec<Lane>,
    /// The requests that wait at each lane: apart, as there are seldom any.
    queues: Vec<VecDeque<Request>>,
    most_busy: u32,
    most_waiting: u32,
    /// Requests that wait for their next attempt, without a connection.
    waiting_again: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Lane {
    /// Connections in use.
    busy: u32,
    /// Requests that wait for one.
    waiting: u32,
}

/// What becomes of a request that wants a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Free,
    Waits,
    Full,
}

impl Lanes {
    pub(crate) fn new(profile: &Profile, targets: usize) -> Self {
        Self {
            all: vec![Lane::default(); targets],
            queues: vec![VecDeque::new(); targets],
            most_busy: profile.max_connections,
            most_waiting: profile.queue,
            waiting_again: 0,
        }
    }

    /// A request wants a connection.
    pub(crate) fn enter(&mut self, request: &Request) -> Way {
        if request.client != NOBODY {
            return Way::Free;
        }
        let target = request.target as usize;
        let lane = &mut self.all[target];
        if lane.busy < self.most_busy {
            lane.busy += 1;
            Way::Free
        } else if lane.waiting < self.most_waiting {
            lane.waiting += 1;
            self.queues[target].push_back(*request);
            Way::Waits
        } else {
            Way::Full
        }
    }

    /// A connection is free: the request that takes it, if one waits.
    pub(crate) fn leave(&mut self, request: &Request) -> Option<Request> {
        if request.client != NOBODY {
            return None;
        }
        let target = request.target as usize;
        let lane = &mut self.all[target];
        if lane.waiting == 0 {
            lane.busy -= 1;
            return None;
        }
        lane.waiting -= 1;
        self.queues[target].pop_front()
    }

    /// A request is tried again at once: behind those that wait for a connection, where there are any and
    /// there is room. Says which request goes on.
    pub(crate) fn at_once(&mut self, request: Request) -> Request {
        let target = request.target as usize;
        let waiting = self.all[target].waiting;
        if waiting == 0 || waiting >= self.most_waiting {
            return request;
        }
        let queue = &mut self.queues[target];
        queue.push_back(request);
        queue.pop_front().unwrap_or(request)
    }

    /// Touches the memory that the next request to this target will need, so that it is in the cache then.
    pub(crate) fn look_ahead(&self, target: usize) -> u64 {
        self.all[target].busy.into()
    }

    /// Whether one more request may wait for its next attempt, which it then does. A client of a closed loop always
    /// may: it sleeps, and there is one request of it.
    pub(crate) fn waits_again(&mut self, request: &Request) -> bool {
        if request.client != NOBODY {
            return true;
        }
        let may = self.waiting_again < self.most_waiting;
        self.waiting_again += u32::from(may);
        may
    }

    /// One of those has waited.
    pub(crate) fn waited(&mut self, request: &Request) {
        if request.client == NOBODY {
            self.waiting_again -= 1;
        }
    }

    /// The requests that wait for a connection, who do so no longer.
    pub(crate) fn give_up(&mut self) -> Vec<Request> {
        for lane in &mut self.all {
            lane.waiting = 0;
        }
        self.queues.iter_mut().flat_map(std::mem::take).collect()
    }
}
