//! The command line: flags and their environment variables.
//!
//! Without a subcommand, the whole system runs in this process; each subcommand is one of its parts alone. A flag,
//! its variable and the key in the file have the same name.

mod coordination;
mod faults;
mod help;
mod load;
mod man;
mod refusal;
mod results;
mod scenario;
mod simulation;
mod variables;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use clap_complete::{Shell, generate};
use experiment::values::{read_rate, read_share};
use telemetry::LogFormat;
use telemetry::trace::Protocol;

use crate::failure::Failure;
use crate::settings::{Address, BaseUrl, BreakerSettings, Named, Span, Text, Token};
pub(crate) use coordination::{CoordinationArgs, EngineArgs, GossipArgs};
pub(crate) use faults::{FaultsArgs, FaultsCommand};
pub(crate) use load::{LoadArgs, OutcomeArgs, ProfileArgs};
pub(crate) use refusal::as_given;
pub(crate) use results::{CompareArgs, ReportArgs};
pub(crate) use scenario::RunArgs;
pub(crate) use simulation::{SimulateArgs, StudyArgs, SweepArgs, VirtualArgs};

/// Worker threads that may be asked for: more than any machine has cores for, fewer than it may not start.
const MAX_WORKERS: u64 = 256;

/// Watch circuit breakers at work in a distributed system.
///
/// Without a command, everything runs in this process and is shown live: the unreliable service, the
/// instances A, B and C, and the load. Commands run one part alone, or perform experiments and read their
/// results.
#[derive(Debug, Parser)]
#[command(
    name = "breaker-lab",
    version = env!("LAB_VERSION"),
    args_conflicts_with_subcommands = true,
    max_term_width = 80,
    bin_name = "breaker-lab",
    after_long_help = help::WHOLE
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
    #[command(flatten)]
    pub(crate) together: TogetherArgs,
}

#[derive(Debug, Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, and it is taken apart at once"
)]
pub(crate) enum Role {
    /// Run only the unreliable downstream service
    #[command(after_long_help = help::UNRELIABLE)]
    Unreliable(UnreliableArgs),
    /// Run only one instance with its circuit breaker
    #[command(after_long_help = help::INSTANCE)]
    Instance(InstanceArgs),
    /// Run only the load generator
    #[command(after_long_help = help::LOAD)]
    Load(Box<LoadArgs>),
    /// Run a scenario live, check its expectations and keep the result
    #[command(after_long_help = help::RUN)]
    Run(RunArgs),
    /// Run a scenario in virtual time: the same checks in seconds, with thousands of instances
    #[command(after_long_help = help::SIMULATE)]
    Simulate(SimulateArgs),
    /// Simulate a scenario with every combination of some settings, and show the best ones
    #[command(after_long_help = help::SWEEP)]
    Sweep(SweepArgs),
    /// Simulate many scenarios with every policy, and tabulate the answer to a question
    #[command(after_long_help = help::STUDY)]
    Study(StudyArgs),
    /// List the scenarios that come with the lab, or print one
    #[command(after_long_help = help::SCENARIOS)]
    Scenarios(ScenariosArgs),
    /// Compare the figures of several results
    #[command(after_long_help = help::COMPARE)]
    Compare(CompareArgs),
    /// Write the report of a result: one HTML file that opens offline
    #[command(after_long_help = help::REPORT)]
    Report(ReportArgs),
    /// Read and change the faults of a running unreliable service
    #[command(after_long_help = help::FAULTS)]
    Faults(FaultsArgs),
    /// Print shell completions for all commands and flags
    #[command(after_long_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the man page of breaker-lab or of one of its commands
    #[command(after_long_help = help::MAN)]
    Man(ManArgs),
}

/// What every role takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "General")]
pub(crate) struct CommonArgs {
    /// Read settings from this TOML file; flags and environment variables override it [default: none]
    #[arg(long, value_name = "FILE", env = "BREAKER_LAB_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Print the settings that result from flags, environment, file and defaults, and exit
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Seed of all random numbers [default: drawn at random and printed]
    #[arg(long, value_name = "N", env = "BREAKER_LAB_SEED")]
    pub(crate) seed: Option<u64>,
    /// Stop after this time [default: run until Ctrl-C]
    #[arg(long, value_name = "TIME", env = "BREAKER_LAB_DURATION")]
    pub(crate) duration: Option<Span>,
}

