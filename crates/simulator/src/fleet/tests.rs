//! Tests that the simulated engine, over the simulated network, keeps every rule of an engine.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use experiment::scenario::EnginePlan;
use fusebox_fleet::conformance::{self, Subject};
use fusebox_fleet::engine::{Answer as Answers, EngineError, Events, Operator, Unavailable};
use fusebox_fleet::{
    Acquire, AcquireRefused, BreakerKey, Fenced, Lease, Order, Report, ReportRefused, Sender,
    Settlement, Standing,
};

use super::*;

/// Virtual time with an engine per key. One request after another: each has its answer before the next one.
struct World {
    now: u64,
    plan: EnginePlan,
    engines: BTreeMap<BreakerKey, Engine>,
    wires: Wires,
    /// What is pushed, and when it comes, by subscription.
    subscriptions: Vec<(BreakerKey, VecDeque<(u64, View)>)>,
    forgets: bool,
}

impl World {
    fn engine(&mut self, key: &BreakerKey) -> &mut Engine {
        let plan = &self.plan;
        let engine = self.engines.entry(key.clone());
        engine.or_insert_with(|| Engine::new(plan, 7))
    }

    fn ask(&mut self, key: &BreakerKey, request: &Request) -> Option<Answer> {
        let there = self.wires.send(self.now, 0, Way::Request).after?;
        let came = self.now + there;
        let Served::At(at, process) = self.engine(key).arrives(came) else {
            return None;
        };
        self.now = at;
        let Served::Done(answer, news) = self.engine(key).serve(at, process, request) else {
            return None;
        };
        self.push(key, news);
        self.now += self.wires.send(at, 0, Way::Answer).after?;
        Some(answer)
    }

    fn push(&mut self, key: &BreakerKey, news: Option<View>) {
        let (now, wires) = (self.now, &mut self.wires);
        let subscribed = self.subscriptions.iter_mut().filter(|it| it.0 == *key);
        for (view, (_, queue)) in news.into_iter().zip(subscribed) {
            let after = wires.send(now, 0, Way::Push).after;
            queue.extend(after.map(|after| (now + after, view)));
        }
    }
}

#[derive(Clone)]
struct InVirtualTime(Arc<Mutex<World>>);

impl InVirtualTime {
    fn new() -> Self {
        let plan = EnginePlan::default();
        Self(Arc::new(Mutex::new(World {
            now: 1_000_000_000_000,
            plan,
            engines: BTreeMap::new(),
            wires: Wires::new(experiment::scenario::Network::default(), 7, 1),
            subscriptions: Vec::new(),
            forgets: true,
        })))
    }

    fn ask<T, R>(
        &self,
        key: &BreakerKey,
        request: &Request,
        read: impl FnOnce(Answer) -> Option<Result<T, R>>,
    ) -> Answers<'_, Result<T, EngineError<R>>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let answer = self.0.lock().unwrap().ask(key, request).and_then(read);
        let lost = || EngineError::Unavailable(Unavailable::new("no answer"));
        let answer = answer.map_or_else(|| Err(lost()), |it| it.map_err(EngineError::Refused));
        Box::pin(ready(answer))
    }
}

impl fusebox_fleet::engine::Engine for InVirtualTime {
    fn report<'a>(
        &'a self,
        key: &'a BreakerKey,
        report: &'a Report,
    ) -> Answers<'a, Result<View, EngineError<ReportRefused>>> {
        let request = Request::Report(Box::new(report.clone()));
        self.ask(key, &request, |answer| match answer {
            Answer::Reported(answer) => Some(answer),
            _ => None,
        })
    }

    fn acquire<'a>(
        &'a self,
        key: &'a BreakerKey,
        ask: &'a Acquire,
    ) -> Answers<'a, Result<Lease, EngineError<AcquireRefused>>> {
        self.ask(key, &Request::Acquire(ask.clone()), |answer| match answer {
            Answer::Acquired(answer) => Some(answer),
            _ => None,
        })
    }

    fn settle<'a>(
        &'a self,
        key: &'a BreakerKey,
        settlement: &'a Settlement,
    ) -> Answers<'a, Result<View, EngineError<Fenced>>> {
        let request = Request::Settle(settlement.clone());
        self.ask(key, &request, |answer| match answer {
            Answer::Settled(answer) => Some(answer),
            _ => None,
        })
    }

    fn leave<'a>(
        &'a self,
        key: &'a BreakerKey,
        sender: &'a Sender,
    ) -> Answers<'a, Result<(), EngineError<Infallible>>> {
        self.ask(
            key,
            &Request::Leave(sender.clone()),
            |answer| match answer {
                Answer::Left => Some(Ok(())),
                _ => None,
            },
        )
    }

    fn events(&self, key: &BreakerKey) -> Box<dyn Events> {
        let mut world = self.0.lock().unwrap();
        world.subscriptions.push((key.clone(), VecDeque::new()));
        let place = world.subscriptions.len() - 1;
        Box::new(Subscription(self.clone(), place))
    }
}

struct Subscription(InVirtualTime, usize);

impl Events for Subscription {
    fn next(&mut self) -> Answers<'_, Option<View>> {
        let mut world = self.0.0.lock().unwrap();
        let told = world.subscriptions[self.1].1.pop_front();
        let told = told.map(|(at, view)| {
            world.now = world.now.max(at);
            view
        });
        Box::pin(ready(told))
    }
}

