//! The events of calls: each call that has ended is told to the digest, and to whoever wants every event.

use std::time::Duration;

use experiment::events::CallEvent;
use experiment::outcome::ClientOutcome;
use fusebox::State;

use super::Performance;
use crate::arrivals::Request;
use crate::digest::Mark;

impl Performance<'_> {
    /// The probability that a call of this request fails now, where events are told.
    pub(super) fn p_fail_told(&self, request: &Request) -> f64 {
        match self.events {
            Some(_) => self.recorder.p_fail(request.target as usize),
            None => 0.0,
        }
    }

    /// An attempt has ended without a call of the downstream.
    pub(super) fn told(
        &mut self,
        request: &Request,
        state: Option<State>,
        outcome: ClientOutcome,
    ) -> ClientOutcome {
        self.tell_call(request, state, outcome);
        outcome
    }

    /// Tells of a call that has a place.
    pub(super) fn tell_call_of(&mut self, place: u32, request: &Request, outcome: ClientOutcome) {
        self.digest
            .note(self.now, Mark::Ended, request.target, outcome as u8);
        if self.events.is_some() {
            let call = self.calls.at(place);
            let (state, p_fail) = (call.sent_in, call.p_fail);
            self.tell(request, Some(state), p_fail, outcome);
        }
    }

    /// Tells of a call that ends at the instant at which it was sent, or never was.
    pub(super) fn tell_call(
        &mut self,
        request: &Request,
        state: Option<State>,
        outcome: ClientOutcome,
    ) {
        self.digest
            .note(self.now, Mark::Ended, request.target, outcome as u8);
        if self.events.is_some() {
            let p_fail = self.recorder.p_fail(request.target as usize);
            self.tell(request, state, p_fail, outcome);
        }
    }

    #[cold]
    fn tell(
        &mut self,
        request: &Request,
        state: Option<State>,
        p_fail: f64,
        outcome: ClientOutcome,
    ) {
        let instance = request.target as usize;
        let event = CallEvent {
            planned: Duration::from_nanos(request.planned),
            sent: (request.attempts > 0).then(|| Duration::from_nanos(request.sent)),
            ended: self.time,
            instance,
            outcome,
            state: state.unwrap_or_else(|| self.recorder.state(instance)),
            p_fail,
        };
        if let Some(events) = &mut self.events {
            events.call(&event);
        }
    }
}
