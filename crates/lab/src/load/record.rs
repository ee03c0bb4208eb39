//! The record of what clients saw, shared by threads: the tally behind its lock, the start of the run, and gauges.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use experiment::load::{
    Detail, End, Latencies, LoadResult, MixedSeconds, Performed, Phases, Second, Served, Tally,
};
use experiment::outcome::{ClientOutcome, Outcomes};
use tokio::time::Instant;

/// Keeps what the clients saw.
pub(crate) struct Record {
    names: Vec<String>,
    /// Open connections and waiting requests, by target.
    gauges: Vec<[Gauge; 2]>,
    state: Mutex<Recorded>,
    listener: OnceLock<Listener>,
}

/// A call that has ended, for a listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndedCall {
    pub(crate) target: usize,
    /// When its request was planned.
    pub(crate) planned: Instant,
    /// When it was sent, if it was.
    pub(crate) sent: Option<Instant>,
    pub(crate) ended: Instant,
    pub(crate) outcome: ClientOutcome,
}

type Listener = Box<dyn Fn(EndedCall) + Send + Sync>;

/// A number that goes up and down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge(Arc<AtomicUsize>);

impl Gauge {
    pub(super) fn add(&self, more: isize) {
        self.0.fetch_add(more.cast_unsigned(), Ordering::Relaxed);
    }

    pub(super) fn set(&self, number: usize) {
        self.0.store(number, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

struct Recorded {
    began: Instant,
    tally: Tally,
    served: Served,
}

impl Record {
    /// Makes a record of targets of these names in a run of these parts, which begins now.
    pub(crate) fn new(names: Vec<String>, phases: &Phases) -> Self {
        Self {
            gauges: names.iter().map(|_| Default::default()).collect(),
            state: Mutex::new(Recorded {
                began: Instant::now(),
                // Each target has figures in the display, the metrics and the files.
                tally: Tally::new(names.clone(), phases, Detail::EachTarget),
                served: Served::default(),
            }),
            names,
            listener: OnceLock::new(),
        }
    }

    /// The names of the targets.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn connections(&self, target: usize) -> &Gauge {
        &self.gauges[target][0]
    }

    pub(super) fn waiting(&self, target: usize) -> &Gauge {
        &self.gauges[target][1]
    }

    /// Notes that the run begins at `began`.
    pub(super) fn begin(&self, began: Instant) {
        self.lock().began = began;
    }

    /// Notes that the time of the run, of this length, is over: what ends from now on ended after it.
    pub(super) fn close(&self, duration: Duration) {
        self.lock().tally.close(duration);
    }

    pub(super) fn plan(&self, target: usize, part: usize, planned: Instant) {
        let mut state = self.lock();
        let at = state.since(planned);
        state.tally.plan(target, part, at);
    }

    pub(super) fn reach(&self, target: usize) {
        self.lock().tally.reach(target);
    }

    pub(super) fn end(&self, target: usize, part: usize, end: &End, now: Instant) {
        let mut state = self.lock();
        let at = state.since(now);
        state.tally.end(target, part, end, at);
        if end.outcome == ClientOutcome::Ok {
            state.served.note(target, at);
        }
    }

    /// Passes each call that ends from now on to `listener`. There can be one.
    pub(crate) fn tell(&self, listener: impl Fn(EndedCall) + Send + Sync + 'static) {
        let _ = self.listener.set(Box::new(listener));
    }

    pub(super) fn call_ended(&self, call: EndedCall) {
        if let Some(listener) = self.listener.get() {
            listener(call);
        }
    }

    /// Whether any target but this one served in the last second.
    pub(super) fn served_elsewhere(&self, target: usize, now: Instant) -> bool {
        let state = self.lock();
        state.served.elsewhere(target, state.since(now))
    }

    /// How the requests to one target ended so far.
    pub(crate) fn figures(&self, target: usize) -> Outcomes {
        self.lock().tally.outcomes(target)
    }

    /// Response times of one target over the whole run.
    pub(super) fn responses(&self, target: usize) -> Latencies {
        self.lock().tally.responses(target)
    }

    /// How late the generator was over the whole run.
    pub(super) fn lateness(&self) -> Latencies {
        self.lock().tally.lateness()
    }

    /// Attempts made for requests to one target that have ended.
    pub(super) fn attempts(&self, target: usize) -> u64 {
        self.lock().tally.attempts(target)
    }

    /// The seconds, complete within the time of the run, in which one target rejected a request while another served
    /// one.
    pub(crate) fn mixed_seconds(&self) -> MixedSeconds {
        let mut state = self.lock();
        let now = state.since(Instant::now());
        state.tally.whole_mixed_seconds(now)
    }

    /// The seconds that are over, from number `first`, as far as they are kept.
    pub(crate) fn seconds_from(&self, first: u64) -> Vec<Second> {
        let mut state = self.lock();
        let now = state.since(Instant::now());
        state.tally.seconds_from(first, now)
    }

    /// All that was seen, as the result of a run.
    pub(super) fn result(&self, run: &Performed<'_>) -> LoadResult {
        let tally = self.lock().tally.clone();
        tally.into_result(run)
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorded {
    fn since(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.began)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn instants_count_from_the_start_of_the_run() {
        let record = Record::new(vec!["A".to_owned(), "B".to_owned()], &Phases::default());
        let began = Instant::now() + Duration::from_secs(5);
        let fast = Duration::from_micros(300);
        let end = End {
            outcome: ClientOutcome::Ok,
            response: fast,
            service: Some(fast),
            lateness: Some(fast),
            attempts: 1,
        };

        record.begin(began);
        record.plan(0, 0, began);
        record.end(0, 0, &end, began + Duration::from_secs(2));
        tokio::time::advance(Duration::from_secs(8)).await;

        let seconds = record.seconds_from(0);
        let ok = seconds
            .iter()
            .map(|it| it.targets[0].outcomes[ClientOutcome::Ok]);
        assert_eq!(ok.collect::<Vec<_>>(), [0, 0, 1]);
        let after = |millis| began + Duration::from_millis(millis);
        assert!(record.served_elsewhere(1, after(3000)));
        assert!(!record.served_elsewhere(1, after(3001)));
        assert!(!record.served_elsewhere(0, after(2000)));
    }
}
