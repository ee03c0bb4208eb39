//! Blocks that are no commands: each is read by what reads it in earnest.

use std::fs;
use std::path::Path;
use std::process::Command;

use end_to_end::{Client, FREE_PORTS, Process, Schema, empty_folder, read, repository, text};
use experiment::faults::Plan;
use experiment::scenario::Scenario;
use saphyr_parser::Parser;
use serde_json::Value;

use crate::commands::{command_in, is_shell};
use crate::markdown::{Block, Page};

/// What a block may be written in; behind a space more may follow.
const LANGUAGES: [&str; 10] = [
    "console",
    "jaeger-search",
    "json",
    "mermaid",
    "promql",
    "rust",
    "sh",
    "text",
    "toml",
    "yaml",
];

/// What a part of a scenario that stands alone on a page needs beside it.
const SCENARIO: &str = "title = 'a part'\nseed = 1\nduration = '60s'\nload.rate = 90\nfaults.phases = [{ name = 'x' }]\n\
                        fleet.instances = ['A', 'B', 'C', 'i4']\n";

fn blocks(language: &str) -> Vec<Block> {
    let blocks = Page::all().into_iter().flat_map(|page| page.blocks());
    let blocks = blocks.filter(|block| block.language.split(' ').next() == Some(language));
    let blocks: Vec<Block> = blocks.collect();
    assert!(!blocks.is_empty(), "no block of {language}");
    blocks
}

#[test]
fn every_block_of_every_page_has_a_language_that_is_known() {
    let mut wrong = Vec::new();
    for block in Page::all().iter().flat_map(Page::blocks) {
        let language = block.language.split(' ').next().unwrap_or_default();
        if !LANGUAGES.contains(&language) {
            wrong.push(format!("{}: `{language}`", block.place()));
        }
        // What is a command for its reader is one for the test.
        let of_a_person = !block.page.starts_with("docs/examples/");
        let command = command_in(&block.text).filter(|_| of_a_person && !is_shell(&block));
        if let Some(command) = command {
            let place = block.place();
            wrong.push(format!(
                "{place}: a command in a block of {language}: {command}"
            ));
        }
    }

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_block_of_toml_is_taken_by_what_reads_it() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "page-settings");
    let file = folder.join("lab.toml");
    let mut wrong = Vec::new();
    for block in blocks("toml") {
        let toml = &block.text;
        if toml.starts_with("[dependencies]") {
            wrong.extend(dependencies(&block));
            continue;
        }
        let (scenario, plan) = (
            Scenario::parse(toml).or_else(|_| Scenario::parse(&format!("{SCENARIO}{toml}"))),
            Plan::parse_toml(toml)
                .or_else(|_| Plan::parse_toml(&format!("phases = [{{ name = 'x' }}]\n{toml}"))),
        );
        fs::write(&file, toml).expect("a file can be written");
        let settings = Process::run(&["--config", text(&file), "--print-config"]).await;
        if let (Err(scenario), Err(plan), false) = (scenario, plan, settings.status.success()) {
            let settings = settings.stderr.join("\n");
            wrong.push(format!(
                "{}: no scenario ({scenario}), no fault plan ({plan}) and no settings ({settings})",
                block.place()
            ));
        }
    }
    fs::remove_dir_all(folder).expect("the folder is ours");

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What is wrong with the dependencies that a page tells its reader to write.
fn dependencies(block: &Block) -> Vec<String> {
    let manifest = read(&repository().join("Cargo.toml"));
    let mut wrong = Vec::new();
    for line in block.text.lines().skip(1) {
        let Some((name, rest)) = line.split_once(" = ") else {
            continue;
        };
        let own = repository().join("crates").join(name).join("Cargo.toml");
        let features = rest.split_once("features = [").map(|(_, list)| list);
        let features = features.and_then(|list| list.split(']').next());
        let features = features.into_iter().flat_map(|list| list.split(','));
        if own.exists() {
            let own = read(&own);
            for feature in features.map(|feature| feature.trim().trim_matches('"')) {
                if !own.contains(&format!("\n{feature} = [")) {
                    wrong.push(format!(
                        "{}: {name} has no feature `{feature}`",
                        block.place()
                    ));
                }
            }
        }
        // The version that the workspace is built with begins as the page's does.
        let version = rest.split('"').nth(1).unwrap_or_default();
        let is_version = version.starts_with(|letter: char| letter.is_ascii_digit());
        let uses = manifest
            .lines()
            .find(|line| line.starts_with(&format!("{name} = ")));
        let ours = uses.and_then(|line| {
            let mut quoted = line.split('"').skip(1).step_by(2);
            quoted.find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))
        });
        let fits =
            ours.is_some_and(|ours| ours == version || ours.starts_with(&format!("{version}.")));
        if is_version && !fits {
            wrong.push(format!(
                "{}: {name} {version}, and here it is {ours:?}",
                block.place()
            ));
        }
    }
    wrong
}

