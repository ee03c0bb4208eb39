//! The wire of a world: it carries actions to breaker and ledger, and carries answers and pushes back, or loses them.

use std::time::Duration;

use fusebox_fleet::{Action, BreakerState, Event, Session, Ticket, View};

use crate::breaker::{News, State};
use crate::world::{Due, Request, World};

impl World {
    pub(crate) fn act(&mut self, of: usize, action: Action) {
        if self.plan.seed == 1 {
            self.log.push(format!("{:?} {of} {action:?}", self.now));
        }
        self.watch.action(self.now, of, &self.nodes[of], &action);
        if action.is_for_the_breaker() {
            let lapsed = self.nodes[of].breaker.lapse(self.now);
            match self.nodes[of].breaker.obey(self.now, &action) {
                Ok(news) => self.pass_on(of, news),
                Err(_) if self.is_unheard_trip(of, &action) => {
                    self.pass_on(of, News::Changed(BreakerState::Open));
                }
                Err(why) => panic!(
                    "{:?}: instance {of} was asked for {action:?}: {why}",
                    self.now
                ),
            }
            self.pass_on(of, lapsed);
        } else if let Action::Notice(_) = action {
        } else {
            if let Some(ticket) = ticket(&action) {
                let timeout = self.plan.settings.engine_timeout();
                let lost = Due::ToMember(of, self.nodes[of].session, Event::Lost(ticket));
                self.plan_for(self.now + timeout, lost);
            }
            let again = self.one_in(self.plan.repeats_one_in);
            self.send(of, Request::Action(action.clone()));
            if again {
                self.send(of, Request::Again(action));
            }
        }
    }

    /// Whether a member wants to hold a breaker that has just tripped, which it has not heard yet.
    fn is_unheard_trip(&self, of: usize, action: &Action) -> bool {
        self.plan.ends_first
            && matches!(action, Action::Hold { .. })
            && matches!(self.nodes[of].breaker.state, State::Open { .. })
    }

    fn one_in(&mut self, times: u32) -> bool {
        times > 0 && self.random.u32(0..times) == 0
    }

    fn delay(&mut self) -> Duration {
        self.plan.longest_delay.mul_f64(self.random.f64())
    }

    fn send(&mut self, of: usize, request: Request) {
        if !self.nodes[of].link || self.one_in(self.plan.loses_one_in) {
            return;
        }
        let at = self.now + self.delay();
        self.plan_for(at, Due::ToLedger(of, request));
    }

    fn reply(&mut self, of: usize, session: Session, event: Event) {
        for _ in 0..=u32::from(self.one_in(self.plan.repeats_one_in)) {
            if !self.one_in(self.plan.loses_one_in) {
                let at = self.now + self.delay();
                self.plan_for(at, Due::ToMember(of, session, event));
            }
        }
    }

    pub(crate) fn serve(&mut self, of: usize, request: Request) {
        if !self.engine {
            return;
        }
        let before = self.ledger.clone();
        let (Request::Action(action) | Request::Again(action)) = request;
        let session = self.nodes[of].session;
        match action {
            Action::Report(ticket, report) => {
                let answer = self.ledger.report(self.now, &report);
                self.watch.reported(&before, &self.ledger, &report, &answer);
                self.reply(of, session, Event::Reported { ticket, answer });
            }
            Action::Acquire(ticket, ask) => {
                let answer = self.ledger.acquire(self.now, &ask);
                self.watch
                    .acquired(self.now, (&before, &self.ledger), answer);
                self.reply(of, session, Event::Acquired { ticket, answer });
            }
            Action::Settle(settlement) => {
                let answer = self.ledger.settle(self.now, &settlement);
                self.watch
                    .settled(self.now, (&before, &self.ledger), &settlement, answer);
                if let Ok(view) = answer {
                    self.reply(of, session, Event::Pushed(view));
                }
            }
            Action::Leave(sender) => {
                let had = self.ledger.peek(self.now).prober.is_some();
                self.ledger.leave(self.now, &sender);
                if had && self.ledger.peek(self.now).prober.is_none() {
                    self.watch.left();
                }
            }
            other => panic!("no message: {other:?}"),
        }
        let view = self.ledger.view(self.now);
        let news = |told: View| told.era != view.era || told.command != view.command;
        if self.told.is_none_or(news) {
            self.push(view);
        }
    }

    pub(crate) fn push(&mut self, view: View) {
        self.told = Some(view);
        if self.plan.pushes_are_lost {
            return;
        }
        for of in 0..self.nodes.len() {
            let session = self.nodes[of].session;
            self.reply(of, session, Event::Pushed(view));
        }
    }
}

fn ticket(action: &Action) -> Option<Ticket> {
    match action {
        Action::Report(ticket, _) | Action::Acquire(ticket, _) => Some(*ticket),
        _ => None,
    }
}
