//! The closed forms of the ladder: waiting times, order statistics, Poisson tails, and probes.
//!
//! Integrals are Simpson sums over steps that are far finer than the figures need.

/// Steps of an integral; even.
const STEPS: u32 = 20_000;

/// The integral of `f` from 0 to `upper`.
pub(crate) fn integral(f: impl Fn(f64) -> f64, upper: f64) -> f64 {
    let step = upper / f64::from(STEPS);
    let weighted = (0..=STEPS).map(|number| {
        let weight = match number {
            0 | STEPS => 1.0,
            odd if odd % 2 == 1 => 4.0,
            _ => 2.0,
        };
        weight * f(f64::from(number) * step)
    });
    weighted.sum::<f64>() * step / 3.0
}

/// The probability that a Poisson number with this mean is at least `least`.
pub(crate) fn poisson_tail(mean: f64, least: u32) -> f64 {
    let mut term = (-mean).exp();
    let mut below = 0.0;
    for number in 0..least {
        below += term;
        term *= mean / f64::from(number + 1);
    }
    1.0 - below
}

/// F1: the probability that the `k`-th of events at `rate` has come by `t`.
pub(crate) fn erlang_cdf(k: u32, rate: f64, t: f64) -> f64 {
    poisson_tail(rate * t, k)
}

/// A time by which the `k`-th event has nearly certainly come.
fn late(k: u32, rate: f64) -> f64 {
    let k = f64::from(k);
    (k + 12.0 * k.sqrt() + 20.0) / rate
}

/// F2: the mean time until the first of `n` instances has seen `k` failures.
pub(crate) fn first_open(n: u32, k: u32, rate: f64) -> f64 {
    let none = |t| (1.0 - erlang_cdf(k, rate, t)).powf(f64::from(n));
    integral(none, late(k, rate))
}

/// F2: the mean time until the last of `n` instances has.
pub(crate) fn last_open(n: u32, k: u32, rate: f64) -> f64 {
    let some = |t| 1.0 - erlang_cdf(k, rate, t).powf(f64::from(n));
    integral(some, late(k, rate))
}

/// F3: the probability that at `t` some of `n` instances are open and some are not.
pub(crate) fn mixed(n: u32, k: u32, rate: f64, t: f64) -> f64 {
    let open = erlang_cdf(k, rate, t);
    1.0 - open.powf(f64::from(n)) - (1.0 - open).powf(f64::from(n))
}

/// F3: the probability that two instances differ at `t`.
pub(crate) fn differ(k: u32, rate: f64, t: f64) -> f64 {
    let open = erlang_cdf(k, rate, t);
    2.0 * open * (1.0 - open)
}

/// F4: the mean time until the `q`-th of `n` instances has seen `k` failures.
pub(crate) fn q_th_open(q: u32, n: u32, k: u32, rate: f64) -> f64 {
    let fewer = |t| binomial_cdf(q - 1, n, erlang_cdf(k, rate, t));
    integral(fewer, late(k, rate))
}

/// F9: the mean time until one of `n` instances opens that opens at its own `k`-th failure, or sooner, when it has seen
/// `few` failures and `q` instances have.
///
/// Until `t` it stays closed when it has seen fewer than `few`; or fewer than `k`, and of the others at most `q − 2` have
/// seen `few`.
pub(crate) fn voted_open((n, q): (u32, u32), (k, few): (u32, u32), rate: f64) -> f64 {
    let closed = |t| {
        let (suspects, trips) = (erlang_cdf(few, rate, t), erlang_cdf(k, rate, t));
        1.0 - suspects + (suspects - trips) * binomial_cdf(q - 2, n - 1, suspects)
    };
    integral(closed, late(k, rate))
}

