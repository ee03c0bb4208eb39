//! The whole system in one process: all parts together, watched and summarised.
//!
//! The parts talk through their sockets, as if started from five terminals; only the watching uses that they share a
//! process and a clock.

mod coordination_watch;
mod course_watch;
mod event_writer;
mod fleet;
mod fleet_picture;
mod fleet_source;
mod layout;
mod lines;
mod observer;
mod order_source;
mod page_source;
mod picture;
mod progress;
mod screen;
mod shade;
mod sockets;
mod summary;
mod system;
mod traffic_watch;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use experiment::fleet::Asked;
use experiment::result::{Performer, Repetition};
use fusebox::{Breaker, RejectReason, SystemClock};
use telemetry::{LogOutput, Telemetry};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::browser::Opening;
use crate::coordination::{Coordinator, Engines, FleetReader, places};
use crate::failure::Failure;
use crate::instance::{DOWNSTREAM, Permitted};
use crate::load::Record;
use crate::page::Feed;
use crate::print;
use crate::settings::Together;
use crate::shutdown::{Ending, Readers, end_of_run};
use crate::terminal::can_draw;
use crate::unreliable::Running;
pub(crate) use event_writer::{EventWriter, Tap};
use fleet::Fleet;
use fleet_source::FleetTold;
use lines::PlainLines;
pub(crate) use observer::Observer;
use progress::Progress;
use screen::Screen;
pub(crate) use sockets::{bind, bind_anywhere, url_table};
pub(crate) use system::{Course, System};

pub(crate) use crate::words;

/// How often the live picture is drawn.
const FRAME: Duration = Duration::from_millis(200);

/// The parts that are watched.
pub(crate) struct Watched {
    /// What is told of the run while it lasts.
    feed: Option<Arc<Feed>>,
    seed: u64,
    rate: f64,
    /// When the run ends, if it does.
    until: Option<Duration>,
    /// Which run it is of how many.
    run: [u32; 2],
    /// The one clock of all breakers and of the faults.
    pub(crate) clock: SystemClock,
    pub(crate) names: Vec<String>,
    breakers: Vec<Breaker>,
    permitted: Vec<Permitted>,
    /// How each instance stands in its fleet, if it is in one.
    pub(crate) readers: Vec<FleetReader>,
    /// What happens to them there.
    told: Arc<FleetTold>,
    /// How the instances decide, alone or together.
    pub(crate) coordinator: Arc<Coordinator>,
    pub(crate) running: Arc<Running>,
    pub(crate) record: Arc<Record>,
    pub(crate) fleet: Arc<Fleet>,
}

impl Watched {
    /// How many calls one instance's breaker has permitted and rejected.
    pub(crate) fn asked(&self, instance: usize) -> Asked {
        let totals = self.breakers[instance].snapshot().totals;
        let rejected = RejectReason::ALL.iter();
        let rejected = rejected.map(|&reason| totals.rejections(reason)).sum();
        Asked {
            permitted: self.permitted[instance].so_far(),
            rejected,
        }
    }

    /// Shows the run until it is dropped.
    pub(crate) async fn show(&self, how: Show, telemetry: &Telemetry) {
        match how {
            Show::Nothing => std::future::pending().await,
            Show::Progress => frames(self, &mut Progress::new()).await,
            Show::Lines => frames(self, &mut PlainLines::new()).await,
            Show::Picture => frames(self, &mut Screen::new(telemetry.held_log())).await,
        }
    }
}

/// Prints the summary of a run, no wider than the terminal where there is one.
pub(crate) fn print_summary(run: &Repetition, show: Show) {
    let width = match show {
        Show::Picture => screen::width(),
        Show::Lines | Show::Progress | Show::Nothing => usize::MAX,
    };
    for line in summary::lines(run) {
        for line in words::wrapped(&line, width, 2) {
            print::line(&line);
        }
    }
}

/// How a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// Not at all.
    Nothing,
    /// How far it has come, now and then.
    Progress,
    /// A line per second and one per transition.
    Lines,
    /// A picture that is drawn in place.
    Picture,
}

impl Show {
    /// A picture where there is a terminal for it, unless lines are asked for.
    pub(crate) fn fitting(plain: bool) -> Self {
        if !plain && can_draw() {
            Self::Picture
        } else {
            Self::Lines
        }
    }

    /// Whether all of the run is shown: its addresses, what happens and a summary.
    pub(crate) fn is_whole(self) -> bool {
        matches!(self, Self::Lines | Self::Picture)
    }

    /// Where the log goes: a picture prints its lines itself, above it.
    pub(crate) fn log_output(self) -> LogOutput {
        if self == Self::Picture && io::stderr().is_terminal() {
            LogOutput::Held
        } else {
            LogOutput::Stderr
        }
    }
}

/// Runs the system until the end and prints the summary.
pub(crate) async fn run(
    settings: Together,
    show: Show,
    opening: Opening,
    telemetry: &Telemetry,
) -> Result<Ending, Failure> {
    let bound = bind(&settings)?;
    let page = bound.page();
    let engines = engines(&settings).await?;
    for line in url_table(&settings, &bound, engines.as_ref()) {
        print::line(&line);
    }
    let duration = settings.duration.map(|span| span.0);
    let seed = settings.seed;
    let (system, watched) = System::start(
        settings,
        (bound, engines),
        telemetry,
        Course::endless(duration),
    );
    opening.of_page(page);
    let watched = Arc::new(watched);
    let observer = Observer::start(&watched);

    let ending = tokio::select! {
        ending = end_of_run(duration, Readers::Needed) => ending,
        () = watched.show(show, telemetry) => unreachable!("a display goes on until it is dropped"),
    };
    let (load, record) = system.stop(|| observer.finish(&watched)).await?;
    let mut run = Repetition::new(Performer::Live, seed, load, record.fleet);
    run.coordination = record.coordination;
    print_summary(&run, show);
    Ok(ending)
}

/// The engines over which the instances decide together, if they do.
pub(crate) async fn engines(settings: &Together) -> Result<Option<Engines>, Failure> {
    let places = places(&settings.instance);
    Engines::start(
        &settings.coordinating,
        &places,
        (DOWNSTREAM, Instant::now()),
    )
    .await
}

/// Shows what happens.
trait Display {
    /// Called every [`FRAME`], and at the end.
    fn show(&mut self, watched: &Watched);
}

/// Shows every frame, and the last one when it is dropped.
async fn frames(watched: &Watched, display: &mut impl Display) {
    let mut frames = interval(FRAME);
    frames.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let last = LastFrame { watched, display };
    loop {
        frames.tick().await;
        last.display.show(watched);
    }
}

/// Shows the end of the run, however the display is ended.
struct LastFrame<'a, D: Display> {
    watched: &'a Watched,
    display: &'a mut D,
}

impl<D: Display> Drop for LastFrame<'_, D> {
    fn drop(&mut self) {
        self.display.show(self.watched);
    }
}
