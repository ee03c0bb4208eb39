//! Marks of command blocks: HTML comments directly before a block that say which of its commands the test does not run,
//! or runs in another way.
//!
//! | mark | what it says |
//! |---|---|
//! | `not run: REASON; REASON` | the commands that one of these reasons is about are not run; the others are |
//! | ``run with: `A` as `B`; `C` as `D` `` | the test writes B for A, so that a command ends sooner |
//! | `saved as: FILE` | the page tells its reader to save the block: the commands of the page find it there |

use end_to_end::{read, repository};

use crate::commands::{Command, commands, is_shell, words};
use crate::examples::is_a_tested_example;
use crate::markdown::Block;

/// Why a test does not run a command.
pub(crate) struct Reason {
    /// As it is written in a mark.
    pub(crate) words: &'static str,
    /// Whether it is true of this command.
    covers: fn(&str) -> bool,
}

/// All reasons that there are.
pub(crate) const REASONS: [Reason; 8] = [
    Reason {
        words: "the test command, or a part of it",
        covers: is_of_the_test_command,
    },
    Reason {
        words: "an example, which a test of its package runs",
        covers: is_a_tested_example,
    },
    Reason {
        words: "it measures for minutes, on a quiet machine",
        covers: measures,
    },
    Reason {
        words: "it makes the pictures of the pages anew, where they lie",
        covers: |command| command == "scripts/screenshots.sh",
    },
    Reason {
        words: "needs Jaeger and Grafana, which scripts/stack.sh brings",
        covers: |command| {
            let asks = ["localhost:3000", "localhost:16686"];
            command == "scripts/stack.sh" || asks.iter().any(|place| command.contains(place))
        },
    },
    Reason {
        words: "needs Miri, which the test command does not install",
        covers: |command| command == "scripts/miri.sh",
    },
    Reason {
        words: "needs cargo-mutants, which the test command does not install",
        covers: |command| command.starts_with("cargo mutants "),
    },
    Reason {
        words: "needs weaver, which the test command does not install",
        covers: |command| command.starts_with("weaver "),
    },
];

