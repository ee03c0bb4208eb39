//! The values with which an expectation holds, so that one that never can is refused before the run.

use super::{Comparison, Expectation, Unit};

/// The values between two bounds that a comparison leaves open.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    least: f64,
    most: f64,
    /// Whether the bounds belong to it.
    closed: [bool; 2],
}

impl Range {
    /// The values that a figure of this unit can have.
    fn of(unit: Unit) -> Self {
        let most = match unit {
            Unit::Share => 1.0,
            Unit::Seconds | Unit::Count | Unit::Factor | Unit::PerSecond => f64::INFINITY,
        };
        Self {
            least: 0.0,
            most,
            closed: [true, true],
        }
    }

    /// What of it `comparison` with `limit` leaves; an inequality leaves all but a point.
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
        #[expect(
            clippy::float_cmp,
            reason = "a range of one point has two equal bounds"
        )]
        let point = self.least == self.most;
        self.least > self.most || point && self.closed != [true, true]
    }
}

/// Why no run could ever meet this expectation; `None` when one could.
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

/// Why these expectations cannot all hold: two of them leave no value of one figure.
pub fn contradiction(expectations: &[Expectation]) -> Option<String> {
    for (place, later) in expectations.iter().enumerate() {
        let possible =
            Range::of(later.figure.definition.unit).within(later.comparison, later.limit);
        for earlier in &expectations[..place] {
            let same = earlier.figure == later.figure;
            if same
                && possible
                    .within(earlier.comparison, earlier.limit)
                    .is_empty()
            {
                return Some(format!(
                    "`{earlier}` and `{later}` cannot both hold; leave one out"
                ));
            }
        }
    }
    None
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
            (["p99 < 100ms", "p50 > 200ms"], true),
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
