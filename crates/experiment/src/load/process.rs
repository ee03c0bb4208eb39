//! Arrival processes: renewal processes with a mean of one arrival per unit, which say how evenly requests come.
//!
//! Logarithms are those of `libm`, which are the same on every platform.

use rand::Rng;
use rand::rngs::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::written::{line, table, written};
use crate::bounds::range;

/// How evenly requests come, whatever their rate.
///
/// # Examples
///
/// ```
/// use experiment::load::ArrivalProcess;
///
/// let process: ArrivalProcess = "gamma:0.5".parse()?;
/// assert_eq!(process.to_string(), "gamma:shape=0.5");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ArrivalProcess {
    /// One after another at equal distances.
    Constant {},
    /// Independent of one another, as those of many users are.
    Poisson {},
    /// Gaps of a gamma distribution. Below 1 they come in clusters, at 1 it is Poisson, above 1 they
    /// come more and more evenly; counts over long intervals vary 1 / shape times as much as Poisson's.
    Gamma {
        /// From 0.01 to 1000.
        shape: f64,
    },
    /// Poisson, but in bursts: a second state, entered at random, in which they come faster.
    Bursty {
        /// How many times the mean rate a burst has.
        #[serde(default = "factor")]
        factor: f64,
        /// The share of the time in bursts; at most 1 / factor.
        #[serde(default = "share", deserialize_with = "crate::values::share")]
        share: f64,
        /// How many requests a burst has on average.
        #[serde(default = "requests")]
        requests: f64,
    },
}

fn factor() -> f64 {
    5.0
}

fn share() -> f64 {
    0.1
}

fn requests() -> f64 {
    100.0
}

written!(
    ArrivalProcess,
    "arrival process",
    "constant, poisson, gamma:shape=0.5 or bursty:factor=5,share=0.1,requests=100",
    |text| Ok(table(text, |name| (name == "gamma").then_some("shape"))),
    line
);

impl ArrivalProcess {
    pub(super) fn check(&self) -> Result<(), String> {
        match *self {
            Self::Constant {} | Self::Poisson {} => Ok(()),
            Self::Gamma { shape } => range("process gamma: shape", shape, 0.01..=1000.0, ""),
            Self::Bursty {
                factor,
                share,
                requests,
            } => {
                range("process bursty: factor", factor, 1.0..=1000.0, "")?;
                if !(share > 0.0 && share * factor <= 1.0) {
                    return Err(format!(
                        "process bursty: share = {share} is not allowed: it must be above 0 and at most \
                         1 / factor = {}",
                        1.0 / factor
                    ));
                }
                range("process bursty: requests", requests, 0.1..=1e9, "")
            }
        }
    }
}

/// The gaps between arrivals, with a mean of one.
#[derive(Clone, Debug)]
pub(super) struct Gaps {
    process: ArrivalProcess,
    chance: Xoshiro256PlusPlus,
    first: bool,
    in_burst: bool,
}

impl Gaps {
    pub(super) fn new(process: ArrivalProcess, mut chance: Xoshiro256PlusPlus) -> Self {
        let in_burst = match process {
            ArrivalProcess::Bursty { share, .. } => even(&mut chance) < share,
            _ => false,
        };
        Self {
            process,
            chance,
            first: true,
            in_burst,
        }
    }

    /// The next gaps. Drawn together, their logarithms do not wait for one another.
    pub(super) fn fill(&mut self, gaps: &mut [f64]) {
        if let ArrivalProcess::Poisson {} = self.process {
            gaps.fill_with(|| exponential(&mut self.chance));
        } else {
            gaps.fill_with(|| self.next());
        }
    }

    fn next(&mut self) -> f64 {
        let first = std::mem::replace(&mut self.first, false);
        match self.process {
            // The first after half a gap, so that n gaps of time have n arrivals.
            ArrivalProcess::Constant {} if first => 0.5,
            ArrivalProcess::Constant {} => 1.0,
            ArrivalProcess::Poisson {} => exponential(&mut self.chance),
            ArrivalProcess::Gamma { shape } => gamma(&mut self.chance, shape) / shape,
            ArrivalProcess::Bursty {
                factor,
                share,
                requests,
            } => self.bursty(factor, share, requests),
        }
    }

    /// The states last exponentially long, so whichever of the next arrival and the next change of state
    /// comes first, the other can be drawn anew.
    fn bursty(&mut self, factor: f64, share: f64, requests: f64) -> f64 {
        let burst_length = requests / factor;
        let mut gap = 0.0;
        loop {
            let (rate, length) = if self.in_burst {
                (factor, burst_length)
            } else {
                let calm = (1.0 - share * factor) / (1.0 - share);
                (calm, burst_length * (1.0 - share) / share)
            };
            let change = exponential(&mut self.chance) * length;
            let arrival = exponential(&mut self.chance) / rate.max(0.0);
            if arrival <= change {
                return gap + arrival;
            }
            gap += change;
            self.in_burst = !self.in_burst || share >= 1.0;
        }
    }
}

/// Evenly distributed in 0 ≤ x < 1.
pub(super) fn even(chance: &mut Xoshiro256PlusPlus) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let bits = (chance.next_u64() >> 11) as f64;
    bits * (f64::EPSILON / 2.0)
}

fn exponential(chance: &mut Xoshiro256PlusPlus) -> f64 {
    -libm::log(1.0 - even(chance))
}

/// Marsaglia and Tsang, A simple method for generating gamma variables (2000).
fn gamma(chance: &mut Xoshiro256PlusPlus, shape: f64) -> f64 {
    if shape < 1.0 {
        let root = libm::pow(1.0 - even(chance), 1.0 / shape);
        return gamma(chance, shape + 1.0) * root;
    }
    let scale = shape - 1.0 / 3.0;
    loop {
        let normal = normal(chance);
        let base = 1.0 + normal / (9.0 * scale).sqrt();
        if base <= 0.0 {
            continue;
        }
        let cube = base * base * base;
        let luck = libm::log(1.0 - even(chance));
        if luck < 0.5 * normal * normal + scale * (1.0 - cube + libm::log(cube)) {
            return scale * cube;
        }
    }
}

/// Marsaglia's polar method; the second of the pair is not kept, so that draws stay in one order.
fn normal(chance: &mut Xoshiro256PlusPlus) -> f64 {
    loop {
        let x = 2.0 * even(chance) - 1.0;
        let y = 2.0 * even(chance) - 1.0;
        let square = x * x + y * y;
        if square > 0.0 && square < 1.0 {
            return x * (-2.0 * libm::log(square) / square).sqrt();
        }
    }
}

#[cfg(test)]
mod tests;
