//! The closed forms with which the simulated points of a study are compared.
//!
//! N instances make r calls per second each; a breaker trips on k failures among its last W calls. Failures are known
//! τ after a call, and news of other instances s later. Integrals are Simpson sums, far finer than the figures need.

/// Steps of an integral; even.
const STEPS: u32 = 4_000;

fn integral(f: impl Fn(f64) -> f64, upper: f64) -> f64 {
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

/// The probability that the `k`-th of events at `rate` has come by `t`: Erlang's distribution.
fn erlang_cdf(k: u32, rate: f64, t: f64) -> f64 {
    let mean = rate * t;
    let mut term = libm::exp(-mean);
    let mut below = 0.0;
    for number in 0..k {
        below += term;
        term *= mean / f64::from(number + 1);
    }
    (1.0 - below).clamp(0.0, 1.0)
}

/// Returns the probability of exactly `number` successes in `n` trials, computed by logarithms because it may be very
/// small.
pub fn binomial(number: u32, n: u32, p: f64) -> f64 {
    if number > n {
        return 0.0;
    }
    let factorial = |n: u32| libm::lgamma(f64::from(n) + 1.0);
    let ways = factorial(n) - factorial(number) - factorial(n - number);
    let (number, rest) = (f64::from(number), f64::from(n - number));
    libm::exp(ways + number * libm::log(p) + rest * libm::log(1.0 - p))
}

/// Returns the mean time until the `q`-th of `n` instances has seen `k` failures in a row from the start of a total
/// failure, each at `rate` calls per second: ∫ P(fewer than q) dt.
///
/// ```
/// use experiment::study::theory::q_th_of;
///
/// // Of the order statistics of Erlang's distribution, as facts of other texts have them.
/// assert_eq!(format!("{:.4}", q_th_of(1, 3, 5, 10.0)), "0.3245");
/// assert_eq!(format!("{:.4}", q_th_of(3, 3, 5, 10.0)), "0.6936");
/// assert_eq!(format!("{:.3}", q_th_of(51, 100, 50, 1.0)), "49.760");
/// ```
pub fn q_th_of(q: u32, n: u32, k: u32, rate: f64) -> f64 {
    let many = f64::from(k);
    let late = (many + 12.0 * many.sqrt() + 20.0) / rate;
    let fewer = |t: f64| {
        let p = erlang_cdf(k, rate, t);
        match p {
            _ if p <= 0.0 => 1.0,
            _ if p >= 1.0 => 0.0,
            _ => (0..q).map(|number| binomial(number, n, p)).sum(),
        }
    };
    integral(fewer, late)
}

/// The mean number of calls until a window of `w` calls, of which each fails with `p`, holds `k` failures by chance:
/// 1 / (u(1 − α/β)), u = p(1 − p)·Bin(k − 1; w − 1, p), α = p(1 − k/w), β = (1 − p)k/w (Poisson clumping). Good to some
/// percent where that is rare, and up to a quarter too long where it is frequent.
///
/// ```
/// use experiment::study::theory::calls_to_false_trip;
///
/// assert_eq!(calls_to_false_trip(20, 10, 0.2).round(), 1641.0);
/// assert_eq!(calls_to_false_trip(20, 10, 0.3).round(), 162.0);
/// assert_eq!(calls_to_false_trip(50, 25, 0.3).round(), 3481.0);
/// ```
pub fn calls_to_false_trip(w: u32, k: u32, p: f64) -> f64 {
    let threshold = f64::from(k) / f64::from(w);
    let upward = p * (1.0 - p) * binomial(k - 1, w - 1, p);
    let (alpha, beta) = (p * (1.0 - threshold), (1.0 - p) * threshold);
    1.0 / (upward * (1.0 - alpha / beta))
}

/// The mean time in seconds until `q` of `n` instances see their last `run` calls fail at the same time, of which each
/// fails with `p`, at `rate` calls per second each: one over the rate at which the q-th joins q − 1 others.
///
/// ```
/// use experiment::study::theory::seconds_to_false_quorum;
///
/// // Runs of four with 30 % of errors: five of ten at once are a matter of weeks.
/// assert!(seconds_to_false_quorum(5, 10, 4, 0.3, 20.0) > 1e6);
/// ```
pub fn seconds_to_false_quorum(q: u32, n: u32, run: u32, p: f64, rate: f64) -> f64 {
    let suspect = libm::pow(p, f64::from(run));
    let joins = rate * (1.0 - p) * suspect / (1.0 - suspect);
    let others = binomial(q - 1, n, suspect);
    1.0 / (others * f64::from(n - q + 1) * joins)
}

/// The mean time in seconds until a count of `w` calls, of which each fails with `p`, holds `k` failures by chance where it is
/// judged once in `every` seconds: `every` / P(Bin(w, p) ≥ k). Where counts overlap from one judgement to the next, wrong
/// ones come in clumps, and the time between clumps is longer.
///
/// ```
/// use experiment::study::theory::seconds_to_false_count;
///
/// assert_eq!(format!("{:.2}", seconds_to_false_count(20, 10, 0.3, 0.1)), "2.08");
/// ```
pub fn seconds_to_false_count(w: u32, k: u32, p: f64, every: f64) -> f64 {
    every / (k..=w).map(|number| binomial(number, w, p)).sum::<f64>()
}

/// The share of the time in which one bad instance of `n` keeps a fleet open that opens when any breaker does, where its own
/// breaker stays open and opens the fleet again by its failed probe: x/(x + c). The fleet is open for x = `wait` and
/// until the first of the others has had two calls, of which the second probes; it is closed for c = 1/r + `late`, until the bad
/// one's next call has failed and is known.
///
/// ```
/// use experiment::study::theory::open_by_one;
///
/// assert_eq!(format!("{:.3}", open_by_one(10, 10.0, 5.0, 0.0)), "0.981");
/// ```
pub fn open_by_one(n: u32, rate: f64, wait: f64, late: f64) -> f64 {
    let open = wait + q_th_of(1, n - 1, 2, rate);
    open / (open + 1.0 / rate + late)
}
