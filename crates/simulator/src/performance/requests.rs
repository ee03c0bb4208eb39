//! Requests: each gets a connection, is tried again, and ends.

use std::time::Duration;

use experiment::load::{self, Clients, Next};
use experiment::outcome::ClientOutcome;

use super::{Kind, Performance};
use crate::arrivals::{NOBODY, Request};
use crate::calls::Stage;
use crate::lanes::Way;
use crate::nanos;

/// How long an attempt of a closed loop is on its way, there and back: without it, a loop around a breaker that
/// rejects at once would never end.
const ON_THE_WAY: u64 = 200_000;

impl Performance<'_> {
    /// A request is planned now.
    pub(super) fn plan(&mut self, request: Request) {
        let (target, part) = (request.target as usize, request.part as usize);
        self.tally.plan(target, part, self.time);
        self.under_way += 1;
        self.submit(request, None);
    }

    /// Sends a request as soon as there is a connection. Without a place to wait for one it ends, as `last` says
    /// or shed.
    fn submit(&mut self, request: Request, last: Option<ClientOutcome>) {
        match self.lanes.enter(&request) {
            Way::Free => self.drive(request),
            Way::Waits => {}
            Way::Full => self.end(&request, last.unwrap_or(ClientOutcome::Shed)),
        }
    }

    /// Makes attempts on one connection until one is under way or no request wants the connection.
    pub(super) fn drive(&mut self, mut request: Request) {
        while let Some(outcome) = self.attempt(&mut request) {
            match self.after(request, outcome) {
                Some(next) => request = next,
                None => return,
            }
        }
    }

    /// After an attempt: the request ends or waits, and its connection is free for the next one, which is said;
    /// or it is tried again at once.
    pub(super) fn after(&mut self, request: Request, outcome: ClientOutcome) -> Option<Request> {
        match self.clients.after(request.attempts, request.luck, outcome) {
            Next::Again { wait } if wait.is_zero() && request.client == NOBODY => {
                return Some(self.lanes.at_once(request));
            }
            Next::Again { wait } if self.lanes.waits_again(&request) => {
                let wait = nanos(wait).saturating_add(on_the_way(&request));
                let place = self.calls.place();
                let call = self.calls.at(place);
                call.request = request;
                call.stage = Stage::Again { last: outcome };
                self.agenda
                    .add(self.now.saturating_add(wait), Kind::Again.at(place));
            }
            _ => self.end(&request, outcome),
        }
        self.lanes.leave(&request)
    }

    pub(super) fn try_again(&mut self, place: u32) {
        let call = self.calls.at(place);
        if let Stage::Again { last } = call.stage {
            let request = call.request;
            self.calls.give_back(place);
            self.lanes.waited(&request);
            self.submit(request, Some(last));
        }
    }

    /// A request has ended for good.
    pub(super) fn end(&mut self, request: &Request, outcome: ClientOutcome) {
        let sent = request.attempts > 0;
        let unfinished = outcome == ClientOutcome::Unfinished;
        let response = Duration::from_nanos(self.now - request.planned);
        let service = if request.sent == request.planned {
            response
        } else {
            Duration::from_nanos(self.now - request.sent)
        };
        let end = load::End {
            outcome,
            response,
            service: (sent && !unfinished).then_some(service),
            lateness: (sent || unfinished).then_some(Duration::ZERO),
            attempts: request.attempts,
        };
        let (target, part) = (request.target as usize, request.part as usize);
        self.tally.end(target, part, &end, self.time);
        self.arrivals.ended(request);
        self.under_way -= 1;
        if outcome == ClientOutcome::Shed {
            self.tell_call(request, None, outcome);
        }
        if request.client != NOBODY {
            let pause = on_the_way(request) + nanos(Clients::pause_after(outcome));
            self.agenda
                .add(self.now + pause, Kind::Client.at(request.client));
        }
    }
}

fn on_the_way(request: &Request) -> u64 {
    if request.client == NOBODY {
        0
    } else {
        ON_THE_WAY
    }
}
