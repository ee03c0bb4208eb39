//! The refusals of the command line, each in one line: what was given, why it is refused, what to write instead.
//!
//! The errors of the standard library's parsers ("invalid float literal") do not say what to write, so they are
//! reworded here, for every flag at once.

use std::error::Error as _;
use std::ffi::OsString;
use std::fmt;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

use super::variables::variable_of;
use crate::failure::Failure;
use crate::secrets::without_passwords;

/// Units that people write apart from their number.
const UNITS: [&str; 12] = [
    "ns", "us", "µs", "ms", "s", "sec", "secs", "m", "min", "h", "%", "rps",
];
/// What flags and variables end with whose values may be secret.
const SECRET: [&str; 2] = ["token", "engine"];
/// Where every line ends.
const HELP: &str = "see --help";

/// The words of the command line as they are meant: a negative number belongs to the flag before it.
///
/// # Errors
///
/// A value that the shell has cut in two at a space.
pub(super) fn words(given: impl Iterator<Item = OsString>) -> Result<Vec<OsString>, Failure> {
    let mut words: Vec<OsString> = Vec::new();
    for word in given {
        let flag = words.last().and_then(|last| last.to_str());
        let flag =
            flag.filter(|last| last.starts_with("--") && last.len() > 2 && !last.contains('='));
        match (flag, word.to_str()) {
            (Some(flag), Some(number)) if is_negative(number) => {
                let joined = format!("{flag}={number}");
                words.pop();
                words.push(joined.into());
            }
            _ => words.push(word),
        }
    }
    for three in words.windows(3) {
        let [Some(flag), Some(number), Some(unit)] = [0, 1, 2].map(|place| three[place].to_str())
        else {
            continue;
        };
        if flag.starts_with("--") && number.parse::<f64>().is_ok() && UNITS.contains(&unit) {
            return Err(Failure::usage(format!(
                "{flag}: `{number} {unit}` is two words: write {number}{unit}, without the space; {HELP}"
            )));
        }
    }
    Ok(words)
}

fn is_negative(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit() || first == '.'))
}

/// What clap spreads over paragraphs, in one line without the usage and without passwords.
pub(super) fn line(command: &Command, words: &[OsString], error: &Error) -> String {
    let said = match error.kind() {
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => wrong_value(words, error),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Some(missing_command(command, words))
        }
        ErrorKind::MissingRequiredArgument => missing_value(command, words, error),
        ErrorKind::ArgumentConflict => conflict(error),
        ErrorKind::UnknownArgument => unknown(error),
        _ => None,
    };
    let said = said.unwrap_or_else(|| paragraphs(&error.to_string()));
    format!("{}; {HELP}", without_passwords(&said))
}

fn wrong_value(words: &[OsString], error: &Error) -> Option<String> {
    let flag = text(error, ContextKind::InvalidArg)?;
    let flag = &*source(flag.split(' ').next().unwrap_or_default(), words);
    let value = text(error, ContextKind::InvalidValue)?;
    if value.is_empty() {
        return Some(format!("{flag}: no value is given: write one after it"));
    }
    if let Some(ContextValue::Strings(allowed)) = error.get(ContextKind::ValidValue) {
        let allowed = allowed.join(", ");
        return Some(format!(
            "{flag}: `{value}` is not allowed: write one of {allowed}"
        ));
    }
    let reason = error.source()?.to_string();
    // A secret is not named, and its reason does not tell it.
    let lower = flag.to_lowercase();
    if SECRET.iter().any(|end| lower.ends_with(end)) {
        return Some(format!("{flag}: {reason}"));
    }
    Some(format!("{flag}: {}", in_plain_words(&value, &reason)))
}

/// Where a value comes from: its flag, or the variable of that name where nobody gave the flag.
fn source(flag: &str, words: &[OsString]) -> String {
    let given = words.iter().filter_map(|word| word.to_str()).any(|word| {
        let rest = word.strip_prefix(flag);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    });
    match flag.strip_prefix("--") {
        Some(name) if !given => variable_of(name),
        _ => flag.to_owned(),
    }
}

/// A value that was refused, with the flag or the variable that gave it: `--seed 5`, or `BREAKER_LAB_SEED=5`.
pub(crate) fn as_given(flag: &str, value: impl fmt::Display) -> String {
    let words: Vec<OsString> = std::env::args_os().collect();
    as_given_in(&words, |name| std::env::var_os(name), flag, value)
}

