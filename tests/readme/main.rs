//! Promises of the README and of the pages in `docs/`: commands run, blocks are read by what reads them, links lead
//! somewhere, settings and metrics exist.
//!
//! | module | what lives there |
//! |---|---|
//! | `markdown` | pages, their blocks and links |
//! | `commands`, `marks`, `examples` | the commands of a block, and what is done with each |
//! | `blocks`, `reader`, `terminals` | every command of every page, run |
//! | `recipes` | the files and tests that CONTRIBUTING.md names |
//! | `languages`, `unseen`, `links` | blocks that are data, blocks that nobody would read, and where links lead |
//! | `program`, `samples`, `tick` | what pages say of the program, samples of output, keys of the live page |

mod blocks;
mod commands;
mod examples;
mod languages;
mod links;
mod markdown;
mod marks;
mod program;
mod reader;
mod recipes;
mod samples;
mod terminals;
mod tick;
mod unseen;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use end_to_end::Process;
use telemetry::names;

use crate::commands::{arguments_of, words};
use crate::markdown::Page;
use crate::marks::{Done, Step, steps};

/// Who measures, and who asks much of the machine, take turns.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(page: &Path) -> String {
    std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// The pages at the top and in `docs/`.
fn pages() -> Vec<PathBuf> {
    let folders = [root(), root().join("docs")];
    let files = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("a folder"));
    let files = files.map(|file| file.expect("a file").path());
    let pages: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|it| it == "md"))
        .collect();
    assert!(pages.len() >= 5, "{pages:?}");
    pages
}

/// The steps of all command blocks, each with the page that has it.
fn all_steps() -> Vec<(String, Step)> {
    let mut all = Vec::new();
    for block in Page::all().iter().flat_map(Page::blocks) {
        if commands::is_shell(&block) {
            let steps = steps(&block).unwrap_or_else(|error| panic!("{}: {error}", block.place()));
            all.extend(steps.into_iter().map(|step| (block.page.clone(), step)));
        }
    }
    all
}

