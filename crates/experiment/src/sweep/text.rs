//! The table of a sweep as lines of text: the figures of the Pareto front, or the requested ones, with their
//! intervals.

use std::fmt::Write as _;

use super::table::{FRONT, Row};
use super::{Cell, Table, USUAL};
use crate::count::{counted, counted_of};
use crate::expectation::{Figure, Unit};
use crate::statistics::Estimate;

/// Columns of a terminal.
const WIDTH: usize = 80;
/// The widths for a cell's number, and for the mark of the front.
const NUMBER: usize = 7;
/// The width for one figure.
const FIGURE: usize = 18;
/// The heads above the figures of [`FRONT`].
const HEADS: [[&str; 3]; 2] = [
    ["detection", "wrongly", "wasted"],
    ["delay", "rejected", "calls"],
];

impl Table {
    /// Returns the table as lines of at most 80 columns if the settings are short enough: a block for each condition,
    /// a line for each choice, and the meaning of the marks.
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

    /// The figures that the table shows, by their places: of the usual ones those of the front, otherwise all,
    /// because they were requested.
    fn shown(&self) -> Vec<usize> {
        let names: Vec<String> = self.figures.iter().map(Figure::to_string).collect();
        if names == USUAL {
            FRONT.iter().filter_map(|name| self.place(name)).collect()
        } else {
            (0..self.figures.len()).collect()
        }
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
        let shown = self.shown();
        let figures: Vec<Column> = shown.iter().map(|place| self.column(*place)).collect();
        let room = WIDTH - NUMBER;
        let settings_width = columns.iter().map(|(_, width)| width).sum::<usize>();
        let least = figures.iter().take(FRONT.len()).map(|it| it.width);
        let beside = settings_width + least.sum::<usize>() <= room;
        let room = if beside { room - settings_width } else { room };
        let mut lines: Vec<String> = self.condition_of(group).into_iter().collect();
        for (part, figures) in parts(&figures, room).into_iter().enumerate() {
            if part > 0 {
                lines.push(String::new());
            }
            let columns = if beside { &columns[..] } else { &[] };
            lines.extend(heads(columns, figures));
            for place in group {
                let row = &self.rows[*place];
                let mark = if row.on_front { '*' } else { ' ' };
                let mut line = format!("{:>4} {mark} ", place + 1);
                if !beside {
                    lines.push(format!("{line}{}", self.name_of(row)));
                    line = " ".repeat(NUMBER);
                }
                for ((_, value), (_, width)) in settings(place).settings().iter().zip(columns) {
                    // Writing to a string does not fail.
                    let _ = write!(line, "{value:width$}");
                }
                for figure in figures {
                    let _ = write!(
                        line,
                        "{:width$}",
                        self.value(row, figure.place),
                        width = figure.width
                    );
                }
                lines.push(line.trim_end().to_owned());
            }
        }
        lines
    }

    /// The column of a figure.
    fn column(&self, place: usize) -> Column {
        let name = self.figures[place].to_string();
        let head = match FRONT.iter().position(|front| *front == name) {
            Some(front) => HEADS.map(|line| line[front].to_owned()),
            None => broken(&name),
        };
        let values = self
            .rows
            .iter()
            .map(|row| self.value(row, place).chars().count());
        let parts = head.iter().map(|part| part.chars().count());
        let width = values.chain(parts).max().unwrap_or(0) + 2;
        Column {
            place,
            head,
            width: width.max(FIGURE),
        }
    }

    fn value(&self, row: &Row, place: usize) -> String {
        let unit = self.figures[place].definition.unit;
        row.estimates[place].map_or("-".to_owned(), |it| {
            shown(it, unit, self.is_by_median(place))
        })
    }

    /// Returns what all rows of a group have in common, such as `fleet.size=3`; `None` if the group is all the rows.
    pub fn condition_of(&self, group: &[usize]) -> Option<String> {
        let row = &self.rows[*group.first()?];
        let named = !row.cell.choice().settings().is_empty();
        let condition = row.cell.condition().to_string();
        (named && !condition.is_empty()).then_some(condition)
    }

    /// The name that tells a row from the others of its group, such as `open_for=1s window_calls=10`.
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
        let of_calls = |place: &usize| FRONT[1..].contains(&&*self.figures[*place].to_string());
        if self.shown().iter().any(of_calls) {
            notes.push(
                "% of all calls in the whole run, not only of those during the fault".to_owned(),
            );
        }
        if self
            .shown()
            .into_iter()
            .any(|place| self.is_by_median(place))
        {
            notes.push("~ the median, because it never came in some trials".to_owned());
        }
        notes.extend(self.trials());
        for unmoved in &self.unmoved {
            notes.extend(folded(&unmoved.said()));
        }
        notes.extend(self.remarks.iter().flat_map(|remark| folded(remark)));
        notes
    }

    /// How many trials are missing, void or not as expected.
    fn trials(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let sum = |count: fn(&Row) -> usize| self.rows.iter().map(count).sum::<usize>();
        let (trials, void, failed) = (
            sum(|row| row.trials),
            sum(|row| row.void),
            sum(|row| row.failed),
        );
        let all = self.rows.len() * self.repeat as usize;
        if trials + void < all {
            let left = counted_of(all - trials - void, all, "trial");
            notes.push(format!("{left} not done yet"));
        }
        match void {
            0 => {}
            1 => notes.push("1 trial is void and does not count".to_owned()),
            _ => notes.push(format!(
                "{} are void and do not count",
                counted(void, "trial")
            )),
        }
        if failed > 0 {
            notes.push(format!(
                "in {failed} of {} an expectation of the scenario did not hold",
                counted(trials, "trial")
            ));
        }
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

/// The column of a figure.
struct Column {
    /// Its place among the figures.
    place: usize,
    head: [String; 2],
    width: usize,
}

/// The columns in parts that fit into the width, with at least one column in each.
fn parts(columns: &[Column], room: usize) -> Vec<&[Column]> {
    let (mut parts, mut begin, mut width) = (Vec::new(), 0, 0);
    for (place, column) in columns.iter().enumerate() {
        if place > begin && width + column.width > room {
            parts.push(&columns[begin..place]);
            (begin, width) = (place, 0);
        }
        width += column.width;
    }
    parts.push(&columns[begin..]);
    parts
}

/// The two lines above the columns.
fn heads(columns: &[([String; 2], usize)], figures: &[Column]) -> [String; 2] {
    [0, 1].map(|line| {
        let settings = columns
            .iter()
            .map(|(head, width)| format!("{:width$}", head[line]));
        let figures = figures
            .iter()
            .map(|it| format!("{:width$}", it.head[line], width = it.width));
        let all: String = settings.chain(figures).collect();
        format!("{:NUMBER$}{all}", "").trim_end().to_owned()
    })
}

/// A name in two lines if it is long: broken before brackets, or at an underscore.
fn broken(name: &str) -> [String; 2] {
    if name.chars().count() < FIGURE - 1 {
        return [String::new(), name.to_owned()];
    }
    let at = name
        .find('(')
        .or_else(|| name[..name.len().min(FIGURE)].rfind('_'));
    let (first, second) = name.split_at(at.unwrap_or(0));
    [first.to_owned(), second.to_owned()]
}

/// `1.23 s ± 45.0 ms`; if the median stands for it `~1.23 s, 3 never` or `never in 6 of 10`.
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
