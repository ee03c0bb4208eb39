//! The chain of all count windows, solved exactly: the mean number of calls until a breaker trips (F8x).
//!
//! A window of W calls has 2^W contents; each call drops the oldest outcome and adds its own. The reference for
//! the golden numbers: it shares no line with the breaker.

/// Calls that are followed one by one: by then the share of breakers that are still closed falls by the same factor
/// with each further call, to all digits.
const FOLLOWED: u32 = 500;

/// The mean number of calls until a window of `width` calls, all successes at first, has `limit` failures, where
/// each call fails with `p`.
pub(crate) fn calls_to_open(width: u32, limit: u32, p: f64) -> f64 {
    let contents = 1_usize << width;
    let trips = |window: usize| window.count_ones() >= limit;
    let mut likely = vec![0.0; contents];
    likely[0] = 1.0;
    let (mut calls, mut closed, mut factor) = (0.0, 1.0, 1.0);
    for _ in 0..FOLLOWED {
        calls += closed;
        let mut next = vec![0.0; contents];
        for (window, likely) in likely.iter().enumerate() {
            let shifted = window << 1 & (contents - 1);
            for (after, share) in [(shifted, 1.0 - p), (shifted | 1, p)] {
                if !trips(after) {
                    next[after] += likely * share;
                }
            }
        }
        let still = next.iter().sum::<f64>();
        factor = still / closed;
        (likely, closed) = (next, still);
        if closed < 1e-15 {
            return calls;
        }
    }
    calls + closed / (1.0 - factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_ten_calls_that_trips_at_five_failures_has_the_golden_numbers() {
        for (p, calls) in [
            (0.1, "1674.2"),
            (0.2, "117.7"),
            (0.5, "11.43"),
            (0.9, "5.56"),
            (1.0, "5.00"),
        ] {
            let digits = calls.len() - calls.find('.').unwrap() - 1;
            assert_eq!(
                format!("{:.digits$}", calls_to_open(10, 5, p)),
                calls,
                "{p}"
            );
        }
    }

    #[test]
    fn a_window_that_must_be_full_of_failures_is_a_run_of_failures() {
        let run = crate::closed_forms::calls_to_run(5, 0.5);
        assert!((calls_to_open(5, 5, 0.5) - run).abs() < 1e-9);
    }
}
