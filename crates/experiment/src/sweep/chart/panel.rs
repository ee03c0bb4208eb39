//! The panel of a chart: one figure against detection delay, with one point for each choice.

use std::fmt::Write as _;

use super::axis::{Axis, mark};
use super::labels::{self, Rectangle};
use crate::expectation::Unit;
use crate::picture::write_text;
use crate::statistics::Interval;
use crate::sweep::Table;
use crate::sweep::table::FRONT;

/// The height in pixels of the area with the points.
pub(super) const HEIGHT: f64 = 230.0;
const WIDTH: f64 = 372.0;

/// The place of one choice, in base units.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    number: usize,
    at: [f64; 2],
    intervals: [Option<Interval>; 2],
    on_front: bool,
}

/// The place and content of a panel.
pub(super) struct Panel {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) title: &'static str,
    /// The class of its colour.
    pub(super) class: &'static str,
}

impl Point {
    /// The point of one row: the detection delay, and the figure with this number in [`FRONT`].
    pub(super) fn of(table: &Table, row: usize, figure: usize) -> Option<Self> {
        let number = row + 1;
        let row = &table.rows[row];
        let part = |name: &str| {
            let place = table.place(name)?;
            let interval = row.estimates[place]?
                .interval
                .filter(|_| !table.is_by_median(place));
            Some((table.central(row, place)?, interval))
        };
        let (x, y) = (part(FRONT[0])?, part(FRONT[figure])?);
        Some(Self {
            number,
            at: [x.0, y.0],
            intervals: [x.1, y.1],
            // Where nothing is chosen all rows are shown alike.
            on_front: row.on_front || !table.has_choices(),
        })
    }

    /// All values that an axis must show.
    fn span(&self, axis: usize) -> impl Iterator<Item = f64> + use<> {
        let ends = self.intervals[axis].filter(|_| self.on_front);
        let ends = ends.map_or([self.at[axis]; 2], |it| [it.low.max(0.0), it.high]);
        std::iter::once(self.at[axis]).chain(ends)
    }
}

impl Panel {
    pub(super) fn draw(&self, out: &mut String, points: &[Point]) {
        write_text(out, (self.left - 46.0, self.top - 8.0), "s ink", self.title);
        if points.is_empty() {
            write_text(
                out,
                (self.left, self.top + HEIGHT / 2.0),
                "soft",
                "not measured",
            );
            return;
        }
        let values = |axis: usize| {
            points
                .iter()
                .flat_map(move |point| point.span(axis))
                .collect::<Vec<_>>()
        };
        let (x, y) = (
            Axis::over(&values(0), WIDTH),
            Axis::over(&values(1), HEIGHT),
        );
        self.draw_axes(out, &x, &y);
        let place = |at: [f64; 2]| {
            (
                self.left + x.place(at[0]),
                self.top + HEIGHT - y.place(at[1]),
            )
        };
        for point in points.iter().filter(|point| !point.on_front) {
            let (cx, cy) = place(point.at);
            let _ = writeln!(
                out,
                "<circle class=\"other\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"4\"/>"
            );
        }
        let front = || points.iter().filter(|point| point.on_front);
        for point in front() {
            self.draw_intervals(out, point, &place);
        }
        for point in front() {
            let (cx, cy) = place(point.at);
            let class = self.class;
            let _ = writeln!(
                out,
                "<circle class=\"{class} ring\" stroke-width=\"1.5\" cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"5.5\"/>"
            );
        }
        let wanted: Vec<_> = front()
            .map(|point| (place(point.at), point.number.to_string()))
            .collect();
        let others = points
            .iter()
            .filter(|point| !point.on_front)
            .map(|point| place(point.at));
        self.draw_labels(out, &wanted, &others.collect::<Vec<_>>());
    }

    fn draw_axes(&self, out: &mut String, x: &Axis, y: &Axis) {
        let (left, right) = (self.left, self.left + WIDTH);
        let (top, bottom) = (self.top, self.top + HEIGHT);
        for value in y.marks() {
            let at = bottom - y.place(value);
            line(out, "grid", (left, at), (right, at));
            write_text(
                out,
                (left - 6.0, at + 4.0),
                "s soft end",
                &mark(value, Unit::Share),
            );
        }
        for value in x.marks() {
            let at = left + x.place(value);
            line(out, "grid", (at, top), (at, bottom));
            write_text(
                out,
                (at, bottom + 16.0),
                "s soft mid",
                &mark(value, Unit::Seconds),
            );
        }
        if x.lane {
            let at = left + x.end();
            line(out, "lane", (at, top), (at, bottom));
            write_text(
                out,
                (left + x.place(f64::INFINITY), bottom + 16.0),
                "s soft mid",
                "never",
            );
        }
        write_text(
            out,
            (left + WIDTH / 2.0, bottom + 34.0),
            "s soft mid",
            "detection delay",
        );
    }

    fn draw_intervals(
        &self,
        out: &mut String,
        point: &Point,
        place: &impl Fn([f64; 2]) -> (f64, f64),
    ) {
        let class = format!(
            "{}-line\" stroke-opacity=\"0.55\" stroke-width=\"1.5",
            self.class
        );
        for axis in [0, 1] {
            if let Some(interval) = point.intervals[axis] {
                let end = |value: f64| {
                    let mut at = point.at;
                    at[axis] = value.max(0.0);
                    place(at)
                };
                line(out, &class, end(interval.low), end(interval.high));
            }
        }
    }

    fn draw_labels(
        &self,
        out: &mut String,
        wanted: &[((f64, f64), String)],
        others: &[(f64, f64)],
    ) {
        let bounds = Rectangle {
            left: self.left + 1.0,
            top: self.top - 4.0,
            right: self.left + WIDTH + 12.0,
            bottom: self.top + HEIGHT - 1.0,
        };
        for label in labels::place(wanted, others, bounds) {
            let (x, y) = label.place.middle();
            if label.far {
                line(out, "lead", label.of, label.place.nearest(label.of));
            }
            write_text(out, (x, y + 4.5), "b ink halo mid", &label.text);
        }
    }
}

fn line(out: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        out,
        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}
