//! The part that the clones of a breaker share: a gate that needs no lock for steps that cannot
//! change the state, and the state machine behind a short critical section for all others.
//!
//! The clock is read before the lock is taken, and listeners are told after it is released, so no
//! foreign code ever runs under it. `docs/adr/0003` explains the design.

mod eviction;
mod growth;
mod peek;
mod rejection;
mod watch;

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::{self, ThreadId};
use std::time::Duration;

use self::watch::Watch;
use crate::clock::{ClockSteps, Nanos, TimeSource};
use crate::config::Config;
use crate::event::{Event, Interest};
use crate::gate::{Admission, Gate, Noted, Stopwatch, Timed, Word};
use crate::listener::Audience;
use crate::machine::Machine;
use crate::outcome::{Ended, Outcome, Report};
use crate::rejected::Rejected;
use crate::snapshot::Snapshot;
use crate::state::Generation;
use crate::stripe::Stripes;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering};
use crate::ticket::Ticket;

/// How many events one caller tells before it leaves the rest to others, if there are others.
/// Events come from all callers but are told one after the other. Without a bound, a slow listener
/// would hold one caller for as long as others produce events.
const TOLD_AT_ONCE: u32 = 16;

pub(crate) struct Circuit {
    name: Arc<str>,
    clock: TimeSource,
    /// The latest time that a clock which may step back has shown.
    latest: Option<AtomicU64>,
    gate: Gate,
    inner: Mutex<Inner>,
    audience: RwLock<Vec<Audience>>,
    listener_panics: AtomicU64,
}

struct Inner {
    machine: Machine,
    /// The thread that is telling the listeners. Others leave their events to it.
    telling: Option<ThreadId>,
    /// Whether another thread has left events since this one began with its present event.
    relief: bool,
}

impl Inner {
    /// Whether the present thread has to tell the listeners; if not, it leaves a note for the
    /// thread that does.
    fn may_tell(&mut self) -> bool {
        let me = thread::current().id();
        match self.telling {
            None => self.telling = Some(me),
            // A listener that uses its own breaker.
            Some(teller) if teller == me => return false,
            Some(_) => self.relief = true,
        }
        self.telling == Some(me)
    }
}

impl Circuit {
    pub(crate) fn new(name: Arc<str>, config: Arc<Config>, clock: TimeSource) -> Self {
        let stripes = Stripes::new(config.stripes);
        Self::counting_in(stripes, name, config, clock)
    }

