//! How does the whole system run in one process? All parts together, watched and summed up.
//!
//! The parts talk through their sockets as they would from five terminals; only the watching uses
//! that they share a process and a clock.

pub(crate) mod client_table;
mod fleet;
mod lines;
mod picture;
mod screen;
mod summary;
mod system;
mod words;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use breaker::Breaker;
use telemetry::{LogOutput, Telemetry};
use tokio::time::{MissedTickBehavior, interval};

use crate::failure::Failure;
use crate::load::Record;
use crate::print;
use crate::settings::Together;
use crate::shutdown::{Ending, end_of_run};
use crate::unreliable::Running;
use fleet::Fleet;
use lines::PlainLines;
use screen::Screen;
pub(crate) use system::{System, bind, url_table};

/// How often the live picture is drawn.
const FRAME: Duration = Duration::from_millis(200);

/// The parts that are watched.
struct Watched {
    seed: u64,
    rate: f64,
    names: Vec<String>,
    breakers: Vec<Breaker>,
    running: Arc<Running>,
    record: Arc<Record>,
    fleet: Arc<Fleet>,
}

/// Runs the system until the end and prints the summary.
pub(crate) async fn run(
    settings: Together,
    plain: bool,
    telemetry: &Telemetry,
) -> Result<Ending, Failure> {
    let bound = bind(&settings)?;
    for line in url_table(&settings, &bound) {
        print::line(&line);
    }
    let live = is_live(plain);
    let duration = settings.duration.map(|span| span.0);
    let (system, watched) = System::start(settings, bound, telemetry);

    let end = end_of_run(duration);
    let ending = if live {
        watch(&watched, Screen::new(telemetry.held_log()), end).await
    } else {
        watch(&watched, PlainLines::new(), end).await
    };
    system.stop().await?;
    let width = if live { screen::width() } else { usize::MAX };
    for line in summary::lines(&watched) {
        for line in words::wrapped(&line, width) {
            print::line(&line);
        }
    }
    Ok(ending)
}

/// Whether there is a picture that is drawn in place.
fn is_live(plain: bool) -> bool {
    !plain && io::stdout().is_terminal()
}

/// Where the log goes: a picture prints its lines itself, above it.
pub(crate) fn log_output(plain: bool) -> LogOutput {
    if is_live(plain) && io::stderr().is_terminal() {
        LogOutput::Held
    } else {
        LogOutput::Stderr
    }
}

/// Shows what happens.
trait Display {
    /// Called every [`FRAME`].
    fn show(&mut self, watched: &Watched);
}

async fn watch(
    watched: &Watched,
    mut display: impl Display,
    end: impl Future<Output = Ending>,
) -> Ending {
    let mut frames = interval(FRAME);
    frames.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut end = std::pin::pin!(end);
    let ending = loop {
        tokio::select! {
            ending = &mut end => break ending,
            _ = frames.tick() => display.show(watched),
        }
    };
    display.show(watched);
    ending
}
