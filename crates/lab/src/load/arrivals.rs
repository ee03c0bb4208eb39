//! When does which request leave? A Poisson process, and a target drawn for each arrival.
//!
//! Instants and targets have random streams of their own, so that another target does not move the
//! arrivals.

use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// An endless schedule: the planned instant since the start, and the target.
#[derive(Debug)]
pub(super) struct Arrivals {
    instants: Xoshiro256PlusPlus,
    choices: Xoshiro256PlusPlus,
    mean_gap: f64,
    targets: usize,
    planned: Duration,
}

impl Arrivals {
    /// `rate` arrivals per second on average, over `targets` targets.
    pub(super) fn new(seed: u64, rate: f64, targets: usize) -> Self {
        Self {
            instants: Xoshiro256PlusPlus::seed_from_u64(seed),
            choices: Xoshiro256PlusPlus::seed_from_u64(!seed),
            mean_gap: 1.0 / rate,
            targets,
            planned: Duration::ZERO,
        }
    }
}

impl Iterator for Arrivals {
    type Item = (Duration, usize);

    fn next(&mut self) -> Option<Self::Item> {
        // The gaps of a Poisson process are exponential: −ln(1 − u) times the mean.
        let luck: f64 = self.instants.random();
        let gap = -(1.0 - luck).ln() * self.mean_gap;
        self.planned += Duration::from_secs_f64(gap);
        Some((self.planned, self.choices.random_range(0..self.targets)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_plans_the_same_requests() {
        let plan = |seed| Arrivals::new(seed, 50.0, 3).take(100).collect::<Vec<_>>();

        assert_eq!(plan(1), plan(1));
        assert_ne!(plan(1), plan(2));
    }

    #[test]
    fn another_target_does_not_move_the_arrivals() {
        let instants = |targets| {
            let arrivals = Arrivals::new(1, 50.0, targets).take(100);
            arrivals.map(|(planned, _)| planned).collect::<Vec<_>>()
        };

        assert_eq!(instants(3), instants(4));
    }

    #[test]
    fn the_rate_and_the_shares_are_kept_in_the_long_run() {
        let plan: Vec<_> = Arrivals::new(5, 100.0, 3).take(30_000).collect();

        // 30,000 arrivals take 300 s on average, with a deviation of 300 / √30,000 s.
        let seconds = plan.last().unwrap().0.as_secs_f64();
        assert!((290.0..=310.0).contains(&seconds), "{seconds}");
        for target in 0..3 {
            let share = plan.iter().filter(|(_, choice)| *choice == target).count();
            assert!((9_600..=10_400).contains(&share), "{share}");
        }
    }
}
