//! Rates from a file, to be replayed.

use std::path::Path;

use experiment::load::Point;
use experiment::reading::without_mark;

use crate::failure::Failure;
use crate::file;

/// Reads rows of `seconds,rate`. Empty rows and those that begin with `#` are skipped, and the first row may name the
/// columns: two words. A typing error in the first row is refused like any other.
pub(crate) fn read_rates(path: &Path) -> Result<Vec<Point>, Failure> {
    let shown = path.display();
    let text = file::read_text(path, file::RECORDED)
        .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    let mut points = Vec::new();
    for (number, row) in (1..).zip(without_mark(&text).lines()) {
        let row = row.trim();
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        let point = row.split_once(',').and_then(|(at, rate)| {
            let (at_s, rate) = (at.trim().parse().ok()?, rate.trim().parse().ok()?);
            Some(Point { at_s, rate })
        });
        match point {
            Some(point) => points.push(point),
            None if number == 1 && is_heading(row) => {}
            None => {
                return Err(Failure::usage(format!(
                    "{shown}:{number}: `{row}` is not allowed: it must be SECONDS,RATE, such as 5,20"
                )));
            }
        }
    }
    if points.is_empty() {
        return Err(Failure::usage(format!(
            "{shown} holds no rows of SECONDS,RATE: write one, such as 0,90"
        )));
    }
    Ok(points)
}

/// Whether each column of the row is a word.
fn is_heading(row: &str) -> bool {
    let is_word = |cell: &str| {
        cell.trim_matches([' ', '"'])
            .starts_with(char::is_alphabetic)
    };
    row.split_once(',')
        .is_some_and(|(at, rate)| is_word(at) && is_word(rate))
}
