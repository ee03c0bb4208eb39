//! The length of open periods: exponential back-off with jitter.
//!
//! At the k-th opening since the last close, the period is `min(max, base · factor^(k−1))`. Jitter
//! then shortens it, because a fleet that tripped together would otherwise probe together (Brooker,
//! "Exponential Backoff And Jitter", AWS Architecture Blog, 2015). A hint from the failure
//! lengthens it, up to the same maximum. Jitter makes the period longer than the hint, never
//! shorter, because the whole fleet may have got the same hint.

use std::time::Duration;

use crate::config::WaitPolicy;

/// The length of the open period at opening number `opening` (from 1). `chance` is a random number
/// from 0 to below 1.
pub(crate) fn open_period(
    policy: &WaitPolicy,
    opening: u32,
    hint: Option<Duration>,
    chance: f64,
) -> Duration {
    let wait = jittered(back_off(policy, opening), policy.jitter, chance);
    match hint {
        // Longer, because no instance should come earlier than the hint asks.
        Some(hint) => {
            let later = hint.min(policy.max).mul_f64(policy.jitter * chance);
            wait.max(hint.saturating_add(later).min(policy.max))
        }
        None => wait,
    }
}

/// The back-off level after `stable` in closed (`None`: not yet stable). It falls by one with each
/// `decay`; without a decay it is reset at once.
pub(crate) fn level(openings: u32, stable: Option<Duration>, decay: Option<Duration>) -> u32 {
    match (stable, decay) {
        (None, _) => openings,
        (Some(_), None) => 0,
        (Some(stable), Some(decay)) => {
            let steps = stable.as_nanos() / decay.as_nanos().max(1);
            openings.saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX))
        }
    }
}

/// The lowest level at which the open period is `max`: `1 + log(max / base) / log(factor)`, rounded
/// up. With a factor of 1 all levels are alike, and the first counts as the highest.
pub(crate) fn highest_level(policy: &WaitPolicy) -> u32 {
    if policy.factor <= 1.0 || policy.base >= policy.max {
        return 1;
    }
    let steps = (policy.max.as_secs_f64() / policy.base.as_secs_f64()).ln() / policy.factor.ln();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and a cast from float to integer saturates"
    )]
    let near = (steps.ceil() as u32).saturating_add(1);
    // Logarithms may differ in the last digit between machines. That moves `near` by one at most;
    // the back-off itself, which is the same everywhere, decides.
    let reached = |level: u32| back_off(policy, level) >= policy.max;
    let from = near.saturating_sub(1).max(1);
    (from..=near)
        .find(|level| reached(*level))
        .unwrap_or(near.saturating_add(1))
}

fn back_off(policy: &WaitPolicy, opening: u32) -> Duration {
    let exponent = opening.saturating_sub(1);
    let seconds = policy.base.as_secs_f64() * power(policy.factor, exponent);
    if seconds >= policy.max.as_secs_f64() {
        policy.max
    } else if exponent == 0 {
        policy.base
    } else {
        Duration::from_secs_f64(seconds)
    }
}

/// Raises `factor` to a power by squaring. The precision of `f64::powi` is not specified; this
/// gives the same result on every machine.
fn power(factor: f64, exponent: u32) -> f64 {
    let (mut power, mut square, mut left) = (1.0, factor, exponent);
    while left > 0 {
        if left % 2 == 1 {
            power *= square;
        }
        square *= square;
        left /= 2;
    }
    power
}

