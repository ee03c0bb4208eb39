//! Promises of the README and of the pages in `docs/`: commands parse, settings and metrics exist, links lead somewhere.

mod program;
mod samples;
mod tick;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use end_to_end::{Client, FREE_PORTS, Process};
use telemetry::names;

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

/// The lines of the shell blocks of a page.
fn commands_of(page: &Path) -> Vec<String> {
    let text = read(page);
    let blocks = text.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    // A command goes on after a backslash at the end of a line.
    let blocks = blocks.map(|block| block.replace("\\\n", " "));
    blocks
        .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The commands of the README and of the pages that it hands its details to.
fn commands() -> Vec<String> {
    let pages = ["README.md", "docs/lab.md", "docs/observability.md"];
    pages
        .iter()
        .flat_map(|page| commands_of(&root().join(page)))
        .collect()
}

/// What follows the program in a command that runs it.
fn arguments_of(line: &str) -> Option<&str> {
    let line = line.split(" #").next().unwrap_or_default().trim();
    match line.strip_prefix("cargo run --release") {
        Some("") => Some(""),
        Some(rest) => rest.trim_start().strip_prefix("-- "),
        None => line.strip_prefix("breaker-lab "),
    }
}

#[tokio::test]
async fn every_command_of_every_page_is_understood() {
    let mut seen = 0;
    for page in pages() {
        for line in commands_of(&page) {
            let Some(arguments) = arguments_of(&line) else {
                continue;
            };
            let mut arguments: Vec<&str> = words(arguments);
            // What is not a part of the system has no settings: its help is asked for, which it gives only
            // when it understands all that stands before.
            let part = arguments.first().copied().unwrap_or_default();
            arguments.push(match part {
                "run" | "simulate" | "sweep" | "study" | "scenarios" | "compare" | "report"
                | "man" | "faults" | "completions" => "--help",
                _ => "--print-config",
            });

            let ended = Process::run(&arguments).await;

            assert!(
                ended.status.success(),
                "{}: {line}: {ended:#?}",
                page.display()
            );
            seen += 1;
        }
    }
    assert!(seen >= 25, "{seen}");
    assert!(commands().iter().any(|line| line == "scripts/test.sh"));
    assert!(root().join("scripts/test.sh").exists());
}

#[test]
fn every_result_that_a_page_compares_was_made_by_a_command_before() {
    let mut compared = 0;
    for page in pages() {
        let mut made: Vec<String> = Vec::new();
        for line in commands_of(&page) {
            let words = arguments_of(&line).map(words).unwrap_or_default();
            match words.as_slice() {
                ["run" | "simulate", scenario, rest @ ..] => {
                    let out = rest.iter().position(|word| *word == "--out");
                    let numbered = made
                        .iter()
                        .filter(|it| it.starts_with(&format!("runs/{scenario}-")));
                    let usual = format!("runs/{scenario}-{}", numbered.count() + 1);
                    made.push(out.map_or(usual, |place| rest[place + 1].to_owned()));
                }
                ["compare", results @ ..] => {
                    for result in results.iter().take_while(|word| !word.starts_with("--")) {
                        assert!(
                            made.iter().any(|it| it == result),
                            "{}: {line}: {made:?}",
                            page.display()
                        );
                    }
                    compared += 1;
                }
                _ => {}
            }
        }
    }
    assert!(compared >= 2, "{compared}");
}

/// A scenario that a command performs is valid with what the command sets, and a sweep with what it varies: asked with
/// `--check`, which performs nothing, for each value of what is varied alone.
#[tokio::test]
async fn every_scenario_of_every_page_is_valid_with_what_its_command_sets() {
    let mut seen = 0;
    for page in pages() {
        for line in commands_of(&page) {
            let words = arguments_of(&line).map(words).unwrap_or_default();
            let [part @ ("run" | "simulate" | "sweep"), scenario, rest @ ..] = &*words else {
                continue;
            };
            if scenario.starts_with('"') {
                // The variable of a loop.
                continue;
            }
            let path = root().join(scenario);
            let scenario = path.to_str().filter(|_| path.is_file()).unwrap_or(scenario);
            let part = if *part == "sweep" { "simulate" } else { part };
            for flags in checks(rest) {
                let mut asked = vec![part, scenario];
                asked.extend(flags.iter().map(String::as_str));
                asked.push("--check");

                let ended = Process::run(&asked).await;

                assert!(
                    ended.status.success(),
                    "{}: {line}: {ended:#?}",
                    page.display()
                );
                seen += 1;
            }
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

/// The words of a command; what stands between quotes is one.
fn words(command: &str) -> Vec<&str> {
    let parts = command.split('\'').enumerate();
    let words = parts.flat_map(|(place, part)| -> Vec<&str> {
        if place % 2 == 1 {
            vec![part]
        } else {
            part.split_whitespace().collect()
        }
    });
    words.collect()
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

/// Port 8001 of the README is wherever A listens now, and so on.
async fn at_its_place(url: &str, lab: &Process) -> (Client, String) {
    let (port, path) = url
        .trim_start_matches("localhost:")
        .split_once('/')
        .expect("a port and a path");
    let who = match port {
        "8001" => "instance A",
        "8002" => "instance B",
        "8003" => "instance C",
        "9000" => "unreliable service",
        "8080" => "  lab ",
        other => panic!("nothing listens on {other}"),
    };
    (Client::new(lab.url(who).await), format!("/{path}"))
}

#[tokio::test]
async fn every_request_of_the_readme_and_of_the_pages_about_the_lab_is_answered() {
    let lab = Process::start(&FREE_PORTS);
    let mut seen = 0;
    // Containers are not there to be asked.
    let elsewhere = ["localhost:9090", "localhost:3000", "localhost:16686"];
    let here = |line: &&String| {
        line.starts_with("curl ") && !elsewhere.iter().any(|place| line.contains(place))
    };
    for line in commands().iter().filter(here) {
        let line = line.split(['#', '|']).next().unwrap_or_default();
        let body = line.split('\'').nth(1).unwrap_or_default().to_owned();
        let words: Vec<&str> = line.split_whitespace().collect();
        let method = words.iter().position(|word| *word == "-X");
        let method = method.map_or("GET", |place| words[place + 1]);
        let url = words.iter().find(|word| word.starts_with("localhost:"));
        let (client, path) = at_its_place(url.expect("a URL"), &lab).await;

        let reply = client.send(method, &path, &[], body).await;

        assert_eq!(reply.status, 200, "{line}: {}", reply.body);
        seen += 1;
    }
    assert!(seen >= 8, "{seen}");
}

#[tokio::test]
async fn the_toml_of_the_settings_is_understood() {
    let page = read(&root().join("docs/settings.md"));
    let toml = page
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let file = std::env::temp_dir().join(format!("breaker-lab-readme-{}.toml", std::process::id()));
    std::fs::write(&file, toml.expect("there is one")).expect("a temporary file can be written");
    let path = file.to_str().expect("the path is text");

    let ended = Process::run(&["--config", path, "--print-config"]).await;

    assert!(ended.status.success(), "{ended:#?}");
    assert!(
        ended
            .stdout
            .contains(&"failure_rate_threshold = 0.8".to_owned())
    );
    std::fs::remove_file(file).expect("the file is ours");
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

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if link.starts_with("http") || link.starts_with('#') {
                continue;
            }
            let path = link.split('#').next().unwrap_or_default();
            let target = page.parent().expect("a page lies in a folder").join(path);
            assert!(target.exists(), "{}: {link}", page.display());
            seen += 1;
        }
    }
    assert!(seen >= 8, "{seen}");
}
