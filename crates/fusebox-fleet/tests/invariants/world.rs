//! A small world: members with breakers and calls, a network that loses, repeats and delays, and one ledger.
//! It watches the invariants that hold at every step, and panics with the first one that does not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fusebox_fleet::{
    Action, CallResult, Era, Event, Incarnation, InstanceId, Ledger, Member, Order, Sender,
    Session, Verdict, View,
};

use crate::breaker::{Answer, Breaker, News, Permit, State};
use crate::node::{Calls, Node};
use crate::plan::{Fault, Plan, ms};
use crate::watch::Watch;

const LATENCY: Duration = Duration::from_millis(20);

/// What is due at some time.
#[derive(Clone, Debug)]
pub(crate) enum Due {
    Fault(Fault),
    Call(usize),
    Ends(usize, Session, Permit, bool),
    Wake(usize, Duration),
    ToLedger(usize, Request),
    ToMember(usize, Session, Event),
    Copy,
}

#[derive(Clone, Debug)]
pub(crate) enum Request {
    Action(Action),
    Again(Action),
}

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) now: Duration,
    pub(crate) nodes: Vec<Node>,
    pub(crate) ledger: Ledger,
    pub(crate) watch: Watch,
    pub(crate) engine: bool,
    pub(crate) service: bool,
    pub(crate) log: Vec<String>,
    copies: Vec<Ledger>,
    lives: u64,
    pub(crate) told: Option<View>,
    due: BTreeMap<(Duration, u64), Due>,
    sequence: u64,
    pub(crate) random: fastrand::Rng,
}

impl World {
    pub(crate) fn new(plan: Plan) -> Self {
        let mut world = Self {
            now: Duration::ZERO,
            nodes: Vec::new(),
            ledger: Ledger::new(Incarnation::new(1000)),
            watch: Watch::new(&plan),
            engine: true,
            service: true,
            log: Vec::new(),
            copies: Vec::new(),
            lives: 0,
            told: None,
            due: BTreeMap::new(),
            sequence: 0,
            random: fastrand::Rng::with_seed(plan.seed),
            plan,
        };
        for of in 0..world.plan.instances {
            world.nodes.push(Node {
                member: None,
                breaker: Breaker::new(),
                calls: Calls::default(),
                session: Session::new(0),
                link: true,
                path: true,
                clock: world.plan.clocks.get(of).copied().unwrap_or(50_000),
                wake: None,
            });
            world.start(of);
            let first = world.plan.call_every.mul_f64(world.random.f64());
            world.plan_for(first, Due::Call(of));
        }
        for (at, fault) in world.plan.faults.clone() {
            world.plan_for(at, Due::Fault(fault));
        }
        world.plan_for(ms(500), Due::Copy);
        world
    }

    /// Runs the plan to its end.
    pub(crate) fn run(plan: Plan) -> Self {
        let mut world = Self::new(plan);
        let end = world.plan.lasts;
        world.run_to(end);
        world
    }

    pub(crate) fn run_to(&mut self, end: Duration) {
        while let Some(entry) = self.due.first_entry() {
            let (at, _) = *entry.key();
            if at > end {
                break;
            }
            let due = entry.remove();
            self.now = at;
            self.step(due);
            self.watch.after(self.now, &self.nodes, &self.ledger);
        }
        self.now = end;
    }

    /// Everything is well again, and stays so.
    pub(crate) fn heal(&mut self) {
        (self.service, self.engine) = (true, true);
        self.plan.loses_one_in = 0;
        self.plan.longest_delay = ms(5);
        let order = self.ledger.order(self.now, Order::Automatic);
        self.told = Some(order);
        for of in 0..self.nodes.len() {
            (self.nodes[of].link, self.nodes[of].path) = (true, true);
            self.start(of);
        }
    }

    pub(crate) fn plan_for(&mut self, at: Duration, due: Due) {
        self.sequence += 1;
        self.due.insert((at, self.sequence), due);
    }

