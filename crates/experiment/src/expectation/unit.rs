//! The base unit of a figure, and how a value in it is shown.

/// The base unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Seconds until something happened; infinite if the waits were cut off before enough of them ended.
    Delay,
    /// A share from 0 to 1.
    Share,
    /// A number of things.
    Count,
    /// A number of things that is expected from probabilities, so that it has decimals.
    Expected,
    /// A factor.
    Factor,
    /// Things per second.
    PerSecond,
}

impl Unit {
    /// Returns a value in this base unit as people read it; an infinite delay is `never`.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Delay if value == f64::INFINITY => "not reached".to_owned(),
            _ if value == f64::INFINITY => "never".to_owned(),
            Self::Delay => Self::Seconds.show(value),
            Self::Seconds if value == 0.0 => "0 s".to_owned(),
            Self::Seconds if value < 0.000_95 => format!("{:.0} µs", value * 1e6),
            Self::Seconds if value < 0.995 => format!("{} ms", digits(value * 1e3)),
            Self::Seconds => format!("{} s", digits(value)),
            Self::Share => format!("{} %", digits(value * 100.0)),
            Self::Count => format!("{value:.0}"),
            Self::Expected if value >= 99.95 => format!("{value:.0}"),
            Self::Expected => format!("{value:.1}"),
            Self::Factor => format!("{value:.2}"),
            Self::PerSecond => format!("{}/s", digits(value)),
        }
    }
}

/// Three digits if there are so many; the first two of a value that could be taken for zero.
fn digits(value: f64) -> String {
    match value.abs() {
        small if small > 0.0 && small < 0.009_5 => {
            let mut tenfold = std::iter::successors(Some(small * 10.0), |it| Some(it * 10.0));
            let places = tenfold.by_ref().take(11).position(|it| it >= 1.0);
            let places = places.unwrap_or(11) + 2;
            format!("{value:.places$}")
        }
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