/// What another test runs with other words is understood as it stands, too.
#[tokio::test]
async fn every_command_that_is_run_with_other_words_is_understood_as_the_page_has_it() {
    let mut seen = 0;
    for (page, step) in all_steps() {
        let text = &step.written.text;
        let Some(arguments) = arguments_of(text).filter(|_| step.done != Done::AsWritten) else {
            continue;
        };
        let mut arguments: Vec<&str> = words(arguments);
        // What is not a part of the system has no settings: its help is asked for, which it gives only
        // when it understands all that stands before.
        let part = arguments.first().copied().unwrap_or_default();
        arguments.push(match part {
            "run" | "simulate" | "sweep" | "study" | "scenarios" | "compare" | "report" | "man"
            | "faults" | "completions" => "--help",
            _ => "--print-config",
        });

        let ended = Process::run(&arguments).await;

        let line = step.written.line;
        assert!(ended.status.success(), "{page}:{line}: {text}: {ended:#?}");
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

/// A scenario that a command performs is valid with what the command sets, and a sweep with what it varies: asked with
/// `--check`, which performs nothing, for each value of what is varied alone.
#[tokio::test]
async fn every_scenario_of_every_page_is_valid_with_what_its_command_sets() {
    let mut seen = 0;
    for (page, step) in all_steps() {
        let text = &step.written.text;
        let words = arguments_of(text).map(words).unwrap_or_default();
        let [part @ ("run" | "simulate" | "sweep"), scenario, rest @ ..] = &*words else {
            continue;
        };
        let path = root().join(scenario);
        let scenario = path.to_str().filter(|_| path.is_file()).unwrap_or(scenario);
        let part = if *part == "sweep" { "simulate" } else { part };
        for flags in checks(rest) {
            let mut asked = vec![part, scenario];
            asked.extend(flags.iter().map(String::as_str));
            asked.push("--check");

            let ended = Process::run(&asked).await;

            let line = step.written.line;
            assert!(ended.status.success(), "{page}:{line}: {text}: {ended:#?}");
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen}");
}

/// The flags that change a scenario; each value of a `--vary` once, as `--set`.
fn checks(words: &[&str]) -> Vec<Vec<String>> {
    let pairs = words.iter().zip(words.iter().skip(1));
    let kept = pairs
        .clone()
        .filter(|(flag, _)| ["--set", "--instances"].contains(*flag));
    let kept: Vec<String> = kept
        .flat_map(|(flag, value)| [*flag, *value])
        .map(str::to_owned)
        .collect();
    let mut all = vec![kept.clone()];
    for (_, varied) in pairs.filter(|(flag, _)| **flag == "--vary") {
        let (key, values) = varied.split_once('=').expect("a key and values");
        all.extend(values.split(',').map(|value| {
            let mut flags = kept.clone();
            flags.extend(["--set".to_owned(), format!("{key}={value}")]);
            flags
        }));
    }
    all
}

/// The text of a page below this heading.
fn section(page: &str, heading: &str) -> String {
    let text = read(&root().join(page));
    let start = text.split(&format!("{heading}\n")).nth(1);
    let text = start.and_then(|rest| rest.split("\n## ").next());
    text.unwrap_or_else(|| panic!("{page}: {heading}"))
        .to_owned()
}

#[tokio::test]
async fn the_flags_about_traces_on_their_page_exist() {
    let help = Process::run(&["--help"]).await.stdout.join("\n");
    let section = section("docs/observability.md", "## Traces");
    let rows = section.lines().filter(|line| line.starts_with("| `--"));
    let flags: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();

    assert_eq!(flags.len(), 4, "{flags:?}");
    for flag in flags {
        assert!(help.contains(&format!("{flag} <")), "{flag}");
    }
}

#[tokio::test]
async fn the_settings_on_their_page_are_the_flags_of_a_breaker_with_their_defaults() {
    let help = Process::run(&["instance", "--help"]).await.stdout;
    let breaker = help.iter().skip_while(|line| !line.starts_with("Breaker"));
    let flags: BTreeSet<String> = breaker
        .filter_map(|line| line.trim_start().strip_prefix("--"))
        .filter_map(|line| Some(format!("--{}", line.split(' ').next()?)))
        .collect();
    let settings = Process::run(&["instance", "A", "--print-config"])
        .await
        .stdout;
    let readme = section("docs/settings.md", "# Settings");
    let rows = readme.lines().filter(|line| line.starts_with("| `--"));
    let rows: Vec<Vec<&str>> = rows
        .map(|row| row.split('|').map(str::trim).collect())
        .collect();

    let listed: BTreeSet<String> = rows
        .iter()
        .map(|row| row[1].trim_matches('`').to_owned())
        .collect();
    assert_eq!(listed, flags);
    for row in rows {
        let key = row[1].trim_matches(['`', '-']).replace('-', "_");
        let set = settings
            .iter()
            .find_map(|line| line.strip_prefix(&format!("{key} = ")));
        let set = set.expect("the setting is printed").trim_matches('"');
        let set = set.replace("1s 500ms", "1.5s");
        assert_eq!(row[2], set, "{key}");
    }
}

#[test]
fn every_metric_that_a_page_names_exists() {
    let known: Vec<&str> = names::ALL
        .concat()
        .iter()
        .map(|definition| definition.name)
        .collect();
    let prefixes = [
        "circuit_breaker_",
        "unreliable_service_",
        "load_generator_",
        "http_server_",
        "lab_build",
        "process_",
        "trace_export_",
    ];
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        let rules = include_str!("../../prometheus/rules.yml");
        let words =
            text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "_:".contains(letter)));
        let words: Vec<_> = words.map(|word| word.trim_matches(':')).collect();
        for rule in words
            .iter()
            .filter(|word| word.contains(":circuit_breaker"))
        {
            let record = format!("- record: {rule}\n");
            assert!(rules.contains(&record), "{}: {rule}", page.display());
        }
        for word in words
            .iter()
            .filter(|word| prefixes.iter().any(|prefix| word.starts_with(prefix)))
        {
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| word.strip_suffix(end));
            let exists = known.contains(word) || base.is_some_and(|base| known.contains(&base));
            assert!(exists, "{}: {word}", page.display());
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen}");
}
