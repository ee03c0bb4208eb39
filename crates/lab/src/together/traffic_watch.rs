//! The watch over the calls that all breakers of a live run let pass: probes to the instant, other calls with every
//! heartbeat of the observer.

use std::time::Duration;

use experiment::fleet::TrafficCounter;
use tokio::time::Instant;

use crate::instance::Permitted;

/// What was let pass so far.
#[derive(Debug)]
pub(super) struct TrafficWatch {
    began: Instant,
    counter: TrafficCounter,
    permitted: Vec<Permitted>,
    seen: u64,
}

impl TrafficWatch {
    /// Over the breakers that count these, in a run that begins now.
    pub(super) fn new(permitted: &[Permitted]) -> Self {
        Self {
            began: Instant::now(),
            counter: TrafficCounter::default(),
            permitted: permitted.to_vec(),
            seen: 0,
        }
    }

    /// Takes in what came since the last time.
    pub(super) fn look(&mut self) {
        let probes = self.permitted.iter().flat_map(Permitted::new_probes);
        let mut probes: Vec<Instant> = probes.collect();
        probes.sort_unstable();
        for at in probes {
            self.counter
                .probe(nanos(at.saturating_duration_since(self.began)));
        }
        let so_far = self.permitted.iter().map(Permitted::so_far).sum();
        let now = nanos(self.began.elapsed());
        for _ in self.seen..so_far {
            self.counter.permitted(now);
        }
        self.seen = so_far.max(self.seen);
    }

    /// What there was until now.
    pub(super) fn finish(&mut self) -> TrafficCounter {
        self.look();
        self.counter.clone()
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use fusebox::State;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn probes_and_calls_of_all_instances_are_counted_together() {
        let permitted = [Permitted::default(), Permitted::default()];
        let mut watch = TrafficWatch::new(&permitted);
        let second = Duration::from_secs(1);
        tokio::time::advance(second / 2).await;
        for one in &permitted {
            one.note(State::HalfOpen);
        }
        watch.look();
        for _ in 0..7 {
            tokio::time::advance(second).await;
            permitted[0].note(State::Closed);
            watch.look();
        }
        permitted[1].note(State::HalfOpen);

        let mut expected = TrafficCounter::default();
        for tenths in [5, 5, 75] {
            expected.probe(tenths * 100_000_000);
        }
        for tenths in [5, 5, 15, 25, 35, 45, 55, 65, 75, 75] {
            expected.permitted(tenths * 100_000_000);
        }
        assert_eq!(watch.finish(), expected);
    }
}
