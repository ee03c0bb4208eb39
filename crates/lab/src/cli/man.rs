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

/// The sections in the usual order; examples and exit statuses stand in sections of their own.
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
        let examples = examples.trim_start_matches("Examples:\n");
        section("EXAMPLES", examples).to_writer(&mut page)?;
        let rest = rest.replacen("Exit status:", "", 1);
        section("EXIT STATUS", rest.trim()).to_writer(&mut page)?;
    }
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// A section whose lines stay as they are.
fn section(heading: &str, text: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [heading]).control("nf", []);
    for line in text.lines() {
        roff.text([line.into()]);
    }
    roff.control("fi", []);
    roff
}
