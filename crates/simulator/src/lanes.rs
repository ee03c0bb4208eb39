//! Lanes: the connections that clients have to each target, and the requests that wait for one.
//!
//! As in the live load generator: a bounded number of connections, beyond it a bounded queue, beyond that
//! requests are shed. Clients of a closed loop have connections of their own.

use std::collections::VecDeque;

use experiment::load::Profile;

use crate::arrivals::{NOBODY, Request};

/// The lanes to all targets.
#[derive(Debug)]
pub(crate) struct Lanes {
    all: Vec<Lane>,
    most_busy: u32,
    most_waiting: usize,
    /// Requests that wait for their next attempt, without a connection.
    waiting_again: usize,
}

#[derive(Clone, Debug, Default)]
struct Lane {
    /// Connections in use.
    busy: u32,
    waiting: VecDeque<Request>,
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
            most_busy: profile.max_connections,
            most_waiting: usize::try_from(profile.queue).unwrap_or(usize::MAX),
            waiting_again: 0,
        }
    }

    /// A request wants a connection.
    pub(crate) fn enter(&mut self, request: &Request) -> Way {
        if request.client != NOBODY {
            return Way::Free;
        }
        let lane = &mut self.all[request.target as usize];
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

    /// A connection is free: the request that takes it, if one waits.
    pub(crate) fn leave(&mut self, request: &Request) -> Option<Request> {
        if request.client != NOBODY {
            return None;
        }
        let lane = &mut self.all[request.target as usize];
        let next = lane.waiting.pop_front();
        if next.is_none() {
            lane.busy -= 1;
        }
        next
    }

    /// A request is tried again at once: behind those that wait for a connection, where there are any and
    /// there is room. Says which request goes on.
    pub(crate) fn at_once(&mut self, request: Request) -> Request {
        let lane = &mut self.all[request.target as usize];
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

    /// Whether one more request may wait for its next attempt, which it then does. A client of a closed loop always
    /// may: it sleeps, and there is one request of it.
    pub(crate) fn waits_again(&mut self, request: &Request) -> bool {
        if request.client != NOBODY {
            return true;
        }
        let may = self.waiting_again < self.most_waiting;
        self.waiting_again += usize::from(may);
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
        let waiting = self
            .all
            .iter_mut()
            .map(|lane| std::mem::take(&mut lane.waiting));
        waiting.flatten().collect()
    }
}
