//! The lab, which shows circuit breakers at work in a distributed system.
//!
//! | module | what lives there |
//! |---|---|
//! | `cli`, `settings`, `settle` | what the user asked for, and what follows from it |
//! | `together`, `service_process` | the whole system in one process, shown live, and each of its parts alone |
//! | `unreliable`, `faults` | the service that carries out fault plans, and the commands that set them |
//! | `instance` | one instance: a breaker between a client and the downstream |
//! | `instance_set` | the instances of a lab, each of which can be stopped and started again |
//! | `operation` | the orders to a running lab: to its instances and its load, and a scenario to play |
//! | `coordination` | what lets breakers of instances decide together: engines, parts, log lines |
//! | `load` | the load generator, which calls the instances |
//! | `journal` | what is changed while the lab runs, until whoever shows the run takes it |
//! | `shipped` | the scenarios that come with the lab |
//! | `run` | an experiment performed from its file, judged, kept and compared |
//! | `result_file` | a result that a run has left, read again |
//! | `event_table` | the table of a run's events, a CSV file |
//! | `simulate` | runs of a scenario in virtual time, and sweeps |
//! | `sweep` | a scenario under every combination of some settings, performed, kept and laid out |
//! | `study` | many scenarios under every policy of coordination, performed, kept and laid out |
//! | `trial_file` | the file of the trials of a sweep or a study |
//! | `parallel` | tasks on several threads, with each result passed on as soon as it is there |
//! | `report` | reports: what a folder of results says, as pages, tables, pictures and words |
//! | `page` | the live page: what browsers are shown of a run |
//! | `browser` | the user's browser, which opens the page on request |
//! | `discovery` | service discovery: where the services are, for Prometheus and for people |
//! | `file` | files of the user: read up to a maximum size, written completely or not at all |
//! | `serve`, `client` | a long-running service, and the calls to one |
//! | `shortage` | resources that the process itself ran out of |
//! | `notice` | log lines that appear once a minute, however often their cause occurs |
//! | `words` | times, shares and numbers as people read them |
//! | `secrets` | texts without the passwords of URLs |
//! | `print`, `terminal` | what is printed, and whether a picture can be drawn |
//! | `timer` | timers that are more precise than a millisecond |
//! | `shutdown`, `failure` | the end of the program, in order or not |

mod browser;
mod cli;
mod client;
mod coordination;
mod discovery;
mod event_table;
mod failure;
mod faults;
mod file;
mod instance;
mod instance_set;
mod journal;
mod load;
mod notice;
mod operation;
mod page;
mod parallel;
mod print;
mod report;
mod result_file;
mod run;
mod secrets;
mod serve;
mod service_process;
mod settings;
mod settle;
mod shipped;
mod shortage;
mod shutdown;
mod simulate;
mod study;
mod sweep;
mod terminal;
mod timer;
mod together;
mod trial_file;
mod unreliable;
mod words;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::ExitCode;

use serde::Serialize;
use telemetry::{LogOutput, Telemetry};
use tokio::runtime::{Builder, Runtime};

use cli::{Cli, CommonArgs, Role, TogetherArgs, WorkersArgs};
use failure::Failure;
use settings::Observing;
use shutdown::{Ending, LEAST_FLUSH_TIME};
use together::Show;

/// How many file descriptors a service at its limits needs; the system may grant fewer.
const FILE_DESCRIPTORS: u64 = 65_536;
/// With fewer, not even the sockets of all services can be opened.
const LEAST_FILE_DESCRIPTORS: u64 = 128;

