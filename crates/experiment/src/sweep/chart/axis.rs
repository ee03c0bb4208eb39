//! The axis of a chart: the values that it spans, the place of each, and its marks.

use crate::expectation::Unit;

/// The ratio of the largest to the smallest value from which on the axis is logarithmic.
const LOGARITHMIC_FROM: f64 = 40.0;
/// The space for infinite values, beyond the end of the axis.
const LANE: f64 = 34.0;

/// One axis, from zero to `length` pixels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    /// The pixels for finite values.
    length: f64,
    /// Whether there is a lane for infinite values.
    pub(super) lane: bool,
    logarithmic: bool,
}

impl Axis {
    /// The axis that shows all `values`, some of which may be infinite.
    pub(super) fn over(values: &[f64], length: f64) -> Self {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let lane = values.iter().any(|value| value.is_infinite());
        let length = if lane { length - LANE } else { length };
        let least = finite().reduce(f64::min).unwrap_or(0.0).max(0.0);
        let most = finite().reduce(f64::max).unwrap_or(1.0).max(least);
        let logarithmic = least > 0.0 && most / least > LOGARITHMIC_FROM;
        let (low, high) = if logarithmic {
            (least / 1.25, most * 1.25)
        } else {
            let low = if least < 0.4 * most { 0.0 } else { least };
            let pad = if most > low {
                (most - low) * 0.08
            } else {
                most.max(1e-3) * 0.5
            };
            (
                if low == 0.0 {
                    0.0
                } else {
                    (low - pad).max(0.0)
                },
                most + pad,
            )
        };
        Self {
            low,
            high,
            length,
            lane,
            logarithmic,
        }
    }

    /// The place of a value, in pixels from the start of the axis.
    pub(super) fn place(&self, value: f64) -> f64 {
        if value == f64::INFINITY {
            return self.length + LANE / 2.0;
        }
        let share = if self.logarithmic {
            libm::log(value.max(self.low) / self.low) / libm::log(self.high / self.low)
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0) * self.length
    }

    /// The end of the finite values.
    pub(super) fn end(&self) -> f64 {
        self.length
    }

    /// Round values within the axis.
    pub(super) fn marks(&self) -> Vec<f64> {
        let marks = if self.logarithmic {
            self.logarithmic_marks()
        } else {
            self.linear_marks()
        };
        // The word of the lane stands beside the end.
        let end = if self.lane {
            self.length - LANE / 2.0
        } else {
            self.length
        };
        marks
            .into_iter()
            .filter(|mark| self.place(*mark) <= end)
            .collect()
    }

    fn linear_marks(&self) -> Vec<f64> {
        let step = round_step((self.high - self.low) / 5.0);
        let first = (self.low / step).ceil();
        (0..12_u8)
            .map(|place| (first + f64::from(place)) * step)
            .filter(|value| *value <= self.high * (1.0 + 1e-9))
            .collect()
    }

    fn logarithmic_marks(&self) -> Vec<f64> {
        let decades = libm::log10(self.low).floor();
        let wide = libm::log10(self.high / self.low) > 2.5;
        let within: &[f64] = if wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let all = (0..12_u8).flat_map(|decade| {
            let base = libm::pow(10.0, decades + f64::from(decade));
            within.iter().map(move |digit| digit * base)
        });
        all.filter(|value| (self.low..=self.high).contains(value))
            .collect()
    }
}

/// 1, 2 or 5 times a power of ten, at least `step`.
fn round_step(step: f64) -> f64 {
    let power = libm::pow(10.0, libm::log10(step).floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|digit| digit * power)
        .into_iter()
        .find(|it| *it >= step * 0.999)
        .unwrap_or(step)
}

/// A mark as people write it: `0`, `50 ms`, `2.5 %`.
pub(super) fn mark(value: f64, unit: Unit) -> String {
    let plain = |value: f64| {
        let text = format!("{value:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match unit {
        _ if value == 0.0 => "0".to_owned(),
        Unit::Seconds if value < 1.0 => format!("{} ms", plain(value * 1e3)),
        Unit::Seconds => format!("{} s", plain(value)),
        Unit::Share => format!("{} %", plain(value * 100.0)),
        _ => plain(value),
    }
}
