//! The overload model in real time: an office that lets calls wait for their turn.
//!
//! The model says who works until when; the office keeps the timers. Work goes on although its caller
//! has left, so it belongs to a task of its own and not to the call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use experiment::overload::{Arrival, Crowd, Overload, Start, Workplace};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::timer::Sleeper;

/// A workplace in real time. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Office {
    desk: Arc<Mutex<Desk>>,
    /// The instant that is zero on the plan's clock.
    origin: Instant,
    sleeper: Sleeper,
}

#[derive(Debug)]
struct Desk {
    workplace: Workplace,
    waiting: BTreeMap<u64, oneshot::Sender<()>>,
    /// For each job at work, what its timer ends with when it is dropped.
    timers: BTreeMap<u64, oneshot::Sender<()>>,
    next: u64,
}

/// A call that waits for its work. Dropping it abandons the work.
#[derive(Debug)]
pub(super) struct Turn {
    office: Office,
    id: u64,
    done: oneshot::Receiver<()>,
}

/// There is no room for a call.
#[derive(Debug)]
pub(super) struct Full;

impl Office {
    /// Opens it `elapsed` after the start of the plan. Call it within a runtime.
    pub(super) fn new(settings: Overload, seed: u64, elapsed: Duration, sleeper: Sleeper) -> Self {
        let now = Instant::now();
        Self {
            desk: Arc::new(Mutex::new(Desk {
                workplace: Workplace::new(settings, seed),
                waiting: BTreeMap::new(),
                timers: BTreeMap::new(),
                next: 0,
            })),
            origin: now.checked_sub(elapsed).unwrap_or(now),
            sleeper,
        }
    }

    /// A call comes.
    pub(super) fn enter(&self, service_factor: f64) -> Result<Turn, Full> {
        let now = self.origin.elapsed();
        let mut desk = self.lock();
        let id = desk.next;
        desk.next += 1;
        desk.workplace.set_service_factor(service_factor);
        let arrival = desk.workplace.arrive(now, id);
        if arrival == Arrival::Full {
            return Err(Full);
        }
        let (tell, done) = oneshot::channel();
        desk.waiting.insert(id, tell);
        drop(desk);
        if let Arrival::Started { until } = arrival {
            self.work(Start { id, until });
        }
        Ok(Turn {
            office: self.clone(),
            id,
            done,
        })
    }

    /// How full it is.
    pub(super) fn crowd(&self) -> Crowd {
        self.lock().workplace.crowd()
    }

    /// The time that was spent on work that nobody waited for.
    pub(super) fn wasted(&self) -> Duration {
        self.lock().workplace.wasted()
    }

    /// Ends all work: nobody's turn comes any more, and no timer is left.
    pub(super) fn close(&self) {
        let mut desk = self.lock();
        desk.waiting.clear();
        desk.timers.clear();
    }

    /// Works until nobody waits any more, or until the job is cancelled. Work ends at its nominal instant,
    /// so that a late timer costs no capacity.
    fn work(&self, mut job: Start) {
        let office = self.clone();
        let (timer, mut cancelled) = oneshot::channel();
        self.lock().timers.insert(job.id, timer);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    _ = &mut cancelled => return,
                    () = office.sleeper.sleep_until(office.origin + job.until) => {}
                }
                let mut desk = office.lock();
                let timer = desk.timers.remove(&job.id);
                let next = desk.workplace.finished(job.until, job.id);
                if let Some(tell) = desk.waiting.remove(&job.id) {
                    // Whoever has left has left.
                    let _ = tell.send(());
                }
                let (Some(next), Some(timer)) = (next, timer) else {
                    return;
                };
                desk.timers.insert(next.id, timer);
                job = next;
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Returns when the work is done.
    pub(super) async fn done(mut self) {
        let _ = (&mut self.done).await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = self.office.origin.elapsed();
        let mut desk = self.office.lock();
        if desk.waiting.remove(&self.id).is_none() {
            return;
        }
        let next = desk.workplace.abandon(now, self.id);
        if !desk.workplace.works_on(self.id) {
            desk.timers.remove(&self.id);
        }
        drop(desk);
        if let Some(next) = next {
            self.office.work(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use experiment::reading::parse_json;

    use super::*;

    fn office(abandoned: &str) -> Office {
        let text = format!(
            r#"{{"workers": 1, "service": {{"fixed": {{"ms": 20}}}}, "queue": {{"limit": 1}},
                "abandoned_work": "{abandoned}"}}"#
        );
        let settings = parse_json(text.as_bytes()).unwrap();
        Office::new(settings, 1, Duration::ZERO, Sleeper::new())
    }

    #[tokio::test]
    async fn calls_are_done_one_after_another_and_none_too_early() {
        let office = office("continues");
        let began = Instant::now();

        let first = office.enter(1.0).unwrap();
        let second = office.enter(1.0).unwrap();
        assert!(office.enter(1.0).is_err());
        assert_eq!(office.crowd(), Crowd { busy: 1, depth: 1 });
        first.done().await;
        assert!(began.elapsed() >= Duration::from_millis(20));
        second.done().await;

        assert!(began.elapsed() >= Duration::from_millis(40));
        assert_eq!(office.crowd(), Crowd::default());
        assert!(office.wasted().is_zero());
    }

    #[tokio::test]
    async fn work_of_a_caller_that_left_goes_on_or_ends_as_the_plan_says() {
        let going_on = office("continues");
        drop(going_on.enter(1.0).unwrap());
        going_on.enter(1.0).unwrap().done().await;
        assert_eq!(going_on.wasted(), Duration::from_millis(20));

        let ending = office("cancelled");
        drop(ending.enter(1.0).unwrap());
        assert_eq!(ending.crowd(), Crowd::default());
        ending.enter(1.0).unwrap().done().await;
        assert!(ending.wasted() < Duration::from_millis(20));
    }

    #[tokio::test]
    async fn cancelled_work_keeps_no_timer_until_it_would_have_ended() {
        let text = r#"{"workers": 1, "service": {"fixed": {"ms": 3600000}},
                       "abandoned_work": "cancelled"}"#;
        let settings = parse_json(text.as_bytes()).unwrap();
        let office = Office::new(settings, 1, Duration::ZERO, Sleeper::new());
        let alive = || {
            tokio::runtime::Handle::current()
                .metrics()
                .num_alive_tasks()
        };
        let before = alive();

        for _ in 0..100 {
            drop(office.enter(1.0).unwrap());
            tokio::task::yield_now().await;
        }
        while office.crowd() != Crowd::default() {
            tokio::task::yield_now().await;
        }

        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(alive(), before);
    }
}
