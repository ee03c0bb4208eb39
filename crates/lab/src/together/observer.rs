//! The observer of a live run, which reports the truth, the phase and the calls to the recorder whenever they change.
//!
//! Transitions need no observer: breakers report each of them with its instant. The truth is not polled, either: the
//! unreliable service says when it changes, to the instant if the plan knows it beforehand. Calls since the last
//! change count with the truth before it, up to how late this task woke. They are also reported with every heartbeat,
//! so that they are visible during a long phase. A process that did not run for longer than [`STILL`] did not perform
//! the scenario, so the run is void.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use experiment::coordination::{CoordinationChange, CoordinationRecord, CourseRecorder};
use experiment::fleet::{Counted, FleetRecord};
use experiment::orders::Orders;
use experiment::scenario::CoordinationMode;
use fusebox::Clock;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::Watched;
use super::coordination_watch::CoordinationWatch;
use super::course_watch::CourseWatch;
use super::traffic_watch::TrafficWatch;

/// How often it is noted that the process runs.
const HEARTBEAT: Duration = Duration::from_millis(100);
/// The longest time between two heartbeats that a run may have.
const STILL: Duration = Duration::from_secs(1);

/// An observer at work, in a task of its own until this is dropped.
pub(crate) struct Observer {
    beats: Arc<Mutex<Beats>>,
    watches: Arc<Mutex<Watches>>,
    task: JoinHandle<()>,
}

/// What is looked at with every heartbeat.
struct Watches {
    traffic: TrafficWatch,
    /// What the instances tell each other, while they do.
    coordination: CoordinationWatch,
    course: CourseWatch,
}

/// What an observer has seen of a run.
pub(crate) struct Seen {
    pub(crate) fleet: FleetRecord,
    /// What the instances told each other, if they did.
    pub(crate) coordination: Option<CoordinationRecord>,
    /// What operators did.
    pub(crate) orders: Option<Orders>,
    /// Why the run is void, if it is.
    pub(crate) void: Option<String>,
}

/// When the process ran, since the start of the run.
#[derive(Clone, Copy, Debug, Default)]
struct Beats {
    last: Duration,
    longest: Duration,
}

impl Observer {
    /// Tells what holds now, and whatever changes. Call it within a runtime.
    pub(crate) fn start(watched: &Arc<Watched>) -> Self {
        let mut changes = watched.running.truth_changes();
        tell_truth(watched, changes.began(), Duration::ZERO);
        let beats = Arc::new(Mutex::new(Beats::default()));
        let looked_at = Arc::new(Mutex::new(Watches {
            traffic: TrafficWatch::new(&watched.permitted),
            coordination: watch(watched),
            course: CourseWatch::new(watched.readers.clone(), Arc::clone(&watched.told)),
        }));
        let (beating, watched) = (Arc::clone(&beats), Arc::clone(watched));
        let looking = Arc::clone(&looked_at);
        let task = tokio::spawn(async move {
            let mut heart = interval(HEARTBEAT);
            heart.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                tokio::select! {
                    at = changes.next() => tell_truth(&watched, at, watched.fleet.elapsed(at)),
                    _ = heart.tick() => {
                        tell_calls(&watched);
                        let now = elapsed(&watched);
                        lock(&beating).note(now);
                        lock(&looking).look(now);
                    }
                }
            }
        });
        Self {
            beats,
            watches: looked_at,
            task,
        }
    }

    /// What was seen of a run that ends now.
    pub(crate) fn finish(self, watched: &Watched) -> Seen {
        self.task.abort();
        let end = elapsed(watched);
        lock(&self.beats).note(end);
        let reached = watched.names.iter();
        let counted = Counted {
            mixed_seconds: watched.record.mixed_seconds(),
            downstream_calls: reached.map(|it| watched.running.received_by(it)).collect(),
            traffic: Some(lock(&self.watches).traffic.finish()),
        };
        tell_calls(watched);
        let coordination = lock(&self.watches).record(end, watched);
        Seen {
            fleet: watched.fleet.recorder(|it| it.finish(end, counted)),
            coordination,
            orders: watched.feed.as_ref().map(|feed| feed.orders()),
            void: lock(&self.beats).refusal(),
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watches {
    fn look(&mut self, now: Duration) {
        self.traffic.look();
        self.coordination.look(now);
        self.course.look(now);
    }

    /// What the instances told each other up to the end, if they did.
    fn record(&mut self, end: Duration, watched: &Watched) -> Option<CoordinationRecord> {
        self.coordination.look(end);
        self.course.look(end);
        let course = self.course.course(|at| watched.fleet.elapsed(at));
        let changes = watched.coordinator.changes();
        // The first one is what was in force at the start.
        let changes = changes.into_iter().skip(1).map(|it| CoordinationChange {
            at_s: CourseRecorder::instant(watched.fleet.elapsed(it.at)),
            mode: CoordinationMode(it.mode),
            engine: it.engine,
            rules: it.rules.to_string(),
            different: it.different,
        });
        Some(CoordinationRecord {
            course: Some(course),
            changes: changes.collect(),
            ..self.coordination.record()?
        })
    }
}

/// The watch over what the instances tell each other, while they do.
fn watch(watched: &Watched) -> CoordinationWatch {
    let names = watched.names.iter().cloned();
    let instances = names.zip(watched.readers.iter().cloned());
    CoordinationWatch::new(Arc::clone(&watched.coordinator), instances)
}

/// The time since the start of the run.
fn elapsed(watched: &Watched) -> Duration {
    watched.fleet.elapsed(watched.clock.now())
}

/// Tells the recorder which calls came since the last time, with the truth that held.
fn tell_calls(watched: &Watched) {
    for place in 0..watched.names.len() {
        let asked = watched.asked(place);
        watched.fleet.recorder(|it| it.asked(place, asked));
    }
}

/// Tells the recorder what holds from the instant `at` of the clock on, which is `since` the start of the run.
fn tell_truth(watched: &Watched, at: Duration, since: Duration) {
    tell_calls(watched);
    let phase = watched.running.phase_at(at);
    let truths = watched.running.truth_of_each_at(at, &watched.names);
    let follows_load = watched.running.follows_load();
    watched.fleet.recorder(|recorder| {
        if follows_load {
            recorder.follow_load(); // an operator may bring such a plan
        }
        recorder.phase(since, &phase);
        for (place, p_fail) in truths.into_iter().enumerate() {
            recorder.truth(place, since, p_fail);
        }
    });
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Beats {
    fn note(&mut self, now: Duration) {
        self.longest = self.longest.max(now.saturating_sub(self.last));
        self.last = self.last.max(now);
    }

    fn refusal(self) -> Option<String> {
        (self.longest > STILL).then(|| {
            format!(
                "the process was suspended for {:.1} s, and at most {} s are allowed",
                self.longest.as_secs_f64(),
                STILL.as_secs()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_stood_still_voids_a_run_also_at_its_end() {
        let refusal = |looks: &[u64]| {
            let mut all = Beats::default();
            for &millis in looks {
                all.note(Duration::from_millis(millis));
            }
            all.refusal()
        };

        assert_eq!(refusal(&[10, 500, 1500, 2000]), None);
        for looks in [&[10, 12_010, 12_020][..], &[10, 12_010]] {
            let why = refusal(looks).unwrap();
            assert!(
                why.contains("the process was suspended for 12.0 s"),
                "{why}"
            );
        }
    }
}
