//! The instants at which an instance reports all its keys, so that an engine can take them as one request.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// When the next heartbeats are due, by their period.
#[derive(Default)]
pub(super) struct Rhythm {
    next: Mutex<BTreeMap<Duration, Instant>>,
}

impl Rhythm {
    /// The next heartbeat of all keys with this period. Each is up to a tenth sooner or later, so that instances that
    /// began together do not keep reporting together.
    pub(super) fn next(
        &self,
        heartbeat: Duration,
        now: Instant,
        random: &mut fastrand::Rng,
    ) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let beat = next.entry(heartbeat).or_insert(now);
        if *beat <= now {
            *beat = now + heartbeat.mul_f64(0.9 + random.f64() / 5.0);
        }
        *beat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn keys_that_report_within_one_beat_have_the_next_one_together() {
        let rhythm = Rhythm::default();
        let mut random = fastrand::Rng::with_seed(7);
        let began = Instant::now();

        let first = rhythm.next(SECOND, began, &mut random);

        for later in [1, 100, 899].map(Duration::from_millis) {
            assert_eq!(rhythm.next(SECOND, began + later, &mut random), first);
        }
        assert_ne!(rhythm.next(3 * SECOND, began, &mut random), first);
    }

    #[test]
    fn beats_are_a_heartbeat_apart_give_or_take_a_tenth() {
        let rhythm = Rhythm::default();
        let mut random = fastrand::Rng::with_seed(7);
        let mut beats = vec![Instant::now()];
        for _ in 0..200 {
            let last = beats[beats.len() - 1];
            beats.push(rhythm.next(SECOND, last, &mut random));
        }

        let apart: Vec<f64> = beats
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).as_secs_f64())
            .collect();

        assert!(
            apart.iter().all(|gap| (0.9..=1.1).contains(gap)),
            "{apart:?}"
        );
        let mean = apart.iter().sum::<f64>() / 200.0;
        assert!((0.98..1.02).contains(&mean), "{mean}");
        assert!(apart.iter().any(|gap| *gap < 0.95) && apart.iter().any(|gap| *gap > 1.05));
    }
}