/// The probability of at most `most` successes in `n` trials.
pub(crate) fn binomial_cdf(most: u32, n: u32, p: f64) -> f64 {
    if p >= 1.0 {
        return f64::from(most >= n);
    }
    let mut term = (1.0 - p).powf(f64::from(n));
    let mut sum = 0.0;
    for number in 0..=most {
        sum += term;
        term *= f64::from(n - number) / f64::from(number + 1) * p / (1.0 - p);
    }
    sum
}

/// F8: the mean number of calls to `k` failures in a row, where each fails with `p`.
pub(crate) fn calls_to_run(k: u32, p: f64) -> f64 {
    if p >= 1.0 {
        return f64::from(k);
    }
    (p.powf(-f64::from(k)) - 1.0) / (1.0 - p)
}

/// F12: the mean number of calls that `n` instances waste until all are open, each by itself.
pub(crate) fn waste(n: u32, k: u32, rate: f64, tau: f64) -> f64 {
    f64::from(n) * (f64::from(k) + rate * tau)
}

/// F12: the same where each failure counts for all of them, `staleness` after it is known.
pub(crate) fn shared_waste(n: u32, k: u32, rate: f64, tau: f64, staleness: f64) -> f64 {
    f64::from(k) + f64::from(n) * rate * (tau + staleness)
}

/// The recovery of one instance: an open period between T(1 − J) and T, then the next call, then its answer.
///
/// The breaker's jitter shortens the open period, where other texts let it lengthen one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cycle {
    /// T, the longest open period, in seconds.
    pub(crate) open_for: f64,
    /// J, the share of it that jitter may take away.
    pub(crate) jitter: f64,
    /// r, calls per second.
    pub(crate) rate: f64,
    /// d, how long a probe takes, in seconds.
    pub(crate) probe: f64,
}

impl Cycle {
    /// m, the mean of the cycle.
    pub(crate) fn mean(self) -> f64 {
        self.open_for * (1.0 - self.jitter / 2.0) + 1.0 / self.rate + self.probe
    }

    /// σ², its variance: of an even and an exponential part.
    fn variance(self) -> f64 {
        (self.open_for * self.jitter).powi(2) / 12.0 + self.rate.powi(-2)
    }

    /// F10: the mean number of probes that have failed on `n` instances which have been open for `over` seconds.
    /// The second term is the edge of a renewal process (Cox 1962, section 4.2).
    pub(crate) fn probes(self, n: u32, over: f64) -> f64 {
        let (mean, variance) = (self.mean(), self.variance());
        let edge = (variance / mean.powi(2) - 1.0) / 2.0;
        f64::from(n) * (over / mean + edge)
    }

    /// F13: the mean time from a recovery at a random phase of the cycle to the breaker's closing.
    ///
    /// It is what is left of the cycle. A probe that was sent before the recovery still fails, which costs one more
    /// cycle with the probability d / m: d on average.
    pub(crate) fn recovery(self) -> f64 {
        let mean = self.mean();
        (self.variance() + mean.powi(2)) / (2.0 * mean) + self.probe
    }
}

/// The cycle of a fleet with a lease: the gap, the first call of any instance but the last prober, the new prober's next
/// call, then its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeaseCycle {
    /// N, instances.
    pub(crate) size: u32,
    /// r, calls per second of one instance.
    pub(crate) rate: f64,
    /// The gap, in seconds.
    pub(crate) gap: f64,
    /// d, how long a probe takes, in seconds.
    pub(crate) probe: f64,
}

impl LeaseCycle {
    fn rate_of_others(self) -> f64 {
        f64::from(self.size - 1) * self.rate
    }

    /// The mean of the cycle.
    pub(crate) fn mean(self) -> f64 {
        self.gap + 1.0 / self.rate_of_others() + 1.0 / self.rate + self.probe
    }

    fn variance(self) -> f64 {
        self.rate_of_others().powi(-2) + self.rate.powi(-2)
    }

    /// F10b: as [`Cycle::probes`], of a fleet of any size.
    pub(crate) fn probes(self, over: f64) -> f64 {
        let (mean, variance) = (self.mean(), self.variance());
        over / mean + (variance / mean.powi(2) - 1.0) / 2.0
    }

