//! Tests of the refusals of command lines.

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::*;
use crate::cli::Cli;

/// What the standard library and clap say, which nobody can follow.
const NO_HELP: [&str; 7] = [
    "invalid float literal",
    "invalid digit",
    "target type",
    "expected ident",
    "empty string",
    "unexpected argument",
    "is not in ",
];

fn refused(given: &[&str]) -> String {
    let given = std::iter::once("breaker-lab").chain(given.iter().copied());
    let words = match words(given.map(OsString::from)) {
        Ok(words) => words,
        Err(failure) => return failure.to_string(),
    };
    let error = Cli::command().try_get_matches_from(&words).unwrap_err();
    line(&Cli::command(), &words, &error)
}

#[test]
fn a_misspelt_flag_gets_one_line_with_the_nearest() {
    let said = refused(&["--raet", "5"]);

    assert!(!said.contains('\n'), "{said}");
    assert!(
        said.contains("--raet") && said.contains("`--rate`"),
        "{said}"
    );
}

#[test]
fn what_people_write_by_mistake_names_the_value_the_reason_and_what_to_write() {
    for (given, words) in [
        (
            ["--rate", "90/min"],
            ["--rate: `90/min` is not a rate", "such as 90 or 90/s"],
        ),
        (
            ["--jitter", "a fifth"],
            ["--jitter: `a fifth` is not a share", "such as 0.5, or 50%"],
        ),
        (
            ["--failure-rate-threshold", "50%%"],
            ["`50%%` is not a share", "50%; or write `off`"],
        ),
        (["--seed", "-5"], ["--seed: `-5`", "not negative"]),
        (
            ["--seed", "99999999999999999999"],
            ["--seed: `99999999999999999999` is too large", "smaller"],
        ),
        (
            ["--permitted-probes", "1.5"],
            ["`1.5` is not a whole number", "like 5"],
        ),
        (
            ["--consecutive-failures", "three"],
            ["`three` is not a whole number", "or write `off`"],
        ),
        (
            ["--open-for", "500"],
            ["`500` is not a duration", "500ms, 2s or 1m"],
        ),
        (
            ["--open-for", "-5s"],
            ["`-5s` is not a duration", "500ms, 2s or 1m"],
        ),
        (["--listen", "A=127.0.0.1:99999"], ["port 99999", "65535"]),
        (
            ["--listen", "A=example.org:80"],
            ["`example.org`", "not an IP address"],
        ),
    ] {
        let said = refused(&given);
        for word in words {
            assert!(
                said.contains(word),
                "{given:?}: `{word}` is missing: {said}"
            );
        }
    }
}

#[test]
fn a_value_in_two_words_a_count_out_of_range_and_a_missing_command_say_what_to_write() {
    let said = refused(&["--open-for", "500", "ms"]);
    assert!(
        said.contains("`500 ms`") && said.contains("write 500ms"),
        "{said}"
    );
    let said = refused(&["run", "x", "--repeat", "0"]);
    assert!(
        said.contains("`0`") && said.contains("from 1 to 1000"),
        "{said}"
    );
    let said = refused(&["faults"]);
    assert!(
        said.contains("show, set, patch") && !said.starts_with(':'),
        "{said}"
    );
}

/// All arguments with a value, each with the words that lead to it.
fn valued(command: &Command, path: &[String], found: &mut Vec<(Vec<String>, Arg)>) {
    for arg in command.get_arguments() {
        let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
        if takes_value && arg.get_long().is_some() {
            found.push((path.to_vec(), arg.clone()));
        }
    }
    for part in command.get_subcommands() {
        let path = [path, &[part.get_name().to_owned()]].concat();
        valued(part, &path, found);
    }
}

#[test]
fn no_flag_answers_in_the_words_of_a_parser() {
    let mut found = Vec::new();
    valued(&Cli::command(), &[], &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for (path, arg) in found {
        let flag = format!("--{}", arg.get_long().unwrap());
        for value in [
            "-5",
            "90 parsecs",
            "99999999999999999999999",
            "",
            "x=",
            "x=-1",
            "{",
            "ü",
        ] {
            let given = path.iter().map(String::as_str).chain([&*flag, value]);
            let given = std::iter::once("breaker-lab").chain(given);
            let words = words(given.map(OsString::from)).unwrap();
            let Err(error) = Cli::command().try_get_matches_from(&words) else {
                continue;
            };
            if error.kind() == ErrorKind::MissingRequiredArgument
                || error.kind() == ErrorKind::MissingSubcommand
            {
                continue;
            }
            let said = line(&Cli::command(), &words, &error);
            assert!(!said.contains('\n'), "{flag} {value}: {said}");
            assert!(
                said.starts_with(&format!("{flag}: ")),
                "{flag} {value}: {said}"
            );
            let is_secret = flag.contains("token") || flag == "--engine";
            assert!(
                value.is_empty() || said.contains(value) || is_secret,
                "{flag} {value}: {said}"
            );
            assert!(
                ["write", "such as", "must be", "there are"]
                    .iter()
                    .any(|hint| said.contains(hint)),
                "{flag} {value}: {said}"
            );
            for phrase in NO_HELP {
                assert!(!said.contains(phrase), "{flag} {value}: {said}");
            }
        }
    }
}

#[test]
fn a_value_is_told_with_the_flag_or_the_variable_that_gave_it() {
    let told = |words: &[&str], variable: Option<&str>| {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let variable = |name: &str| {
            variable
                .filter(|_| name == "BREAKER_LAB_SEED")
                .map(OsString::from)
        };
        as_given_in(&words, variable, "--seed", 5)
    };

    assert_eq!(told(&["run", "--seed", "5"], None), "--seed 5");
    assert_eq!(told(&["run", "--seed=5"], Some("7")), "--seed 5");
    assert_eq!(told(&["run"], Some("5")), "BREAKER_LAB_SEED=5");
    // Nobody gave it: the flag is what can be written.
    assert_eq!(told(&["run"], Some("")), "--seed 5");
}
