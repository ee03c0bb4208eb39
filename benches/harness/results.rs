//! What came out? Medians, as a Markdown table and to be compared with each other.

use std::fmt;

use crate::rounds::Threads;
use crate::row::Name;

/// What the rounds say about one row at one number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Nanoseconds per operation and thread: the median of the rounds.
    pub median_ns: f64,
    /// How far the middle half of the rounds reaches, as a share of the median.
    pub spread: f64,
}

impl Figure {
    /// The figure of at least one round.
    pub(crate) fn of(mut rounds_ns: Vec<f64>) -> Self {
        rounds_ns.sort_by(f64::total_cmp);
        let quarter = rounds_ns.len() / 4;
        let median_ns = rounds_ns[rounds_ns.len() / 2];
        let reach_ns = rounds_ns[rounds_ns.len() - 1 - quarter] - rounds_ns[quarter];
        Self {
            median_ns,
            spread: reach_ns / median_ns,
        }
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
        for (name, [one, two]) in &self.rows {
            writeln!(
                f,
                "| {} | {} | {:.1} | {:.1} | {:.0} % |",
                name.subject,
                name.case,
                one.median_ns,
                two.median_ns,
                one.spread.max(two.spread) * 100.0,
            )?;
        }
        Ok(())
    }
}
