//! The trip rules, as pure functions of the figures.

use crate::config::TripPolicy;
use crate::transition::Cause;
use crate::window::{Window, WindowFigures};

impl TripPolicy {
    /// The rule that these figures satisfy, if any.
    pub(crate) fn fires(&self, consecutive_failures: u32, window: &WindowFigures) -> Option<Cause> {
        if self
            .consecutive_failures
            .is_some_and(|limit| consecutive_failures >= limit)
        {
            Some(Cause::ConsecutiveFailures)
        } else if self.too_many_failures(window.failures, window.calls) {
            Some(Cause::FailureRatio)
        } else if self.too_many_slow(window) {
            Some(Cause::SlowRatio)
        } else {
            None
        }
    }

    /// Whether overdue calls satisfy the rule for slow calls.
    pub(crate) fn fires_on_overdue(&self, window: &WindowFigures) -> bool {
        window.overdue > 0 && self.too_many_slow(window)
    }

    /// Whether a number of plain successes, and nothing else, could make a rule fire.
    ///
    /// Each of them lowers the ratios or, where a full count window drops one for it, leaves them
    /// unchanged. So the ratios are largest at the first success that makes up enough calls.
    pub(crate) fn may_fire_on_success(&self, window: &WindowFigures) -> bool {
        let most = match self.window {
            Window::Count { calls } => calls.into(),
            Window::Time { .. } => u64::MAX,
        };
        let calls = (window.calls + 1).max(self.minimum_calls.into()).min(most);
        self.too_many_failures(window.failures, calls)
            || self.too_many_slow(&WindowFigures { calls, ..*window })
    }

    /// How many failures that are not slow lead to no verdict, whatever number of plain successes
    /// comes with them, if no rule counts failures in a row.
    pub(crate) fn harmless_failures(&self, window: &WindowFigures) -> u32 {
        let Some(limit) = self.failure_ratio else {
            return u32::MAX;
        };
        // Successes help the rule to fire only by making up the minimum.
        let minimum = self.minimum_calls.into();
        let harmful = limit.failures_to_reach(window.failures, window.calls, minimum);
        u32::try_from(harmful.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn too_many_failures(&self, failures: u64, calls: u64) -> bool {
        calls >= u64::from(self.minimum_calls)
            && self
                .failure_ratio
                .is_some_and(|limit| limit.is_reached_by(failures, calls))
    }

    fn too_many_slow(&self, window: &WindowFigures) -> bool {
        let calls = window.calls + window.overdue;
        calls >= u64::from(self.minimum_calls)
            && self
                .slow_ratio
                .is_some_and(|limit| limit.is_reached_by(window.slow + window.overdue, calls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// Half of at least ten calls, or 30 % slow ones.
    fn rules() -> TripPolicy {
        Config::builder()
            .failure_rate_threshold(0.5)
            .slow_call_rate_threshold(0.3)
            .slow_call_duration(std::time::Duration::from_secs(1))
            .minimum_calls(10)
            .build()
            .expect("valid settings")
            .trip
    }

    fn figures(calls: u64, failures: u64, slow: u64) -> WindowFigures {
        WindowFigures {
            calls,
            failures,
            slow,
            overdue: 0,
        }
    }

    #[test]
    fn successes_alone_can_trip_only_by_making_up_the_minimum() {
        let rules = rules();

        assert!(!rules.may_fire_on_success(&figures(0, 0, 0)));
        assert!(rules.may_fire_on_success(&figures(5, 5, 0)));
        assert!(!rules.may_fire_on_success(&figures(4, 4, 0)));
        assert!(rules.may_fire_on_success(&figures(3, 0, 3)));
        assert!(!rules.may_fire_on_success(&figures(11, 5, 3)));
    }

    #[test]
    fn so_many_failures_are_harmless_as_no_number_of_successes_makes_harmful() {
        let rules = rules();
        let most = if cfg!(miri) { 12 } else { 40 };
        for calls in 0..most {
            for failures in 0..=calls {
                let present = figures(calls, failures, 0);
                if rules.may_fire_on_success(&present) {
                    continue;
                }
                let harmless = u64::from(rules.harmless_failures(&present));
                let fires = |failed: u64| {
                    (0..60).any(|more| {
                        let after = figures(calls + failed + more, failures + failed, 0);
                        rules.fires(0, &after).is_some()
                    })
                };
                assert!(
                    (1..=harmless).all(|failed| !fires(failed)),
                    "{calls} {failures}"
                );
                assert!(fires(harmless + 1), "{calls} {failures}: {harmless}");
            }
        }
        let many = figures(1_000_000_000, 1, 0);
        assert_eq!(rules.harmless_failures(&many), 999_999_997);
    }

    #[test]
    fn what_successes_may_do_is_what_some_number_of_them_does() {
        let rules = rules();
        // An interpreter is slow.
        let most = if cfg!(miri) { 12 } else { 40 };
        for calls in 0..most {
            for failures in 0..=calls {
                for slow in 0..=calls {
                    let some_number_fires = (1..60).any(|more| {
                        rules
                            .fires(0, &figures(calls + more, failures, slow))
                            .is_some()
                    });
                    let may = rules.may_fire_on_success(&figures(calls, failures, slow));
                    assert_eq!(may, some_number_fires, "{calls} {failures} {slow}");
                }
            }
        }
    }
}
