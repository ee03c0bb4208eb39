//! The table of a sweep as lines of text: the figures of the Pareto front, with their intervals.

use std::fmt::Write as _;

use super::table::{FRONT, Row};
use super::{Cell, Table};
use crate::expectation::Unit;
use crate::statistics::Estimate;

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Room for a cell's number, and for the mark of the front.
const NUMBER: usize = 7;
/// Room for one figure.
const FIGURE: usize = 18;
/// What stands above the figures of [`FRONT`].
const HEADS: [[&str; 3]; 2] = [
    ["detection", "wrongly", "wasted"],
    ["delay", "rejected", "calls"],
];

impl Table {
    /// The table as lines of at most 80 columns where the settings are short enough: a block for each condition,
    /// a line for each choice, and what the marks mean.
    pub fn lines(&self) -> Vec<String> {
        let combinations = if self.rows.len() == 1 {
            "combination"
        } else {
            "combinations"
        };
        let seeds = if self.repeat == 1 { "seed" } else { "seeds" };
        let mut lines = vec![
            self.title.clone(),
            format!(
                "{} {combinations}, {} {seeds} each",
                self.rows.len(),
                self.repeat
            ),
        ];
        for group in self.groups() {
            lines.push(String::new());
            lines.extend(self.block(&group));
        }
        lines.push(String::new());
        lines.extend(self.notes());
        lines
    }

    fn block(&self, group: &[usize]) -> Vec<String> {
        let settings = |place: &usize| self.told_apart(&self.rows[*place]);
        let columns = group.first().map(settings).unwrap_or_default();
        let columns = (0..columns.settings().len()).map(|column| {
            let key = last_part(&columns.settings()[column].0);
            let head = key.rsplit_once('_').unwrap_or(("", key));
            let values = group
                .iter()
                .map(|place| settings(place).settings()[column].1.chars().count());
            let parts = [head.0, head.1].map(|part| part.chars().count());
            let width = values.chain(parts).max().unwrap_or(0) + 2;
            ([head.0.to_owned(), head.1.to_owned()], width)
        });
        let columns: Vec<([String; 2], usize)> = columns.collect();
        let beside = columns.iter().map(|(_, width)| width).sum::<usize>()
            <= WIDTH - NUMBER - FIGURE * FRONT.len();
        let mut lines: Vec<String> = self.condition_of(group).into_iter().collect();
        for (line, heads) in HEADS.into_iter().enumerate() {
            let of_settings = columns
                .iter()
                .filter(|_| beside)
                .map(|(head, width)| format!("{:width$}", head[line]));
            let of_figures = heads.into_iter().map(|head| format!("{head:<FIGURE$}"));
            let all: String = of_settings.chain(of_figures).collect();
            lines.push(format!("{:NUMBER$}{all}", "").trim_end().to_owned());
        }
        for place in group {
            let row = &self.rows[*place];
            let mark = if row.on_front { '*' } else { ' ' };
            let head = format!("{:>4} {mark} ", place + 1);
            let figures = self.figures_of(row);
            let values = settings(place);
            let values = values.settings().iter().zip(&columns);
            if beside {
                let mut line = head;
                for ((_, value), (_, width)) in values {
                    // Writing to a string does not fail.
                    let _ = write!(line, "{value:width$}");
                }
                lines.push(format!("{line}{figures}").trim_end().to_owned());
            } else {
                lines.push(format!("{head}{}", self.name_of(row)));
                lines.push(format!("{:NUMBER$}{figures}", "").trim_end().to_owned());
            }
        }
        lines
    }

    fn figures_of(&self, row: &Row) -> String {
        let shown = FRONT.map(|name| {
            let Some(place) = self.place(name) else {
                return "-".to_owned();
            };
            let unit = self.figures[place].definition.unit;
            let estimate = row.estimates[place];
            estimate.map_or("-".to_owned(), |it| {
                shown(it, unit, self.is_by_median(place))
            })
        });
        shown.map(|shown| format!("{shown:<FIGURE$}")).concat()
    }

