//! The chart of a sweep: wrongly rejected and wasted calls against detection delay, as SVG text.
//!
//! Each condition has a row of two panels. A choice on the Pareto front has a colour and its number from the table,
//! with the 95 % intervals of both means; the others are grey. Below are the settings of the front. The colours are
//! those of the palette (orange: the breaker rejected; purple: the downstream failed); the text follows the
//! reader's light or dark scheme.

mod axis;
mod labels;
mod panel;

use super::Table;
use super::table::FRONT;
use crate::count::counted;
use crate::expectation::Unit;
use crate::palette::{DISABLED, OPEN, SICK};
use crate::picture::{escaped, scheme, toned, write_text};
use panel::{Panel, Point};

/// The width of the picture.
const WIDTH: f64 = 920.0;
/// The left edge of text.
const LEFT: f64 = 24.0;
/// The height of a line of text.
const LINE: f64 = 19.0;
/// How many choices are listed below a pair of panels; the table contains all of them.
const LISTED: usize = 16;
/// How many conditions are drawn; the table contains all of them.
const DRAWN: usize = 8;
/// How many letters of a title fit on a line, and of the settings of one choice.
const FIT: [usize; 2] = [104, 66];

/// What has no colour of its own.
const RULES: &str = ".lane{stroke-dasharray:2 4}.other{fill-opacity:0.5}";

fn style() -> String {
    let tones = [
        toned("other", DISABLED),
        toned("no", OPEN),
        toned("lost", SICK),
    ];
    scheme(RULES, &tones)
}

/// Draws the table and returns the picture.
pub fn svg(table: &Table) -> String {
    let mut body = Body {
        text: String::new(),
        y: 36.0,
    };
    body.line(LEFT, "h ink", &shortened(&table.title, 90));
    let seeds = match table.repeat {
        1 => "1 seed each".to_owned(),
        many => format!("{} each, bars are 95 % intervals", counted(many, "seed")),
    };
    let coloured = if table.has_choices() {
        "In colour the Pareto front: no other choice is surely better in one figure and surely worse in none."
    } else {
        "Only conditions are varied, not settings: conditions are not compared with each other."
    };
    body.line(LEFT, "soft", coloured);
    body.line(LEFT, "soft", &format!("Better is left and down. Shares are of all calls that instances were asked for; {seeds}."));
    let groups = table.groups();
    for group in groups.iter().take(DRAWN) {
        body.group(table, group);
    }
    if groups.len() > DRAWN {
        body.line(
            LEFT,
            "soft",
            &format!(
                "… and {}, in the table",
                counted(groups.len() - DRAWN, "more condition")
            ),
        );
    }
    let height = body.y.ceil();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-label=\"{}\">\n<style>{}</style>\n\
         <rect class=\"bg\" width=\"{WIDTH}\" height=\"{height}\"/>\n{}</svg>\n",
        escaped(&table.title),
        style(),
        body.text
    )
}

/// What has been drawn, and the height reached.
struct Body {
    text: String,
    y: f64,
}

impl Body {
    /// Writes a line of text, and moves the pen below it.
    fn line(&mut self, x: f64, class: &str, text: &str) {
        write_text(&mut self.text, (x, self.y), class, text);
        self.y += LINE;
    }

    fn group(&mut self, table: &Table, group: &[usize]) {
        self.y += 14.0;
        if let Some(condition) = table.condition_of(group) {
            self.line(LEFT, "b ink", &shortened(&condition, FIT[0]));
        }
        let panels = [
            ("wrongly rejected calls", 1, "no"),
            ("wasted calls", 2, "lost"),
        ];
        for (column, (title, figure, class)) in (0_u8..).zip(panels) {
            let points: Vec<Point> = group
                .iter()
                .filter_map(|place| Point::of(table, *place, figure))
                .collect();
            let panel = Panel {
                left: LEFT + 52.0 + f64::from(column) * 452.0,
                top: self.y + 14.0,
                title,
                class,
            };
            panel.draw(&mut self.text, &points);
        }
        self.y += panel::HEIGHT + 74.0;
        self.choices(table, group);
    }

    /// The settings of the choices on the front, with their figures.
    fn choices(&mut self, table: &Table, group: &[usize]) {
        let front: Vec<usize> = group
            .iter()
            .copied()
            .filter(|place| !table.has_choices() || table.rows[*place].on_front)
            .collect();
        let longest = front
            .iter()
            .map(|place| table.name_of(&table.rows[*place]).chars().count())
            .max();
        #[expect(clippy::cast_precision_loss, reason = "settings are short")]
        let first = LEFT + 76.0 + 7.2 * longest.unwrap_or(0).min(FIT[1]) as f64;
        let columns = [LEFT + 40.0, first, first + 124.0, first + 248.0];
        let first = if table.has_choices() {
            "choice"
        } else {
            "condition"
        };
        let heads = [first, "detection delay", "wrongly rejected", "wasted"];
        for (x, head) in columns.into_iter().zip(heads) {
            write_text(&mut self.text, (x, self.y), "s soft", head);
        }
        self.y += LINE;
        for place in front.iter().take(LISTED) {
            let row = &table.rows[*place];
            write_text(
                &mut self.text,
                (LEFT, self.y),
                "b ink",
                &(place + 1).to_string(),
            );
            let shown = table
                .point(row)
                .into_iter()
                .zip(FRONT)
                .map(|(value, name)| {
                    let unit = table
                        .place(name)
                        .map_or(Unit::Count, |it| table.figures[it].definition.unit);
                    value.map_or("-".to_owned(), |value| unit.show(value))
                });
            let cells = std::iter::once(shortened(&table.name_of(row), FIT[1])).chain(shown);
            for (x, cell) in columns.into_iter().zip(cells) {
                write_text(&mut self.text, (x, self.y), "ink", &cell);
            }
            self.y += LINE;
        }
        if front.len() > LISTED {
            self.line(
                LEFT + 40.0,
                "soft",
                &format!("… and {} more, in the table", front.len() - LISTED),
            );
        }
        if front.is_empty() {
            self.line(
                LEFT + 40.0,
                "soft",
                "none, because a figure of the front was measured in no trial",
            );
        }
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
