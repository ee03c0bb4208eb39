//! Laws of duration, drawn by their inverse: how long something takes at random.
//!
//! A law turns a uniform share into a duration, so the same share from [`chance`](crate::chance) gives the same
//! duration in every run. The same inverse gives quantiles, and the tail gives the probability that a deadline is
//! missed, which is the truth that faults are measured against. Logarithms and powers are those of `libm`, which are
//! the same on every platform.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds::{time, within};

/// The longest duration that a law may name: a day, in milliseconds.
const MAX_MS: f64 = 86_400_000.0;
/// Values that an empirical law may have.
const MAX_VALUES: usize = 1024;
/// The 99th percentile of the standard normal distribution.
const Z99: f64 = 2.326_347_874_040_841;
/// Equally likely durations that stand for a law where its shape is integrated.
const GRID: u32 = 64;

/// How durations are distributed. All are in milliseconds.
///
/// # Examples
///
/// ```
/// use experiment::law::Law;
///
/// let law = Law::LogNormal { median_ms: 8.0, p99_ms: 40.0 };
/// assert!((law.sample(0.5) - 8.0).abs() < 1e-9);
/// assert!((law.quantile(0.99) - 40.0).abs() < 1e-6);
/// assert!((law.share_above(40.0) - 0.01).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Law {
    /// Always the same.
    Fixed {
        /// How long.
        ms: f64,
    },
    /// Evenly between two bounds.
    Uniform {
        /// The least.
        #[serde(default)]
        min_ms: f64,
        /// The most.
        max_ms: f64,
    },
    /// Without memory: what has lasted long lasts no shorter from now on.
    #[serde(alias = "exp")]
    Exponential {
        /// The mean.
        mean_ms: f64,
    },
    /// Many factors together, as latencies usually are.
    #[serde(alias = "lognormal")]
    LogNormal {
        /// Half are longer.
        median_ms: f64,
        /// One in a hundred is longer.
        p99_ms: f64,
    },
    /// A heavy tail.
    Pareto {
        /// The least.
        scale_ms: f64,
        /// How heavy: the smaller, the longer the longest. Up to 1 it needs `max_ms`.
        alpha: f64,
        /// Longer ones are cut to this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_ms: Option<f64>,
    },
    /// One of these, each as likely.
    Empirical {
        /// In ascending order.
        values_ms: Vec<f64>,
    },
}

impl Law {
    /// The duration for `share`, with 0 ≤ `share` < 1, in milliseconds.
    pub fn sample(&self, share: f64) -> f64 {
        self.quantile(share)
    }

