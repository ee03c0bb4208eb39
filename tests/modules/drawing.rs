//! The drawing of a crate: a flowchart of its top modules, in the notation of Mermaid.
//!
//! An arrow that follows from others is left out, so that the drawing of a crate with forty modules can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Whom each module uses.
pub(crate) type Uses = BTreeMap<String, BTreeSet<String>>;

/// Names that mean something else in Mermaid.
const RESERVED: [&str; 7] = ["call", "class", "click", "default", "end", "graph", "style"];

/// The flowchart, users above those whom they use, and at the end the modules that stand alone.
pub(crate) fn drawing(uses: &Uses) -> String {
    for name in uses.keys() {
        assert!(
            !RESERVED.contains(&&**name),
            "Mermaid reads `{name}` as a word of its own"
        );
    }
    let heights = heights(uses);
    let mut names: Vec<&String> = uses.keys().collect();
    names.sort_by_key(|name| (std::cmp::Reverse(heights[name.as_str()]), *name));

    let mut text = "flowchart TD\n".to_owned();
    for name in &names {
        let direct = direct(uses, name);
        if !direct.is_empty() {
            let direct: Vec<&str> = direct.into_iter().collect();
            writeln!(text, "    {name} --> {}", direct.join(" & ")).expect("a text takes all");
        }
    }
    let known: BTreeSet<&String> = uses.values().flatten().collect();
    for name in names {
        if uses[name].is_empty() && !known.contains(name) {
            writeln!(text, "    {name}").expect("a text takes all");
        }
    }
    text
}

/// Those whom a module uses and reaches in no other way.
fn direct<'a>(uses: &'a Uses, name: &str) -> BTreeSet<&'a str> {
    let all = &uses[name];
    let by_way_of = |other: &String| {
        let mut others = all.iter().filter(|it| *it != other);
        others.any(|it| reached_from(uses, it).contains(other.as_str()))
    };
    let remaining = all.iter().filter(|other| !by_way_of(other));
    remaining.map(String::as_str).collect()
}

/// All whom a module uses, directly or by way of others.
fn reached_from<'a>(uses: &'a Uses, name: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        for other in uses.get(next).into_iter().flatten() {
            if reached.insert(other.as_str()) {
                open.push(other);
            }
        }
    }
    reached
}

/// How many modules lie below each, one below the other: more than those that it uses. In a circle, which another
/// test finds, the number stops to grow at the number of all.
fn heights(uses: &Uses) -> BTreeMap<&str, usize> {
    let mut heights: BTreeMap<&str, usize> = uses.keys().map(|name| (name.as_str(), 0)).collect();
    for _ in 0..uses.len() {
        for (name, used) in uses {
            let below = used.iter().map(|other| heights[other.as_str()] + 1);
            let height = below.max().unwrap_or(0).min(uses.len());
            heights.insert(name, height);
        }
    }
    heights
}
