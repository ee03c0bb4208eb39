//! The range of values for which an expectation holds, so that an impossible one is refused before the run.

use super::{Comparison, Expectation, Unit};

/// The values between two bounds for which a comparison holds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    least: f64,
    most: f64,
    /// Whether the bounds themselves are included.
    closed: [bool; 2],
}

impl Range {
    /// The values that a figure of this unit can have.
    fn of(unit: Unit) -> Self {
        let most = match unit {
            Unit::Share => 1.0,
            Unit::Seconds
            | Unit::Delay
            | Unit::Count
            | Unit::Expected
            | Unit::Factor
            | Unit::PerSecond => f64::INFINITY,
        };
        Self {
            least: 0.0,
            most,
            closed: [true, true],
        }
    }

    /// What remains of it under `comparison` with `limit`; an inequality removes one point.
    fn within(self, comparison: Comparison, limit: f64) -> Self {
        let (least, most) = (self.least, self.most);
        let below = |closed| Self {
            most: most.min(limit),
            closed: [
                self.closed[0],
                if limit <= most {
                    closed
                } else {
                    self.closed[1]
                },
            ],
            ..self
        };
        let above = |closed| Self {
            least: least.max(limit),
            closed: [
                if limit >= least {
                    closed
                } else {
                    self.closed[0]
                },
                self.closed[1],
            ],
            ..self
        };
        match comparison {
            Comparison::Below => below(false),
            Comparison::AtMost => below(true),
            Comparison::Above => above(false),
            Comparison::AtLeast => above(true),
            Comparison::Equal => {
                let most = below(true);
                Self {
                    least: least.max(limit),
                    ..most
                }
            }
            Comparison::Unequal => self,
        }
    }

    fn is_empty(self) -> bool {
        self.is_above(self)
    }

    /// Whether every value of it is above every value of `other`.
    fn is_above(self, other: Self) -> bool {
        #[expect(
            clippy::float_cmp,
            reason = "ranges that share one point have two equal bounds"
        )]
        let point = self.least == other.most;
        self.least > other.most || point && !(self.closed[0] && other.closed[1])
    }
}

/// The reason why no run could ever meet this expectation; `None` if one could.
pub(super) fn impossible(comparison: Comparison, limit: f64, unit: Unit) -> Option<String> {
    let possible = Range::of(unit);
    possible.within(comparison, limit).is_empty().then(|| {
        let range = match unit {
            Unit::Share => "it is a share from 0 to 1",
            _ => "it is never below 0",
        };
        format!("it can never hold, {range}")
    })
}

/// Returns why these expectations cannot all hold: two of them leave no value of one figure, or of two quantiles of
/// the same durations, of which the lower is never above the higher.
pub fn contradiction(expectations: &[Expectation]) -> Option<String> {
    for (place, later) in expectations.iter().enumerate() {
        for earlier in &expectations[..place] {
            if exclude(earlier, later) {
                return Some(format!(
                    "`{earlier}` and `{later}` cannot both hold; leave one out"
                ));
            }
        }
    }
    None
}

fn exclude(one: &Expectation, other: &Expectation) -> bool {
    let range =
        |it: &Expectation| Range::of(it.figure.definition.unit).within(it.comparison, it.limit);
    let (of_one, of_other) = (range(one), range(other));
    let (figure, beside) = (&one.figure, &other.figure);
    if figure == beside {
        return of_one.within(other.comparison, other.limit).is_empty();
    }
    if (&figure.target, &figure.phase) != (&beside.target, &beside.phase) {
        return false;
    }
    let quantiles = quantile(figure.definition.name).zip(quantile(beside.definition.name));
    quantiles.is_some_and(|((times, place), (other_times, other_place))| {
        times == other_times
            && if place < other_place {
                of_one.is_above(of_other)
            } else {
                of_other.is_above(of_one)
            }
    })
}

/// The durations that a figure is a quantile of, and the quantile in per cent; the maximum is the last.
fn quantile(name: &str) -> Option<(&str, f64)> {
    let (times, quantile) = name.rsplit_once('_').unwrap_or(("", name));
    let place = match quantile.strip_prefix('p') {
        Some(number) => number.parse().ok()?,
        None if quantile == "max" => 100.0,
        None => return None,
    };
    Some((times, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_run_could_meet_is_refused_alone_and_in_pairs() {
        for text in [
            "p99 < 0ms",
            "ok < 0",
            "ok_ratio > 1",
            "ok_ratio < 0",
            "planned == -1",
            "p50 <= -1ms",
        ] {
            let said = text.parse::<Expectation>().unwrap_err();
            assert!(
                said.contains(text) && said.contains("can never hold"),
                "{said}"
            );
        }
        for (texts, both) in [
            (["p99 < 100ms", "p99 > 200ms"], false),
            (["p99 < 100ms", "p99 >= 100ms"], false),
            (["p99 <= 100ms", "p99 >= 100ms"], true),
            (["p99(A) < 100ms", "p99(B) > 200ms"], true),
            (["p99 < 100ms", "p50 > 200ms"], false),
            (["p50 > 200ms", "p99 < 100ms"], false),
            (["p50 >= 100ms", "max < 100ms"], false),
            (["ok_p99 < 100ms", "ok_p99.9 > 200ms"], true),
            (["p50 <= 100ms", "max >= 100ms"], true),
            (["p99 < 100ms", "ok_p50 > 200ms"], true),
            (["p99(A) < 100ms", "p50(B) > 200ms"], true),
            (["mean < 100ms", "p50 > 200ms"], true),
            (["ok == 5", "ok > 5"], false),
            (["ok == 5", "ok == 6"], false),
            (["ok != 5", "ok > 4"], true),
            (["ok >= 0", "ok <= 0"], true),
        ] {
            let both_of = texts.map(|text| text.parse().unwrap());
            assert_eq!(contradiction(&both_of).is_none(), both, "{texts:?}");
        }
    }
}
