//! Rules of the engine that a test takes away, to show what they are for.

use std::time::Duration;

use fusebox_fleet::{Acquire, Sender, Settlement, Token};

use super::{Answer, Request};

/// The rules that are taken away.
#[derive(Debug, Default)]
pub(crate) struct KnockedOut {
    /// Without fencing, a result counts for the present holder of the lease, even if it belongs to an old lease.
    pub(crate) fencing: bool,
    /// Without lease times, a lease lasts a minute, however long was requested.
    pub(crate) lease_time: bool,
    pub(crate) holder: Option<(Sender, Token)>,
}

impl KnockedOut {
    /// The request in the form that an engine without these rules takes.
    pub(super) fn request(&self, request: Request) -> Request {
        match &request {
            Request::Acquire(ask) if self.lease_time => {
                let minute = Duration::from_secs(60);
                Request::Acquire(Acquire::new(ask.from.clone(), ask.era, minute))
            }
            Request::Settle(settlement) if self.fencing => {
                let Some((holder, token)) = &self.holder else {
                    return request;
                };
                Request::Settle(Settlement::new(holder.clone(), *token, settlement.result))
            }
            _ => request,
        }
    }

    /// Remembers the holder of the lease.
    pub(super) fn answered(&mut self, request: &Request, answer: &Answer) {
        if let (Request::Acquire(ask), Answer::Acquired(Ok(lease))) = (request, answer) {
            self.holder = Some((ask.from.clone(), lease.token));
        }
    }
}
