//! The lab: circuit breakers in a distributed system, to watch.
//!
//! | module | question |
//! |---|---|
//! | `cli`, `settings` | What did the user ask for, and what follows from it? |
//! | `together` | How does the whole system run in one process, and what is shown of it? |
//! | `unreliable` | What do the instances depend on? |
//! | `instance` | What does one instance do? |
//! | `load` | Who calls the instances? |
//! | `serve` | How is a service kept up, whatever its clients do? |
//! | `shutdown`, `failure` | How does it end, well or badly? |

mod alone;
mod cli;
mod failure;
mod instance;
mod load;
mod print;
mod serve;
mod settings;
mod shutdown;
mod together;
mod unreliable;

use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::ExitCode;

use serde::Serialize;
use tokio::runtime::{Builder, Runtime};

use cli::{Cli, Role};
use failure::Failure;

/// File descriptors that a full house needs; the system may grant fewer.
const FILE_DESCRIPTORS: u64 = 65_536;

fn main() -> ExitCode {
    match Cli::read().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::error(&format!("breaker-lab: {failure}"));
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    // One descriptor per connection: the usual limit of 1024 is less than one busy service.
    let _granted = rlimit::increase_nofile_limit(FILE_DESCRIPTORS);
    let seed = drawn_seed();
    match cli.role {
        None => {
            let (plain, print) = (cli.together.plain, cli.together.common.print_config);
            let settings = settings::together(cli.together, seed)?;
            if print {
                return show(&settings);
            }
            telemetry::init_log("warn");
            on(&threads(cores())?, together::run(settings, plain))
        }
        Some(Role::Unreliable(args)) => {
            let (workers, print) = (args.workers.workers, args.common.print_config);
            let settings = settings::unreliable_alone(args, seed)?;
            if print {
                return show(&settings);
            }
            telemetry::init_log("info");
            on(&threads(workers)?, alone::unreliable(settings))
        }
        Some(Role::Instance(args)) => {
            let (workers, print) = (args.workers.workers, args.common.print_config);
            let settings = settings::instance_alone(args, seed)?;
            if print {
                return show(&settings);
            }
            telemetry::init_log("info");
            on(&threads(workers)?, alone::instance(settings))
        }
        Some(Role::Load(args)) => {
            let (workers, print) = (args.workers.workers, args.common.print_config);
            let settings = settings::load_alone(args, seed)?;
            if print {
                return show(&settings);
            }
            telemetry::init_log("info");
            on(&threads(workers)?, alone::load(settings))
        }
    }
}

fn show(settings: &impl Serialize) -> Result<(), Failure> {
    let text = toml::to_string(settings).map_err(|error| Failure::runtime(error.to_string()))?;
    print::line(text.trim_end());
    Ok(())
}

fn on(runtime: &Runtime, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    runtime.block_on(work)
}

/// A runtime with so many workers; 0 means one thread for everything, which costs a single
/// service least.
fn threads(workers: usize) -> Result<Runtime, Failure> {
    let mut builder = match workers {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if workers > 0 {
        builder.worker_threads(workers);
    }
    builder
        .enable_all()
        .build()
        .map_err(|error| Failure::runtime(format!("cannot start the runtime: {error}")))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// A seed that differs from run to run, short enough to be typed again.
fn drawn_seed() -> u64 {
    // The standard library seeds its hashers from the operating system.
    RandomState::new().build_hasher().finish() % 1_000_000
}
