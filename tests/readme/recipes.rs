//! The recipes of CONTRIBUTING.md: the files and packages that they name exist, the tests that any page names, and what
//! no other test asks of somebody who follows them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use end_to_end::{read, repository};

use crate::all_steps;
use crate::commands::value;

const PAGE: &str = "CONTRIBUTING.md";

/// What stands in backticks outside of blocks.
fn quoted(text: &str) -> Vec<&str> {
    let outside = text.split("```").step_by(2);
    outside
        .flat_map(|text| text.split('`').skip(1).step_by(2))
        .collect()
}

/// A file of this tree, by its first part; what has a NAME or a star in it stands for several.
fn is_path(word: &str) -> bool {
    let first = word.split('/').next().unwrap_or_default();
    let is_ours = word.contains('/') && repository().join(first).is_dir();
    is_ours && !word.contains(['*', ' ']) && !word.contains("NAME")
}

#[test]
fn every_file_that_the_page_about_contributing_names_exists() {
    let text = read(&repository().join(PAGE));
    let paths: BTreeSet<&str> = quoted(&text).into_iter().filter(|it| is_path(it)).collect();
    assert!(paths.len() >= 30, "{paths:?}");
    for path in paths {
        assert!(repository().join(path).exists(), "{PAGE}: {path}");
    }
}

/// The folder of a package.
fn folder_of(package: &str) -> PathBuf {
    match package {
        "end-to-end" => repository().join("tests"),
        "benches" => repository().join("benches"),
        package => repository().join("crates").join(package),
    }
}

/// The sources of a test of a package: its own file, or its folder.
fn sources_of(package: &str, test: &str) -> Vec<PathBuf> {
    let folder = folder_of(package);
    let file = if package == "end-to-end" {
        // Its manifest says where each test lies.
        let manifest = read(&folder.join("Cargo.toml"));
        let named = format!("name = \"{test}\"\npath = \"");
        let path = manifest.split(&named).nth(1);
        let path = path.and_then(|rest| rest.split('"').next());
        folder.join(path.unwrap_or("none"))
    } else {
        folder.join("tests").join(format!("{test}.rs"))
    };
    let mut found = Vec::new();
    if file.ends_with("main.rs") {
        rust_files(file.parent().expect("it lies in a folder"), &mut found);
    } else if file.is_file() {
        found.push(file);
    } else if package != "end-to-end" {
        rust_files(&folder.join("tests").join(test), &mut found);
    }
    found
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    for entry in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if entry.is_dir() {
            rust_files(&entry, found);
        } else if entry.extension().is_some_and(|it| it == "rs") {
            found.push(entry);
        }
    }
}

/// Whether a test function, or a module of tests, has the filter in its name.
fn is_matched(files: &[PathBuf], filter: &str) -> bool {
    let module = filter.trim_end_matches("::");
    files.iter().any(|file| {
        let is_module = file
            .file_stem()
            .is_some_and(|it| it.to_string_lossy().contains(module));
        let text = read(file);
        let mut lines = text.lines();
        let names = |line: &str| {
            let name = line.split("fn ").nth(1)?.split('(').next()?;
            name.contains(filter).then_some(())
        };
        is_module || lines.any(|line| names(line).is_some())
    })
}

#[test]
fn every_test_that_a_page_runs_exists() {
    let mut seen = 0;
    for (page, step) in all_steps() {
        let line = format!("{page}:{}", step.written.line);
        let text = step.written.text.split(" | ").next().unwrap_or_default();
        let Some((_, rest)) = text.split_once("cargo test ") else {
            continue;
        };
        let words: Vec<&str> = rest
            .split_whitespace()
            .take_while(|it| *it != "--")
            .collect();
        let Some(package) = value(&words, "-p") else {
            continue;
        };
        assert!(folder_of(package).join("Cargo.toml").is_file(), "{line}");
        let pairs = words.iter().zip(&words[1..]);
        let tests = pairs.filter(|(flag, _)| **flag == "--test");
        let tests: Vec<&str> = tests.map(|(_, test)| *test).collect();
        let mut files = Vec::new();
        for test in &tests {
            let own = sources_of(package, test);
            assert!(!own.is_empty(), "{line}: {test}");
            files.extend(own);
        }
        if tests.is_empty() {
            rust_files(&folder_of(package), &mut files);
        }
        let last = words
            .last()
            .filter(|it| **it != package && !it.starts_with("--"));
        if let Some(filter) = last.filter(|it| !tests.contains(it)) {
            assert!(is_matched(&files, filter), "{line}: {filter}");
        }
        seen += 1;
    }
    assert!(seen >= 20, "{seen}");
}

/// Those of coordination are listed by the program alone.
#[test]
fn every_scenario_at_the_top_of_its_folder_has_its_row() {
    let page = read(&repository().join("docs/experiments.md"));
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let mut named: BTreeSet<String> = BTreeSet::new();
    for row in rows {
        let cell = row.split('|').nth(1).unwrap_or_default();
        let in_row: Vec<&str> = quoted(cell);
        named.extend(in_row.iter().map(|it| (*it).to_owned()));
        // `metastable`, each also `-without-breakers`.
        for ending in in_row.iter().filter(|it| it.starts_with('-')) {
            named.extend(in_row.iter().map(|name| format!("{name}{ending}")));
        }
    }
    let files = std::fs::read_dir(repository().join("scenarios")).expect("there are scenarios");
    let files = files.map(|file| file.expect("a file").path());
    let mut seen = 0;
    for file in files.filter(|file| file.is_file()) {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        assert!(
            named.contains(&*name),
            "docs/experiments.md has no row of {name}"
        );
        seen += 1;
    }
    assert!(seen >= 16, "{seen}");
}
