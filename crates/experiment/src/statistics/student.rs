//! Student's distribution and the normal one: the quantiles and tails that intervals and tests need.

/// Returns the value that Student's distribution with `freedom` degrees of freedom (at least 1) does not exceed with
/// this `probability` (0.5 ≤ p < 1). It is accurate to nine digits.
///
/// It is found by bisection, because the distribution function increases everywhere.
pub fn t_quantile(probability: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while t_distribution(high, freedom) < probability {
        low = high;
        high *= 2.0;
    }
    // 60 halvings leave nothing of a double's 53 bits.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if t_distribution(middle, freedom) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// How likely Student's distribution does not exceed `t` ≥ 0: 1 − I(ν/(ν + t²); ν/2, 1/2) / 2 (NIST Digital Library
/// of Mathematical Functions, 8.17; Abramowitz and Stegun 26.7.1).
fn t_distribution(t: f64, freedom: f64) -> f64 {
    let x = freedom / (freedom + t * t);
    1.0 - incomplete_beta(x, freedom / 2.0, 0.5) / 2.0
}

/// The regularised incomplete beta function by its continued fraction (DLMF 8.17.22).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b)
        + a * libm::log(x)
        + b * libm::log(1.0 - x);
    // The fraction converges fast below (a + 1) / (a + b + 2); above it the mirrored one does (8.17.4).
    if x < (a + 1.0) / (a + b + 2.0) {
        libm::exp(front) * fraction(x, a, b) / a
    } else {
        1.0 - libm::exp(front) * fraction(1.0 - x, b, a) / b
    }
}

/// The continued fraction, evaluated from its front by the method of Lentz (1976) as modified by Thompson and Barnett
/// (1986).
#[expect(
    clippy::many_single_char_names,
    reason = "the names of the formula in the literature"
)]
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    /// The replacement of zero in a denominator.
    const TINY: f64 = 1e-300;
    let safe = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut c, mut d) = (1.0, 1.0 / safe(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for step in 1..1_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = value;
        for part in [even, odd] {
            d = 1.0 / safe(1.0 + part * d);
            c = safe(1.0 + part / c);
            value *= c * d;
        }
        if (value / before - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

/// Returns how likely a standard normal value lies at least `z` ≥ 0 from zero, on either side.
pub fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z / std::f64::consts::SQRT_2)
}
