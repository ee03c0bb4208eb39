//! The table of a sweep: every figure of every cell with its interval, as text and as CSV, and which cells are on the
//! Pareto front.

use std::collections::BTreeMap;

use super::effect::{Unmoved, unmoved};
use super::pareto_front::{Place, front};
use super::{Cell, Sweep, Trial};
use crate::expectation::Figure;
use crate::statistics::Estimate;

/// The figures of the Pareto front; smaller is better for all of them.
pub const FRONT: [&str; 3] = [
    "detection_delay_p50",
    "wrongly_rejected_ratio",
    "wasted_ratio",
];

/// All figures of all cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The title of the scenario.
    pub title: String,
    /// The figures, in the order of the estimates of each row.
    pub figures: Vec<Figure>,
    /// One row per cell of the grid, in its order.
    pub rows: Vec<Row>,
    /// The number of seeds that every cell should have.
    pub repeat: u32,
    /// Values that make no difference.
    pub unmoved: Vec<Unmoved>,
    /// Remarks about all rows, one sentence each.
    pub remarks: Vec<String>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its settings.
    pub cell: Cell,
    /// Its figures; `None` if one was measured in no trial.
    pub estimates: Vec<Option<Estimate>>,
    /// The number of trials that count.
    pub trials: usize,
    /// The number of void trials, which do not count.
    pub void: usize,
    /// The number of trials in which an expectation of the scenario did not hold.
    pub failed: usize,
    /// Whether no other choice under the same condition is certainly better in one figure of [`FRONT`] and certainly
    /// worse in none. Conditions alone have no front.
    pub on_front: bool,
}

impl Table {
    /// Gathers the trials of the cells of a sweep; those of other cells are left out.
    ///
    /// # Errors
    ///
    /// The name of an unknown figure.
    pub fn of(sweep: &Sweep, trials: &[Trial]) -> Result<Self, String> {
        let figures = sweep.figures()?;
        let seeds: Vec<u64> = sweep.seeds().collect();
        let mut by_cell: BTreeMap<&Cell, Vec<&Trial>> = BTreeMap::new();
        for trial in trials.iter().filter(|trial| seeds.contains(&trial.seed)) {
            by_cell.entry(&trial.settings).or_default().push(trial);
        }
        let cells = sweep.grid.cells().into_iter();
        let rows = cells.map(|cell| {
            let mut trials = by_cell.remove(&cell).unwrap_or_default();
            trials.sort_by_key(|trial| trial.seed);
            Row::of(cell, &figures, &trials)
        });
        let mut table = Self {
            title: format!("{}: {}", sweep.scenario, sweep.title),
            rows: rows.collect(),
            figures,
            repeat: sweep.repeat,
            unmoved: unmoved(sweep, trials),
            remarks: Vec::new(),
        };
        if table.has_choices() {
            table.find_front();
        }
        Ok(table)
    }

    fn find_front(&mut self) {
        for group in self.groups() {
            let points: Vec<_> = group
                .iter()
                .map(|place| self.surely(&self.rows[*place]))
                .collect();
            for (place, on_front) in group.into_iter().zip(front(&points)) {
                self.rows[place].on_front = on_front;
            }
        }
    }

    /// Returns whether a choice is varied. Conditions alone are not better or worse than each other, so they have no
    /// front.
    pub fn has_choices(&self) -> bool {
        let mut choices = self.rows.iter().map(|row| row.cell.choice());
        choices.any(|choice| !choice.settings().is_empty())
    }

    /// Returns groups of rows under the same condition, by their numbers. If no choice is varied, all rows are one
    /// group.
    pub fn groups(&self) -> Vec<Vec<usize>> {
        let no_choice = !self.has_choices();
        let mut groups: Vec<(Cell, Vec<usize>)> = Vec::new();
        for (place, row) in self.rows.iter().enumerate() {
            let condition = if no_choice {
                row.cell.choice()
            } else {
                row.cell.condition()
            };
            match groups.iter_mut().find(|(known, _)| *known == condition) {
                Some((_, places)) => places.push(place),
                None => groups.push((condition, vec![place])),
            }
        }
        groups.into_iter().map(|(_, places)| places).collect()
    }

    /// Returns the three numbers by which a row is compared with others.
    pub fn point(&self, row: &Row) -> [Option<f64>; 3] {
        FRONT.map(|name| self.central(row, self.place(name)?))
    }