/// What every role takes about logs and traces. Without an endpoint nothing is exported.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Logs and traces")]
pub(crate) struct ObservingArgs {
    /// Export traces over OTLP to the collector at this base URL, such as `http://127.0.0.1:4318`
    /// [default: `OTEL_EXPORTER_OTLP_ENDPOINT`, if set]
    #[arg(
        long,
        value_name = "URL",
        env = "BREAKER_LAB_OTLP_ENDPOINT",
        hide_env_values = true
    )]
    pub(crate) otlp_endpoint: Option<BaseUrl>,
    /// Protocol for traces: `http/protobuf`, or `grpc` in a build with the feature otlp-grpc
    /// [default: `OTEL_EXPORTER_OTLP_PROTOCOL`, or http/protobuf]
    #[arg(long, value_name = "PROTOCOL", env = "BREAKER_LAB_OTLP_PROTOCOL")]
    pub(crate) otlp_protocol: Option<Text<Protocol>>,
    /// Format of the log: `text` or `json` [default: text]
    #[arg(long, value_name = "FORMAT", env = "BREAKER_LAB_LOG_FORMAT")]
    pub(crate) log_format: Option<Text<LogFormat>>,
}

/// What the roles take in which traces begin.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Logs and traces")]
pub(crate) struct SamplingArgs {
    /// Share of requests whose traces are exported, from 0 to 1
    /// [default: `OTEL_TRACES_SAMPLER`, or all]
    #[arg(
        long,
        value_name = "SHARE",
        env = "BREAKER_LAB_TRACE_RATIO",
        value_parser = read_share
    )]
    pub(crate) trace_ratio: Option<f64>,
}

/// What every role that listens takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Serving")]
pub(crate) struct ServingArgs {
    /// Most connections that one service keeps open; a further one replaces an idle one [default: 16384]
    #[arg(long, value_name = "N", env = "BREAKER_LAB_MAX_CONNECTIONS")]
    pub(crate) max_connections: Option<usize>,
    /// Bearer token that control routes require; with a token they serve other hosts, too; reading requires none
    /// [default: none, control routes serve only this machine]
    #[arg(
        long,
        value_name = "TOKEN",
        env = "BREAKER_LAB_CONTROL_TOKEN",
        hide_env_values = true
    )]
    pub(crate) control_token: Option<Token>,
}

/// What every role that runs alone takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct WorkersArgs {
    /// Worker threads, from 0 to 256; 0 runs everything on one thread, which is fastest for a single
    /// service
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        value_parser = RangedU64ValueParser::<usize>::new().range(0..=MAX_WORKERS),
        env = "BREAKER_LAB_WORKERS"
    )]
    pub(crate) workers: usize,
}

