//! An engine in memory that can be made to misbehave.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::engine::{Answer, Engine, EngineError, Events, Operator, Unavailable};
use fusebox_fleet::{
    Acquire, AcquireRefused, BreakerKey, Epoch, Era, Fenced, Incarnation, Lease, Order, Report,
    ReportRefused, Revision, Sender, Settlement, Standing, Verdict, View, Votes,
};

/// What the engine does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Conduct {
    Well,
    /// It never answers.
    Silent,
    /// It answers after 10 s.
    Slow,
    /// It says that it is not available.
    Down,
    /// It answers what no ledger could.
    Garbage,
    /// It panics while it is asked.
    PanicsAtOnce,
    /// It panics while its answer is awaited.
    PanicsLater,
    /// It says that the fleet is open, for ever, and lets no instance probe.
    Lies,
}

impl Conduct {
    pub(crate) const FAULTS: [Self; 6] = [
        Self::Silent,
        Self::Slow,
        Self::Down,
        Self::Garbage,
        Self::PanicsAtOnce,
        Self::PanicsLater,
    ];
}

pub(crate) struct Scripted {
    memory: Memory,
    conduct: Mutex<Conduct>,
    /// It pushes nothing.
    pub(crate) is_deaf: AtomicBool,
    reports: AtomicUsize,
    /// The most reports under way at the same time.
    pub(crate) most_reports: AtomicUsize,
    pub(crate) asked: AtomicUsize,
    /// The calls that reports told: those that succeeded and those that failed.
    pub(crate) told: [AtomicU64; 2],
    /// How many settlements are lost on their way.
    pub(crate) loses_settlements: AtomicUsize,
    lie: AtomicU64,
}

impl Scripted {
    pub(crate) fn new(memory: Memory) -> Self {
        Self {
            memory,
            conduct: Mutex::new(Conduct::Well),
            is_deaf: AtomicBool::new(false),
            reports: AtomicUsize::new(0),
            most_reports: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            told: Default::default(),
            loses_settlements: AtomicUsize::new(0),
            lie: AtomicU64::new(1 << 40),
        }
    }

    pub(crate) fn does(&self, conduct: Conduct) {
        *self.conduct.lock().unwrap() = conduct;
    }

    fn conduct(&self) -> Conduct {
        *self.conduct.lock().unwrap()
    }

    async fn answer<T, R>(
        &self,
        well: impl Future<Output = Result<T, EngineError<R>>>,
        garbage: impl FnOnce(T) -> T,
        lie: impl FnOnce(T) -> T,
    ) -> Result<T, EngineError<R>> {
        match self.conduct() {
            Conduct::Well => well.await,
            Conduct::Silent => pending().await,
            Conduct::Slow => {
                tokio::time::sleep(Duration::from_secs(10)).await;
                well.await
            }
            Conduct::Down => Err(EngineError::Unavailable(Unavailable::new("scripted"))),
            Conduct::Garbage => well.await.map(garbage),
            Conduct::PanicsAtOnce | Conduct::PanicsLater => panic!("a scripted panic"),
            Conduct::Lies => well.await.map(lie),
        }
    }

    fn ask(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        assert!(self.conduct() != Conduct::PanicsAtOnce, "a scripted panic");
    }

    fn lie(&self, mut view: View) -> View {
        let number = self.lie.fetch_add(1, Ordering::Relaxed);
        view.revision = Revision::new(number);
        view.era = Era::new(Incarnation::new(1), Epoch::new(number));
        let next_probe_in = Duration::from_secs(1);
        view.verdict = Verdict::Open { next_probe_in };
        view
    }
}

/// Numbers that contradict each other, or lie beyond the end of time.
fn nonsense(mut view: View) -> View {
    if view.revision.get().is_multiple_of(2) {
        view.votes = Votes::new(1, 9, 0);
        view.verdict = Verdict::Closed;
        view.era.epoch = Epoch::new(u64::MAX);
    } else {
        let next_probe_in = Duration::MAX;
        view.verdict = Verdict::Open { next_probe_in };
    }
    view.revision = Revision::new(u64::MAX);
    view
}

/// Counts a report as under way until its answer, or its receiver, is gone.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Engine for Scripted {
    fn report<'a>(
        &'a self,
        key: &'a BreakerKey,
        report: &'a Report,
    ) -> Answer<'a, Result<View, EngineError<ReportRefused>>> {
        self.ask();
        Box::pin(async move {
            let counts = [report.counts.succeeded, report.counts.failed];
            for (told, counted) in self.told.iter().zip(counts) {
                told.fetch_add(counted, Ordering::Relaxed);
            }
            let now = self.reports.fetch_add(1, Ordering::Relaxed) + 1;
            self.most_reports.fetch_max(now, Ordering::Relaxed);
            let _under_way = UnderWay(&self.reports);
            let well = self.memory.report(key, report);
            self.answer(well, nonsense, |view| self.lie(view)).await
        })
    }

    fn acquire<'a>(
        &'a self,
        key: &'a BreakerKey,
        ask: &'a Acquire,
    ) -> Answer<'a, Result<Lease, EngineError<AcquireRefused>>> {
        self.ask();
        Box::pin(async move {
            let well = self.memory.acquire(key, ask);
            let wait = match self.conduct() {
                Conduct::Garbage => Duration::MAX,
                Conduct::Lies => Duration::from_secs(1),
                _ => {
                    return self.answer(well, |lease| lease, |lease| lease).await;
                }
            };
            Err(EngineError::Refused(AcquireRefused::Early { wait }))
        })
    }

    fn settle<'a>(
        &'a self,
        key: &'a BreakerKey,
        settlement: &'a Settlement,
    ) -> Answer<'a, Result<View, EngineError<Fenced>>> {
        self.ask();
        Box::pin(async move {
            let lose = |left: usize| left.checked_sub(1);
            let order = Ordering::Relaxed;
            if self
                .loses_settlements
                .fetch_update(order, order, lose)
                .is_ok()
            {
                return Err(EngineError::Unavailable(Unavailable::new("scripted")));
            }
            let well = self.memory.settle(key, settlement);
            self.answer(well, nonsense, |view| self.lie(view)).await
        })
    }

    fn leave<'a>(
        &'a self,
        key: &'a BreakerKey,
        sender: &'a Sender,
    ) -> Answer<'a, Result<(), EngineError<Infallible>>> {
        self.ask();
        Box::pin(async move {
            let well = self.memory.leave(key, sender);
            self.answer(well, |()| (), |()| ()).await
        })
    }

    fn events(&self, key: &BreakerKey) -> Box<dyn Events> {
        assert!(self.conduct() != Conduct::PanicsAtOnce, "a scripted panic");
        if self.is_deaf.load(Ordering::Relaxed) {
            return Box::new(Nothing);
        }
        self.memory.events(key)
    }
}

impl Operator for Scripted {
    fn order<'a>(
        &'a self,
        key: &'a BreakerKey,
        order: Order,
    ) -> Answer<'a, Result<View, EngineError<Infallible>>> {
        self.ask();
        Box::pin(async move {
            let well = self.memory.order(key, order);
            self.answer(well, nonsense, |view| view).await
        })
    }

    fn peek<'a>(
        &'a self,
        key: &'a BreakerKey,
    ) -> Answer<'a, Result<Standing, EngineError<Infallible>>> {
        self.ask();
        Box::pin(async move {
            let well = self.memory.peek(key);
            self.answer(well, |standing| standing, |standing| standing)
                .await
        })
    }
}

struct Nothing;

impl Events for Nothing {
    fn next(&mut self) -> Answer<'_, Option<View>> {
        Box::pin(pending())
    }
}
