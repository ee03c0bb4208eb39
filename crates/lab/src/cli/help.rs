//! Additions of `--help` to the flags: examples, exit statuses, and the defaults of the breaker.

use clap::{Arg, Command};
use experiment::breaker_settings::BreakerSettings;

/// The heading of the breaker's settings.
const BREAKER: &str = "Breaker";

pub(super) const WHOLE: &str = "\
Examples:
  breaker-lab                            the whole system in one process, live
  breaker-lab --duration 60s --seed 1    the same requests and faults each time
  breaker-lab --coordination quorum      instances decide together
  breaker-lab run flapping               an experiment, checked and kept
  breaker-lab simulate flapping          the same in virtual time, at once
  breaker-lab faults preset hang         faults of a running lab
  breaker-lab completions bash           completions for a shell

Exit status:
  0    it ended as asked
  1    something failed, or an expectation did not hold
  2    the command line, a variable or a file is wrong; nothing was started
  3    the load generator fell behind its plan: the figures are void
  4    a target was never reached
  130  stopped at once by a second Ctrl-C

`breaker-lab COMMAND --help` explains a command.";

pub(super) const UNRELIABLE: &str = "\
Examples:
  breaker-lab unreliable
  breaker-lab unreliable --listen 127.0.0.1:9100 --faults preset:shared-bursts

Exit status: 0 when it was stopped, 1 when something failed, 2 when a setting
is wrong.";

pub(super) const INSTANCE: &str = "\
Examples:
  breaker-lab instance A
  breaker-lab instance D --listen 127.0.0.1:8004
  breaker-lab instance A --downstream http://127.0.0.1:9100
  breaker-lab instance A --open-for 5s --failure-rate-threshold off
  breaker-lab instance A --coordination quorum --engine redis://127.0.0.1:6379
  breaker-lab instance A --coordination quorum --engine gossip

Exit status: 0 when it was stopped, 1 when something failed, 2 when a setting
is wrong.";

pub(super) const LOAD: &str = "\
Examples:
  breaker-lab load --rate 50 --target A=http://127.0.0.1:8001
  breaker-lab load --shape ramp:from=10,to=200,over=30s --dry-run
  breaker-lab load --process gamma:0.5 --rate 200/s
  breaker-lab load --duration 20s --assert 'p99(B) < 250ms' --json result.json

Exit status:
  0  all expectations held
  1  an expectation did not hold, or the run ended early and was not judged
  2  the command line, a variable or a file is wrong; nothing was sent
  3  the load generator fell behind its plan: the figures are void
  4  a target was never reached";

pub(super) const RUN: &str = "\
Examples:
  breaker-lab run flapping
  breaker-lab run shared-bursts --repeat 5 --out runs/shared
  breaker-lab run fast-fail --set breaker.open_for=5s --set load.rate=200
  breaker-lab run shared-bursts independent-bursts --repeat 10
  breaker-lab run my.toml --check
  breaker-lab run total-outage --engine redis://127.0.0.1:6379

Exit status:
  0  all expectations held
  1  one did not hold, something failed, or the run ended early, unjudged
  2  the file, the command line or a variable is wrong; nothing was started
  3  the load generator fell behind its plan: the figures are void
  4  an instance was never reached
A run without expectations that ends early has status 0 and says how far it
came.";

pub(super) const SIMULATE: &str = "\
Examples:
  breaker-lab simulate flapping --repeat 30
  breaker-lab simulate divergence --instances 1000 --set load.rate=30000

Exit status:
  0    all expectations held
  1    one did not hold, something failed, or the run ended early, unjudged
  2    the file, the command line or a variable is wrong; nothing was started
  3    a run is void: its figures mean nothing
  4    an instance was never reached, for example because it has no load
  130  stopped at once by a second Ctrl-C; the runs of the last second are lost
A run without expectations that ends early has status 0 and says how far it
came.";

pub(super) const SWEEP: &str = "\
Examples:
  breaker-lab sweep fast-fail --vary breaker.open_for=1s,2s,4s
  breaker-lab sweep fast-fail --vary fleet.size=3,30 --vary load.rate=90,900

The folder holds sweep.csv, table.txt, pareto.svg and every trial. The same
command with the same --out continues a sweep that was stopped.