/// One command of a block, and what the test does with it.
#[derive(Debug)]
pub(crate) struct Step {
    /// As the page has it.
    pub(crate) written: Command,
    pub(crate) done: Done,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Done {
    AsWritten,
    /// Run with other words.
    Otherwise(String),
    /// The words of the reason.
    NotRun(&'static str),
}

/// The marks of one block.
#[derive(Default)]
struct Marks {
    reasons: Vec<&'static Reason>,
    /// What is written in the place of what.
    pairs: Vec<(String, String)>,
}

/// The steps of a block of commands.
///
/// # Errors
/// What is wrong with its marks.
pub(crate) fn steps(block: &Block) -> Result<Vec<Step>, String> {
    let marks = Marks::of(block)?;
    let commands = commands(block).into_iter();
    let steps: Vec<Step> = commands.map(|written| marks.step(written)).collect();
    marks.check(&steps)?;
    Ok(steps)
}

impl Marks {
    fn of(block: &Block) -> Result<Self, String> {
        let mut marks = Self::default();
        for comment in &block.comments {
            if let Some(list) = comment.strip_prefix("not run: ") {
                for words in list.split("; ") {
                    let known = REASONS.iter().find(|reason| reason.words == words);
                    let known = known.ok_or_else(|| format!("`{words}` is none of the reasons"));
                    marks.reasons.push(known?);
                }
            } else if let Some(list) = comment.strip_prefix("run with: ") {
                marks.pairs.extend(replacements(list)?);
            } else if is_shell(block) {
                return Err(format!("`{comment}` is no mark of a command block"));
            }
        }
        Ok(marks)
    }

    fn step(&self, written: Command) -> Step {
        let mut reasons = self.reasons.iter();
        let reason = reasons.find(|reason| (reason.covers)(&written.text));
        let done = if let Some(reason) = reason {
            Done::NotRun(reason.words)
        } else {
            let pairs = self.pairs.iter();
            let text = pairs.fold(written.text.clone(), |text, (from, to)| {
                text.replace(from, to)
            });
            if text == written.text {
                Done::AsWritten
            } else {
                Done::Otherwise(text)
            }
        };
        Step { written, done }
    }

    /// A mark that changes nothing is none.
    fn check(&self, steps: &[Step]) -> Result<(), String> {
        for Reason { words, .. } in &self.reasons {
            if !steps.iter().any(|step| step.done == Done::NotRun(words)) {
                return Err(format!(
                    "no command is left out because of `{words}`: take it away"
                ));
            }
        }
        for (from, _) in &self.pairs {
            let has = |step: &Step| {
                !matches!(step.done, Done::NotRun(_)) && step.written.text.contains(from)
            };
            if !steps.iter().any(has) {
                return Err(format!("no command that is run has `{from}`"));
            }
        }
        for step in steps {
            if let Done::Otherwise(text) = &step.done
                && what(text) != what(&step.written.text)
            {
                return Err(format!("`{text}` is another command"));
            }
        }
        for (from, to) in &self.pairs {
            let kept = flags(to);
            let is_out = |flag: &&str| !kept.contains(flag) && !MAY_BE_LEFT_OUT.contains(flag);
            if let Some(flag) = flags(from).into_iter().find(is_out) {
                return Err(format!("`{to}` leaves out `{flag}`"));
            }
        }
        Ok(())
    }
}

/// What narrows a command may be narrowed otherwise.
const MAY_BE_LEFT_OUT: [&str; 1] = ["--only"];

fn flags(text: &str) -> Vec<&str> {
    let words = words(text).into_iter();
    words.filter(|word| word.starts_with("--")).collect()
}

/// What a command does: its words up to the first flag.
fn what(command: &str) -> Vec<String> {
    let command = command.replace("cargo run --release -- ", "breaker-lab ");
    let words = words(&command).into_iter();
    let first = words.take_while(|word| !word.starts_with('-'));
    first.map(str::to_owned).collect()
}

/// The file that a block is saved as.
pub(crate) fn saved_as(block: &Block) -> Option<&str> {
    let mut comments = block.comments.iter();
    comments.find_map(|comment| comment.strip_prefix("saved as: "))
}

/// `` `A` as `B`; `C` as `D` ``.
fn replacements(list: &str) -> Result<Vec<(String, String)>, String> {
    let parts: Vec<&str> = list.split('`').collect();
    let wrong = || format!("`{list}`: write `A` as `B`; `C` as `D`, each between backticks");
    let mut pairs = Vec::new();
    for four in parts.chunks(4) {
        match four {
            [before, from, " as ", to] if ["", "; "].contains(before) && from != to => {
                pairs.push(((*from).to_owned(), (*to).to_owned()));
            }
            [""] if !pairs.is_empty() => {}
            _ => return Err(wrong()),
        }
    }
    if pairs.is_empty() {
        Err(wrong())
    } else {
        Ok(pairs)
    }
}

/// `scripts/test.sh`, a script that it runs, or one of the tests.
fn is_of_the_test_command(command: &str) -> bool {
    let program = words(command).into_iter().find(|word| !word.contains('='));
    if let Some(script) = program.filter(|program| program.starts_with("scripts/")) {
        let itself = script == "scripts/test.sh";
        return itself || read(&repository().join("scripts/test.sh")).contains(script);
    }
    program == Some("cargo") && command.contains("cargo test ") && !measures(command)
}

/// A benchmark, or a test that only its name runs.
fn measures(command: &str) -> bool {
    let words = words(command);
    let asks = |word: &str| words.contains(&word);
    let benches = command.starts_with("cargo bench ")
        || command.starts_with("cargo run --release -p benches ");
    benches || command.contains("cargo test ") && (asks("--ignored") || asks("live_table"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(comments: &[&str], text: &str) -> Block {
        Block {
            page: "page.md".to_owned(),
            line: 1,
            language: "sh".to_owned(),
            comments: comments.iter().map(|&comment| comment.to_owned()).collect(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_reason_leaves_out_the_commands_that_it_is_about_and_no_others() {
        let mark = "not run: it measures for minutes, on a quiet machine; \
                    needs weaver, which the test command does not install";
        let block = block(
            &[mark],
            "cargo bench -p benches\nweaver x\nbreaker-lab scenarios\n",
        );

        let steps = steps(&block).unwrap();

        let done: Vec<Done> = steps.into_iter().map(|step| step.done).collect();
        let expected = [
            Done::NotRun(REASONS[2].words),
            Done::NotRun(REASONS[7].words),
            Done::AsWritten,
        ];
        assert_eq!(done, expected);
    }

    #[test]
    fn a_mark_writes_other_words_into_the_commands_of_its_block() {
        let mark = "run with: `--repeat 30` as `--repeat 2`; `--c 1` as `--c 2`";
        let steps = steps(&block(&[mark], "a --repeat 30\nb --c 1\nd\n")).unwrap();

        let done: Vec<Done> = steps.into_iter().map(|step| step.done).collect();
        let otherwise = |text: &str| Done::Otherwise(text.to_owned());
        assert_eq!(
            done,
            [
                otherwise("a --repeat 2"),
                otherwise("b --c 2"),
                Done::AsWritten
            ]
        );
    }

    #[test]
    fn a_mark_that_is_unknown_or_true_of_no_command_is_refused() {
        for (mark, text, said) in [
            (
                "not run: too slow",
                "cargo bench -p benches\n",
                "none of the reasons",
            ),
            (
                "not run: it measures for minutes, on a quiet machine",
                "breaker-lab run flapping\n",
                "take it away",
            ),
            (
                "not run: the test command, or a part of it",
                "scripts/miri.sh\n",
                "take it away",
            ),
            (
                "not run: an example, which a test of its package runs",
                "cargo run -p fusebox --example none\n",
                "take it away",
            ),
            (
                "run with: `x` as `y`",
                "a\n",
                "no command that is run has `x`",
            ),
            ("run with: x as y", "x\n", "between backticks"),
            ("run with: `x` as `x`", "x\n", "between backticks"),
            ("nothing", "x\n", "no mark"),
            (
                "run with: `breaker-lab run` as `breaker-lab scenarios`",
                "breaker-lab run flapping\n",
                "another command",
            ),
            (
                "run with: `cargo run --release -- run flapping` as `true`",
                "cargo run --release -- run flapping\n",
                "another command",
            ),
            (
                "run with: `flapping` as `steady`",
                "breaker-lab run flapping\n",
                "another command",
            ),
            (
                "run with: `--seed 7 --repeat 30` as `--repeat 2`",
                "breaker-lab simulate flapping --seed 7 --repeat 30\n",
                "leaves out `--seed`",
            ),
            (
                "run with: ` --repeat 30` as ``",
                "breaker-lab simulate flapping --repeat 30\n",
                "leaves out `--repeat`",
            ),
        ] {
            let error = steps(&block(&[mark], text)).unwrap_err();
            assert!(error.contains(said), "{mark}: {error}");
        }
    }

    #[test]
    fn what_a_reason_says_is_not_installed_is_not_installed() {
        let installs = read(&repository().join("scripts/test.sh"));
        let installed: Vec<&str> = installs
            .lines()
            .filter_map(|line| line.strip_prefix("need "))
            .filter_map(|line| line.split(' ').next())
            .collect();

        assert!(installed.contains(&"curl"), "{installed:?}");
        for reason in &REASONS {
            for tool in installed
                .iter()
                .filter(|_| reason.words.starts_with("needs "))
            {
                assert!(
                    !reason.words.to_lowercase().contains(tool),
                    "{}",
                    reason.words
                );
            }
        }
    }
}