    fn step(&mut self, due: Due) {
        match due {
            Due::Fault(fault) => self.fault(fault),
            Due::Copy => {
                self.copies.push(self.ledger.clone());
                self.plan_for(self.now + ms(500), Due::Copy);
            }
            Due::Call(of) => {
                self.make_call(of);
                let every = self.plan.call_every;
                let next = every.mul_f64(0.5 + self.random.f64());
                self.plan_for(self.now + next, Due::Call(of));
            }
            Due::Ends(of, session, permit, succeeded) => self.end(of, session, permit, succeeded),
            Due::Wake(of, at) if self.nodes[of].wake == Some(at) => self.tell(of, Event::Tick),
            Due::Wake(..) => {}
            Due::ToLedger(of, request) => self.serve(of, request),
            Due::ToMember(of, session, event) => {
                if self.nodes[of].session == session && self.nodes[of].link {
                    self.tell(of, event);
                }
            }
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.log.push(format!("{:?} {fault:?}", self.now));
        match fault {
            Fault::Service { up } => self.service = up,
            Fault::Path { of, up } => self.nodes[of].path = up,
            Fault::Link { of, up } => self.nodes[of].link = up,
            Fault::Crash { of } => {
                self.nodes[of].member = None;
                self.nodes[of].session = Session::new(0);
                self.nodes[of].breaker = Breaker::new();
            }
            Fault::Leave { of } => {
                self.tell(of, Event::Leave);
                self.nodes[of].member = None;
                self.nodes[of].session = Session::new(0);
            }
            Fault::Start { of } => self.start(of),
            Fault::Reset { of } => {
                let news = self.nodes[of].breaker.reset();
                self.pass_on(of, news);
            }
            Fault::Engine { up } => self.engine = up,
            Fault::Flush => {
                self.lives += 1;
                self.ledger = Ledger::new(Incarnation::new(1_000_000 * self.lives));
            }
            Fault::FailOver => {
                if let Some(copy) = self.copies.pop() {
                    self.ledger = copy;
                }
            }
            Fault::ClockStep { of, by } => self.nodes[of].clock += by,
            Fault::Order(order) => {
                let view = self.ledger.order(self.now, order);
                self.push(view);
            }
        }
        self.watch.fault(fault);
    }

    fn start(&mut self, of: usize) {
        if self.nodes[of].member.is_some() {
            return;
        }
        let session = Session::new(self.random.u64(1..));
        let name = InstanceId::new(&format!("i{of}")).expect("a name");
        let member = Member::new(Sender::new(name, session), Arc::clone(&self.plan.settings));
        let node = &mut self.nodes[of];
        (node.session, node.member, node.breaker) = (session, Some(member), Breaker::new());
        self.tell(of, Event::Tick);
    }

    fn make_call(&mut self, of: usize) {
        if self.nodes[of].member.is_none() {
            return;
        }
        self.lapse(of);
        let node = &mut self.nodes[of];
        node.calls.offered += 1;
        match node.breaker.ask() {
            Answer::Permitted(permit) => {
                node.calls.permitted += 1;
                node.calls.under_way += 1;
                Watch::permitted(self.now, of, node, permit);
                let succeeds = self.service && node.path;
                let session = node.session;
                self.plan_for(self.now + LATENCY, Due::Ends(of, session, permit, succeeds));
            }
            Answer::RejectedByItself => {
                node.calls.rejected += 1;
                if matches!(node.breaker.state, State::Open { .. }) {
                    self.tell(of, Event::Rejected);
                }
            }
            Answer::RejectedByFleet => {
                node.calls.rejected_by_fleet += 1;
                self.tell(of, Event::Rejected);
            }
            Answer::RejectedUntilTurn => node.calls.rejected_until_turn += 1,
        }
    }

    fn end(&mut self, of: usize, session: Session, permit: Permit, succeeded: bool) {
        self.nodes[of].calls.under_way -= 1;
        if self.nodes[of].session != session {
            self.nodes[of].calls.lost += 1;
            return;
        }
        self.lapse(of);
        let node = &mut self.nodes[of];
        let was_closed = node.breaker.state == State::Closed;
        let (news, counts) = node.breaker.end(self.now, permit, succeeded);
        if succeeded {
            node.calls.succeeded += 1;
        } else {
            node.calls.failed += 1;
        }
        let result = if succeeded {
            CallResult::Succeeded
        } else {
            CallResult::Failed
        };
        let ended = (counts && was_closed && permit.probe.is_none()).then_some(result);
        if self.plan.ends_first {
            // A member that wants to hold the breaker now may find it open by its own rules.
            self.finished(of, ended);
            self.pass_on(of, news);
        } else {
            self.pass_on(of, news);
            self.finished(of, ended);
        }
    }

    fn finished(&mut self, of: usize, ended: Option<CallResult>) {
        if let Some(result) = ended {
            self.tell(of, Event::Finished(result));
        }
    }

    fn lapse(&mut self, of: usize) {
        let news = self.nodes[of].breaker.lapse(self.now);
        self.pass_on(of, news);
    }

    pub(crate) fn pass_on(&mut self, of: usize, news: News) {
        match news {
            News::None => {}
            News::Changed(state) => self.tell(of, Event::Breaker(state)),
            News::ProbeEnded(probe, result) => self.tell(of, Event::ProbeEnded { probe, result }),
        }
    }

    fn reading(&self, of: usize) -> Duration {
        let now = i64::try_from(self.now.as_micros()).expect("a short run");
        let reading = now + 1000 * self.nodes[of].clock;
        Duration::from_micros(u64::try_from(reading).unwrap_or(0))
    }

    fn tell(&mut self, of: usize, event: Event) {
        // The breaker's own timers are due before the member's, as the host's are.
        if matches!(event, Event::Tick) {
            self.lapse(of);
        }
        let reading = self.reading(of);
        let random = &mut self.random;
        let Some(member) = &mut self.nodes[of].member else {
            return;
        };
        let before = member.clone();
        let actions = member.handle(reading, event, &mut || random.f64());
        let wake = member.next_wake();
        Watch::told(&before, event, reading);
        if let Some(wake) = wake {
            let wait = wake.saturating_sub(reading).max(Duration::from_micros(1));
            let at = self.now + wait;
            if self.nodes[of].wake.replace(at) != Some(at) {
                self.plan_for(at, Due::Wake(of, at));
            }
        }
        for action in actions {
            self.act(of, action);
        }
    }

    pub(crate) fn era(&self) -> Era {
        self.ledger.view(self.now).era
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.ledger.view(self.now).verdict
    }

    pub(crate) fn all_closed(&self) -> bool {
        self.nodes
            .iter()
            .all(|node| node.breaker.state == State::Closed)
    }
}
