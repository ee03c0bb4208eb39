//! The state of an overloaded service: who works, who waits, and who is next.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{AbandonedWork, Crowd, Discipline, Overload};
use crate::chance::Draw;

/// The longest piece of work, whatever slows it down: an hour.
const LONGEST_MS: f64 = 3_600_000.0;

/// An overloaded service at work. Each piece of work has an id of its own, given by the host.
#[derive(Clone, Debug)]
pub struct Workplace {
    settings: Overload,
    draw: Draw,
    factor: f64,
    working: BTreeMap<u64, Job>,
    waiting: VecDeque<Waiting>,
    /// Pieces of work that were started, which numbers the draws of the random discipline.
    started: u64,
    wasted: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Job {
    since: Duration,
    wanted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    id: u64,
    wanted: bool,
}

/// What becomes of work that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A worker was free; tell [`Workplace::finished`] at `until`.
    Started {
        /// When it will be done.
        until: Duration,
    },
    /// It waits until [`Workplace::finished`] or [`Workplace::abandon`] names it as the next.
    Queued,
    /// There is no room.
    Full,
}

/// Work that a worker has begun; tell [`Workplace::finished`] at `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Which.
    pub id: u64,
    /// When it will be done.
    pub until: Duration,
}

impl Workplace {
    /// Nobody works. `settings` have been checked.
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

    /// Work that starts from now on takes so much longer.
    pub fn set_service_factor(&mut self, factor: f64) {
        self.factor = factor;
    }

    /// Work arrives.
    pub fn arrive(&mut self, now: Duration, id: u64) -> Arrival {
        if self.working.len() < self.settings.workers as usize {
            let until = self.start(now, id, true);
            return Arrival::Started { until };
        }
        if self.waiting.len() >= self.settings.queue.limit as usize {
            return Arrival::Full;
        }
        self.waiting.push_back(Waiting { id, wanted: true });
        Arrival::Queued
    }

    /// Work is done; who is next? Work that is unknown, because it was cancelled, changes nothing.
    pub fn finished(&mut self, now: Duration, id: u64) -> Option<Start> {
        let job = self.working.remove(&id)?;
        if !job.wanted {
            self.wasted += now.saturating_sub(job.since);
        }
        self.next(now)
    }

    /// Nobody waits for this work any more. Who is next, if that has made room?
    pub fn abandon(&mut self, now: Duration, id: u64) -> Option<Start> {
        let cancels = self.settings.abandoned_work == AbandonedWork::Cancelled;
        if let Some(job) = self.working.get_mut(&id) {
            job.wanted = false;
            return if cancels {
                self.finished(now, id)
            } else {
                None
            };
        }
        let place = self.waiting.iter().position(|waiting| waiting.id == id)?;
        if cancels {
            self.waiting.remove(place);
        } else {
            self.waiting[place].wanted = false;
        }
        None
    }

    /// Whether a worker is at this work.
    pub fn works_on(&self, id: u64) -> bool {
        self.working.contains_key(&id)
    }

    /// How full it is.
    pub fn crowd(&self) -> Crowd {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        Crowd {
            busy: count(self.working.len()),
            depth: count(self.waiting.len()),
        }
    }

    /// The time that workers spent on work that nobody waited for.
    pub fn wasted(&self) -> Duration {
        self.wasted
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

    fn start(&mut self, now: Duration, id: u64, wanted: bool) -> Duration {
        self.started += 1;
        let draw = self.draw.number(id);
        let (share, luck) = (draw.with("service").share(), draw.with("cache").share());
        let millis = self.settings.work(now, self.factor, share, luck);
        self.working.insert(id, Job { since: now, wanted });
        now + Duration::from_secs_f64(millis.clamp(0.0, LONGEST_MS) / 1000.0)
    }
}