fn main() -> ExitCode {
    let outcome = Cli::read().and_then(run);
    if let Err(failure) = &outcome {
        print::error(&format!("breaker-lab: {failure}"));
    }
    let written = print::finish();
    match (outcome, written) {
        (Ok(()), Ok(())) => ExitCode::SUCCESS,
        (Err(failure), _) => failure.exit_code(),
        (Ok(()), Err(error)) => {
            print::error(&format!(
                "breaker-lab: cannot write standard output: {error}"
            ));
            let _ = print::finish();
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    // One descriptor per connection: the usual limit of 1024 is less than one busy service.
    let granted = rlimit::increase_nofile_limit(FILE_DESCRIPTORS);
    if let Ok(granted @ ..LEAST_FILE_DESCRIPTORS) = granted {
        return Err(Failure::usage(format!(
            "only {granted} files may be open at the same time, and each socket is one: allow at least \
             {LEAST_FILE_DESCRIPTORS} with `ulimit -n {LEAST_FILE_DESCRIPTORS}`"
        )));
    }
    let seed = drawn_seed();
    match cli.role {
        None => whole(&cli.together, seed),
        Some(Role::Unreliable(args)) => {
            let stage = Stage::alone(&args.common, &args.workers);
            stage.play_or_print(
                settle::unreliable_alone(args, seed)?,
                service_process::unreliable,
            )
        }
        Some(Role::Instance(args)) => {
            let stage = Stage::alone(&args.common, &args.workers);
            stage.play_or_print(
                settle::instance_alone(args, seed)?,
                service_process::instance,
            )
        }
        Some(Role::Faults(args)) => drive(threads(0)?, faults::run(args)),
        Some(Role::Load(args)) => {
            let stage = Stage::alone(&args.common, &args.workers);
            stage.play_or_print(settle::load_alone(*args, seed)?, load::load_process::run)
        }
        Some(Role::Run(args)) => {
            let check = args.result.check;
            let settings = run::settled(args)?;
            if check {
                settings.sources.iter().for_each(run::check);
                return Ok(());
            }
            let stage = Stage {
                print_config: false,
                log_level: "warn",
                log_output: settings.show.log_output(),
                workers: cores(),
            };
            stage.play(settings, run::run)
        }
        Some(Role::Simulate(args)) => drive(threads(0)?, simulate::simulate(args)),
        Some(Role::Study(args)) => drive(threads(0)?, study::study(args)),
        Some(Role::Sweep(args)) => drive(threads(0)?, simulate::sweep(args)),
        Some(Role::Completions(args)) => {
            print::line(Cli::completions(args.shell).trim_end());
            Ok(())
        }
        Some(Role::Man(args)) => {
            print::line(Cli::man_page(&args.command)?.trim_end());
            Ok(())
        }
        Some(Role::Scenarios(args)) => run::list(args.name.as_deref()),
        Some(Role::Compare(args)) => run::compare(&args),
        Some(Role::Report(args)) => report::report(&args),
    }
}

/// Runs the whole system.
fn whole(args: &TogetherArgs, seed: u64) -> Result<(), Failure> {
    let (show, opening) = (Show::fitting(args.plain), args.open.into());
    // The screen belongs to the picture; transitions are part of it.
    let stage = Stage {
        print_config: args.common.print_config,
        log_level: "warn",
        log_output: show.log_output(),
        workers: cores(),
    };
    let settings = settle::together(args, seed)?;
    stage.play_or_print(settings, async |settings, telemetry: &Telemetry| {
        together::run(settings, show, opening, telemetry).await
    })
}

/// How a part is run, or whether only its settings are shown.
struct Stage {
    print_config: bool,
    log_level: &'static str,
    log_output: LogOutput,
    workers: usize,
}

impl Stage {
    /// For a part that runs alone.
    fn alone(common: &CommonArgs, workers: &WorkersArgs) -> Self {
        Self {
            print_config: common.print_config,
            log_level: "info",
            log_output: LogOutput::Stderr,
            workers: workers.workers,
        }
    }

    /// Runs the part, or prints its settings if that was requested.
    fn play_or_print<S: Serialize + AsRef<Observing>>(
        self,
        settings: S,
        part: impl AsyncFnOnce(S, &Telemetry) -> Result<Ending, Failure>,
    ) -> Result<(), Failure> {
        if self.print_config {
            let text =
                toml::to_string(&settings).map_err(|error| Failure::runtime(error.to_string()))?;
            print::line(text.trim_end());
            return Ok(());
        }
        self.play(settings, part)
    }

    fn play<S: AsRef<Observing>>(
        self,
        settings: S,
        part: impl AsyncFnOnce(S, &Telemetry) -> Result<Ending, Failure>,
    ) -> Result<(), Failure> {
        let observing = settings.as_ref();
        let telemetry = Telemetry::start(&observing.telemetry(self.log_level, self.log_output));
        let runtime = threads(self.workers)?;
        let outcome = drive(runtime, part(settings, &telemetry));
        telemetry.stop(outcome.as_ref().map_or(LEAST_FLUSH_TIME, Ending::time_left));
        outcome.map(|_| ())
    }
}

/// Makes a runtime with this many workers; 0 means one thread for everything, which is cheapest for a single service.
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

/// Runs `part` to its end, and until its output has been written. Threads that are blocked, by a silent name server
/// or by a long calculation, are left behind: they end with the process.
fn drive<T>(runtime: Runtime, part: impl Future<Output = T>) -> T {
    let outcome = runtime.block_on(async {
        let outcome = part.await;
        // Within the runtime, so that a signal can still cut it short.
        print::delivered().await;
        outcome
    });
    runtime.shutdown_background();
    outcome
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// A random seed, short enough to be typed again.
fn drawn_seed() -> u64 {
    // The standard library seeds its hashers from the operating system.
    RandomState::new().build_hasher().finish() % 1_000_000
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_thread_that_is_blocked_does_not_hold_the_end() {
        let (tell, ended) = mpsc::channel();
        let (unblock, blocked) = mpsc::channel::<()>();
        let program = std::thread::spawn(move || {
            drive(threads(0).unwrap(), async {
                // Like a look-up of a name that no server answers.
                tokio::task::spawn_blocking(move || blocked.recv());
            });
            tell.send(()).unwrap();
        });

        let told = ended.recv_timeout(Duration::from_secs(60));

        assert!(told.is_ok(), "the end waits for a thread that is blocked");
        drop(unblock);
        program.join().unwrap();
    }
}
