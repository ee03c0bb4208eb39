//! The map of a module: the table at the head of its file, with a row for each module below it.

use std::collections::BTreeSet;

use crate::source::Source;

/// How the head of such a table begins.
const HEADS: [&str; 3] = ["//! | module |", "//! | file |", "//! | part |"];

/// Modules that the map of this file lacks, and those of which it says that they are there; none where there is no map.
pub(crate) fn faults(text: &str) -> Vec<String> {
    let mut lines = text.lines();
    if !lines.any(|line| HEADS.iter().any(|head| line.starts_with(head))) {
        return Vec::new();
    }
    let rows = lines.map_while(|line| line.strip_prefix("//! |"));
    let named: BTreeSet<&str> = rows.flat_map(names).collect();
    let children = Source::of(text).children;
    let children: BTreeSet<&str> = children.iter().map(String::as_str).collect();
    let lacks = children.difference(&named);
    let lacks = lacks.map(|name| format!("its map lacks {name}"));
    let more = named.difference(&children);
    let more = more.map(|name| format!("its map has {name}, which is not there"));
    lacks.chain(more).collect()
}

/// The modules that the first cell of a row names.
fn names(row: &str) -> Vec<&str> {
    let cell = row.split('|').next().unwrap_or_default();
    let words = cell.split('`').skip(1).step_by(2);
    let is_name = |word: &&str| {
        let mut letters = word.chars();
        letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    words.filter(is_name).collect()
}