    /// The same with what chance may have done: the 95 % interval of a mean. If some trials are infinite, it is what
    /// their share says about the median (a sign test with 95 % confidence). A single trial beside rows with several
    /// says nothing; if every row has only one, its number is used as it is.
    fn surely(&self, row: &Row) -> [Option<Place>; 3] {
        let one_each = self.rows.iter().all(|row| row.trials <= 1);
        FRONT.map(|name| {
            let figure = self.place(name)?;
            let number = self.central(row, figure)?;
            let estimate = row.estimates[figure]?;
            let unknown = [f64::NEG_INFINITY, f64::INFINITY];
            if one_each {
                return Some([number; 2]);
            }
            if estimate.never > 0 {
                return Some(of_endless(estimate.never, estimate.count));
            }
            Some(estimate.interval.map_or(unknown, |it| [it.low, it.high]))
        })
    }

    /// Returns the number of a figure in the estimates of each row.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.figures
            .iter()
            .position(|figure| figure.to_string() == name)
    }

    /// Returns the value that stands for a figure in one row: the mean, or in all rows the median if the mean of one
    /// is unknown because some trials are infinite.
    pub fn central(&self, row: &Row, figure: usize) -> Option<f64> {
        let estimate = row.estimates.get(figure)?.as_ref()?;
        if self.is_by_median(figure) {
            Some(estimate.median)
        } else {
            estimate.mean
        }
    }

    /// Returns whether the median stands for this figure.
    pub fn is_by_median(&self, figure: usize) -> bool {
        let estimates = self
            .rows
            .iter()
            .filter_map(|row| row.estimates.get(figure)?.as_ref());
        estimates.into_iter().any(|estimate| estimate.never > 0)
    }

    /// Returns the table as CSV (RFC 4180), in base units (seconds, shares from 0 to 1): one line per cell with the
    /// settings and the number of trials. Each figure has its mean, the ends of the interval, the median, the number
    /// of trials in which it was measured, and the number in which it was infinite. An unknown value is empty, an
    /// infinite one `inf`.
    pub fn csv(&self) -> String {
        let keys = self
            .rows
            .first()
            .map(|row| row.cell.settings())
            .unwrap_or_default();
        let mut head: Vec<String> = keys.iter().map(|(key, _)| quoted(key)).collect();
        head.extend(["trials", "void", "failed", "on_front"].map(str::to_owned));
        for figure in &self.figures {
            let parts = ["mean", "low", "high", "median", "count", "never"];
            head.extend(parts.map(|part| quoted(&format!("{figure}_{part}"))));
        }
        let lines = self.rows.iter().map(Row::csv);
        let lines = std::iter::once(head.join(",")).chain(lines);
        lines.map(|line| line + "\r\n").collect()
    }
}

impl Row {
    fn of(cell: Cell, figures: &[Figure], trials: &[&Trial]) -> Self {
        let valid: Vec<&Trial> = trials
            .iter()
            .copied()
            .filter(|it| it.invalid.is_none())
            .collect();
        let estimates = figures.iter().map(|figure| {
            let name = figure.to_string();
            let values: Vec<f64> = valid
                .iter()
                .filter_map(|it| it.figures.get(&name).copied())
                .collect();
            Estimate::of(&values)
        });
        Self {
            estimates: estimates.collect(),
            trials: valid.len(),
            void: trials.len() - valid.len(),
            failed: valid.iter().filter(|trial| trial.failed > 0).count(),
            on_front: false,
            cell,
        }
    }

    fn csv(&self) -> String {
        let mut parts: Vec<String> = self
            .cell
            .settings()
            .iter()
            .map(|(_, value)| quoted(value))
            .collect();
        parts.extend([self.trials, self.void, self.failed].map(|count| count.to_string()));
        parts.push(self.on_front.to_string());
        for estimate in &self.estimates {
            match estimate {
                None => parts.extend(std::iter::repeat_n(String::new(), 6)),
                Some(it) => {
                    let ends = it.interval.map(|it| [it.low, it.high]);
                    let optional =
                        |value: Option<f64>| value.map(|it| it.to_string()).unwrap_or_default();
                    parts.push(optional(it.mean));
                    parts.extend([0, 1].map(|end| optional(ends.map(|ends| ends[end]))));
                    parts.push(it.median.to_string());
                    parts.extend([it.count, it.never].map(|count| count.to_string()));
                }
            }
        }
        parts.join(",")
    }
}

/// A field of a line of CSV.
fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// The range of the median if the values of this many trials are infinite: a sign test says with 95 % confidence on
/// which side of the middle their share is.
fn of_endless(never: usize, count: usize) -> Place {
    #[expect(clippy::cast_precision_loss, reason = "numbers of trials")]
    let (never, count) = (never as f64, count as f64);
    let beyond = never - count / 2.0;
    let sure = 0.98 * count.sqrt();
    if beyond > sure {
        [f64::INFINITY; 2]
    } else if beyond < -sure {
        [f64::NEG_INFINITY, f64::MAX]
    } else {
        [f64::NEG_INFINITY, f64::INFINITY]
    }
}
