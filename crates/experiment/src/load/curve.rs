//! The integral of a rate and its inverse: when the n-th unit of load has come.
//!
//! Linear pieces have closed forms. For the sine only the integral has one, and the inverse is found between two
//! bounds that enclose it. Units are seconds, and requests per second.

use std::f64::consts::TAU;
use std::time::Duration;

use super::profile::Profile;
use super::shape::Shape;

/// A rate over time that can be integrated.
#[derive(Clone, Debug)]
pub struct Curve(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Pieces(Vec<Piece>),
    Sine {
        mean: f64,
        amplitude: f64,
        period: f64,
    },
}

/// A straight piece. The last one has no end and no slope.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// When it begins.
    at: f64,
    /// How much has come before it.
    before: f64,
    rate: f64,
    slope: f64,
}

impl Curve {
    /// Makes the course of a load's rate.
    pub fn new(profile: &Profile) -> Self {
        let rate = profile.rate;
        let kind = match &profile.shape {
            Shape::Constant {} => pieces([], rate),
            Shape::Ramp { from, to, over } => {
                pieces([(over.0.as_secs_f64(), from.unwrap_or(rate), *to)], *to)
            }
            Shape::Steps(steps) => {
                let flat = steps
                    .iter()
                    .map(|step| (step.r#for.0.as_secs_f64(), step.rate, step.rate));
                pieces(flat, steps.last().map_or(rate, |last| last.rate))
            }
            Shape::Spike {
                base,
                peak,
                at,
                r#for,
            } => {
                let base = base.unwrap_or(rate);
                let before = (at.0.as_secs_f64(), base, base);
                pieces([before, (r#for.0.as_secs_f64(), *peak, *peak)], base)
            }
            Shape::Sine {
                mean,
                amplitude,
                period,
            } => Kind::Sine {
                mean: mean.unwrap_or(rate),
                amplitude: *amplitude,
                period: period.0.as_secs_f64(),
            },
            Shape::Replay { points, .. } => {
                let lead = points.first().map(|it| (it.at_s, it.rate, it.rate));
                let between = points
                    .windows(2)
                    .map(|pair| (pair[1].at_s - pair[0].at_s, pair[0].rate, pair[1].rate));
                let last = points.last().map_or(rate, |last| last.rate);
                pieces(lead.into_iter().chain(between), last)
            }
        };
        Self(kind)
    }

    /// The numbers that define the course: equal for equal courses. Pieces with the same constant rate are one.
    pub(super) fn numbers(&self) -> Vec<f64> {
        match &self.0 {
            Kind::Sine {
                mean,
                amplitude,
                period,
            } => vec![*mean, *amplitude, *period],
            Kind::Pieces(pieces) => {
                let mut kept: Vec<&Piece> = Vec::new();
                for piece in pieces {
                    let same = |before: &&Piece| {
                        let flat = before.slope.abs() + piece.slope.abs() <= 0.0;
                        flat && before.rate.to_bits() == piece.rate.to_bits()
                    };
                    if !kept.last().is_some_and(same) {
                        kept.push(piece);
                    }
                }
                let numbers = kept.iter().flat_map(|it| [it.at, it.rate, it.slope]);
                numbers.collect()
            }
        }
    }

    /// Returns the rate at an instant, in requests per second.
    pub fn rate_at(&self, at: Duration) -> f64 {
        let at = at.as_secs_f64();
        match &self.0 {
            Kind::Sine {
                mean,
                amplitude,
                period,
            } => mean + amplitude * libm::sin(TAU * at / period),
            Kind::Pieces(pieces) => {
                let piece = pieces[last(pieces, |piece| piece.at <= at)];
                piece.rate + piece.slope * (at - piece.at)
            }
        }
    }

    /// Returns how many requests are expected up to an instant.
    pub fn expected(&self, until: Duration) -> f64 {
        let until = until.as_secs_f64();
        match &self.0 {
            Kind::Sine {
                mean,
                amplitude,
                period,
            } => sine(until, *mean, *amplitude, *period),
            Kind::Pieces(pieces) => {
                let piece = pieces[last(pieces, |piece| piece.at <= until)];
                let time = until - piece.at;
                piece.before + time * (piece.rate + piece.slope * time / 2.0)
            }
        }
    }

    /// When this much has come; `None` if it never does.
    #[cfg(test)]
    fn seconds_of(&self, expected: f64) -> Option<f64> {
        self.seconds_of_next(expected, &mut 0)
    }

    /// When this much has come; `None` if it never does. Call it with growing amounts: `piece`, which begins at zero,
    /// remembers how far the curve has been followed.
    pub(super) fn seconds_of_next(&self, expected: f64, piece: &mut usize) -> Option<f64> {
        let at = match &self.0 {
            Kind::Sine {
                mean,
                amplitude,
                period,
            } => sine_seconds(expected, *mean, *amplitude, *period),
            Kind::Pieces(pieces) => {
                let begun = |piece: &Piece| piece.before <= expected;
                while pieces.get(*piece + 1).is_some_and(begun) {
                    *piece += 1;
                }
                pieces[*piece].seconds_of(expected)
            }
        };
        at.is_finite().then_some(at)
    }
}

impl Piece {
    fn seconds_of(&self, expected: f64) -> f64 {
        let rest = expected - self.before;
        if rest <= 0.0 {
            return self.at;
        }
        if self.slope.abs() <= 0.0 {
            return self.at + rest / self.rate;
        }
        // The root of rate·t + slope·t²/2 = rest in the form that does not cancel.
        let root = (self.rate * self.rate + 2.0 * self.slope * rest).max(0.0);
        self.at + 2.0 * rest / (self.rate + root.sqrt())
    }
}

fn pieces(course: impl IntoIterator<Item = (f64, f64, f64)>, last: f64) -> Kind {
    let mut pieces = Vec::new();
    let (mut at, mut before) = (0.0, 0.0);
    for (length, from, to) in course {
        if length <= 0.0 {
            continue;
        }
        pieces.push(Piece {
            at,
            before,
            rate: from,
            slope: (to - from) / length,
        });
        at += length;
        before += length * f64::midpoint(from, to);
    }
    pieces.push(Piece {
        at,
        before,
        rate: last,
        slope: 0.0,
    });
    Kind::Pieces(pieces)
}

/// The last piece of which `begun` is true; it is true of the first.
fn last(pieces: &[Piece], begun: impl Fn(&Piece) -> bool) -> usize {
    pieces.partition_point(begun).max(1) - 1
}

fn sine(until: f64, mean: f64, amplitude: f64, period: f64) -> f64 {
    let waves = amplitude * period / TAU;
    mean * until + waves * (1.0 - libm::cos(TAU * until / period))
}

/// Newton's method, kept within bounds that are halved where it would leave them.
fn sine_seconds(expected: f64, mean: f64, amplitude: f64, period: f64) -> f64 {
    if mean <= 0.0 {
        return f64::INFINITY;
    }
    // The waves have added between nothing and amplitude · period / π.
    let mut high = expected / mean;
    let mut low = (high - amplitude * period * 2.0 / (TAU * mean)).max(0.0);
    let mut at = f64::midpoint(low, high);
    for _ in 0..200 {
        let missing = expected - sine(at, mean, amplitude, period);
        if missing > 0.0 {
            low = at;
        } else {
            high = at;
        }
        let step = missing / (mean + amplitude * libm::sin(TAU * at / period));
        let next = at + step;
        let next = if next > low && next < high {
            next
        } else {
            f64::midpoint(low, high)
        };
        if (next - at).abs() <= 1e-10 * at.max(1.0) {
            return next;
        }
        at = next;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [&str; 9] = [
        "constant",
        "ramp:from=10,to=200,over=30s",
        "ramp:from=200,to=0,over=30s",
        "ramp:from=0,to=50,over=3s",
        "steps:50:10s,500:5s,0:5s,20:1s",
        "spike:base=10,peak=500,at=10s,for=5s",
        "sine:mean=50,amplitude=50,period=20s",
        "sine:mean=50,amplitude=10,period=1s",
        "replay:5=10,10=200,20=0,30=40",
    ];

    fn curve(text: &str) -> Curve {
        let written = format!("rate = 30\nshape = \"{text}\"");
        Curve::new(&crate::reading::parse_toml(&written).unwrap())
    }

    #[test]
    fn the_inverse_finds_the_instant_of_which_the_integral_is_asked() {
        for text in SHAPES {
            let curve = curve(text);
            for tenth in 1..400 {
                let at = f64::from(tenth) / 10.0 + 0.0123;
                let expected = curve.expected(Duration::from_secs_f64(at));
                if curve.rate_at(Duration::from_secs_f64(at)) < 0.5 {
                    continue;
                }
                let found = curve.seconds_of(expected).unwrap();
                assert!((found - at).abs() < 1e-7, "{text}: {found}, not {at}");
            }
        }
    }

    #[test]
    fn the_integral_is_that_of_the_rate() {
        for text in SHAPES {
            let curve = curve(text);
            // The middle of each millisecond; steps fall on whole ones.
            let sum: f64 = (0..40_000)
                .map(|ms| curve.rate_at(Duration::from_micros(ms * 1000 + 500)) / 1000.0)
                .sum();
            let expected = curve.expected(Duration::from_secs(40));
            assert!((sum - expected).abs() < 0.01, "{text}: {sum}, {expected}");
        }
    }

    #[test]
    fn a_rate_that_ends_at_zero_ends_the_load() {
        let curve = curve("ramp:from=200,to=0,over=30s");
        assert!((curve.expected(Duration::from_secs(90)) - 3000.0).abs() < 1e-6);
        assert!(curve.seconds_of(2999.0).is_some());
        assert!(curve.seconds_of(3000.5).is_none());
    }
}
