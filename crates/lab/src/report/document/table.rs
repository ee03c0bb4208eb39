//! Tables of a document: text columns first, then numbers.

use std::fmt::Write as _;

use super::markup::marked_down;
use crate::report::shell::escaped;

/// A table; its first columns are text, the others numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// The names of the columns.
    pub(crate) head: Vec<String>,
    /// How many columns are text.
    pub(crate) text_columns: usize,
    /// The rows.
    pub(crate) rows: Vec<Row>,
}

/// A row of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// The cells.
    pub(crate) cells: Vec<String>,
    /// What it says beside its cells.
    pub(crate) mark: Mark,
}

/// What a row says beside its cells; the cells say it in words, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nothing.
    #[default]
    None,
    /// That it stands out.
    Marked,
    /// That it is as it should be.
    Good,
    /// That it is not.
    Bad,
}

impl Table {
    /// A table with these columns, of which the first are text.
    pub(crate) fn new(
        text_columns: usize,
        head: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            head: head.into_iter().map(Into::into).collect(),
            text_columns,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, mark: Mark, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(Row {
            cells: cells.into_iter().map(Into::into).collect(),
            mark,
        });
    }

    pub(super) fn markdown(&self) -> String {
        let line = |cells: &mut dyn Iterator<Item = String>| {
            let cells: Vec<String> = cells.collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut text = line(&mut self.head.iter().map(|cell| marked_down(cell)));
        let sides = (0..self.head.len()).map(|place| {
            let side = if place < self.text_columns {
                "---"
            } else {
                "---:"
            };
            side.to_owned()
        });
        text += &line(&mut sides.into_iter());
        for row in &self.rows {
            let bold = row.mark == Mark::Marked;
            text += &line(&mut row.cells.iter().map(|cell| {
                let cell = marked_down(cell);
                if bold && !cell.is_empty() {
                    format!("**{cell}**")
                } else {
                    cell
                }
            }));
        }
        text
    }

    pub(super) fn html(&self) -> String {
        let class = |place: usize| {
            if place < self.text_columns {
                ""
            } else {
                " class=\"n\""
            }
        };
        let mut html = "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>".to_owned();
        for (place, cell) in self.head.iter().enumerate() {
            let _ = write!(
                html,
                "<th scope=\"col\"{}>{}</th>",
                class(place),
                escaped(cell)
            );
        }
        html += "</tr></thead>\n<tbody>\n";
        for row in &self.rows {
            html += match row.mark {
                Mark::None => "<tr>",
                Mark::Marked => "<tr class=\"marked\">",
                Mark::Good => "<tr class=\"good\">",
                Mark::Bad => "<tr class=\"bad\">",
            };
            for (place, cell) in row.cells.iter().enumerate() {
                let _ = write!(html, "<td{}>{}</td>", class(place), escaped(cell));
            }
            html += "</tr>\n";
        }
        html + "</tbody></table></div>\n"
    }
}