fn as_given_in(
    words: &[OsString],
    variable: impl Fn(&str) -> Option<OsString>,
    flag: &str,
    value: impl fmt::Display,
) -> String {
    let source = source(flag, words);
    if source != flag && variable(&source).is_some_and(|it| !it.is_empty()) {
        format!("{source}={value}")
    } else {
        format!("{flag} {value}")
    }
}

/// A reason that names the value and says what to write.
fn in_plain_words(value: &str, reason: &str) -> String {
    // A reason may go on: "invalid float literal; or write `off`".
    let (reason, more) = match reason.split_once("; ") {
        Some((reason, more)) => (reason, format!("; {more}")),
        None => (reason, String::new()),
    };
    let number = value.rsplit('=').next().unwrap_or_default();
    let said = match reason {
        "invalid float literal" | "cannot parse float from empty string" => {
            format!("`{value}` is not a number: write one like 90 or 0.5, without a unit")
        }
        "invalid digit found in string" if is_negative(number) => {
            format!("`{value}` is not allowed: write a whole number that is not negative")
        }
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            format!("`{value}` is not a whole number: write one like 5, without a unit")
        }
        "number too large to fit in target type" => {
            format!("`{value}` is too large: write a smaller whole number")
        }
        reason => match reason.rsplit_once(" is not in ") {
            Some((_, range)) => {
                let range = range.replacen("..=", " to ", 1);
                format!("`{value}` is not allowed: write a whole number from {range}")
            }
            None if reason.contains(value) || without_passwords(value) != value => {
                reason.to_owned()
            }
            // Of NAME=VALUE a reason names the part that is wrong; the whole comes last.
            None => return format!("{reason}{more}; `{value}` was given"),
        },
    };
    format!("{said}{more}")
}

/// Two flags that exclude each other.
fn conflict(error: &Error) -> Option<String> {
    let flags = [ContextKind::InvalidArg, ContextKind::PriorArg].map(|kind| text(error, kind));
    let [Some(flag), Some(other)] = flags else {
        return None;
    };
    Some(format!(
        "{flag} is not allowed together with {other}: leave one of the two out"
    ))
}

/// A flag or a word that means nothing here, with what may be meant.
fn unknown(error: &Error) -> Option<String> {
    let given = text(error, ContextKind::InvalidArg)?;
    let what = if given.starts_with('-') {
        "is not a flag of this command"
    } else {
        "is not expected here"
    };
    let hint = match text(error, ContextKind::SuggestedArg) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => ": leave it out".to_owned(),
    };
    Some(format!("`{given}` {what}{hint}"))
}

/// What is missing, and how the whole is written.
fn missing_value(command: &Command, words: &[OsString], error: &Error) -> Option<String> {
    let missing = match error.get(ContextKind::InvalidArg)? {
        ContextValue::Strings(missing) => missing.join(" "),
        _ => return None,
    };
    let part = part_of(command, words);
    let given = words.iter().skip(1).filter_map(|word| word.to_str());
    let given: Vec<&str> = given.take_while(|word| !word.starts_with('-')).collect();
    Some(format!(
        "{}: {missing} is missing: write breaker-lab {} {missing}",
        part.get_name(),
        given.join(" ")
    ))
}

/// The command that the words lead to.
fn part_of<'a>(command: &'a Command, words: &[OsString]) -> &'a Command {
    let words = words.iter().skip(1).filter_map(|word| word.to_str());
    words.fold(command, |part, word| {
        part.find_subcommand(word).unwrap_or(part)
    })
}

/// What may follow the words that were given.
fn missing_command(command: &Command, words: &[OsString]) -> String {
    let part = part_of(command, words);
    let commands = part.get_subcommands().map(Command::get_name);
    let commands: Vec<&str> = commands.filter(|name| *name != "help").collect();
    format!(
        "{}: a command is missing: write one of {}",
        part.get_name(),
        commands.join(", ")
    )
}

fn text(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

fn paragraphs(message: &str) -> String {
    let paragraphs = message
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    let kept: Vec<String> = paragraphs
        .filter(|paragraph| paragraph.starts_with("error:") || paragraph.starts_with("tip:"))
        .map(|paragraph| paragraph.trim_start_matches("error: ").to_owned())
        .collect();
    kept.join("; ")
}

#[cfg(test)]
mod tests;
