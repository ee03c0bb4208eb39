//! The engine of a simulated fleet: the ledger of `fusebox-fleet` behind a queue, with faults.
//!
//! It works on one request after another. Frozen it lets them wait; gone it answers nothing. When it comes back it is
//! empty after a crash, and as it was some time ago after a failover, as a replica is that lacks the last writes.

use std::time::Duration;

use experiment::chance::Draw;
use experiment::coordination::{Leases, LedgerRecord};
use experiment::scenario::{EngineFaultKind, EnginePlan};
use fusebox_fleet::{
    Acquire, AcquireRefused, Command, Era, Fenced, Incarnation, Lease, Ledger, ProbeResult, Report,
    ReportRefused, Sender, Settlement, View,
};

use crate::nanos;

/// What an instance asks of the engine.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Report(Box<Report>),
    Acquire(Acquire),
    Settle(Settlement),
    Leave(Sender),
}

/// What the engine says.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Reported(Result<View, ReportRefused>),
    Acquired(Result<Lease, AcquireRefused>),
    Settled(Result<View, Fenced>),
    Left,
}

/// What becomes of a request that has come.
#[derive(Clone, Debug)]
pub(crate) enum Served {
    /// Nothing: there is no engine.
    Lost,
    /// It is worked on at this instant.
    At(u64),
    /// It has been worked on: the answer, and what is told to all.
    Done(Answer, Option<View>),
}

/// Something that happens to the engine at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EngineTurn {
    /// It stands still until then.
    Freezes(u64),
    /// It is gone.
    Goes,
    /// It comes back, and knows nothing.
    ComesBackEmpty,
    /// It comes back as it was when it was copied last.
    ComesBackOld,
    /// It is copied.
    IsCopied,
    /// It forgets all.
    Forgets,
}

/// The engine.
#[derive(Debug)]
pub(crate) struct Engine {
    ledger: Ledger,
    copy: Option<Ledger>,
    seed: u64,
    lives: u64,
    service: u64,
    /// When it has done what has come so far.
    free_at: u64,
    frozen_until: u64,
    is_gone: bool,
    /// What all have been told last.
    told: (Era, Command),
    counted: LedgerRecord,
    #[cfg(test)]
    pub(crate) knocked_out: super::knock_out::KnockedOut,
}

impl Engine {
    pub(crate) fn new(plan: &EnginePlan, seed: u64) -> Self {
        let ledger = Ledger::new(incarnation(seed, 0));
        let view = ledger.view(Duration::ZERO);
        Self {
            ledger,
            copy: None,
            seed,
            lives: 0,
            service: nanos(plan.service_time),
            free_at: 0,
            frozen_until: 0,
            is_gone: false,
            told: (view.era, view.command),
            counted: LedgerRecord::default(),
            #[cfg(test)]
            knocked_out: super::knock_out::KnockedOut::default(),
        }
    }

    /// What happens to the engine in a run, and when.
    pub(crate) fn turns(plan: &EnginePlan) -> Vec<(u64, EngineTurn)> {
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

    pub(crate) fn turn(&mut self, turn: EngineTurn) {
        match turn {
            EngineTurn::Freezes(until) => self.frozen_until = until,
            EngineTurn::Goes => self.is_gone = true,
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

    pub(crate) fn forget(&mut self) {
        self.lives += 1;
        self.counted.forgot += 1;
        self.ledger = Ledger::new(incarnation(self.seed, self.lives));
    }

    /// A request has come: when it is worked on.
    pub(crate) fn arrives(&mut self, now: u64) -> Served {
        if self.is_gone {
            return Served::Lost;
        }
        let begin = now.max(self.free_at).max(self.frozen_until);
        self.free_at = begin.saturating_add(self.service);
        Served::At(self.free_at)
    }

    /// It is worked on, unless the engine has stopped meanwhile.
    pub(crate) fn serve(&mut self, now: u64, request: &Request) -> Served {
        if self.is_gone {
            return Served::Lost;
        }
        if now < self.frozen_until {
            return Served::At(self.frozen_until);
        }
        self.counted.requests += 1;
        #[cfg(test)]
        let request = &self.knocked_out.request(request);
        let time = Duration::from_nanos(now);
        let (answer, view) = match request {
            Request::Report(report) => {
                let answer = self.ledger.report(time, report);
                (Answer::Reported(answer), answer.ok())
            }
            Request::Acquire(ask) => {
                let answer = self.ledger.acquire(time, ask);
                count_asked(&mut self.counted.leases, &answer);
                #[cfg(test)]
                self.knocked_out.asked(ask, &answer);
                (Answer::Acquired(answer), None)
            }
            Request::Settle(settlement) => {
                let answer = self.ledger.settle(time, settlement);
                let leases = &mut self.counted.leases;
                match (&answer, settlement.result) {
                    (Err(Fenced), _) => leases.fenced += 1,
                    (Ok(_), ProbeResult::Succeeded) => leases.succeeded += 1,
                    (Ok(_), ProbeResult::Failed) => leases.failed += 1,
                    (Ok(_), ProbeResult::Void) => {}
                }
                (Answer::Settled(answer), answer.ok())
            }
            Request::Leave(sender) => (Answer::Left, Some(self.ledger.leave(time, sender))),
        };
        Served::Done(answer, view.and_then(|view| self.news(view)))
    }

    /// The view, if it says what has not been told to all.
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

    /// The ledger, and what it tells all, for an operator.
    #[cfg(test)]
    pub(super) fn operate<T>(
        &mut self,
        step: impl FnOnce(&mut Ledger) -> (T, View),
    ) -> (T, Option<View>) {
        let (done, view) = step(&mut self.ledger);
        (done, self.news(view))
    }

    pub(crate) fn counted(&self) -> LedgerRecord {
        self.counted
    }
}

fn incarnation(seed: u64, life: u64) -> Incarnation {
    Incarnation::new(Draw::new(seed).with("incarnation").number(life).bits())
}

fn count_asked(leases: &mut Leases, answer: &Result<Lease, AcquireRefused>) {
    match answer {
        Ok(_) => leases.granted += 1,
        Err(AcquireRefused::Early { .. }) => leases.early += 1,
        Err(AcquireRefused::Busy { .. }) => leases.busy += 1,
        Err(_) => leases.stale += 1,
    }
}
