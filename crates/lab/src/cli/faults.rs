//! The flags of the commands `breaker-lab faults …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::help;
use crate::settings::{BaseUrl, Token};

/// Read and change the faults of a running unreliable service.
#[derive(Args, Clone, Debug)]
pub(crate) struct FaultsArgs {
    /// The unreliable service, or its control listener
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
    /// The bearer token that its control routes ask for [default: none]
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
    /// Print the plan in force
    #[command(after_long_help = help::SHOW)]
    Show,
    /// Put a plan in force: a JSON or TOML file, or preset:NAME
    #[command(after_long_help = help::SET)]
    Set {
        /// The plan
        file: PathBuf,
    },
    /// Change parts of the plan by a JSON merge patch; clock and counts go on
    #[command(after_long_help = help::PATCH)]
    Patch {
        /// A JSON or TOML file
        file: PathBuf,
    },
    /// Be healthy
    #[command(after_long_help = help::CLEAR)]
    Clear,
    /// List the presets
    #[command(after_long_help = help::PRESETS)]
    Presets,
    /// Put a preset in force
    #[command(after_long_help = help::PRESET)]
    Preset {
        /// Its name
        name: String,
    },
    /// Print what a plan would do, for each caller; nothing is applied
    #[command(after_long_help = help::DRY_RUN)]
    DryRun {
        /// A JSON or TOML file, or preset:NAME
        file: PathBuf,
    },
    /// Print the JSON schema of plans
    #[command(after_long_help = help::SCHEMA)]
    Schema,
    /// Print how likely it is that a call fails now
    #[command(after_long_help = help::TRUTH)]
    Truth,
}
