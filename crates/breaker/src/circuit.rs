//! How do callers share one state machine? [`Circuit`]: the machine behind a short critical section.
//!
//! The clock is read before the lock is taken and listeners are told after it is given back, so no
//! foreign code ever runs inside.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Config;
use crate::listener::Listener;
use crate::machine::{Machine, Ticket};
use crate::outcome::{Outcome, Report};
use crate::snapshot::Snapshot;

pub(crate) struct Circuit {
    name: Arc<str>,
    clock: Box<dyn Clock>,
    inner: Mutex<Inner>,
    listeners: RwLock<Vec<Arc<dyn Listener>>>,
    listener_panics: AtomicU64,
}

struct Inner {
    machine: Machine,
    /// Whether some thread is telling the listeners; it will see to later events too.
    telling: bool,
}

impl Circuit {
    pub(crate) fn new(name: Arc<str>, config: Config, clock: Box<dyn Clock>) -> Self {
        let machine = Machine::new(config, clock.now());
        Self {
            name,
            clock,
            inner: Mutex::new(Inner {
                machine,
                telling: false,
            }),
            listeners: RwLock::default(),
            listener_panics: AtomicU64::new(0),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Looks at the machine.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Machine) -> R) -> R {
        look(&self.lock().machine)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let now = self.clock.now();
        let snapshot = self.lock().machine.snapshot(now);
        Snapshot {
            name: Arc::clone(&self.name),
            listener_panics: self.listener_panics.load(Ordering::Relaxed),
            ..snapshot
        }
    }

    pub(crate) fn finish(&self, ticket: Ticket, report: Report) -> Outcome {
        self.change(|machine, now| machine.finish(ticket, report, now))
    }

    pub(crate) fn add_listener(&self, listener: Arc<dyn Listener>) {
        self.listeners
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(listener);
    }

    /// Reads the clock, then takes one step with the machine and tells the listeners what came of it.
    pub(crate) fn change<R>(&self, step: impl FnOnce(&mut Machine, Duration) -> R) -> R {
        let now = self.clock.now();
        let mut inner = self.lock();
        let result = step(&mut inner.machine, now);
        let tell = inner.machine.has_events() && !inner.telling;
        inner.telling |= tell;
        drop(inner);
        if tell {
            self.tell();
        }
        result
    }

    /// Tells the listeners until no event is left. Only one thread is in here at a time.
    fn tell(&self) {
        loop {
            let mut inner = self.lock();
            let Some(event) = inner.machine.next_event() else {
                inner.telling = false;
                return;
            };
            drop(inner);
            let listeners = self
                .listeners
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            for listener in listeners {
                let told = catch_unwind(AssertUnwindSafe(|| listener.on_event(&self.name, &event)));
                if let Err(payload) = told {
                    self.listener_panics.fetch_add(1, Ordering::Relaxed);
                    // The payload is foreign as well: dropping it may panic in its turn.
                    let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
                    dropped.unwrap_or_else(mem::forget);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in the critical section panics half-way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
