//! The failure detector, which guesses from a node's heartbeats whether it is alive: phi accrual (Hayashibara and
//! others, 2004), with the settings that `fusebox-fleet` gives `chitchat`.
//!
//! `chitchat` takes the mean of the last 100 intervals. Here the sum and the count are halved at 100, which forgets
//! as fast and needs two numbers instead of a hundred.

/// How many intervals the mean is taken of.
const WINDOW: u64 = 100;
/// The weight of the usual interval, in intervals.
const PRIOR: u64 = 5;
/// A node that is silent for this many mean intervals is taken for dead.
const THRESHOLD: u64 = 8;

/// What is known of one node's heartbeats.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Detector {
    last: Option<u64>,
    sum: u64,
    count: u64,
}

impl Detector {
    /// Notes that the heartbeat has grown. An interval longer than `longest` is a silence, and no sample.
    pub(super) fn beat(&mut self, now: u64, longest: u64) {
        if let Some(last) = self.last.replace(now)
            && now - last <= longest
        {
            if self.count == WINDOW {
                self.sum /= 2;
                self.count /= 2;
            }
            self.sum += now - last;
            self.count += 1;
        }
    }

    /// Whether the node is alive; of a dead one everything but its last heartbeat is forgotten.
    pub(super) fn judge(&mut self, now: u64, usual: u64) -> bool {
        let lives = self.last.is_some_and(|last| {
            // Silence / mean ≤ threshold, without a division.
            let weight = self.count + PRIOR;
            let scaled = self.sum.saturating_add(PRIOR * usual);
            self.count > 0
                && (now - last).saturating_mul(weight) <= scaled.saturating_mul(THRESHOLD)
        });
        if !lives {
            self.sum = 0;
            self.count = 0;
        }
        lives
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_lives_from_its_second_heartbeat_until_eight_mean_intervals_of_silence() {
        let mut detector = Detector::default();
        assert!(!detector.judge(0, 10));
        detector.beat(0, 1_000);
        assert!(!detector.judge(0, 10));
        for beat in 1..=300 {
            detector.beat(beat * 20, 1_000);
        }

        // The mean is close to 20: the usual interval of 10 counts as five of up to 105.
        assert!(detector.judge(6_000 + 155, 10));
        assert!(!detector.judge(6_000 + 161, 10));
        assert!(!detector.judge(6_000 + 1, 10), "it has to begin anew");
    }

    #[test]
    fn an_interval_that_is_a_silence_is_no_sample() {
        let mut detector = Detector::default();
        for beat in [0, 10, 5_000, 5_010] {
            detector.beat(beat, 1_000);
        }

        assert!(detector.judge(5_090, 10) && !detector.judge(5_091, 10));
    }
}
