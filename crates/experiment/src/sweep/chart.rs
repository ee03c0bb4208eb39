//! The chart of a sweep: what is wrongly rejected and what is wasted, over how late breakers notice, as SVG text.

use super::Table;

/// Draws the table.
pub fn svg(table: &Table) -> String {
    let _ = table;
    String::new()
}
