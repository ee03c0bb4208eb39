//! The environment variables that stand for flags: `BREAKER_LAB_OPEN_FOR` for `--open-for`.
//!
//! An empty variable counts as unset, as it does for `OTEL_*` and `NO_COLOR`: compose files and shells set a variable
//! without a value to nothing. A variable that no flag knows is a typing error.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::{Arg, Command};
use experiment::reading::nearest;

use crate::failure::Failure;

/// What all variables begin with.
pub(super) const PREFIX: &str = "BREAKER_LAB_";

/// The variable that stands for the flag of this name.
pub(super) fn variable_of(flag: &str) -> String {
    format!("{PREFIX}{}", flag.to_uppercase().replace('-', "_"))
}

/// The command without the variables that are set to nothing.
pub(super) fn without_empty(command: Command) -> Command {
    let without = |arg: Arg| {
        let empty = arg
            .get_env()
            .and_then(std::env::var_os)
            .is_some_and(|value| value.is_empty());
        if empty {
            arg.env(Resettable::Reset)
        } else {
            arg
        }
    };
    command.mut_args(without).mut_subcommands(without_empty)
}

/// Refuses a variable that no part of `command` knows.
pub(super) fn check(
    command: &Command,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<(), Failure> {
    let known = known(command);
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
            continue;
        };
        if value.is_empty() || known.contains(name) {
            continue;
        }
        let hint = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`breaker-lab COMMAND --help` lists the variables of each command".to_owned(),
        };
        return Err(Failure::usage(format!(
            "unknown variable `{name}` in the environment; {hint}"
        )));
    }
    Ok(())
}

/// The variables of all parts.
pub(super) fn known(command: &Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter_map(Arg::get_env);
    let own = own.map(|name| name.to_string_lossy().into_owned());
    let parts = command.get_subcommands().flat_map(known);
    own.chain(parts).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn checked(name: &str, value: &str) -> Result<(), String> {
        let variables = [(name.into(), value.into())].into_iter();
        check(&Cli::command(), variables).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_variable_that_no_flag_knows_is_named_with_the_nearest() {
        let said = checked("BREAKER_LAB_RAET", "5").unwrap_err();
        assert!(said.contains("`BREAKER_LAB_RAET`"), "{said}");
        assert!(said.contains("did you mean `BREAKER_LAB_RATE`?"), "{said}");

        assert_eq!(checked("BREAKER_LAB_RAET", ""), Ok(()));
        assert_eq!(checked("BREAKER_LAB_KEYS", "5"), Ok(()));
        assert_eq!(checked("OTHER", "5"), Ok(()));
    }

    #[test]
    fn a_variable_has_the_name_of_its_flag() {
        fn check(command: &Command) {
            for arg in command.get_arguments() {
                let (Some(flag), Some(variable)) = (arg.get_long(), arg.get_env()) else {
                    continue;
                };
                assert_eq!(variable, &*variable_of(flag), "--{flag}");
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
