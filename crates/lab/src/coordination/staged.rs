//! The engine of one live run, in this process: that of the scenario, behind the network of the scenario.
//!
//! What becomes of a message, and when, is decided by the same code as in virtual time; here the runtime's timers
//! carry it out, which keep to a millisecond. A request under way is a task of its own: whoever waits for its answer
//! may go away, and the engine hears it all the same.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use experiment::coordination::LedgerRecord;
use experiment::engine::{Answer, Engine, Process, Request, Served, Way, Wires};
use experiment::scenario::{EnginePlan, Network};
use fusebox_fleet::engine::{self, EngineError, Events, Operator};
use fusebox_fleet::{
    Acquire, AcquireRefused, BreakerKey, Fenced, Lease, Order, Report, ReportRefused, Sender,
    Settlement, Standing, View,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Shorter waits are none: the runtime's timers keep to a millisecond.
const LEAST_WAIT: u64 = 500_000;

/// The engine of a run, with all that is under way to it and from it. It ends when it is dropped.
pub(crate) struct Stage {
    core: Arc<Core>,
    under_way: Mutex<JoinSet<()>>,
}

struct Core {
    began: Instant,
    state: Mutex<State>,
}

struct State {
    engine: Engine,
    wires: Wires,
    /// Who is told what the engine tells of its own accord, by the places of the instances.
    listeners: Vec<(u32, mpsc::UnboundedSender<View>)>,
}

/// What can be asked of the engine.
#[derive(Clone)]
enum Errand {
    Ask(Request),
    Order(Order),
    Peek,
}

/// What the engine says to an errand.
enum Reply {
    Answer(Answer),
    Ordered(View),
    Peeked(Box<Standing>),
}

/// What becomes of an errand that has arrived.
enum Done {
    /// The reply, and what is told to all.
    Yes(Reply, Option<View>),
    /// It is looked at again at this instant.
    Later(u64),
    Never,
}

impl Stage {
    /// The engine of a run that began then, for so many instances. Call it within a runtime.
    pub(crate) fn new(
        seed: u64,
        (network, plan): (Network, &EnginePlan),
        (instances, began): (usize, Instant),
    ) -> Self {
        let core = Arc::new(Core {
            began,
            state: Mutex::new(State {
                engine: Engine::new(plan, seed),
                wires: Wires::new(network, seed, instances),
                listeners: Vec::new(),
            }),
        });
        let mut turns = Engine::turns(plan);
        turns.sort_by_key(|(at, _)| *at);
        let (mut under_way, turned) = (JoinSet::new(), Arc::clone(&core));
        under_way.spawn(async move {
            for (at, turn) in turns {
                turned.until(at).await;
                turned.lock().engine.turn(turn);
            }
        });
        Self {
            core,
            under_way: Mutex::new(under_way),
        }
    }

    /// What it has done so far.
    pub(crate) fn record(&self) -> LedgerRecord {
        let state = self.core.lock();
        LedgerRecord {
            lost_messages: state.wires.lost(),
            ..state.engine.counted()
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while under_way.try_join_next().is_some() {}
        under_way.spawn(task);
    }
}

impl Core {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nanoseconds since the run began.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    async fn until(&self, at: u64) {
        if at.saturating_sub(self.now()) < LEAST_WAIT {
            return;
        }
        match self.began.checked_add(Duration::from_nanos(at)) {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Carries one errand to the engine, has it done, and carries the reply back.
    async fn carry(
        self: Arc<Self>,
        (instance, errand): (u32, Errand),
        after: u64,
        tell: Option<oneshot::Sender<Reply>>,
    ) {
        self.until(self.now().saturating_add(after)).await;
        let arrived = self.lock().engine.arrives(self.now());
        let Served::At(mut at, process) = arrived else {
            return;
        };
        let (reply, news) = loop {
            self.until(at).await;
            match self.lock().serve(self.now().max(at), process, &errand) {
                Done::Yes(reply, news) => break (reply, news),
                Done::Later(later) => at = later,
                Done::Never => return,
            }
        };
        if let Some(view) = news {
            self.push(view);
        }
        let back = self.lock().wires.send(self.now(), instance, Way::Answer);
        if let (Some(after), Some(tell)) = (back.after, tell) {
            self.until(self.now().saturating_add(after)).await;
            let _ = tell.send(reply); // or nobody waits any longer
        }
    }

    fn push(self: &Arc<Self>, view: View) {
        let now = self.now();
        let mut state = self.lock();
        let State {
            wires, listeners, ..
        } = &mut *state;
        listeners.retain(|(_, listener)| !listener.is_closed());
        for (instance, listener) in listeners {
            let passage = wires.send(now, *instance, Way::Push);
            for after in passage.after.into_iter().chain(passage.again) {
                let listener = listener.clone();
                // Bounded by the network's longest delay, and by the listener.
                tokio::spawn(async move {
                    tokio::select! {
                        () = sleep(Duration::from_nanos(after)) => {
                            let _ = listener.send(view);
                        }
                        () = listener.closed() => {}
                    }
                });
            }
        }
    }
}

impl State {
    fn serve(&mut self, now: u64, process: Process, errand: &Errand) -> Done {
        if !matches!(errand, Errand::Ask(_))
            && let Some(instead) = self.engine.hinders(now, process)
        {
            return Done::of(instead);
        }
        match errand {
            Errand::Ask(request) => Done::of(self.engine.serve(now, process, request)),
            Errand::Order(order) => {
                let (view, news) = self.engine.order(now, *order);
                Done::Yes(Reply::Ordered(view), news)
            }
            Errand::Peek => Done::Yes(Reply::Peeked(Box::new(self.engine.peek(now))), None),
        }
    }
}

impl Done {
    fn of(served: Served) -> Self {
        match served {
            Served::Lost => Self::Never,
            Served::At(at, _) => Self::Later(at),
            Served::Done(answer, news) => Self::Yes(Reply::Answer(answer), news),
        }
    }
}

/// The engine as one instance reaches it. It keeps one ledger, for the one breaker that instances of the lab have.
pub(crate) struct Staged {
    stage: Arc<Stage>,
    instance: u32,
}

impl Staged {
    /// The engine as the instance at this place reaches it.
    pub(crate) fn new(stage: Arc<Stage>, place: usize) -> Self {
        let instance = u32::try_from(place).expect("instances that run live are few");
        Self { stage, instance }
    }

    /// The reply, if there ever is one: whoever asks has a limit of time.
    fn ask(&self, errand: &Errand) -> impl Future<Output = Reply> + Send + use<> {
        let core = &self.stage.core;
        let passage = core
            .lock()
            .wires
            .send(core.now(), self.instance, Way::Request);
        let carry = |after, tell| {
            let core = Arc::clone(core);
            core.carry((self.instance, errand.clone()), after, tell)
        };
        let (tell, told) = oneshot::channel();
        if let Some(again) = passage.again {
            self.stage.spawn(carry(again, None));
        }
        if let Some(after) = passage.after {
            self.stage.spawn(carry(after, Some(tell)));
        }
        async move {
            match told.await {
                Ok(reply) => reply,
                Err(_) => std::future::pending().await, // lost on the way
            }
        }
    }

    async fn answer(asked: impl Future<Output = Reply>) -> Answer {
        match asked.await {
            Reply::Answer(answer) => answer,
            Reply::Ordered(_) | Reply::Peeked(_) => unreachable!("a request has an answer"),
        }
    }
}

impl engine::Engine for Staged {
    fn report<'a>(
        &'a self,
        _key: &'a BreakerKey,
        report: &'a Report,
    ) -> engine::Answer<'a, Result<View, EngineError<ReportRefused>>> {
        let asked = self.ask(&Errand::Ask(Request::Report(Box::new(report.clone()))));
        Box::pin(async move {
            match Self::answer(asked).await {
                Answer::Reported(answer) => answer.map_err(EngineError::Refused),
                _ => unreachable!("a report has its answer"),
            }
        })
    }

    fn acquire<'a>(
        &'a self,
        _key: &'a BreakerKey,
        ask: &'a Acquire,
    ) -> engine::Answer<'a, Result<Lease, EngineError<AcquireRefused>>> {
        let asked = self.ask(&Errand::Ask(Request::Acquire(ask.clone())));
        Box::pin(async move {
            match Self::answer(asked).await {
                Answer::Acquired(answer) => answer.map_err(EngineError::Refused),
                _ => unreachable!("who asks for the lease has an answer"),
            }
        })
    }

    fn settle<'a>(
        &'a self,
        _key: &'a BreakerKey,
        settlement: &'a Settlement,
    ) -> engine::Answer<'a, Result<View, EngineError<Fenced>>> {
        let asked = self.ask(&Errand::Ask(Request::Settle(settlement.clone())));
        Box::pin(async move {
            match Self::answer(asked).await {
                Answer::Settled(answer) => answer.map_err(EngineError::Refused),
                _ => unreachable!("a result has its answer"),
            }
        })
    }

    fn leave<'a>(
        &'a self,
        _key: &'a BreakerKey,
        sender: &'a Sender,
    ) -> engine::Answer<'a, Result<(), EngineError<Infallible>>> {
        let asked = self.ask(&Errand::Ask(Request::Leave(sender.clone())));
        Box::pin(async move {
            Self::answer(asked).await;
            Ok(())
        })
    }

    fn events(&self, _key: &BreakerKey) -> Box<dyn Events> {
        let (tell, told) = mpsc::unbounded_channel();
        self.stage.core.lock().listeners.push((self.instance, tell));
        Box::new(Pushed(told))
    }
}

impl Operator for Staged {
    fn order<'a>(
        &'a self,
        _key: &'a BreakerKey,
        order: Order,
    ) -> engine::Answer<'a, Result<View, EngineError<Infallible>>> {
        let asked = self.ask(&Errand::Order(order));
        Box::pin(async move {
            match asked.await {
                Reply::Ordered(view) => Ok(view),
                _ => unreachable!("an order has its answer"),
            }
        })
    }

    fn peek<'a>(
        &'a self,
        _key: &'a BreakerKey,
    ) -> engine::Answer<'a, Result<Standing, EngineError<Infallible>>> {
        let asked = self.ask(&Errand::Peek);
        Box::pin(async move {
            match asked.await {
                Reply::Peeked(standing) => Ok(*standing),
                _ => unreachable!("a look has its answer"),
            }
        })
    }
}

/// What the engine tells one instance of its own accord.
struct Pushed(mpsc::UnboundedReceiver<View>);

impl Events for Pushed {
    fn next(&mut self) -> engine::Answer<'_, Option<View>> {
        Box::pin(self.0.recv())
    }
}

#[cfg(test)]
mod tests;
