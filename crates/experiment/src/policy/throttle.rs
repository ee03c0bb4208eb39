//! The throttle of adaptive throttling, which makes an instance reject at random what the downstream would not
//! accept.
//!
//! With the requests and the accepts of the last two minutes, a request is rejected with probability max(0, (requests
//! − K · accepts) / (requests + 1)) (Beyer et al., *Site Reliability Engineering*, 2016, chapter 21). Requests that
//! were rejected here count as requests, so the probability grows while nothing is accepted. A call counts as
//! accepted if the downstream answered it without a sign of trouble.
//!
//! The history is kept in [`BUCKETS`] parts: a request is forgotten together with its part, up to one part early.

use std::time::Duration;

/// Parts of the history.
pub const BUCKETS: u64 = 120;

/// The requests and accepts of one instance, and what follows from them.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use experiment::policy::Throttle;
///
/// let mut throttle = Throttle::new(2.0, Duration::from_secs(120));
/// for _ in 0..99 {
///     assert!(!throttle.rejects(Duration::ZERO, 0.999)); // nothing has been accepted: the chance is below 1
/// }
/// assert_eq!(throttle.probability(Duration::ZERO), 0.99);
/// ```
#[derive(Clone, Debug)]
pub struct Throttle {
    k: f64,
    /// Nanoseconds of one part.
    part: u64,
    /// Requests and accepts of each part, by its number modulo the number of parts.
    parts: Vec<[u64; 2]>,
    /// Sums over all parts.
    sums: [u64; 2],
    /// The number of the present part.
    present: u64,
}

impl Throttle {
    /// Makes a throttle that has seen nothing. `k` is how many requests go through for each accepted one; `history`
    /// is for how long both count.
    pub fn new(k: f64, history: Duration) -> Self {
        let nanos = u64::try_from(history.as_nanos()).unwrap_or(u64::MAX);
        Self {
            k,
            part: (nanos / BUCKETS).max(1),
            parts: vec![[0; 2]; usize::try_from(BUCKETS).unwrap_or(1)],
            sums: [0; 2],
            present: 0,
        }
    }

    /// Returns the probability with which a request is rejected at `now`, which never goes back.
    #[expect(clippy::cast_precision_loss, reason = "requests of one history")]
    pub fn probability(&mut self, now: Duration) -> f64 {
        self.turn_to(now);
        let [requests, accepts] = self.sums.map(|count| count as f64);
        ((requests - self.k * accepts) / (requests + 1.0)).max(0.0)
    }

    /// Returns whether a request is rejected at `now`, by a uniform share from 0 to 1. The request counts in any
    /// case.
    pub fn rejects(&mut self, now: Duration, luck: f64) -> bool {
        let probability = self.probability(now);
        self.count(0);
        luck < probability
    }

    /// Counts a request that the downstream has accepted.
    pub fn accepted(&mut self, now: Duration) {
        self.turn_to(now);
        self.count(1);
    }

    /// Forgets everything, as a process does that ends.
    pub fn forget(&mut self) {
        self.parts.fill([0; 2]);
        self.sums = [0; 2];
    }

    fn count(&mut self, which: usize) {
        let place = place(self.present);
        self.parts[place][which] += 1;
        self.sums[which] += 1;
    }

    fn turn_to(&mut self, now: Duration) {
        let nanos = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let number = nanos / self.part;
        if number <= self.present {
            return;
        }
        for passed in (self.present + 1..=number).take(self.parts.len()) {
            let place = place(passed);
            let old = std::mem::take(&mut self.parts[place]);
            for (sum, part) in self.sums.iter_mut().zip(old) {
                *sum -= part;
            }
        }
        self.present = number;
    }
}

fn place(number: u64) -> usize {
    usize::try_from(number % BUCKETS).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Draw;

    /// What the book says, from a list of all that ever happened.
    struct Listed {
        k: f64,
        part: u64,
        requests: Vec<u64>,
        accepts: Vec<u64>,
    }

    impl Listed {
        fn probability(&self, now: u64) -> f64 {
            let present = now / self.part;
            let count = |list: &[u64]| {
                let counts = |at: &&u64| **at / self.part + BUCKETS > present;
                f64::from(u32::try_from(list.iter().filter(counts).count()).unwrap())
            };
            let (requests, accepts) = (count(&self.requests), count(&self.accepts));
            ((requests - self.k * accepts) / (requests + 1.0)).max(0.0)
        }
    }

    #[test]
    fn random_histories_give_the_probability_of_the_formula() {
        let mut seeds_that_reject = 0;
        for seed in 0..60 {
            let luck = |step: u64, what: &str| Draw::new(seed).with(what).number(step).share();
            let k = 1.0 + 3.0 * luck(0, "k");
            let history = Duration::from_millis(1_000 + seed * 500);
            let mut throttle = Throttle::new(k, history);
            let mut listed = Listed {
                k,
                part: throttle.part,
                requests: Vec::new(),
                accepts: Vec::new(),
            };
            let (mut now, mut rejected) = (0_u64, 0);
            for step in 0..2_000 {
                // Mostly close together, now and then longer than the history.
                let gap = if luck(step, "long") < 0.01 { 4e10 } else { 4e7 };
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a time"
                )]
                let gap = (gap * luck(step, "gap")) as u64;
                now += gap;
                let at = Duration::from_nanos(now);
                let expected = listed.probability(now);
                assert!(
                    (throttle.probability(at) - expected).abs() < 1e-12,
                    "seed {seed}"
                );
                if throttle.rejects(at, luck(step, "rejects")) {
                    assert!(luck(step, "rejects") < expected);
                    rejected += 1;
                } else if luck(step, "accepts") < luck(step / 200, "health") {
                    throttle.accepted(at);
                    listed.accepts.push(now);
                }
                listed.requests.push(now);
            }
            seeds_that_reject += u32::from(rejected > 0);
        }
        assert!(seeds_that_reject > 40, "{seeds_that_reject}");
    }

    #[test]
    fn a_healthy_downstream_is_never_throttled() {
        let mut throttle = Throttle::new(2.0, Duration::from_secs(120));
        for second in 0..500 {
            let now = Duration::from_secs(second);
            throttle.accepted(now);
            assert!(!throttle.rejects(now, 0.0), "second {second}");
        }
    }
}
