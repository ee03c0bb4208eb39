//! The results: both tables in Markdown, each with its footnotes.

use std::fmt::Write as _;

use crate::behaviours;
use crate::costs;
use crate::libraries;
use crate::library::Whose;
use crate::note::Note;
use crate::shown::Shown;

/// Runs every behaviour: the table that does not depend on the machine.
pub(crate) fn of_behaviours() -> String {
    let rows = behaviours::ALL.iter().map(|row| {
        let cells = libraries::ALL.map(|library| {
            let shown = (row.run)(library).map(|shown| match shown {
                Shown::Yes => "yes".to_owned(),
                Shown::No => "no".to_owned(),
                Shown::Number(number) => number.to_string(),
                Shown::Text(text) => text.to_owned(),
            });
            cell(shown, library.whose(), row.notes)
        });
        line(row.asked, &cells)
    });
    let rows: String = rows.collect();
    let notes = behaviours::ALL.iter().flat_map(|row| row.notes);
    head("asked", "---") + &rows + &footnotes(notes)
}

/// Measures on this machine.
pub(crate) fn of_measurements() -> String {
    let rows = costs::ALL.iter().map(|row| {
        let cells =
            libraries::ALL.map(|library| cell((row.run)(library), library.whose(), row.notes));
        line(row.what, &cells)
    });
    let rows: String = rows.collect();
    let notes = costs::ALL.iter().flat_map(|row| row.notes);
    head("measured", "---:") + &rows + &footnotes(notes)
}

fn head(what: &str, align: &str) -> String {
    let peers = env!("BENCH_PEERS").replace(", ", " | ");
    format!("| {what} | breaker, this one | {peers} |\n|---|{align}|{align}|{align}|{align}|\n")
}

fn line(what: &str, cells: &[String]) -> String {
    format!("| {what} | {} |\n", cells.join(" | "))
}

fn cell(shown: Option<String>, whose: Whose, notes: &[Note]) -> String {
    let note = notes.iter().find(|note| note.on == whose);
    assert!(shown.is_some() || note.is_some(), "a gap says why");
    let mark = note.map(|note| format!("[^{}]", note.label));
    shown.unwrap_or_else(|| "-".to_owned()) + &mark.unwrap_or_default()
}

/// Each once, in the order of the rows.
fn footnotes<'a>(notes: impl Iterator<Item = &'a Note>) -> String {
    let mut texts: Vec<String> = Vec::new();
    for Note { label, text, .. } in notes {
        let text = format!("[^{label}]: {text}");
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.iter().fold(String::from("\n"), |mut all, text| {
        let _ = writeln!(all, "{text}");
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = include_str!("../../docs/comparison.md");

    #[test]
    fn the_document_shows_what_runs() {
        let table = of_behaviours();

        assert!(
            DOCUMENT.contains(&table),
            "docs/comparison.md needs:\n{table}"
        );
    }

    #[test]
    fn the_document_lists_what_is_measured() {
        for row in costs::ALL {
            let begin = format!("| {} |", row.what);
            assert!(
                DOCUMENT.contains(&begin),
                "docs/comparison.md lacks {begin}"
            );
        }
    }
}