    /// What all rows of a group have in common, as `fleet.size=3`; nothing where that is all the rows.
    pub(super) fn condition_of(&self, group: &[usize]) -> Option<String> {
        let row = &self.rows[*group.first()?];
        let named = !row.cell.choice().settings().is_empty();
        let condition = row.cell.condition().to_string();
        (named && !condition.is_empty()).then_some(condition)
    }

    /// What tells a row from the others of its group, as `open_for=1s window_calls=10`.
    pub(super) fn name_of(&self, row: &Row) -> String {
        self.told_apart(row).short()
    }

    /// The settings that tell a row from the others of its group.
    #[expect(clippy::unused_self, reason = "the group is one of this table")]
    fn told_apart(&self, row: &Row) -> Cell {
        let choice = row.cell.choice();
        if choice.settings().is_empty() {
            row.cell.clone()
        } else {
            choice
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.rows.iter().any(|row| row.on_front) {
            notes.push(
                "* no other row of its block is surely better in one figure and surely worse"
                    .to_owned(),
            );
            notes.push("  in none; where intervals overlap neither is".to_owned());
        }
        if self.repeat > 1 {
            notes.push(
                "± half of the 95 % interval of the mean, over seeds of this scenario only; all"
                    .to_owned(),
            );
            notes.push("  rows have the same seeds".to_owned());
        }
        let shares = FRONT.iter().filter_map(|name| self.place(name));
        if shares
            .into_iter()
            .any(|place| self.figures[place].definition.unit == Unit::Share)
        {
            notes.push(
                "% of all calls that instances were asked for, before and after the fault too"
                    .to_owned(),
            );
        }
        let by_median = FRONT.iter().filter_map(|name| self.place(name));
        if by_median.into_iter().any(|place| self.is_by_median(place)) {
            notes.push("~ the median, because in some trials it came never".to_owned());
        }
        let sum = |count: fn(&Row) -> usize| self.rows.iter().map(count).sum::<usize>();
        let (trials, void, failed) = (
            sum(|row| row.trials),
            sum(|row| row.void),
            sum(|row| row.failed),
        );
        let all = self.rows.len() * self.repeat as usize;
        if trials + void < all {
            notes.push(format!(
                "{} of {all} trials are not done yet",
                all - trials - void
            ));
        }
        match void {
            0 => {}
            1 => notes.push("1 trial is void and does not count".to_owned()),
            _ => notes.push(format!("{void} trials are void and do not count")),
        }
        if failed > 0 {
            notes.push(format!(
                "in {failed} of {trials} trials an expectation of the scenario did not hold"
            ));
        }
        for unmoved in &self.unmoved {
            notes.extend(folded(&unmoved.said()));
        }
        notes.extend(self.remarks.iter().flat_map(|remark| folded(remark)));
        notes
    }
}

/// A sentence in lines of [`WIDTH`] columns, broken between words.
fn folded(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one");
        let used = line.chars().count();
        if used > 2 && used + 1 + word.chars().count() > WIDTH {
            lines.push(format!("  {word}"));
        } else {
            if used > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// `1.23 s ± 45.0 ms`; where the median stands for it `~1.23 s, 3 never` or `never in 6 of 10`.
fn shown(estimate: Estimate, unit: Unit, by_median: bool) -> String {
    match (estimate.mean, estimate.interval) {
        (Some(mean), Some(interval)) if !by_median => {
            format!("{} ± {}", unit.show(mean), unit.show(interval.half_width()))
        }
        (Some(mean), None) if !by_median => unit.show(mean),
        _ if estimate.median.is_infinite() => {
            format!("never in {} of {}", estimate.never, estimate.count)
        }
        _ if estimate.never == 0 => format!("~{}", unit.show(estimate.median)),
        _ => format!("~{}, {} never", unit.show(estimate.median), estimate.never),
    }
}

/// `open_for` of `breaker.open_for`.
fn last_part(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}
