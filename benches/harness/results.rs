//! The results: medians as a Markdown table, and for comparison with each other.

use std::fmt;

use crate::row::Name;
use crate::threads::Threads;
use crate::turn::Turn;

/// What the turns say about one row at one number of threads. Displays as its median, with a `~` if
/// most of its turns were disturbed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Nanoseconds per operation and thread.
    pub median_ns: f64,
    /// How far the middle half of the turns reaches, as a share of the median.
    pub spread: f64,
    disturbed: bool,
}

impl Figure {
    /// The figure of the `wanted` least disturbed turns, of which there is at least one.
    pub(crate) fn of(mut turns: Vec<Turn>, wanted: usize) -> Self {
        turns.sort_by(|a, b| a.waited.total_cmp(&b.waited));
        turns.truncate(wanted);
        let disturbed = turns[turns.len() / 2].is_disturbed();

        turns.sort_by(|a, b| a.operation_ns.total_cmp(&b.operation_ns));
        let quarter = turns.len() / 4;
        let median_ns = turns[turns.len() / 2].operation_ns;
        let most_ns = turns[turns.len() - 1 - quarter].operation_ns;
        Self {
            median_ns,
            spread: (most_ns - turns[quarter].operation_ns) / median_ns,
            disturbed,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doubt = if self.disturbed { "~" } else { "" };
        write!(f, "{doubt}{:.1}", self.median_ns)
    }
}

/// The figures of all rows that ran. Displays as a Markdown table.
#[derive(Clone, Debug)]
pub struct Results {
    rows: Vec<(Name, [Figure; Threads::ALL.len()])>,
}

impl Results {
    pub(crate) fn new(rows: Vec<(Name, [Figure; Threads::ALL.len()])>) -> Self {
        Self { rows }
    }

    /// The median of a row in nanoseconds, if that row ran.
    pub fn median_ns(&self, name: Name, threads: Threads) -> Option<f64> {
        let (_, figures) = self.rows.iter().find(|(row, _)| *row == name)?;
        Some(figures[threads as usize].median_ns)
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| whose | what | one thread | two threads | spread |")?;
        writeln!(f, "|---|---|---:|---:|---:|")?;
        for (Name { subject, case }, [one, two]) in &self.rows {
            let spread = one.spread.max(two.spread) * 100.0;
            writeln!(f, "| {subject} | {case} | {one} | {two} | {spread:.0} % |")?;
        }
        Ok(())
    }
}
