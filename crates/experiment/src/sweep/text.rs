//! The table of a sweep as lines of text: the figures of the Pareto front, with their intervals.

use super::Table;
use super::table::{FRONT, Row};

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Room for a cell's number, and for the mark of the front.
const NUMBER: usize = 7;
/// Room for one figure.
const FIGURE: usize = 19;
/// What stands above the figures of [`FRONT`].
const HEADS: [[&str; 3]; 2] = [
    ["detection", "wrongly", "wasted"],
    ["delay", "rejected", "calls"],
];

impl Table {
    /// The table as lines of at most 80 columns where the settings are short enough: a block for each condition,
    /// a line for each choice, and what the marks mean.
    pub fn lines(&self) -> Vec<String> {
        let seeds = if self.repeat == 1 { "seed" } else { "seeds" };
        let mut lines = vec![
            self.title.clone(),
            format!(
                "{} combinations, {} {seeds} each",
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
        let condition = self.condition_of(group);
        let named: Vec<(usize, String)> = group
            .iter()
            .map(|place| (*place, self.name_of(&self.rows[*place])))
            .collect();
        let longest = named
            .iter()
            .map(|(_, name)| name.chars().count())
            .max()
            .unwrap_or(0);
        let room = WIDTH - NUMBER - FIGURE * FRONT.len();
        let beside = longest + 2 <= room;
        let width = if beside { longest + 2 } else { 2 };
        let mut lines: Vec<String> = condition.into_iter().collect();
        for heads in HEADS {
            let heads = heads.map(|head| format!("{head:<FIGURE$}")).concat();
            let line = format!("{:NUMBER$}{:width$}{heads}", "", "");
            lines.push(line.trim_end().to_owned());
        }
        for (place, name) in named {
            let row = &self.rows[place];
            let mark = if row.on_front { '*' } else { ' ' };
            let head = format!("{:>4} {mark} ", place + 1);
            let figures = self.figures_of(row);
            if beside {
                lines.push(
                    format!("{head}{name:<width$}{figures}")
                        .trim_end()
                        .to_owned(),
                );
            } else {
                lines.push(format!("{head}{name}"));
                lines.push(
                    format!("{:NUMBER$}{:width$}{figures}", "", "")
                        .trim_end()
                        .to_owned(),
                );
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
            estimate.map_or("-".to_owned(), |it| it.show(unit, self.is_by_median(place)))
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

    /// What tells a row from the others of its group.
    pub(super) fn name_of(&self, row: &Row) -> String {
        let choice = row.cell.choice();
        if choice.settings().is_empty() {
            row.cell.short()
        } else {
            choice.short()
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.rows.iter().any(|row| row.on_front) {
            notes.push(
                "* no other row of its block is as good in all three figures and better in one"
                    .to_owned(),
            );
        }
        if self.repeat > 1 {
            notes.push(
                "± half of the 95 % interval of the mean; all rows have the same seeds".to_owned(),
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
        if void > 0 {
            notes.push(format!("{void} trials are void and do not count"));
        }
        if failed > 0 {
            notes.push(format!(
                "in {failed} of {trials} trials an expectation of the scenario did not hold"
            ));
        }
        notes
    }
}
