//! The scale of a figure: the unit in which several of its values are shown.

use experiment::comparison::Row;
use experiment::expectation::Unit;

/// The unit in which several values of one figure are shown.
pub(super) struct Scale {
    factor: f64,
    pub(super) unit: &'static str,
}

impl Scale {
    pub(super) fn of(row: &Row, values: &[f64]) -> Self {
        let most = values
            .iter()
            .fold(0.0_f64, |most, value| most.max(value.abs()));
        let (factor, unit) = match row.figure.definition.unit {
            Unit::Seconds | Unit::Delay if most < 0.000_95 => (1e6, " µs"),
            Unit::Seconds | Unit::Delay if most < 0.995 => (1e3, " ms"),
            Unit::Seconds | Unit::Delay => (1.0, " s"),
            Unit::Share => (100.0, " %"),
            Unit::PerSecond => (1.0, "/s"),
            Unit::Count | Unit::Expected | Unit::Factor => (1.0, ""),
        };
        Self { factor, unit }
    }

    pub(super) fn bare(&self, value: f64) -> String {
        let value = value * self.factor;
        match value.abs() {
            0.0 => "0".to_owned(),
            ..9.995 => format!("{value:.2}"),
            ..99.95 => format!("{value:.1}"),
            _ => format!("{value:.0}"),
        }
    }

    pub(super) fn signed(&self, value: f64) -> String {
        let sign = if value > 0.0 { "+" } else { "" };
        format!("{sign}{}", self.bare(value))
    }

    pub(super) fn with_unit(&self, value: f64) -> String {
        format!("{}{}", self.bare(value), self.unit)
    }
}
