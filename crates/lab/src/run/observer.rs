//! The observer of a run: truth and calls of each instance, looked at every 10 ms.
//!
//! States need no sampling: breakers tell each transition with its instant. The truth is a function of
//! time; it is asked often enough that an interval is wrong by one look at most. An observer that could
//! not look for longer than [`BLIND`] has missed what it is there for, so the run is void.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use experiment::fleet::{Change, FleetRecord, InstanceRecord, Interval, Phase};
use fusebox::{Clock, SystemClock};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::together::{Noted, Watched};

/// How often the truth is looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(10);
/// The longest time without a look that a run may have.
const BLIND: Duration = Duration::from_secs(1);
/// A change of the truth that is not worth an interval of its own.
const SMALL: f64 = 0.01;
/// The longest interval, so that calls can be drawn over time.
const LONGEST_S: f64 = 1.0;

/// Follows a running system.
pub(crate) struct Observer {
    clock: SystemClock,
    unhealthy_at: f64,
    instances: Vec<Observed>,
    phases: Vec<Phase>,
    gap: Gap,
}

/// An observer at work, in a task of its own until this is dropped.
pub(crate) struct Looking {
    observer: Arc<Mutex<Observer>>,
    task: JoinHandle<()>,
}

/// The longest time between two looks, in seconds since the start of the run.
#[derive(Clone, Copy, Debug, Default)]
struct Gap {
    last_s: f64,
    longest_s: f64,
}

/// One instance so far.
struct Observed {
    intervals: Vec<Interval>,
    /// Since when the present interval goes on, and its truth.
    from_s: f64,
    p_fail: f64,
    /// What had been permitted and rejected when it began.
    permitted: u64,
    rejected: u64,
}

impl Observer {
    pub(crate) fn new(watched: &Watched, unhealthy_at: f64) -> Self {
        let truths = watched.running.truth_of_each(&watched.names);
        let instances = truths.into_iter().map(|p_fail| Observed {
            intervals: Vec::new(),
            from_s: 0.0,
            p_fail,
            permitted: 0,
            rejected: 0,
        });
        Self {
            clock: watched.clock,
            unhealthy_at,
            instances: instances.collect(),
            phases: Vec::new(),
            gap: Gap::default(),
        }
    }

    fn look(&mut self, watched: &Watched) {
        let now = self.now(watched);
        self.gap.look(now);
        let next = self.note_phase(watched.running.phase(), now);
        let truths = watched.running.truth_of_each(&watched.names);
        for (place, (one, truth)) in self.instances.iter_mut().zip(truths).enumerate() {
            let turned = (truth >= self.unhealthy_at) != (one.p_fail >= self.unhealthy_at);
            let moved = (truth - one.p_fail).abs() > SMALL;
            if next || turned || moved || now - one.from_s >= LONGEST_S {
                let (permitted, rejected) = watched.asked(place);
                one.close(now, permitted, rejected);
                one.p_fail = truth;
            }
        }
    }

    /// Whether another phase has begun, in which calls are counted anew.
    fn note_phase(&mut self, name: String, now: f64) -> bool {
        match self.phases.last_mut() {
            Some(last) if last.name == name => {
                last.until_s = now;
                false
            }
            last => {
                let from_s = last.map_or(0.0, |last| {
                    last.until_s = now;
                    now
                });
                self.phases.push(Phase {
                    name,
                    from_s,
                    until_s: now,
                });
                true
            }
        }
    }

    fn now(&self, watched: &Watched) -> f64 {
        watched.fleet.elapsed(self.clock.now()).as_secs_f64()
    }

    /// The record of a run that ends now, and why it is void, if it is.
    fn finish(&mut self, watched: &Watched) -> (FleetRecord, Option<String>) {
        let duration_s = self.now(watched);
        self.gap.look(duration_s);
        if let Some(last) = self.phases.last_mut() {
            last.until_s = duration_s;
        }
        let history = watched.fleet.history();
        let instances = std::mem::take(&mut self.instances);
        let parts = instances.into_iter().zip(&watched.names).enumerate();
        let instances = parts.map(|(place, (mut one, name))| {
            let (permitted, rejected) = watched.asked(place);
            one.close(duration_s, permitted, rejected);
            let own = history.iter().filter(|noted| noted.instance == place);
            InstanceRecord {
                name: name.clone(),
                began: watched.fleet.first(place),
                transitions: own.map(change).collect(),
                intervals: one.intervals,
                downstream_calls: watched.running.received_by(name),
            }
        });
        let record = FleetRecord {
            duration_s,
            unhealthy_at: self.unhealthy_at,
            mixed_seconds: watched.record.mixed_seconds().count,
            phases: std::mem::take(&mut self.phases),
            instances: instances.collect(),
        };
        (record, self.gap.refusal())
    }
}

impl Looking {
    /// Looks every [`LOOK`]. Call it within a runtime.
    pub(crate) fn start(observer: Observer, watched: &Arc<Watched>) -> Self {
        let observer = Arc::new(Mutex::new(observer));
        let (looker, watched) = (Arc::clone(&observer), Arc::clone(watched));
        let task = tokio::spawn(async move {
            let mut looks = interval(LOOK);
            looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                looks.tick().await;
                lock(&looker).look(&watched);
            }
        });
        Self { observer, task }
    }

    /// The record of a run that ends now, and why it is void, if it is.
    pub(crate) fn finish(self, watched: &Watched) -> (FleetRecord, Option<String>) {
        self.task.abort();
        lock(&self.observer).finish(watched)
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(observer: &Mutex<Observer>) -> MutexGuard<'_, Observer> {
    observer.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gap {
    fn look(&mut self, now_s: f64) {
        self.longest_s = self.longest_s.max(now_s - self.last_s);
        self.last_s = now_s;
    }

    fn refusal(self) -> Option<String> {
        (self.longest_s > BLIND.as_secs_f64()).then(|| {
            format!(
                "nobody looked at the truth for {:.1} s: up to {} s are allowed",
                self.longest_s,
                BLIND.as_secs()
            )
        })
    }
}

impl Observed {
    fn close(&mut self, now: f64, permitted: u64, rejected: u64) {
        self.intervals.push(Interval {
            until_s: now,
            p_fail: self.p_fail,
            permitted: permitted - self.permitted,
            rejected: rejected - self.rejected,
        });
        (self.from_s, self.permitted, self.rejected) = (now, permitted, rejected);
    }
}

fn change(noted: &Noted) -> Change {
    Change {
        at_s: noted.at.as_secs_f64(),
        to: noted.transition.to,
        cause: noted.transition.cause.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_looking_voids_a_run_also_at_its_end() {
        let refusal = |looks: &[f64]| {
            let mut gap = Gap::default();
            for &now_s in looks {
                gap.look(now_s);
            }
            gap.refusal()
        };

        assert_eq!(refusal(&[0.01, 0.5, 1.5, 2.0]), None);
        for looks in [&[0.01, 12.01, 12.02][..], &[0.01, 12.01]] {
            let why = refusal(looks).unwrap();
            assert!(
                why.contains("nobody looked at the truth for 12.0 s"),
                "{why}"
            );
        }
    }
}