fn jittered(wait: Duration, jitter: f64, chance: f64) -> Duration {
    // The share is at most a half, so even the longest duration does not overflow.
    wait.saturating_sub(wait.mul_f64(jitter * chance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn policy(base_ms: u64, factor: f64, max_ms: u64, jitter: f64) -> WaitPolicy {
        Config::builder()
            .consecutive_failures(1)
            .open_for(Duration::from_millis(base_ms))
            .backoff_factor(factor)
            .max_open_for(Duration::from_millis(max_ms))
            .jitter(jitter)
            .build()
            .unwrap()
            .wait
    }

    fn millis(policy: &WaitPolicy, opening: u32, hint: Option<u64>, chance: f64) -> u128 {
        open_period(policy, opening, hint.map(Duration::from_millis), chance).as_millis()
    }

    #[test]
    fn periods_grow_up_to_the_maximum_and_never_overflow() {
        let policy = policy(1000, 2.0, 5000, 0.0);

        let periods = [1, 2, 3, 4, u32::MAX].map(|opening| millis(&policy, opening, None, 0.7));

        assert_eq!(periods, [1000, 2000, 4000, 5000, 5000]);
    }

    #[test]
    fn a_power_is_the_product_of_as_many_factors() {
        // Products of these are exact.
        for (factor, most) in [(1.0, 40), (2.0, 40), (1.5, 30), (3.0, 30), (10.0, 15)] {
            let mut product = 1.0;
            for exponent in 0..=most {
                assert!(
                    power(factor, exponent).total_cmp(&product).is_eq(),
                    "{factor}^{exponent}"
                );
                product *= factor;
            }
        }
        assert!(power(2.0, u32::MAX).is_infinite());
    }

    #[test]
    fn the_highest_level_is_the_first_whose_period_is_the_longest() {
        let policies = [
            policy(1000, 2.0, 64_000, 0.0),
            policy(1000, 2.0, 63_999, 0.0),
            policy(1000, 2.0, 64_001, 0.0),
            policy(1000, 10.0, 1_000_000, 0.0),
            policy(7, 1.1, 86_400_000, 0.0),
            policy(3, 1000.0, u64::MAX / 2, 0.0),
            policy(1000, 1.0, 1000, 0.0),
        ];
        for policy in policies {
            let highest = highest_level(&policy);

            assert_eq!(back_off(&policy, highest), policy.max, "{policy:?}");
            let below = highest - 1;
            assert!(
                below == 0 || back_off(&policy, below) < policy.max,
                "{policy:?}"
            );
        }
        assert_eq!(
            highest_level(&policy(1000, 1.0, 5000, 0.0)),
            1,
            "all are alike"
        );
        assert!(highest_level(&policy(1, 1.0 + f64::EPSILON, u64::MAX / 2, 0.0)) > 1_000_000);
    }

    #[test]
    fn jitter_shortens_by_at_most_its_share() {
        let policy = policy(1000, 1.0, 1000, 0.5);

        assert_eq!(millis(&policy, 1, None, 0.0), 1000);
        assert_eq!(millis(&policy, 1, None, 0.5), 750);
        assert_eq!(millis(&policy, 1, None, 1.0), 500);
    }

    #[test]
    fn the_longest_period_survives_any_jitter() {
        let longest = WaitPolicy {
            base: Duration::MAX,
            max: Duration::MAX,
            ..policy(1, 2.0, 1, 0.5)
        };

        for chance in [0.0, f64::MIN_POSITIVE, 1e-17, 0.5, 1.0] {
            let period = open_period(&longest, u32::MAX, None, chance);

            assert!(period >= Duration::MAX / 3, "{chance}: {period:?}");
        }
    }

    #[test]
    fn the_level_falls_by_one_with_each_calm_period() {
        let second = Duration::from_secs(1);
        let after = |millis| level(3, Some(Duration::from_millis(millis)), Some(second));

        assert_eq!(
            [0, 999, 1000, 2999, 3000, 9000].map(after),
            [3, 3, 2, 1, 0, 0]
        );
        assert_eq!(level(3, None, Some(second)), 3);
        assert_eq!(level(3, Some(Duration::ZERO), None), 0);
        assert_eq!(level(3, None, None), 3);
        assert_eq!(
            level(3, Some(Duration::MAX), Some(Duration::from_nanos(1))),
            0
        );
    }

    #[test]
    fn a_hint_lengthens_but_never_shortens_and_is_capped() {
        let policy = policy(1000, 1.0, 5000, 0.0);

        assert_eq!(millis(&policy, 1, Some(3000), 0.0), 3000);
        assert_eq!(millis(&policy, 1, Some(10), 0.0), 1000);
        assert_eq!(millis(&policy, 1, Some(90_000), 0.0), 5000);
    }

    #[test]
    fn jitter_comes_after_a_hint_and_never_before_it() {
        let policy = policy(1000, 1.0, 5000, 0.5);

        assert_eq!(millis(&policy, 1, Some(3000), 0.0), 3000);
        assert_eq!(millis(&policy, 1, Some(3000), 1.0), 4500);
        assert_eq!(millis(&policy, 1, Some(4000), 1.0), 5000);
        assert_eq!(millis(&policy, 1, Some(90_000), 1.0), 5000);
    }
}