Exit status:
  0    all trials are done; the table says how many failed an expectation
  1    it was stopped early, or something failed; finished work is kept
  2    the file, the command line or a variable is wrong, or the folder belongs
       to another sweep; nothing was started
  3    a trial is void and counts in no figure
  130  stopped at once by a second Ctrl-C";

pub(super) const STUDY: &str = "\
Examples:
  breaker-lab study coordination
  breaker-lab study coordination --seeds 30 --out runs/coordination
  breaker-lab study coordination --only one-bad-instance --only frontier

The folder holds table.md, study.csv, summary.json, the charts and every trial.
The same command with the same --out continues a study that was stopped.

Exit status:
  0    all runs are done
  1    it was stopped early, or something failed; finished work is kept
  2    the command line or a variable is wrong, or the folder belongs to
       something else; nothing was started
  3    a run is void and counts in no figure
  130  stopped at once by a second Ctrl-C";

pub(super) const SCENARIOS: &str = "\
Examples:
  breaker-lab scenarios
  breaker-lab scenarios flapping

Exit status: 0, or 2 when there is no such scenario.";

pub(super) const COMPARE: &str = "\
Examples:
  breaker-lab compare runs/shared runs/independent
  breaker-lab compare runs/shared runs/independent --figure 'p99(B)'

Exit status: 0, 1 when a run was cut short, 2 when a result cannot be read,
3 when a run is void.";

pub(super) const REPORT: &str = "\
Examples:
  breaker-lab report runs/flapping-1
  breaker-lab report runs/flapping-1 --out flapping.html

`run` and `simulate` already write report.html into the folder of the result.
The file is complete: it opens without a server and makes no request.

Exit status: 0, 1 when the report cannot be written, 2 when there is no result
to read, or when the file to write is not a report.";

pub(crate) const FAULTS: &str = "\
Examples:
  breaker-lab faults show
  breaker-lab faults preset hang
  breaker-lab faults --downstream http://127.0.0.1:9100 truth

Exit status: 0, 1 when the service does not answer, 2 when a plan is refused.";

/// The help of a command of `faults`: examples, and how it ends.
macro_rules! of_faults {
    ($($name:ident: $($example:literal),+;)+) => {$(
        pub(crate) const $name: &str = concat!(
            "Examples:\n",
            $("  breaker-lab faults ", $example, "\n",)+
            "\nExit status: 0, 1 when the service does not answer, 2 when the command line or\na plan is wrong."
        );
    )+};
}

of_faults! {
    SHOW: "show", "--downstream http://127.0.0.1:9100 show";
    SET: "set plan.toml", "set preset:hang";
    PATCH: "patch change.json", "--downstream http://127.0.0.1:9100 patch change.json";
    CLEAR: "clear", "--downstream http://127.0.0.1:9100 clear";
    PRESETS: "presets", "--downstream http://127.0.0.1:9100 presets";
    PRESET: "preset hang", "preset independent-bursts";
    DRY_RUN: "dry-run plan.toml", "dry-run preset:asymmetric";
    SCHEMA: "schema", "--downstream http://127.0.0.1:9100 schema";
    TRUTH: "truth", "--downstream http://127.0.0.1:9100 truth";
}

pub(super) const COMPLETIONS: &str = "\
Examples:
  breaker-lab completions bash
  breaker-lab completions zsh

Exit status: 0, or 2 when there is no such shell.";

pub(super) const MAN: &str = "\
Examples:
  breaker-lab man | man -l -
  breaker-lab man faults preset > breaker-lab-faults-preset.1

Exit status: 0, or 2 when there is no such command.";

/// The command as its help shows it: examples first, and the breaker's defaults, which are stated in one place, the
/// settings.
pub(super) fn for_reading(command: Command) -> Command {
    with_examples_first(with_defaults(command))
}

/// Two parts of what a command says beside its flags: examples, and all else.
pub(super) fn examples_and_rest(command: &Command) -> Option<(String, String)> {
    let said = command.get_after_long_help()?.to_string();
    let (examples, rest) = said.split_once("\n\n")?;
    Some((examples.to_owned(), rest.to_owned()))
}

fn with_examples_first(command: Command) -> Command {
    let command = match examples_and_rest(&command) {
        Some((examples, rest)) => command.before_long_help(examples).after_long_help(rest),
        None => command,
    };
    command.mut_subcommands(with_examples_first)
}