    /// F14 and F15: as [`Cycle::recovery`], of all instances at once.
    pub(crate) fn recovery(self) -> f64 {
        let mean = self.mean();
        (self.variance() + mean.powi(2)) / (2.0 * mean) + self.probe
    }
}

/// F11: the mean number of probes of `n` instances in the first `width` seconds after the end of the same open
/// period without jitter.
pub(crate) fn herd(n: u32, rate: f64, width: f64) -> f64 {
    f64::from(n) * (1.0 - (-rate * width).exp())
}

/// Figures that were computed elsewhere, to their last digit.
#[cfg(test)]
mod tests {
    use super::*;

    fn same(value: f64, figure: &str) {
        let digits = figure.split_once('.').map_or(0, |(_, part)| part.len());
        assert_eq!(format!("{value:.digits$}"), figure);
    }

    #[test]
    fn the_first_and_the_last_to_open_are_the_order_statistics_of_erlang() {
        same(first_open(1, 5, 10.0), "0.5000");
        same(first_open(3, 5, 10.0), "0.3245");
        same(last_open(3, 5, 10.0), "0.6936");
        same(
            last_open(1000, 50, 1.0) - first_open(1000, 50, 1.0),
            "45.94",
        );
        same(first_open(10, 10, 20.0) + 0.05, "0.34");
        same(last_open(10, 10, 20.0) + 0.05, "0.82");
    }

    #[test]
    fn fleets_are_mixed_as_often_as_their_times_to_open_lie_apart() {
        same(mixed(3, 5, 10.0, 0.5), "0.7394");
        same(differ(5, 10.0, 0.5), "0.4929");
        let mixed_for = integral(|t| mixed(3, 5, 10.0, t), 5.0);
        same(mixed_for, "0.3691");
        same(last_open(3, 5, 10.0) - first_open(3, 5, 10.0), "0.3691");
    }

    #[test]
    fn a_majority_at_the_hard_threshold_opens_after_the_mean_time() {
        same(q_th_open(51, 100, 50, 1.0), "49.760");
    }

    #[test]
    fn votes_halve_the_mean_time_to_open() {
        same(voted_open((10, 6), (5, 2), 1.0), "2.411");
        // Without votes, and with one that is enough.
        same(voted_open((10, 10), (5, 5), 1.0), "5.0000");
        same(last_open(10, 2, 1.0), "4.62");
    }

    #[test]
    fn a_merged_window_counts_as_one_instance_with_all_calls() {
        same(first_open(1, 5, 30.0), "0.16667");
        same(15_f64.sqrt() / 30.0, "0.1291");
    }

    #[test]
    fn seldom_called_windows_are_seldom_full() {
        same(poisson_tail(5.0, 10), "0.0318");
        same(poisson_tail(10.0, 10), "0.5421");
    }

    #[test]
    fn runs_of_failures_take_as_many_calls_as_their_formula_says() {
        same(calls_to_run(5, 0.2), "3905");
        same(calls_to_run(5, 0.5), "62");
        same(calls_to_run(3, 0.1), "1110");
        same(calls_to_run(5, 0.9), "6.9");
        same(calls_to_run(5, 1.0), "5");
    }

    #[test]
    fn waste_is_counted_until_the_last_failure_is_known() {
        same(waste(10, 5, 1.0, 0.0), "50");
        same(shared_waste(10, 5, 1.0, 0.0, 0.1), "6");
        same(waste(100, 20, 0.2, 0.1), "2002");
        same(shared_waste(100, 20, 0.2, 0.1, 0.1), "24");
        same(waste(100, 5, 50.0, 1.0), "5500");
        same(shared_waste(100, 5, 50.0, 1.0, 0.01), "5055");
    }

    #[test]
    fn a_herd_without_jitter_comes_within_a_tenth_of_a_second() {
        same(herd(100, 50.0, 0.1), "99.3");
    }
}
