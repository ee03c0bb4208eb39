//! The flags of the commands `breaker-lab faults …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::help;
use crate::settings::{BaseUrl, Token};

/// Read and change the faults of a running unreliable service.
#[derive(Args, Clone, Debug)]
pub(crate) struct FaultsArgs {
    /// URL of the unreliable service or of its control listener
    #[arg(
        long,
        visible_alias = "url",
        value_name = "URL",
        default_value = "http://127.0.0.1:9000",
        env = "BREAKER_LAB_DOWNSTREAM",
        hide_env_values = true,
        global = true
    )]
    pub(crate) downstream: BaseUrl,
    /// Bearer token that its control routes require [default: none]
    #[arg(
        long,
        visible_alias = "token",
        value_name = "TOKEN",
        env = "BREAKER_LAB_CONTROL_TOKEN",
        hide_env_values = true,
        global = true
    )]
    pub(crate) control_token: Option<Token>,
    #[command(subcommand)]
    pub(crate) command: FaultsCommand,
}

/// What is asked of the unreliable service.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum FaultsCommand {
    /// Print the fault plan in force
    #[command(after_long_help = help::SHOW)]
    Show,
    /// Put a fault plan in force
    #[command(after_long_help = help::SET)]
    Set {
        /// Fault plan: a JSON or TOML file, or preset:NAME
        file: PathBuf,
    },
    /// Change parts of the fault plan with a JSON merge patch; its clock and counts go on
    #[command(after_long_help = help::PATCH)]
    Patch {
        /// Merge patch: a JSON or TOML file
        file: PathBuf,
    },
    /// Remove all faults
    #[command(after_long_help = help::CLEAR)]
    Clear,
    /// List the preset plans
    #[command(after_long_help = help::PRESETS)]
    Presets,
    /// Put a preset plan in force
    #[command(after_long_help = help::PRESET)]
    Preset {
        /// Name of the preset; `faults presets` lists them
        name: String,
    },
    /// Print what a fault plan would do to each caller, without applying it
    #[command(after_long_help = help::DRY_RUN)]
    DryRun {
        /// Fault plan: a JSON or TOML file, or preset:NAME
        file: PathBuf,
    },
    /// Print the JSON schema of fault plans
    #[command(after_long_help = help::SCHEMA)]
    Schema,
    /// Print the probability that a call would fail now
    #[command(after_long_help = help::TRUTH)]
    Truth,
}
