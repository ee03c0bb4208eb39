//! The engine of a performed scenario: the ledger of `fusebox-fleet` behind a queue, with faults, and the network in
//! front of it.
//!
//! The performer of a scenario supplies the time, and carries requests and answers as the [`Wires`] say.
//!
//! It serves one request after another. While frozen, it keeps them waiting; while gone, it answers nothing. After a
//! crash it comes back empty. After a failover it comes back as it was some time ago, like a replica that lacks the
//! last writes.

mod wires;

use std::time::Duration;

use fusebox_fleet::{
    Acquire, AcquireRefused, Command, Era, Fenced, Incarnation, Lease, Ledger, Order, ProbeResult,
    Report, ReportRefused, Sender, Settlement, Standing, View,
};

pub use wires::{Passage, Way, Wires};

use crate::chance::Draw;
use crate::coordination::LedgerRecord;
use crate::scenario::{EngineFaultKind, EnginePlan};

/// A request of an instance to the engine.
#[derive(Clone, Debug)]
pub enum Request {
    /// Count an opinion.
    Report(Box<Report>),
    /// Grant the right to probe.
    Acquire(Acquire),
    /// Take in the result of a probe.
    Settle(Settlement),
    /// Remove an instance from the roll.
    Leave(Sender),
}

/// An answer of the engine.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To a report.
    Reported(Result<View, ReportRefused>),
    /// To a request for the right to probe.
    Acquired(Result<Lease, AcquireRefused>),
    /// To the result of a probe.
    Settled(Result<View, Fenced>),
    /// To the notice that an instance leaves.
    Left,
}

/// The state of a request that has arrived.
#[derive(Clone, Debug)]
pub enum Served {
    /// Nothing: there is no engine.
    Lost,
    /// It will be worked on at this instant, by this process of the engine.
    At(u64, Process),
    /// It has been worked on: the answer, and the view that is pushed to all.
    Done(Answer, Option<View>),
}

/// A process of the engine; requests that came to it are lost when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(u64);

/// Something that happens to the engine at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineTurn {
    /// It stands still until then.
    Freezes(u64),
    /// It is gone.
    Goes,
    /// It comes back and knows nothing.
    ComesBackEmpty,
    /// It comes back as it was when it was last copied.
    ComesBackOld,
    /// It is copied.
    IsCopied,
    /// It forgets all.
    Forgets,
}

/// The engine.
#[derive(Debug)]
pub struct Engine {
    ledger: Ledger,
    copy: Option<Ledger>,
    seed: u64,
    lives: u64,
    process: u64,
    service: u64,
    /// When it has worked on everything that has come so far.
    free_at: u64,
    frozen_until: u64,
    is_gone: bool,
    /// What was last pushed to all.
    told: (Era, Command),
    counted: LedgerRecord,
}

impl Engine {
    /// Makes an engine that knows nothing, for a run with this seed.
    pub fn new(plan: &EnginePlan, seed: u64) -> Self {
        let ledger = Ledger::new(incarnation(seed, 0));
        let view = ledger.view(Duration::ZERO);
        Self {
            ledger,
            copy: None,
            seed,
            lives: 0,
            process: 0,
            service: nanos(plan.service_time),
            free_at: 0,
            frozen_until: 0,
            is_gone: false,
            told: (view.era, view.command),
            counted: LedgerRecord::default(),
        }
    }

    /// Returns what happens to the engine in a run, and when.
    pub fn turns(plan: &EnginePlan) -> Vec<(u64, EngineTurn)> {
        let mut turns = Vec::new();
        for fault in &plan.faults {
            let (from, until) = (nanos(fault.from), nanos(fault.until));
            match fault.kind {
                EngineFaultKind::Freeze => turns.push((from, EngineTurn::Freezes(until))),
                EngineFaultKind::Flush => turns.push((from, EngineTurn::Forgets)),
                EngineFaultKind::Crash => {
                    turns.push((from, EngineTurn::Goes));
                    turns.push((until, EngineTurn::ComesBackEmpty));
                }
                EngineFaultKind::Failover => {
                    let copied = from.saturating_sub(nanos(fault.loses));
                    turns.push((copied, EngineTurn::IsCopied));
                    turns.push((from, EngineTurn::Goes));
                    turns.push((until, EngineTurn::ComesBackOld));
                }
            }
        }
        turns
    }