/// What the whole system in one process takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct TogetherArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    /// Address of a service, as NAME=HOST:PORT, where NAME is A, B, C, unreliable or lab; port 0 picks a
    /// free port; repeat for more
    /// [default: 127.0.0.1 with ports 8001, 8002, 8003, 9000, 8080]
    #[arg(long, value_name = "NAME=ADDRESS")]
    pub(crate) listen: Vec<Named<Address>>,
    /// Requests per second, over all instances [default: 90]
    #[arg(
        long,
        value_name = "N",
        env = "BREAKER_LAB_RATE",
        value_parser = read_rate
    )]
    pub(crate) rate: Option<f64>,
    /// How long an instance waits for the downstream before it answers 504, at most 10m [default: 1s]
    #[arg(long, value_name = "TIME", env = "BREAKER_LAB_CALL_TIMEOUT")]
    pub(crate) call_timeout: Option<Span>,
    /// Fault plan of the unreliable service: a JSON or TOML file, or preset:NAME
    /// [default: a loop of healthy, failing and recovering phases]
    #[arg(long, value_name = "FILE", env = "BREAKER_LAB_FAULTS")]
    pub(crate) faults: Option<PathBuf>,
    /// Print one plain line per second and per transition, even on a terminal
    #[arg(long)]
    pub(crate) plain: bool,
    /// Open the live page in the browser
    #[arg(long)]
    pub(crate) open: bool,
    #[command(flatten)]
    pub(crate) coordination: CoordinationArgs,
    #[command(flatten)]
    pub(crate) sampling: SamplingArgs,
    #[command(flatten)]
    pub(crate) observing: ObservingArgs,
    #[command(flatten)]
    pub(crate) serving: ServingArgs,
    #[command(flatten)]
    pub(crate) breaker: BreakerSettings,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct UnreliableArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    /// Address to listen on; port 0 picks a free port [default: 127.0.0.1:9000]
    #[arg(long, value_name = "ADDRESS", env = "BREAKER_LAB_LISTEN")]
    pub(crate) listen: Option<Address>,
    /// Fault plan: a JSON or TOML file, or preset:NAME
    /// [default: a loop of healthy, failing and recovering phases]
    #[arg(long, value_name = "FILE", env = "BREAKER_LAB_FAULTS")]
    pub(crate) faults: Option<PathBuf>,
    /// Second address for the control routes, which stays open while a fault closes the data port; port 0
    /// picks a free port [default: 127.0.0.1:0]
    #[arg(long, value_name = "ADDRESS", env = "BREAKER_LAB_CONTROL_LISTEN")]
    pub(crate) control_listen: Option<Address>,
    #[command(flatten)]
    pub(crate) workers: WorkersArgs,
    #[command(flatten)]
    pub(crate) observing: ObservingArgs,
    #[command(flatten)]
    pub(crate) serving: ServingArgs,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct InstanceArgs {
    /// Name of the instance; A, B and C have default ports
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    /// Address to listen on; port 0 picks a free port [default: 127.0.0.1:8001 for A, 8002 for B, 8003 for
    /// C]
    #[arg(long, value_name = "ADDRESS", env = "BREAKER_LAB_LISTEN")]
    pub(crate) listen: Option<Address>,
    /// URL of the unreliable service [default: `http://127.0.0.1:9000`]
    #[arg(
        long,
        value_name = "URL",
        env = "BREAKER_LAB_DOWNSTREAM",
        hide_env_values = true
    )]
    pub(crate) downstream: Option<BaseUrl>,
    /// How long the instance waits for the downstream before it answers 504, at most 10m [default: 1s]
    #[arg(long, value_name = "TIME", env = "BREAKER_LAB_CALL_TIMEOUT")]
    pub(crate) call_timeout: Option<Span>,
    #[command(flatten)]
    pub(crate) coordination: CoordinationArgs,
    #[command(flatten)]
    pub(crate) gossip: GossipArgs,
    #[command(flatten)]
    pub(crate) workers: WorkersArgs,
    #[command(flatten)]
    pub(crate) observing: ObservingArgs,
    #[command(flatten)]
    pub(crate) serving: ServingArgs,
    #[command(flatten)]
    pub(crate) breaker: BreakerSettings,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ScenariosArgs {
    /// Print the file of this scenario, to edit and run
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct CompletionsArgs {
    /// Shell to print completions for
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ManArgs {
    /// Command, such as `run` or `faults preset` [default: the whole program]
    #[arg(value_name = "COMMAND", num_args = 0..)]
    pub(crate) command: Vec<String>,
}

impl Cli {
    /// Reads the command line. Help and version are printed and end the program.
    pub(crate) fn read() -> Result<Self, Failure> {
        let words = refusal::words(std::env::args_os())?;
        let command = variables::without_empty(help::for_reading(Self::command()));
        let refused =
            |error: &clap::Error| Failure::usage(refusal::line(&Self::command(), &words, error));
        let matches = command.try_get_matches_from(&words);
        let matches = matches.map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => shown(&error),
            _ => refused(&error),
        })?;
        variables::check(&Self::command(), std::env::vars_os())?;
        Self::from_arg_matches(&matches).map_err(|error| refused(&error))
    }

    /// The completions of all commands and flags for a shell.
    pub(crate) fn completions(shell: Shell) -> String {
        let mut written = Vec::new();
        generate(shell, &mut Self::command(), "breaker-lab", &mut written);
        let script = String::from_utf8_lossy(&written);
        // Of a name with a hyphen the generator for bash spells the commands in two ways
        // (github.com/clap-rs/clap/issues/6421), so that none of them is completed.
        script.replace("breaker__subcmd__lab", "breaker__lab")
    }

    /// The man page of the program, or of the command that these words name.
    pub(crate) fn man_page(words: &[String]) -> Result<String, Failure> {
        man::page(help::with_defaults(Self::command()), words)
    }
}

/// Prints help or version and ends the program; returns only if they could not be printed. A reader that has
/// gone away has read enough.
fn shown(text: &clap::Error) -> Failure {
    match text.print().and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Failure::runtime(format!("cannot write standard output: {error}"))
        }
        _ => std::process::exit(0),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
