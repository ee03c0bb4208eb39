//! The observer of a live run: it tells the recorder the truth, the phase and the calls whenever they change.
//!
//! Transitions need no observer: breakers tell each of them with its instant. The observer looks at least every
//! [`HEARTBEAT`]. A process that did not run for longer than [`STILL`] did not do what the scenario says, so the
//! run is void.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use experiment::fleet::{Counted, FleetRecord};
use experiment::load::MixedSeconds;
use fusebox::Clock;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::Watched;

/// How often the truth is looked at.
pub(crate) const HEARTBEAT: Duration = Duration::from_millis(10);
/// The longest time without a look that a run may have.
const STILL: Duration = Duration::from_secs(1);

/// An observer at work, in a task of its own until this is dropped.
pub(crate) struct Observer {
    looks: Arc<Mutex<Looks>>,
    task: JoinHandle<()>,
}

/// When was looked, since the start of the run.
#[derive(Clone, Copy, Debug, Default)]
struct Looks {
    last: Duration,
    longest: Duration,
}

impl Observer {
    /// Looks now, and whenever the truth may have changed. Call it within a runtime.
    pub(crate) fn start(watched: &Arc<Watched>) -> Self {
        let looks = Arc::new(Mutex::new(Looks::default()));
        look(watched, &looks);
        let (looker, watched) = (Arc::clone(&looks), Arc::clone(watched));
        let task = tokio::spawn(async move {
            loop {
                sleep(HEARTBEAT).await;
                look(&watched, &looker);
            }
        });
        Self { looks, task }
    }

    /// The record of a run that ends now, and why it is void, if it is.
    pub(crate) fn finish(self, watched: &Watched) -> (FleetRecord, Option<String>) {
        self.task.abort();
        let end = look(watched, &self.looks);
        let reached = watched.names.iter();
        let mixed = watched.record.mixed_seconds();
        let counted = Counted {
            mixed_seconds: MixedSeconds {
                count: mixed.count,
                first: mixed.first,
            },
            downstream_calls: reached.map(|it| watched.running.received_by(it)).collect(),
        };
        let record = watched.fleet.recorder(|it| it.finish(end, counted));
        (record, lock(&self.looks).refusal())
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Tells the recorder what came since the last look with the truth that held, and what holds from now on.
fn look(watched: &Watched, looks: &Mutex<Looks>) -> Duration {
    let asked: Vec<_> = (0..watched.names.len())
        .map(|place| watched.asked(place))
        .collect();
    let now = watched.fleet.elapsed(watched.clock.now());
    let phase = watched.running.phase();
    let truths = watched.running.truth_of_each(&watched.names);
    watched.fleet.recorder(|recorder| {
        for (place, asked) in asked.into_iter().enumerate() {
            recorder.asked(place, asked);
        }
        recorder.phase(now, &phase);
        for (place, p_fail) in truths.into_iter().enumerate() {
            recorder.truth(place, now, p_fail);
        }
    });
    lock(looks).note(now);
    now
}

fn lock(looks: &Mutex<Looks>) -> MutexGuard<'_, Looks> {
    looks.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Looks {
    fn note(&mut self, now: Duration) {
        self.longest = self.longest.max(now.saturating_sub(self.last));
        self.last = self.last.max(now);
    }

    fn refusal(self) -> Option<String> {
        (self.longest > STILL).then(|| {
            format!(
                "the process did not run for {:.1} s: up to {} s are allowed",
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
            let mut all = Looks::default();
            for &millis in looks {
                all.note(Duration::from_millis(millis));
            }
            all.refusal()
        };

        assert_eq!(refusal(&[10, 500, 1500, 2000]), None);
        for looks in [&[10, 12_010, 12_020][..], &[10, 12_010]] {
            let why = refusal(looks).unwrap();
            assert!(why.contains("the process did not run for 12.0 s"), "{why}");
        }
    }
}
