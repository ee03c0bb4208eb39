//! The work queue of an overloaded service: who works, who waits, and who is next.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{AbandonedWork, Discipline, Occupancy, Overload};
use crate::chance::Draw;

/// The longest piece of work, whatever slows it down: an hour.
const LONGEST_MS: f64 = 3_600_000.0;

/// A piece of work. The caller numbers it; each number is higher than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkId(pub u64);

/// The workers of a service and the queue in front of them, driven by events.
///
/// The host reports what happens: work [arrives](Self::arrive), a worker has [finished](Self::finished), nobody waits
/// for the work any more ([`abandon`](Self::abandon)). The queue returns what the host has to do next: each [`Start`]
/// is to be reported as finished at its `until`. The queue has no clock; `now` is on the clock of the plan, and never
/// smaller than in an earlier call.
#[derive(Clone, Debug)]
pub struct WorkQueue {
    settings: Overload,
    draw: Draw,
    factor: f64,
    working: BTreeMap<WorkId, Job>,
    /// In the order of their ids, whichever is taken first.
    waiting: VecDeque<Waiting>,
    /// Pieces of work that were started, which numbers the draws of the random discipline.
    started: u64,
    wasted: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Job {
    since: Duration,
    until: Duration,
    wanted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    id: WorkId,
    wanted: bool,
}

/// The result of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A worker was free; call [`WorkQueue::finished`] at `until`.
    Started {
        /// When it will be done.
        until: Duration,
    },
    /// It waits until [`WorkQueue::finished`] or [`WorkQueue::abandon`] names it as the next.
    Queued,
    /// There is no room.
    Full,
}

/// Work that a worker has begun; call [`WorkQueue::finished`] at `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The work.
    pub id: WorkId,
    /// When it will be done.
    pub until: Duration,
}

impl WorkQueue {
    /// Makes a queue at which no work is done or waits.
    pub fn new(settings: Overload, seed: u64) -> Self {
        Self {
            settings,
            draw: Draw::new(seed).with("overload"),
            factor: 1.0,
            working: BTreeMap::new(),
            waiting: VecDeque::new(),
            started: 0,
            wasted: Duration::ZERO,
        }
    }

    /// Makes work that starts from now on take `factor` times as long.
    pub fn set_service_factor(&mut self, factor: f64) {
        self.factor = factor;
    }

    /// Adds work that arrives.
    pub fn arrive(&mut self, now: Duration, id: WorkId) -> Arrival {
        if self.working.len() < self.settings.workers as usize {
            let until = self.start(now, id, true);
            return Arrival::Started { until };
        }
        if self.waiting.len() >= self.settings.queue.limit as usize {
            return Arrival::Full;
        }
        debug_assert!(self.waiting.back().is_none_or(|last| last.id < id));
        self.waiting.push_back(Waiting { id, wanted: true });
        Arrival::Queued
    }

    /// Reports that a worker has finished this work. Returns the next work to start.
    ///
    /// The worker was free at the instant that [`Start`] named, so a host whose timer is late costs no capacity.
    /// Unknown work, for example cancelled work, changes nothing.
    pub fn finished(&mut self, id: WorkId) -> Option<Start> {
        self.end(Duration::MAX, id)
    }

    /// Reports that nobody waits for this work any more. Returns the next work to start, if that made room.
    pub fn abandon(&mut self, now: Duration, id: WorkId) -> Option<Start> {
        let cancels = self.settings.abandoned_work == AbandonedWork::Cancelled;
        if let Some(job) = self.working.get_mut(&id) {
            job.wanted = false;
            return if cancels { self.end(now, id) } else { None };
        }
        let place = self.place(id)?;
        if cancels {
            self.waiting.remove(place);
        } else {
            self.waiting[place].wanted = false;
        }
        None
    }

    /// Returns whether this work is being done or waits.
    pub fn has(&self, id: WorkId) -> bool {
        self.working.contains_key(&id) || self.place(id).is_some()
    }

    /// Returns how full the service is.
    pub fn occupancy(&self) -> Occupancy {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Occupancy {
            busy: count(self.working.len()),
            waiting: count(self.waiting.len()),
        }
    }

    /// Returns the time that workers spent on work that nobody waited for.
    pub fn wasted(&self) -> Duration {
        self.wasted
    }

    /// Frees the worker at `now`, or when the work was done if that was before.
    fn end(&mut self, now: Duration, id: WorkId) -> Option<Start> {
        let job = self.working.remove(&id)?;
        let now = now.min(job.until);
        if !job.wanted {
            self.wasted += now.saturating_sub(job.since);
        }
        self.next(now)
    }

    /// Where this work waits.
    fn place(&self, id: WorkId) -> Option<usize> {
        self.waiting.binary_search_by_key(&id, |it| it.id).ok()
    }

    fn next(&mut self, now: Duration) -> Option<Start> {
        let next = match self.settings.queue.discipline {
            Discipline::Fifo => self.waiting.pop_front(),
            Discipline::Lifo => self.waiting.pop_back(),
            Discipline::Random => {
                let share = self.draw.with("next").number(self.started).share();
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_precision_loss,
                    clippy::cast_sign_loss,
                    reason = "a place in a bounded queue"
                )]
                let place = (share * self.waiting.len() as f64) as usize;
                self.waiting.remove(place)
            }
        }?;
        let until = self.start(now, next.id, next.wanted);
        Some(Start { id: next.id, until })
    }

    fn start(&mut self, now: Duration, id: WorkId, wanted: bool) -> Duration {
        self.started += 1;
        let draw = self.draw.number(id.0);
        let (share, luck) = (draw.with("service").share(), draw.with("cache").share());
        let millis = self.settings.work(now, self.factor, share, luck);
        let until = now + Duration::from_secs_f64(millis.clamp(0.0, LONGEST_MS) / 1000.0);
        let job = Job {
            since: now,
            until,
            wanted,
        };
        self.working.insert(id, job);
        until
    }
}
