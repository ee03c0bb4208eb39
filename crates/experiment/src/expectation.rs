//! Expectations: what must hold at the end of a run, one line each, parsed before the run and judged after it.
//!
//! ```text
//! p99(B) < 250ms
//! fast_fail_ratio(A, phase=outage) >= 90 %
//! divergence_share > 0.05
//! every instance closed within 10 s of recovery
//! ```
//!
//! A figure without a target is that of all targets together, or of the worst instance, as the [`CATALOGUE`] says. An
//! expectation on a figure that was never measured fails, for example `p99` when no call was made.

mod catalogue;
mod definition;
mod grammar;
mod range;
mod unit;

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

use crate::reading::listed;

pub use catalogue::{CATALOGUE, definition};
pub use definition::{Definition, Source};
pub use range::contradiction;
pub use unit::Unit;

/// One line that must hold at the end of a run.
///
/// # Examples
///
/// ```
/// use experiment::expectation::Expectation;
///
/// let expectation: Expectation = "p99(B) < 250ms".parse()?;
/// assert_eq!(expectation.limit(), 0.25); // seconds
/// assert!("p99(B) < 3 apples".parse::<Expectation>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    text: String,
    figure: Figure,
    comparison: Comparison,
    limit: f64,
}

/// A figure of a run: its name, and the part that it covers.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What is measured; one of the [`CATALOGUE`].
    pub definition: &'static Definition,
    /// The target, or instance, that the figure is about; all of them if `None`.
    pub target: Option<String>,
    /// The phase that the figure is about; the whole run if `None`.
    pub phase: Option<String>,
}

/// The comparison of a figure with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

/// A source of the figures of a run.
pub trait Figures {
    /// Returns the value of a figure in its base unit (seconds, shares from 0 to 1, counts); `None` if it was not
    /// measured, for example a latency when no call was made.
    fn value(&self, figure: &Figure) -> Option<f64>;

    /// Returns why a figure was not measured, if more is known.
    fn missing(&self, _figure: &Figure) -> Option<&'static str> {
        None
    }
}

/// The parts of a run that figures may refer to, known before it starts.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    /// The names of targets.
    pub targets: Vec<&'a str>,
    /// The names of phases.
    pub phases: Vec<&'a str>,
    /// Whether breakers are watched, and not only the load.
    pub fleet: bool,
    /// Whether durations are kept for all targets together, because there are too many targets.
    pub times_together: bool,
}

/// The result of an expectation.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ExpectationVerdict {
    /// The expectation as it was written.
    pub expectation: String,
    /// Whether it held.
    pub held: bool,
    /// The figure in its base unit, if it was measured.
    #[serde(default, with = "crate::load::written_figure::option")]
    pub value: Option<f64>,
    /// The figure as people read it.
    pub shown: String,
}

impl Expectation {
    /// Returns the figure that is compared.
    pub fn figure(&self) -> &Figure {
        &self.figure
    }

    /// Returns the limit, in the figure's base unit.
    pub fn limit(&self) -> f64 {
        self.limit
    }

    /// Checks that a run with the `known` parts can answer it at all.
    ///
    /// # Errors
    ///
    /// The unknown target, phase or figure, with the known ones.
    pub fn check(&self, known: &Known<'_>) -> Result<(), String> {
        let found = self.figure.check(known);
        found.map_err(|what| format!("`{self}`: {what}"))
    }

    /// Returns whether it holds for a run with these figures.
    pub fn judge(&self, figures: &impl Figures) -> ExpectationVerdict {
        let value = figures.value(&self.figure).filter(|value| !value.is_nan());
        ExpectationVerdict {
            expectation: self.text.clone(),
            held: value.is_some_and(|value| self.comparison.holds(value, self.limit)),
            value,
            shown: match value {
                Some(value) => self.figure.definition.unit.show(value),
                None => figures
                    .missing(&self.figure)
                    .unwrap_or("not measured")
                    .to_owned(),
            },
        }
    }
}

impl Figure {
    /// Checks that a run with the `known` parts has this figure.
    ///
    /// # Errors
    ///
    /// The unknown target, phase or figure, with the known ones.
    pub fn check(&self, known: &Known<'_>) -> Result<(), String> {
        let Figure {
            definition,
            target,
            phase,
        } = self;
        if definition.source != Source::Load && !known.fleet {
            return Err(format!(
                "{} is a figure of breakers, which `load` does not watch: use it with `run` or `simulate`",
                definition.name
            ));
        }
        let among = |what: &str, name: &Option<String>, names: &[&str]| match name {
            Some(name) if !names.contains(&&**name) => Err(format!(
                "there is no {what} `{name}`; there {} {}",
                if names.len() == 1 { "is" } else { "are" },
                if names.is_empty() {
                    "none".to_owned()
                } else {
                    listed(names)
                },
            )),
            _ => Ok(()),
        };
        among("target", target, &known.targets)?;
        let of_times = definition.source == Source::Load && definition.unit == Unit::Seconds;
        if target.is_some() && of_times && known.times_together {
            return Err(format!(
                "with so many targets ({}), times are kept only for all of them together: leave the target \
                 out, or ask for a count or a ratio",
                known.targets.len()
            ));
        }
        among("phase", phase, &known.phases)
    }
}

impl Comparison {
    #[expect(
        clippy::float_cmp,
        reason = "the user asked whether two figures are the same"
    )]
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
            Self::Equal => value == limit,
            Self::Unequal => value != limit,
        }
    }
}

impl FromStr for Expectation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        grammar::parse(text)
    }
}

/// `p99(B, phase=outage)`
impl FromStr for Figure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        grammar::figure(text)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.definition.name)?;
        match (&self.target, &self.phase) {
            (None, None) => Ok(()),
            (Some(target), None) => write!(f, "({target})"),
            (None, Some(phase)) => write!(f, "(phase={phase})"),
            (Some(target), Some(phase)) => write!(f, "({target}, phase={phase})"),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Expectation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Expectation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