impl Operator for InVirtualTime {
    fn order<'a>(
        &'a self,
        key: &'a BreakerKey,
        order: Order,
    ) -> Answers<'a, Result<View, EngineError<Infallible>>> {
        let mut world = self.0.lock().unwrap();
        let now = world.now;
        let (view, news) = world.engine(key).order(now, order);
        world.push(key, news);
        Box::pin(ready(Ok(view)))
    }

    fn peek<'a>(
        &'a self,
        key: &'a BreakerKey,
    ) -> Answers<'a, Result<Standing, EngineError<Infallible>>> {
        let mut world = self.0.lock().unwrap();
        let now = world.now;
        let standing = world.engine(key).peek(now);
        Box::pin(ready(Ok(standing)))
    }
}

impl Subject for InVirtualTime {
    fn engine(&self) -> &dyn fusebox_fleet::engine::Engine {
        self
    }

    fn operator(&self) -> &dyn Operator {
        self
    }

    fn pass(&self, time: Duration) -> Answers<'_, ()> {
        self.0.lock().unwrap().now += nanos(time);
        Box::pin(ready(()))
    }

    fn forget(&self) -> Answers<'_, ()> {
        let mut world = self.0.lock().unwrap();
        if world.forgets {
            let all = world.engines.values_mut();
            all.for_each(|engine| engine.turn(EngineTurn::Forgets));
        }
        Box::pin(ready(()))
    }
}

/// All answers are ready at once, as time is virtual.
fn now<T>(answer: impl Future<Output = T>) -> T {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("virtual time waits for nothing"),
    }
}

#[test]
fn the_simulated_engine_keeps_every_rule_of_the_conformance_suite() {
    let subject = InVirtualTime::new();
    let mut checked = 0;
    for rule in conformance::rules() {
        assert_eq!(now(rule.check(&subject, "simulated")), Ok(()));
        checked += 1;
    }
    assert!(checked >= 27, "{checked} rules");
}

#[test]
fn the_suite_finds_a_simulated_engine_that_breaks_a_rule() {
    let subject = InVirtualTime::new();
    subject.0.lock().unwrap().forgets = false;
    let mut rules = conformance::rules();
    let rule = rules.find(|rule| rule.name() == "an_engine_that_forgot_begins_a_new_life");

    let broken = now(rule.unwrap().check(&subject, "broken"));

    assert!(broken.is_err());
}

fn report(number: u64) -> Request {
    let name = fusebox_fleet::InstanceId::new(&format!("i{number}")).unwrap();
    let sender = Sender::new(name, fusebox_fleet::Session::new(number));
    let settings = fusebox_fleet::Settings::builder(fusebox_fleet::Mode::Quorum).build();
    let report = Report::new(
        sender,
        fusebox_fleet::Opinion::Suspect,
        Arc::new(settings.unwrap()),
    );
    Request::Report(Box::new(report))
}

fn view(served: Served) -> View {
    match served {
        Served::Done(Answer::Reported(Ok(view)), _) => view,
        other => panic!("{other:?}"),
    }
}

#[test]
fn requests_queue_at_the_engine_and_wait_while_it_is_frozen() {
    let mut engine = Engine::new(&EnginePlan::default(), 1);
    let served = |served: Served| match served {
        Served::At(at, process) => (at, process),
        other => panic!("{other:?}"),
    };

    let (at, process) = served(engine.arrives(100));
    assert_eq!(at, 15_100);
    assert_eq!(served(engine.arrives(100)).0, 30_100);
    engine.turn(EngineTurn::Freezes(1_000_000));
    let waits = engine.serve(30_100, process, &report(1));
    assert_eq!(served(waits).0, 1_000_000);
    assert_eq!(served(engine.arrives(40_000)).0, 1_015_000);
    let done = engine.serve(1_000_000, process, &report(1));
    assert_eq!(view(done).votes.voters, 1);
}

/// The answer to a report that comes now and is worked on at once.
fn answered(engine: &mut Engine, now: u64, number: u64) -> View {
    let Served::At(_, process) = engine.arrives(now) else {
        panic!("the engine is gone");
    };
    view(engine.serve(now, process, &report(number)))
}

#[test]
fn a_crash_a_flush_and_a_failover_lose_what_they_say() {
    let mut engine = Engine::new(&EnginePlan::default(), 1);
    let first = answered(&mut engine, 0, 1);
    engine.turn(EngineTurn::IsCopied);
    assert_eq!(answered(&mut engine, 1, 2).votes.voters, 2);

    engine.turn(EngineTurn::Goes);
    assert!(matches!(engine.arrives(2), Served::Lost));
    engine.turn(EngineTurn::ComesBackOld);
    let back = answered(&mut engine, 3, 3);
    assert_eq!(
        (back.votes.voters, back.era.incarnation),
        (2, first.era.incarnation)
    );

    engine.turn(EngineTurn::Goes);
    engine.turn(EngineTurn::ComesBackEmpty);
    let empty = answered(&mut engine, 4, 3);
    assert_eq!(empty.votes.voters, 1);
    assert_ne!(empty.era.incarnation, first.era.incarnation);

    engine.turn(EngineTurn::Forgets);
    let flushed = answered(&mut engine, 5, 4);
    assert_ne!(flushed.era.incarnation, empty.era.incarnation);
    assert_eq!(engine.counted().forgot, 3);
}
