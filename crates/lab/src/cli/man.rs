//! Man pages, from the same definitions as the help and the completions.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::Roff;

use super::help::examples_and_rest;
use crate::failure::Failure;

/// The page of the command that these words name, below `whole`.
pub(super) fn page(mut whole: Command, words: &[String]) -> Result<String, Failure> {
    whole.build();
    let mut command = &whole;
    for word in words {
        let found = command.get_subcommands().find(|it| it.get_name() == word);
        command = found.ok_or_else(|| no_such(command, word))?;
    }
    written(command).map_err(|error| Failure::runtime(error.to_string()))
}

fn no_such(above: &Command, word: &str) -> Failure {
    let known = above.get_subcommands().map(Command::get_name);
    let known: Vec<&str> = known.filter(|name| *name != "help").collect();
    let advice = match known.as_slice() {
        [] => format!("{} has no commands: leave the word out", above.get_name()),
        known => format!("write one of {}", known.join(", ")),
    };
    Failure::usage(format!("`{word}` is not a command: {advice}"))
}

/// The sections in the usual order; notes, examples and exit statuses stand in sections of their own.
fn written(command: &Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    let man = Man::new(command.clone()).source("breaker-lab");
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.get_subcommands().next().is_some() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some((examples, rest)) = examples_and_rest(command) {
        let (notes, status) = rest.split_once("Exit status:").unwrap_or(("", &rest));
        let examples = examples.trim_start_matches("Examples:\n");
        for (heading, text) in [
            ("NOTES", notes),
            ("EXAMPLES", examples),
            ("EXIT STATUS", status),
        ] {
            section(heading, text).to_writer(&mut page)?;
        }
    }
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// A section, if it has a text. Its indented lines stay as they are; others are filled, as paragraphs.
fn section(heading: &str, text: &str) -> Roff {
    let mut roff = Roff::new();
    if text.trim().is_empty() {
        return roff;
    }
    roff.control("SH", [heading]);
    let lines: Vec<&str> = text.lines().collect();
    for block in lines.chunk_by(|one, next| is_indented(one) == is_indented(next)) {
        if is_indented(block[0]) {
            roff.control("nf", []);
            for line in block {
                roff.text([(*line).into()]);
            }
            roff.control("fi", []);
            continue;
        }
        for paragraph in block.split(|line| line.is_empty()) {
            if !paragraph.is_empty() {
                roff.control("PP", []);
                roff.text([paragraph.join(" ").trim().into()]);
            }
        }
    }
    roff
}

fn is_indented(line: &str) -> bool {
    line.starts_with("  ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn page_of(words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        page(Cli::command(), &words).unwrap()
    }

    #[test]
    fn notes_examples_and_exit_statuses_stand_in_their_own_sections() {
        let page = page_of(&["sweep"]);

        let place = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part}: {page}"));
        let notes = place(".SH NOTES\n.PP\nThe folder holds sweep.csv");
        let examples = place(".SH EXAMPLES\n.nf\n  breaker\\-lab sweep");
        let status = place(".SH \"EXIT STATUS\"\n.nf\n  0    all trials are done");
        assert!(notes < examples && examples < status);
        assert!(!page_of(&["run"]).contains(".SH NOTES"));
    }

    #[test]
    fn an_exit_status_in_a_sentence_is_a_paragraph() {
        let page = page_of(&["scenarios"]);

        let words = ".SH \"EXIT STATUS\"\n.PP\n0, or 2 when there is no such scenario.";
        assert!(page.contains(words), "{page}");
    }

    #[test]
    fn a_flag_names_its_variable() {
        let page = page_of(&["instance"]);

        assert!(page.contains("BREAKER_LAB_OPEN_FOR"), "{page}");
    }
}
