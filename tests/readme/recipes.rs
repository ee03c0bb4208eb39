//! The recipes of CONTRIBUTING.md: the files and packages that they name exist, the tests that any page names, and what
//! no other test asks of somebody who follows them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use end_to_end::{read, repository};

use crate::all_steps;
use crate::markdown::Page;

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

/// Whether the path of a test has the filter in it.
fn is_matched(files: &[PathBuf], filter: &str) -> bool {
    files
        .iter()
        .flat_map(|file| tests_of(file))
        .any(|test| test.contains(filter))
}

/// The paths of a file's tests, as the test command prints them.
fn tests_of(file: &Path) -> Vec<String> {
    let modules = modules_of(file);
    let code = read(file);
    let (mut tests, mut inner, mut is_test) = (Vec::new(), "", false);
    for line in code.lines() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("#[test]") || trimmed.starts_with("#[tokio::test") {
            is_test = true;
        } else if line.starts_with("mod tests {") {
            inner = "tests::";
        } else if let Some((_, name)) = trimmed.split_once("fn ").filter(|_| is_test) {
            let name = name.split('(').next().unwrap_or_default();
            tests.push(format!("{modules}{inner}{name}"));
            is_test = false;
        }
    }
    tests
}

/// The modules around a file, which a test target's own name is not.
fn modules_of(file: &Path) -> String {
    let path = file.strip_prefix(repository()).unwrap_or(file);
    let path = path.with_extension("");
    let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
    let place = names.iter().position(|it| it == "src" || it == "tests");
    let from = place.map_or(0, |at| at + 1 + usize::from(names[at] == "tests"));
    let names = names.iter().skip(from);
    let names = names.filter(|it| !["main", "lib", "mod"].contains(&&***it));
    names.flat_map(|name| [&**name, "::"]).collect()
}

#[test]
fn a_filter_is_matched_by_the_path_of_a_test_alone() {
    let file = |path: &str| repository().join(path);
    let main = [file("tests/readme/main.rs"), file("tests/readme/unseen.rs")];
    for (filter, expected) in [
        ("every_metric_that", true),
        ("unseen::", true),
        ("unseen::every_block", true),
        // A function that is no test, the file of the whole program, and nothing.
        ("all_steps", false),
        ("main", false),
        ("every_metrik", false),
    ] {
        assert_eq!(is_matched(&main, filter), expected, "{filter}");
    }
    let shipped = [file("crates/simulator/tests/shipped.rs")];
    assert!(
        !is_matched(&shipped, "shipped::"),
        "its target is no module"
    );
    let unit = [file("crates/lab/src/shipped.rs")];
    assert!(is_matched(&unit, "shipped::"));
}

/// What a command of `cargo test` asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked<'a> {
    package: Option<&'a str>,
    targets: Vec<&'a str>,
    filters: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    fn of(command: &'a str) -> Option<Self> {
        let text = command.split(" | ").next().unwrap_or_default();
        let (_, rest) = text.split_once("cargo test ")?;
        let mut asked = Self::default();
        let mut words = rest.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "-p" | "--package" => asked.package = words.next(),
                "--test" => asked.targets.extend(words.next()),
                "--features" | "--test-threads" | "--skip" => drop(words.next()),
                word if word.starts_with('-') => {}
                filter => asked.filters.push(filter),
            }
        }
        Some(asked)
    }

    /// What is not there of it.
    fn missing(&self) -> Result<(), String> {
        let package = self
            .package
            .ok_or("say with -p which package has the test")?;
        if !folder_of(package).join("Cargo.toml").is_file() {
            return Err(format!("no package {package}"));
        }
        let mut targets: Vec<(&str, Vec<PathBuf>)> = Vec::new();
        for target in &self.targets {
            targets.push((target, sources_of(package, target)));
        }
        if targets.is_empty() {
            let mut files = Vec::new();
            rust_files(&folder_of(package), &mut files);
            targets.push((package, files));
        }
        for (target, files) in targets {
            if files.is_empty() {
                return Err(format!("no test target {target}"));
            }
            for filter in &self.filters {
                // A target that reads its words itself takes names of scenarios.
                let scenario = format!("scenarios/{filter}.toml");
                let is_scenario = filter.contains('/') && repository().join(scenario).is_file();
                if !is_scenario && !is_matched(&files, filter) {
                    return Err(format!("no test of {target} has `{filter}` in its path"));
                }
            }
        }
        Ok(())
    }
}

#[test]
fn what_a_test_command_asks_for_is_missed_wherever_it_stands() {
    let missing = |command: &str| Asked::of(command).expect("a test command").missing();
    let end_to_end = "cargo test -p end-to-end --test readme";
    assert_eq!(
        missing(&format!("X=1 {end_to_end} unseen:: -- --nocapture")),
        Ok(())
    );
    for (command, said) in [
        ("cargo test unseen::".to_owned(), "-p"),
        ("cargo test -p none unseen::".to_owned(), "no package"),
        ("cargo test -p lab --test none".to_owned(), "no test target"),
        (format!("{end_to_end} unsean:: recipes::"), "unsean"),
        (format!("{end_to_end} -- --nocapture unsean"), "unsean"),
        // One of two targets has it.
        (
            format!("{end_to_end} --test modules unseen::"),
            "no test of modules",
        ),
    ] {
        let error = missing(&command).expect_err(&command);
        assert!(error.contains(said), "{command}: {error}");
    }
}

/// Those of blocks, and those within sentences.
#[test]
fn every_test_that_a_page_runs_exists() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    let mut check = |place: String, command: &str| {
        if let Some(asked) = Asked::of(command) {
            seen += 1;
            wrong.extend(
                asked
                    .missing()
                    .err()
                    .map(|error| format!("{place}: {command}: {error}")),
            );
        }
    };
    for (page, step) in all_steps() {
        check(format!("{page}:{}", step.written.line), &step.written.text);
    }
    for page in Page::all()
        .iter()
        .filter(|page| page.name != "CHANGELOG.md")
    {
        for command in quoted(&page.text) {
            check(page.name.clone(), command);
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(seen >= 30, "{seen}");
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