    /// The duration that the share `p` stays below, in milliseconds.
    pub fn quantile(&self, p: f64) -> f64 {
        let p = p.clamp(0.0, 1.0 - f64::EPSILON / 2.0);
        match self {
            Self::Fixed { ms } => *ms,
            Self::Uniform { min_ms, max_ms } => min_ms + (max_ms - min_ms) * p,
            Self::Exponential { mean_ms } => -mean_ms * libm::log1p(-p),
            Self::LogNormal { median_ms, p99_ms } => {
                let p = p.max(f64::EPSILON / 2.0);
                median_ms * libm::exp(sigma(*median_ms, *p99_ms) * normal_quantile(p))
            }
            Self::Pareto {
                scale_ms,
                alpha,
                max_ms,
            } => (scale_ms * libm::pow(1.0 - p, -1.0 / alpha)).min(max_ms.unwrap_or(f64::MAX)),
            Self::Empirical { values_ms } => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_precision_loss,
                    clippy::cast_sign_loss,
                    reason = "a place among at most 1024"
                )]
                let place = (p * values_ms.len() as f64) as usize;
                values_ms.get(place).copied().unwrap_or_default()
            }
        }
    }

    /// The mean, in milliseconds.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Fixed { ms } => *ms,
            Self::Uniform { min_ms, max_ms } => f64::midpoint(*min_ms, *max_ms),
            Self::Exponential { mean_ms } => *mean_ms,
            Self::LogNormal { median_ms, p99_ms } => {
                let sigma = sigma(*median_ms, *p99_ms);
                median_ms * libm::exp(sigma * sigma / 2.0)
            }
            Self::Pareto {
                scale_ms,
                alpha,
                max_ms,
            } => pareto_mean(*scale_ms, *alpha, *max_ms),
            Self::Empirical { values_ms } => {
                #[expect(clippy::cast_precision_loss, reason = "at most 1024 values")]
                let count = values_ms.len().max(1) as f64;
                values_ms.iter().sum::<f64>() / count
            }
        }
    }

    /// The share of durations that are longer than `ms`.
    pub fn share_above(&self, ms: f64) -> f64 {
        if ms < 0.0 {
            return 1.0;
        }
        match self {
            Self::Fixed { ms: value } => f64::from(*value > ms),
            Self::Uniform { min_ms, max_ms } if max_ms > min_ms => {
                ((max_ms - ms) / (max_ms - min_ms)).clamp(0.0, 1.0)
            }
            Self::Uniform { max_ms, .. } => f64::from(*max_ms > ms),
            Self::Exponential { mean_ms } if *mean_ms > 0.0 => libm::exp(-ms / mean_ms),
            Self::Exponential { .. } => 0.0,
            Self::LogNormal { median_ms, p99_ms } => {
                let sigma = sigma(*median_ms, *p99_ms);
                if sigma == 0.0 {
                    return f64::from(*median_ms > ms);
                }
                normal_tail(libm::log(ms / median_ms) / sigma)
            }
            Self::Pareto { max_ms, .. } if max_ms.is_some_and(|max| max <= ms) => 0.0,
            Self::Pareto {
                scale_ms, alpha, ..
            } => libm::pow(scale_ms / ms.max(*scale_ms), *alpha),
            Self::Empirical { values_ms } => {
                let above = values_ms.iter().filter(|value| **value > ms).count();
                #[expect(clippy::cast_precision_loss, reason = "at most 1024 values")]
                let share = above as f64 / values_ms.len().max(1) as f64;
                share
            }
        }
    }

    /// Equally likely durations that stand for the law.
    pub(crate) fn grid(&self) -> impl Iterator<Item = f64> + '_ {
        let step = 1.0 / f64::from(GRID);
        (0..GRID).map(move |place| self.quantile((f64::from(place) + 0.5) * step))
    }

    /// What is left of a duration that an instant falls into: longer ones are met more often.
    pub(crate) fn residual(&self, share: f64, part: f64) -> f64 {
        if let Self::Exponential { .. } = self {
            return self.sample(share);
        }
        let whole: f64 = self.grid().sum();
        let mut left = share * whole;
        let mut met = 0.0;
        for duration in self.grid() {
            met = duration;
            left -= duration;
            if left < 0.0 {
                break;
            }
        }
        met * part
    }

    /// # Errors
    ///
    /// Which of its numbers makes no sense, beginning with the name of the key.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Fixed { ms } => time("fixed", *ms, 0.0, MAX_MS),
            Self::Uniform { min_ms, max_ms } => {
                time("uniform.min", *min_ms, 0.0, MAX_MS)?;
                time("uniform.max", *max_ms, *min_ms, MAX_MS)
            }
            Self::Exponential { mean_ms } => time("exponential.mean", *mean_ms, 0.0, MAX_MS),
            Self::LogNormal { median_ms, p99_ms } => {
                time("log_normal.median", *median_ms, 0.001, MAX_MS)?;
                time("log_normal.p99", *p99_ms, *median_ms, MAX_MS)
            }
            Self::Pareto {
                scale_ms,
                alpha,
                max_ms,
            } => {
                time("pareto.scale", *scale_ms, 0.001, MAX_MS)?;
                within("pareto.alpha", *alpha, 0.1, 100.0)?;
                match max_ms {
                    Some(max_ms) => time("pareto.max", *max_ms, *scale_ms, MAX_MS),
                    None if *alpha <= 1.0 => Err(format!(
                        "pareto.max: it is missing, and with alpha = {alpha} there is no mean \
                         without it"
                    )),
                    None => Ok(()),
                }
            }
            Self::Empirical { values_ms } => {
                let count = values_ms.len();
                if !(1..=MAX_VALUES).contains(&count) {
                    return Err(format!(
                        "empirical.values: {count} values are not allowed: there must be from 1 to {MAX_VALUES}"
                    ));
                }
                let mut least = 0.0;
                for (place, value) in values_ms.iter().enumerate() {
                    let key = format!("empirical.values[{place}]");
                    time(&key, *value, least, MAX_MS)?;
                    least = *value;
                }
                Ok(())
            }
        }
    }
}

fn sigma(median: f64, p99: f64) -> f64 {
    libm::log(p99 / median) / Z99
}

/// The mean of a Pareto law that is cut: the integral of its tail.
fn pareto_mean(scale: f64, alpha: f64, max: Option<f64>) -> f64 {
    let near_one = (alpha - 1.0).abs() < 1e-9;
    match max {
        None if alpha > 1.0 => scale * alpha / (alpha - 1.0),
        None => f64::INFINITY,
        Some(max) if near_one => scale * (1.0 + libm::log(max / scale)),
        Some(max) => {
            let cut = libm::pow(max / scale, 1.0 - alpha);
            scale * (1.0 + (1.0 - cut) / (alpha - 1.0))
        }
    }
}

/// The share of the standard normal distribution above `z`.
pub(crate) fn normal_tail(z: f64) -> f64 {
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

/// The inverse of the standard normal distribution, for 0 < p < 1: an approximation by rational
/// functions (Acklam, 2003), made exact by one step of Halley's method.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let rough = if p < 0.024_25 {
        let q = (-2.0 * libm::log(p)).sqrt();
        let above = [
            -7.784_894_002_430_293e-3,
            -3.223_964_580_411_365e-1,
            -2.400_758_277_161_838,
            -2.549_732_539_343_734,
            4.374_664_141_464_968,
            2.938_163_982_698_783,
        ];
        let below = [
            7.784_695_709_041_462e-3,
            3.224_671_290_700_398e-1,
            2.445_134_137_142_996,
            3.754_408_661_907_416,
            1.0,
        ];
        polynomial(&above, q) / polynomial(&below, q)
    } else {
        let q = p - 0.5;
        let above = [
            -3.969_683_028_665_376e1,
            2.209_460_984_245_205e2,
            -2.759_285_104_469_687e2,
            1.383_577_518_672_69e2,
            -3.066_479_806_614_716e1,
            2.506_628_277_459_239,
        ];
        let below = [
            -5.447_609_879_822_406e1,
            1.615_858_368_580_409e2,
            -1.556_989_798_598_866e2,
            6.680_131_188_771_972e1,
            -1.328_068_155_288_572e1,
            1.0,
        ];
        polynomial(&above, q * q) * q / polynomial(&below, q * q)
    };
    let error = (1.0 - normal_tail(rough)) - p;
    let step = error * (2.0 * std::f64::consts::PI).sqrt() * libm::exp(rough * rough / 2.0);
    rough - step / (1.0 + rough * step / 2.0)
}

fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

#[cfg(test)]
mod tests;