/// The command with the breaker's defaults in its help.
pub(super) fn with_defaults(command: Command) -> Command {
    let defaults = serde_json::to_value(BreakerSettings::default().settled());
    let defaults = defaults.unwrap_or_default();
    let with_default = move |arg: Arg| {
        let value = &defaults[arg.get_id().as_str()];
        if arg.get_help_heading() != Some(BREAKER) || value.is_null() {
            return arg;
        }
        let shown = value.as_str().map_or(value.to_string(), str::to_owned);
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        arg.help(format!("{help} [default: {shown}]"))
    };
    command
        .mut_args(with_default)
        .mut_subcommands(with_defaults)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn pages() -> Vec<(Vec<String>, String)> {
        fn collect(command: &Command, path: &[String], pages: &mut Vec<(Vec<String>, String)>) {
            let mut command = command.clone();
            pages.push((path.to_vec(), command.render_long_help().to_string()));
            for part in command.get_subcommands() {
                let path = [path, &[part.get_name().to_owned()]].concat();
                collect(part, &path, pages);
            }
        }
        let mut pages = Vec::new();
        let mut whole = for_reading(Cli::command());
        whole.build();
        collect(&whole, &[], &mut pages);
        pages.retain(|(path, _)| !path.iter().any(|part| part == "help"));
        pages
    }

    #[test]
    fn every_part_begins_with_examples_that_are_understood_and_ends_with_its_exit_statuses() {
        let mut seen = 0;
        for (path, page) in pages() {
            assert!(page.contains("Exit status:"), "{path:?}: {page}");
            let examples = page
                .lines()
                .filter_map(|line| line.strip_prefix("  breaker-lab"));
            assert!(
                page.starts_with("Examples:\n  breaker-lab"),
                "{path:?}: {page}"
            );
            let before = seen;
            for example in examples {
                // What stands behind two spaces explains the example.
                let given = example.split("   ").next().unwrap_or_default();
                // Nor is a program that reads the output the lab's.
                let given = given.split(" | ").next().unwrap_or_default().trim();
                let words = given.split_whitespace().map(|word| word.trim_matches('\''));
                let joined = given.replace("p99(B) < 250ms", "ok>1");
                let words: Vec<&str> = if given.contains(" < ") {
                    joined
                        .split_whitespace()
                        .map(|word| word.trim_matches('\''))
                        .collect()
                } else {
                    words.collect()
                };
                let words = std::iter::once("breaker-lab").chain(words);
                if let Err(error) = Cli::command().try_get_matches_from(words) {
                    panic!("{example}: {error}");
                }
                seen += 1;
            }
            assert!(seen >= before + 2, "{path:?}: {page}");
        }
        assert!(seen >= 30, "{seen}");
    }

    #[test]
    fn help_fits_80_columns_and_names_the_breaker_by_its_program() {
        for (path, page) in pages() {
            let long = page.lines().find(|line| line.chars().count() > 80);
            assert!(long.is_none(), "{path:?}: {long:?}");
            assert!(page.contains("Usage: breaker-lab"), "{path:?}: {page}");
        }
    }

    #[test]
    fn every_flag_with_a_value_says_what_holds_without_it() {
        fn check(command: &Command) {
            for arg in command.get_arguments() {
                let takes = arg.get_action().takes_values() && arg.get_long().is_some();
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                let help = help.to_lowercase();
                let said = ["default", "when not given", "instead of", "repeat for more"];
                // Nothing is written, asserted or changed unless it is asked for.
                let asked = [
                    "write ",
                    "what must hold",
                    "counted apart",
                    "a closed loop instead",
                ];
                let known = said.iter().chain(&asked).any(|word| help.contains(word));
                let has_default = !arg.get_default_values().is_empty();
                assert!(!takes || known || has_default, "{}: {help}", arg.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&for_reading(Cli::command()));
    }

    #[test]
    fn the_defaults_of_the_breaker_are_those_that_are_used() {
        let (_, page) = pages()
            .into_iter()
            .find(|(path, _)| path == &["instance"])
            .unwrap();
        let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for said in [
            "--open-for <TIME> Length of the first open period [default: 1s 500ms]",
            "--probe-successes <N> Successful probes that close the breaker [default: 2]",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
    }
}