#[test]
fn every_block_of_rust_is_compiled_and_run_as_a_doc_test() {
    let mut wrong = Vec::new();
    for block in blocks("rust") {
        let page = repository().join(&block.page).canonicalize().ok();
        let included = included(&repository().join("crates"));
        if !included.iter().any(|path| path.canonicalize().ok() == page) {
            wrong.push(format!(
                "{}: no package includes the page in its documentation",
                block.place()
            ));
        }
        let flags = ["ignore", "text", "compile_fail"];
        if flags.iter().any(|flag| block.language.contains(flag)) {
            wrong.push(format!(
                "{}: `{}` is not compiled",
                block.place(),
                block.language
            ));
        }
    }

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The pages that packages include in their documentation.
fn included(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            pages.extend(included(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let code = read(&path);
            let parts = code.split("doc = include_str!(\"").skip(1);
            let names = parts.filter_map(|part| part.split('"').next());
            pages.extend(names.map(|name| path.parent().expect("it lies in a folder").join(name)));
        }
    }
    pages
}

#[test]
fn every_block_of_promql_is_taken_by_promtool() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "page-queries");
    let file = folder.join("rules.yml");
    for block in blocks("promql") {
        let expression = block
            .text
            .lines()
            .map(|line| format!("          {}\n", line.trim()));
        let rules = format!(
            "groups:\n  - name: page\n    rules:\n      - record: page:block\n        expr: |\n{}",
            expression.collect::<String>()
        );
        fs::write(&file, rules).expect("a file can be written");
        let checked = Command::new("promtool")
            .args(["check", "rules"])
            .arg(&file)
            .output();
        let checked = checked.expect("promtool is missing: apt-get install prometheus");
        assert!(checked.status.success(), "{}: {checked:?}", block.place());
    }
    fs::remove_dir_all(folder).expect("the folder is ours");
}

#[test]
fn every_block_of_yaml_is_yaml() {
    for block in blocks("yaml") {
        let mut parser = Parser::new_from_str(&block.text);
        let wrong = parser.find_map(Result::err);
        assert!(wrong.is_none(), "{}: {wrong:?}", block.place());
    }
}

#[test]
fn every_block_of_json_is_json_of_a_shape_that_is_known() {
    let schema = Schema::of("result.schema.json");
    let mut refusals = 0;
    for block in blocks("json") {
        let place = block.place();
        let value: Value =
            serde_json::from_str(&block.text).unwrap_or_else(|error| panic!("{place}: {error}"));
        if let Some(error) = value.get("error") {
            let said = [&error["code"], &error["message"]];
            assert!(said.iter().all(|word| word.is_string()), "{place}: {value}");
            refusals += 1;
        } else if value.get("schema").is_some() {
            let faults = schema.faults(&value);
            assert!(faults.is_empty(), "{place}: {faults:#?}");
        } else {
            panic!("{place}: neither an error nor a result; say here how it is checked");
        }
    }
    // Whoever shows another one says below how the lab comes to say it.
    assert_eq!(refusals, 1);
}

#[tokio::test]
async fn the_refusal_on_the_page_about_control_is_what_the_lab_says() {
    let mut blocks = blocks("json").into_iter();
    let shown = blocks.find(|block| block.page == "docs/control.md");
    let shown: Value = serde_json::from_str(&shown.expect("the block").text).expect("JSON");
    let lab = Process::start(&FREE_PORTS);
    let instance = Client::new(lab.url("  lab ").await);
    let path = "/api/instances/B/breaker/settings";

    let reply = instance
        .send("PATCH", path, &[], r#"{"minimum_calls": 0}"#.to_owned())
        .await;

    assert_eq!((reply.status, reply.json()), (400, shown));
}