    /// Carries out something that happens to the engine.
    pub fn turn(&mut self, turn: EngineTurn) {
        match turn {
            EngineTurn::Freezes(until) => self.frozen_until = until,
            EngineTurn::Goes => {
                self.is_gone = true;
                // What waited goes with the process, and so does what kept it from working.
                self.process += 1;
                self.free_at = 0;
                self.frozen_until = 0;
            }
            EngineTurn::ComesBackEmpty => {
                self.is_gone = false;
                self.forget();
            }
            EngineTurn::ComesBackOld => {
                self.is_gone = false;
                if let Some(copy) = self.copy.take() {
                    self.ledger = copy;
                    self.counted.forgot += 1;
                }
            }
            EngineTurn::IsCopied => self.copy = Some(self.ledger.clone()),
            EngineTurn::Forgets => self.forget(),
        }
    }

    fn forget(&mut self) {
        self.lives += 1;
        self.counted.forgot += 1;
        self.ledger = Ledger::new(incarnation(self.seed, self.lives));
    }

    /// Takes in a request that has arrived; returns when it is worked on.
    pub fn arrives(&mut self, now: u64) -> Served {
        if self.is_gone {
            return Served::Lost;
        }
        let begin = now.max(self.free_at).max(self.frozen_until);
        self.free_at = begin.saturating_add(self.service);
        Served::At(self.free_at, Process(self.process))
    }

    /// Returns what keeps the engine from working on a request that came to this process, if anything.
    pub fn hinders(&self, now: u64, process: Process) -> Option<Served> {
        if self.is_gone || process != Process(self.process) {
            return Some(Served::Lost);
        }
        (now < self.frozen_until).then_some(Served::At(self.frozen_until, process))
    }

    /// Works on a request that came to this process, unless the engine has stopped meanwhile.
    pub fn serve(&mut self, now: u64, process: Process, request: &Request) -> Served {
        if let Some(instead) = self.hinders(now, process) {
            return instead;
        }
        let time = Duration::from_nanos(now);
        let (answer, view) = match request {
            Request::Report(report) => {
                let answer = self.ledger.report(time, report);
                (Answer::Reported(answer), answer.ok())
            }
            Request::Acquire(ask) => (Answer::Acquired(self.ledger.acquire(time, ask)), None),
            Request::Settle(settlement) => {
                let answer = self.ledger.settle(time, settlement);
                (Answer::Settled(answer), answer.ok())
            }
            Request::Leave(sender) => (Answer::Left, Some(self.ledger.leave(time, sender))),
        };
        self.counted.count(request, &answer);
        Served::Done(answer, view.and_then(|view| self.news(view)))
    }

    /// The view, if it contains anything that was not yet pushed to all.
    fn news(&mut self, view: View) -> Option<View> {
        let now = (view.era, view.command);
        if now == self.told {
            return None;
        }
        if view.verdict.is_open() && view.era != self.told.0 {
            self.counted.openings += 1;
        }
        self.told = now;
        self.counted.pushed += 1;
        Some(view)
    }

    /// Carries out an operator's order; returns the view after it, and the view that is pushed to all.
    pub fn order(&mut self, now: u64, order: Order) -> (View, Option<View>) {
        let view = self.ledger.order(Duration::from_nanos(now), order);
        (view, self.news(view))
    }

    /// Returns everything that the ledger knows, for an operator.
    pub fn peek(&self, now: u64) -> Standing {
        self.ledger.peek(Duration::from_nanos(now))
    }

    /// Returns the counters so far.
    pub fn counted(&self) -> LedgerRecord {
        self.counted
    }
}

fn incarnation(seed: u64, life: u64) -> Incarnation {
    Incarnation::new(Draw::new(seed).with("incarnation").number(life).bits())
}

impl LedgerRecord {
    /// Counts a request and its answer.
    pub fn count(&mut self, request: &Request, answer: &Answer) {
        self.requests += 1;
        let leases = &mut self.leases;
        match (answer, request) {
            (Answer::Acquired(Ok(_)), _) => leases.granted += 1,
            (Answer::Acquired(Err(AcquireRefused::Early { .. })), _) => leases.early += 1,
            (Answer::Acquired(Err(AcquireRefused::Busy { .. })), _) => leases.busy += 1,
            (Answer::Acquired(Err(_)), _) => leases.stale += 1,
            (Answer::Settled(Err(Fenced)), _) => leases.fenced += 1,
            (Answer::Settled(Ok(_)), Request::Settle(settlement)) => match settlement.result {
                ProbeResult::Succeeded => leases.succeeded += 1,
                ProbeResult::Failed => leases.failed += 1,
                ProbeResult::Void => {}
            },
            _ => {}
        }
    }
}

/// A time in nanoseconds; the largest number if it does not fit.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
