//! Attempts: an instance asks its breaker, calls the downstream, and gets a reply, which its client may no longer
//! wait for.

use std::time::Duration;

use experiment::downstream::{Meeting, Request as Met, Work};
use experiment::outcome::ClientOutcome;
use experiment::overload::Start;
use experiment::reply::Reply;
use fusebox::{Permit, State};
use fusebox_fleet::bind;

use super::{Kind, Performance, outcome_of};
use crate::arrivals::Request;
use crate::calls::{Awaited, End, Limit, Stage};
use crate::nanos;

/// The longest timeout there is: the simulator itself says who gives up when.
const ANY: Duration = Duration::MAX;

impl<'a> Performance<'a> {
    /// Makes an attempt; says its outcome if it ended at once.
    pub(super) fn attempt(&mut self, request: &mut Request) -> Option<ClientOutcome> {
        request.attempts += 1;
        request.sent = self.now;
        let instance = request.target;
        if self.instances.interruptions.is_down(instance, self.now) {
            return Some(self.told(request, None, ClientOutcome::ConnectRefused));
        }
        self.tally.reach(instance as usize);
        let awake = self.instances.interruptions.awake(instance, self.now);
        if awake > self.now {
            self.hold(request, awake);
            return None;
        }
        self.ask(request)
    }

    /// The instance stands still: the request waits for it, or its client leaves before.
    fn hold(&mut self, request: &Request, awake: u64) {
        let until = request.sent.saturating_add(self.client_timeout);
        let p_fail = self.p_fail_told(request);
        let place = self.calls.place();
        let call = self.calls.at(place);
        call.request = *request;
        call.p_fail = p_fail;
        call.sent_in = self.recorder.state(request.target as usize);
        call.stage = Stage::Held { until };
        self.agenda.add(until.min(awake), Kind::Limit.at(place));
    }

    /// The instance asks its breaker.
    fn ask(&mut self, request: &Request) -> Option<ClientOutcome> {
        let instance = request.target;
        self.effort.calls += 1;
        if self.throttles.rejects(instance, self.time) {
            self.effort.rejected += 1;
            self.recorder.rejected(instance as usize);
            return Some(self.told(request, None, ClientOutcome::FastFail));
        }
        match self.instances.breaker(instance).try_acquire() {
            Ok(permit) => {
                self.effort.permitted += 1;
                self.recorder.permitted(instance as usize);
                self.traffic.permitted(self.now);
                if permit.state() == State::HalfOpen {
                    self.traffic.probe(self.now);
                }
                self.call(request, permit)
            }
            Err(rejected) => {
                self.effort.rejected += 1;
                self.recorder.rejected(instance as usize);
                let state = rejected.reason.state();
                self.tell_member(instance, bind::rejected(rejected.reason));
                Some(self.told(request, Some(state), ClientOutcome::FastFail))
            }
        }
    }

    /// The instance calls the downstream.
    fn call(&mut self, request: &Request, permit: Permit<'a>) -> Option<ClientOutcome> {
        let instance = request.target;
        // Before the call is counted: what is known after it is the truth of the next one.
        let p_fail = self.p_fail_told(request);
        let now = self.time;
        if self.can_refuse && self.downstream.refuses(now) {
            let place = self.take_place(request, permit, p_fail);
            return Some(self.close(place, End::of(Reply::REFUSED)));
        }
        let met = Met {
            caller: self.callers[instance as usize],
            key: self.keys.get(request.key as usize).map(String::as_str),
            path: &self.path,
        };
        let mut meeting = self.downstream.meet(now, &met, None);
        if self.downstream.counts_calls() {
            self.look_after_call(instance);
        }
        let limit = self.limit(request);
        // Only now: what was written just before would be waited for.
        let place = self.take_place(request, permit, p_fail);
        self.wait(place, &mut meeting, limit)
    }

    /// A place for a call that is under way.
    fn take_place(&mut self, request: &Request, permit: Permit<'a>, p_fail: f64) -> u32 {
        let place = self.calls.place();
        let call = self.calls.at(place);
        call.request = *request;
        call.sent_in = permit.state();
        call.permit = Some(permit);
        call.p_fail = p_fail;
        place
    }

    /// Who gives up first on a call that is sent now, and when.
    fn limit(&self, request: &Request) -> Limit {
        let instance = request.target;
        let timeout = self.instances.call_timeout(instance);
        let own = self
            .instances
            .interruptions
            .after_work(instance, self.now, timeout);
        let client = request.sent.saturating_add(self.client_timeout);
        if client < own {
            Limit {
                at: client,
                end: End::Left,
            }
        } else {
            Limit {
                at: own,
                end: End::TimedOut,
            }
        }
    }

    /// A call waits for what it has met; the plan may let go of it before anybody gives up.
    fn wait(&mut self, place: u32, meeting: &mut Meeting, limit: Limit) -> Option<ClientOutcome> {
        let (reply, after) = Reply::of_fate(&meeting.fate, ANY);
        let call = self.calls.at(place);
        call.hint = match reply {
            Reply::Answered { retry_after, .. } => retry_after,
            _ => None,
        };
        let awaited = Awaited {
            reply: End::of(reply),
            after: nanos(after),
            lets_go: meeting.ends.map_or(u64::MAX, nanos),
            limit,
        };
        call.suffering = meeting.suffering.take();
        call.work = meeting.work.map(Work::id);
        let Some(work) = meeting.work else {
            return self.answer_comes(place, &awaited);
        };
        call.stage = Stage::Works(awaited);
        self.works.add(work.id(), place);
        if let Work::Started(start) = work {
            self.start(Some(start));
        }
        let first = awaited.lets_go.min(limit.at);
        self.agenda.add(first, Kind::Limit.at(place));
        None
    }