    fn counting_in(
        stripes: Stripes,
        name: Arc<str>,
        config: Arc<Config>,
        clock: TimeSource,
    ) -> Self {
        let now = clock.now_nanos();
        let latest = match clock.steps() {
            ClockSteps::OnlyForward => None,
            ClockSteps::BackToo => Some(AtomicU64::new(now)),
        };
        let mut machine = Machine::new(config, Duration::from_nanos(now));
        let circuit = Self {
            name,
            clock,
            latest,
            gate: Gate::new(stripes, &machine.standing()),
            inner: Mutex::new(Inner {
                machine,
                telling: None,
                relief: false,
            }),
            audience: RwLock::default(),
            listener_panics: AtomicU64::new(0),
        };
        circuit.change(|_, _| ());
        circuit
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn config(&self) -> Config {
        Config::clone(self.lock().machine.config())
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.change(Machine::snapshot);
        self.gate.stripes().add_to(&mut snapshot.totals);
        Snapshot {
            name: Arc::clone(&self.name),
            listener_panics: self.listener_panics.load(Ordering::Relaxed),
            ..snapshot
        }
    }

    /// Grants or refuses one call.
    #[expect(
        clippy::inline_always,
        reason = "measured: half the cost of the hot path is the call"
    )]
    #[inline(always)]
    pub(crate) fn admit(&self) -> Result<Ticket, Rejected> {
        let word = self.gate.word();
        if word.passes() {
            let granted = if word.has(Word::TIMED_START) {
                Nanos::some(self.now())
            } else {
                Nanos::NONE
            };
            Ok(Ticket::new(word, granted, None))
        } else {
            self.admit_or_reject(word)
        }
    }

    #[inline]
    fn admission(&self, mut word: Word) -> Result<Ticket, Rejected> {
        loop {
            match word.admission() {
                Admission::Pass | Admission::Ask => return self.ask(),
                Admission::Reject(reason) => {
                    if let Some(until) = self.gate.until(word) {
                        return self.reject(word, reason, until);
                    }
                }
            }
            word = self.gate.word();
        }
    }

    #[cold]
    #[inline(never)]
    fn ask(&self) -> Result<Ticket, Rejected> {
        let mut ticket = self.change(Machine::admit)?;
        // Read once more: the call begins now, and not before its caller waited for the lock.
        ticket.granted = Nanos::some(self.now());
        Ok(ticket)
    }

    /// Takes the success of a granted call, with what the caller said of it.
    #[expect(
        clippy::inline_always,
        reason = "measured: half the cost of the hot path is the call"
    )]
    #[inline(always)]
    pub(crate) fn succeed(&self, ticket: Ticket, took: Nanos, retry_after: Nanos) -> Outcome {
        if self.gate.note_success_at_once(ticket.word()) {
            Outcome::Success
        } else {
            self.succeed_in_time(ticket, took, retry_after)
        }
    }

    #[inline(never)]
    fn succeed_in_time(&self, ticket: Ticket, took: Nanos, retry_after: Nanos) -> Outcome {
        let mut watch = Watch {
            circuit: self,
            granted: ticket.granted,
            took,
            now: Nanos::NONE,
        };
        loop {
            return match self.gate.note_success(ticket.word(), &mut watch) {
                Noted::Counted => Outcome::Success,
                Noted::Late => self.late(ticket.generation()),
                Noted::Crowded => {
                    self.spread_threads();
                    continue;
                }
                Noted::Ask => {
                    let report = Report {
                        ended: Ended::Success,
                        took,
                        retry_after,
                    };
                    self.judge(ticket, report, watch.now())
                }
            };
        }
    }

    /// Takes any other outcome of a granted call.
    #[inline(never)]
    pub(crate) fn finish(&self, ticket: Ticket, report: Report) -> Outcome {
        let word = self.gate.word();
        if !word.is_of_generation_of(ticket.word()) {
            return self.late(ticket.generation());
        }
        let mut watch = Watch {
            circuit: self,
            granted: ticket.granted,
            took: report.took,
            now: Nanos::NONE,
        };
        if report.ended == Ended::Failure && word.failures() > 0 {
            // A hint has no effect on a failure that does not open the breaker.
            match self.gate.note_failure(ticket.word(), &mut watch) {
                Noted::Counted => return Outcome::Failure,
                Noted::Late => return self.late(ticket.generation()),
                Noted::Crowded => self.spread_threads(),
                Noted::Ask => {}
            }
        }
        self.judge(ticket, report, watch.now())
    }

    #[inline(never)]
    fn judge(&self, ticket: Ticket, report: Report, now: u64) -> Outcome {
        let now = Duration::from_nanos(now);
        self.change_at(now, |machine, now| machine.finish(ticket, report, now))
    }

    #[cold]
    #[inline(never)]
    fn late(&self, generation: Generation) -> Outcome {
        if self.latest.is_some() {
            self.now();
        }
        self.gate.stripe(self.gate.word()).count_late();
        if self.gate.word().has(Word::WATCHED) {
            self.announce(Event::Late { generation });
        }
        Outcome::Late
    }

    pub(crate) fn add_audience(&self, audience: Audience) {
        self.write_audience(|all| all.push(audience));
    }

    /// Removes the streams that have no reader any more.
    pub(crate) fn forget_abandoned_streams(&self) {
        self.write_audience(|all| all.retain(|one| !one.is_abandoned()));
    }

    /// Reads the clock, takes one step with the machine and then tells the listeners about it.
    pub(crate) fn change<R>(&self, step: impl FnOnce(&mut Machine, Duration) -> R) -> R {
        let now = Duration::from_nanos(self.now());
        self.change_at(now, step)
    }

    #[cold]
    fn change_at<R>(&self, now: Duration, step: impl FnOnce(&mut Machine, Duration) -> R) -> R {
        let may_tell = |inner: &mut Inner| !inner.machine.events().is_empty() && inner.may_tell();
        let (result, tell) = self.step_at(now, step, may_tell);
        if tell {
            self.tell();
        }
        result
    }

    /// Takes one step without telling the listeners. `last` runs before the lock is released.
    fn step_at<R, L>(
        &self,
        now: Duration,
        step: impl FnOnce(&mut Machine, Duration) -> R,
        last: impl FnOnce(&mut Inner) -> L,
    ) -> (R, L) {
        let mut inner = self.lock();
        let noted = self.gate.withdraw();
        inner.machine.absorb(noted);
        let result = step(&mut inner.machine, now);
        let mut standing = inner.machine.standing();
        if self.latest.is_some() {
            // Every reading of such a clock has to be remembered.
            standing.timed = Timed::Yes;
        }
        self.gate
            .publish(&standing, inner.machine.events().wanted());
        (result, last(&mut inner))
    }

    /// Nanoseconds on the breaker's clock; never less than it has shown before.
    #[inline]
    fn now(&self) -> u64 {
        let now = self.clock.now_nanos();
        match &self.latest {
            None => now,
            Some(latest) => latest.fetch_max(now, Ordering::Relaxed).max(now),
        }
    }

    #[cold]
    fn announce(&self, event: Event) {
        self.change(|machine, _| machine.events().push_minor(event));
    }

    /// Tells the listeners the waiting events: all of them, or [`TOLD_AT_ONCE`] while other threads
    /// come by that can go on. Only one thread is in here at a time.
    fn tell(&self) {
        for told in 0.. {
            let mut inner = self.lock();
            let relieved = mem::take(&mut inner.relief) && told >= TOLD_AT_ONCE;
            let next = (!relieved).then(|| inner.machine.events().pop()).flatten();
            let Some(event) = next else {
                inner.telling = None;
                return;
            };
            drop(inner);
            let audience = self
                .audience
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            for one in audience {
                let told = catch_unwind(AssertUnwindSafe(|| one.tell(&self.name, &event)));
                if let Err(payload) = told {
                    self.listener_panics.fetch_add(1, Ordering::Relaxed);
                    // The payload is foreign as well: dropping it may panic, too.
                    let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
                    dropped.unwrap_or_else(mem::forget);
                }
            }
        }
    }

    /// Changes the set of listeners, and publishes which events they want.
    fn write_audience(&self, write: impl FnOnce(&mut Vec<Audience>)) {
        write(
            &mut self
                .audience
                .write()
                .unwrap_or_else(PoisonError::into_inner),
        );
        // Asked within the step, so that of two writers the later one is right.
        self.change(|machine, _| machine.events().want(self.wanted()));
    }

    fn wanted(&self) -> Interest {
        let audience = self.audience.read().unwrap_or_else(PoisonError::into_inner);
        if audience
            .iter()
            .any(|one| one.interest == Interest::Everything)
        {
            Interest::Everything
        } else {
            Interest::Changes
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in the critical section panics half-way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
