//! The shape of the sources: no circle of modules, no file that is too long, maps and a page that name every module.
//!
//! No crate has a circle of modules: of two modules side by side, at most one knows the other.
//!
//! The graph is drawn from the sources: `use` lines and paths such as `crate::load::Record`, followed through
//! re-exports to the module in which a thing is defined. In each folder the modules side by side are compared,
//! each with all that lies below it. A module and its own children may know each other, and tests may look at
//! everything.
//!
//! `MODULES=new cargo test -p end-to-end --test modules` draws the page, `docs/modules.md`, anew.

mod drawing;
mod graph;
mod map;
mod page;
mod source;

use std::path::{Path, PathBuf};

use graph::{Circle, Crate};

/// Lines that a file may have; clippy holds the limit of functions.
const MOST_LINES: usize = 400;

#[test]
fn no_crate_has_a_circle_of_modules() {
    let mut roots = files();
    roots.retain(|file| file.ends_with("lib.rs") || file.ends_with("main.rs"));
    assert!(roots.len() > 10, "the crates are elsewhere: {roots:?}");

    let mut found = Vec::new();
    for root in &roots {
        let circles = Crate::read(root).circles();
        found.extend(circles.iter().map(|it| format!("{}: {it}", root.display())));
    }

    assert!(
        found.is_empty(),
        "circles of modules:\n{}",
        found.join("\n")
    );
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let files = files();
    assert!(files.len() > 500, "the sources are elsewhere: {files:?}");

    let too_long: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let text = std::fs::read_to_string(file).expect("a source is text");
            let lines = text.lines().count();
            (lines > MOST_LINES).then(|| format!("{}: {lines}", file.display()))
        })
        .collect();

    assert!(too_long.is_empty(), "{too_long:#?}");
}

#[test]
fn the_page_of_modules_draws_them_as_they_are() {
    let top = top();
    let (page, drawn) = (top.join(page::PAGE), page::drawn(&top));
    if std::env::var("MODULES").is_ok_and(|it| it == "new") {
        std::fs::write(&page, &drawn).expect("the page can be written");
    }

    let page = std::fs::read_to_string(page).unwrap_or_default();

    let lines = page.lines().zip(drawn.lines());
    let stale = lines.clone().find(|(page, drawn)| page != drawn);
    assert!(
        page == drawn,
        "{} is stale, from {stale:?} on. `{}` draws it anew.",
        page::PAGE,
        page::COMMAND
    );
}

#[test]
fn the_map_at_the_head_of_a_module_names_each_module_below_it() {
    let sources = files();
    let sources = sources.iter().filter(|file| {
        let mut parts = file.components();
        parts.any(|part| part.as_os_str() == "src")
    });
    let mut found = Vec::new();
    for file in sources {
        let text = std::fs::read_to_string(file).expect("a source is text");
        let faults = map::faults(&text);
        found.extend(faults.iter().map(|it| format!("{}: {it}", file.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));

    let faults = map::faults("//! | module | it |\n//! |---|---|\n//! | `one` | 1 |\nmod two;");
    assert_eq!(
        faults,
        ["its map lacks two", "its map has one, which is not there"]
    );
}

/// The top of the tree.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All sources.
fn files() -> Vec<PathBuf> {
    let top = top();
    let mut files = Vec::new();
    for folder in ["crates", "benches", "tests"] {
        find_files(&top.join(folder), &mut files);
    }
    files
}

fn find_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = folder
        .read_dir()
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() && !entry.ends_with("target") {
            find_files(&entry, files);
        } else if entry.extension().is_some_and(|it| it == "rs") {
            files.push(entry);
        }
    }
}

fn circles(files: &[(&str, &str)]) -> Vec<String> {
    let circles = Crate::of(files).circles();
    circles
        .iter()
        .map(|circle: &Circle| circle.members.join(" "))
        .collect()
}

#[test]
fn two_modules_that_know_each_other_are_a_circle_and_one_that_knows_another_is_not() {
    let one = ("one", "use crate::two::{self, Two as Second};");
    assert_eq!(
        circles(&[
            ("", "mod one; mod two;"),
            one,
            ("two", "fn f() { super::one::g(); }")
        ]),
        ["one two"]
    );
    assert!(circles(&[("", "mod one; mod two;"), one, ("two", "")]).is_empty());
}

#[test]
fn a_re_export_stands_for_the_module_that_it_comes_from() {
    let top = ("", "mod low; mod high;");
    let low = ("low", "mod part; pub(crate) use part::Thing;");
    let part = ("low::part", "use crate::high::Other;");
    let high = ("high", "use crate::low::Thing;");
    assert_eq!(circles(&[top, low, part, high]), ["high low"]);
    // The same thing under another module's roof: what counts is where it is defined.
    let roof = ("", "mod base; mod low; mod high;");
    let passes = (
        "low",
        "pub(crate) use crate::base::Thing; use crate::high::Other;",
    );
    assert!(circles(&[roof, passes, ("base", ""), high]).is_empty());
}

#[test]
fn circles_below_different_modules_are_found_where_these_stand_side_by_side() {
    let files = [
        ("", "mod a;"),
        ("a", "mod left; mod right;"),
        ("a::left", "mod deep;"),
        ("a::left::deep", "use super::super::right;"),
        ("a::right", "use super::left::Left;"),
    ];
    assert_eq!(circles(&files), ["left right"]);
}

#[test]
fn tests_comments_texts_and_children_make_no_circle() {
    let files = [
        ("", "mod one; mod two;"),
        (
            "one",
            "use crate::two::Two; mod child; use child::Child; struct Own;",
        ),
        ("one::child", "use super::Own;"),
        (
            "two",
            "// use crate::one;\n/* crate::one::x */ const T: &str = \"crate::one::x\";\n\
             const R: &str = r#\"crate::one::\"#; const C: char = '\"';\n\
             #[cfg(all(test, not(loom)))]\nmod tests { use crate::one::One; }\n\
             #[cfg(test)] use crate::one::{One, Other};\n#[cfg(test)]\nmod more;",
        ),
        ("two::more", "use crate::one::One;"),
    ];
    assert!(circles(&files).is_empty());
    let guarded = [
        ("", "mod one; mod two;"),
        ("one", "use crate::two::Two;"),
        ("two", "#[cfg(not(test))] use crate::one::One;"),
    ];
    assert_eq!(circles(&guarded), ["one two"]);
}

#[test]
fn a_drawing_has_users_above_and_no_arrow_that_follows_from_others() {
    let files = [
        ("", "mod alone; mod base; mod high; mod middle; mod other;"),
        ("alone", ""),
        ("base", "pub(crate) struct Base;"),
        (
            "high",
            "mod part; use crate::{base::Base, middle::Middle, other::Other};",
        ),
        ("high::part", "use crate::base::Base;"),
        ("middle", "use crate::base::Base;"),
        ("other", ""),
    ];

    let drawn = drawing::drawing(&Crate::of(&files).top());

    assert_eq!(
        drawn,
        "flowchart TD\n    high --> middle & other\n    middle --> base\n    alone\n"
    );
}