    /// The answer comes, unless the plan lets go of the call or a caller gives up before. An instance that stands
    /// still reads it when it goes on.
    fn answer_comes(&mut self, place: u32, awaited: &Awaited) -> Option<ClientOutcome> {
        let instance = self.calls.at(place).request.target;
        let limit = awaited.limit;
        let mut answered = self.now.saturating_add(awaited.after);
        let mut reply = awaited.reply;
        if awaited.lets_go < answered {
            (answered, reply) = (awaited.lets_go, End::Answered(200));
            self.calls.at(place).hint = None;
        }
        let read = self.instances.interruptions.awake(instance, answered);
        let (at, end) = if read <= limit.at {
            (read, reply)
        } else {
            (limit.at, limit.end)
        };
        if at <= self.now {
            return Some(self.close(place, end));
        }
        let call = self.calls.at(place);
        call.stage = Stage::Ends { at, end, answered };
        if answered < at && call.suffering.is_some() {
            self.agenda.add(answered, Kind::Limit.at(place));
        }
        self.agenda.add(at, Kind::End.at(place));
        None
    }

    pub(super) fn call_ends(&mut self, place: u32) {
        if let Stage::Ends { at, end, .. } = self.calls.at(place).stage
            && at == self.now
        {
            self.ended(place, end);
        }
    }

    /// The downstream has done a piece of work.
    pub(super) fn work_ends(&mut self, begun: u32) {
        let id = self.works.done(begun);
        let next = self.downstream.work_done(id);
        self.start(next);
        let Some(place) = self.works.take(id) else {
            return;
        };
        let call = self.calls.at(place);
        call.work = None;
        if let Stage::Works(awaited) = call.stage {
            self.answered(place, &awaited);
        }
    }

    /// The downstream has no more to do for a call but to answer.
    fn answered(&mut self, place: u32, awaited: &Awaited) {
        let request = self.calls.at(place).request;
        if let Some(outcome) = self.answer_comes(place, awaited) {
            self.go_on(request, outcome);
        }
    }

    fn start(&mut self, start: Option<Start>) {
        if let Some(Start { id, until }) = start {
            let begun = self.works.begin(id);
            self.agenda.add(nanos(until), Kind::Work.at(begun));
        }
    }

    /// A caller gives up waiting for work, or has waited for an instance that stood still; or the downstream has
    /// answered an instance that still does.
    pub(super) fn give_up(&mut self, place: u32) {
        match self.calls.at(place).stage {
            Stage::Works(awaited) if awaited.lets_go == self.now => {
                self.release(place);
                self.calls.at(place).hint = None;
                let at_once = Awaited {
                    after: 0,
                    reply: End::Answered(200),
                    ..awaited
                };
                self.answered(place, &at_once);
            }
            Stage::Works(Awaited { limit, .. }) if limit.at == self.now => {
                self.ended(place, limit.end);
            }
            Stage::Ends { answered, .. } if answered == self.now => self.release(place),
            Stage::Held { until } => {
                let request = self.calls.at(place).request;
                let awake = self.instances.interruptions.awake(request.target, self.now);
                if until == self.now {
                    self.ended(place, End::Left);
                } else if awake > self.now {
                    self.agenda.add(until.min(awake), Kind::Limit.at(place));
                } else {
                    self.calls.give_back(place);
                    if let Some(outcome) = self.ask(&request) {
                        self.go_on(request, outcome);
                    }
                }
            }
            _ => {}
        }
    }

    /// A call ends, and its connection is used for the next one.
    pub(super) fn ended(&mut self, place: u32, end: End) {
        let request = self.calls.at(place).request;
        let outcome = self.close(place, end);
        self.go_on(request, outcome);
    }

    fn go_on(&mut self, request: Request, outcome: ClientOutcome) {
        if let Some(next) = self.after(request, outcome) {
            self.drive(next);
        }
    }

    /// The downstream does nothing for a call any more.
    fn release(&mut self, place: u32) {
        let call = self.calls.at(place);
        let (suffering, work) = (call.suffering.take(), call.work.take());
        if let Some(suffering) = suffering {
            self.downstream.relieve(suffering);
        }
        if let Some(work) = work {
            self.works.take(work);
            let next = self.downstream.leave(self.time, work);
            self.start(next);
        }
    }

    /// The instance tells its breaker how the call ended; the place is free again.
    fn close(&mut self, place: u32, end: End) -> ClientOutcome {
        let call = self.calls.at(place);
        let request = call.request;
        let hint = call.hint.take();
        if let Some(permit) = call.permit.take() {
            let stood_still =
                self.instances
                    .interruptions
                    .stood_still(request.target, request.sent, self.now);
            // Time in which the process did not run makes no call slow.
            let permit = if stood_still > 0 {
                let took = (self.now - request.sent).saturating_sub(stood_still);
                permit.took(Duration::from_nanos(took))
            } else {
                permit
            };
            match end.reply(hint) {
                Some(reply) => {
                    let (state, verdict) = (permit.state(), reply.verdict());
                    self.throttles.answered(request.target, verdict, self.time);
                    let outcome = permit.end(verdict);
                    self.tell_member(request.target, bind::finished(state, outcome));
                }
                None => drop(permit),
            }
        }
        self.release(place);
        self.tell_call_of(place, &request, outcome_of(end));
        self.calls.give_back(place);
        outcome_of(end)
    }
}
