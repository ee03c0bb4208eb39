//! How does the whole system run in one process? All parts together, watched and summed up.
//!
//! The parts talk through their sockets as they would from five terminals; only the watching uses
//! that they share a process and a clock.

mod fleet;
mod lines;
mod picture;
mod screen;
mod summary;
pub(crate) mod words;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use breaker::{Breaker, Clock, SystemClock};
use experiment::load::Phases;
use telemetry::{LogOutput, Telemetry};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::failure::Failure;
use crate::instance::Instance;
use crate::load::{Generator, LOAD_SERVICE, Record};
use crate::page::{Page, Places};
use crate::print;
use crate::serve::{Listening, listen};
use crate::settings::{BaseUrl, Named, Together};
use crate::shutdown::{Ending, Shutdown, Stop, end_of_run};
use crate::unreliable::{Running, Unreliable};
use fleet::Fleet;
use lines::PlainLines;
use screen::Screen;

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

/// The sockets of all services; nothing answers yet.
struct Bound {
    unreliable: Listening,
    instances: Vec<Listening>,
    /// The lab's page, or why there is none.
    page: Result<Listening, Failure>,
}

fn bind(settings: &Together) -> Result<Bound, Failure> {
    let unreliable = listen(
        settings.unreliable.listen.0,
        "the unreliable service",
        "--listen unreliable=127.0.0.1:PORT",
    )?;
    let instances = settings.instance.iter().map(|(name, instance)| {
        let flag = format!("--listen {name}=127.0.0.1:PORT");
        listen(instance.listen.0, &format!("instance {name}"), &flag)
    });
    let instances = instances.collect::<Result<_, _>>()?;
    let page = listen(
        settings.lab.listen.0,
        "the lab's page",
        "--listen lab=127.0.0.1:PORT",
    );
    // Nobody needs the page to run the lab: only who chose its address hears an error.
    let page = match page {
        Err(failure) if settings.lab.chosen => return Err(failure),
        page => page,
    };
    Ok(Bound {
        unreliable,
        instances,
        page,
    })
}

fn url_table(settings: &Together, bound: &Bound) -> Vec<String> {
    let mut lines = vec![
        format!("breaker-lab, seed {}", settings.seed),
        format!(
            "  unreliable service  http://{}   /data, /faults, /metrics",
            bound.unreliable.address
        ),
    ];
    for (name, listening) in settings.instance.keys().zip(&bound.instances) {
        lines.push(format!(
            "  instance {name:<10} http://{}   /call, /breaker, /metrics",
            listening.address
        ));
    }
    lines.push(match &bound.page {
        Ok(listening) => format!(
            "  lab                 http://{}   /api/prometheus-targets, /metrics",
            listening.address
        ),
        Err(_) => format!(
            "  lab                 no page: {} is taken; choose with --listen lab=127.0.0.1:PORT",
            settings.lab.listen
        ),
    });
    lines.push(String::new());
    lines
}

/// The tasks of the running system, in the order in which they are stopped.
struct System {
    load: Part,
    instances: Part,
    /// The unreliable service, and the page that shows where the services are.
    rest: Part,
}

struct Part {
    stop: Stop,
    tasks: JoinSet<()>,
}

impl Part {
    fn new() -> (Self, Shutdown) {
        let (stop, shutdown) = Stop::new();
        let tasks = JoinSet::new();
        (Self { stop, tasks }, shutdown)
    }

    async fn stop(mut self) -> Result<(), Failure> {
        self.stop.begin();
        while let Some(ended) = self.tasks.join_next().await {
            ended.map_err(|error| Failure::runtime(error.to_string()))?;
        }
        Ok(())
    }
}

impl System {
    fn start(settings: Together, bound: Bound, telemetry: &Telemetry) -> (Self, Watched) {
        // One clock for all: only so can it be said who was in which state at one moment.
        let clock = SystemClock::new();
        let (mut rest, shutdown) = Part::new();
        let names: Vec<String> = settings.instance.keys().cloned().collect();
        let record = Arc::new(Record::new(names.clone()));
        if let Ok(listening) = bound.page {
            let places = Places::of(&settings.instance, &bound.instances, &bound.unreliable);
            let page = Page::new(places, Arc::clone(&record), telemetry);
            let serving = settings.serving.clone();
            rest.tasks
                .spawn(page.serve(listening, serving, shutdown.clone()));
        }
        let service = Unreliable::new(settings.unreliable.plan, clock, telemetry);
        let running = service.running();
        let own_downstream = BaseUrl::of(bound.unreliable.address);
        let configured = BaseUrl::of(settings.unreliable.listen.0);
        let serving = settings.serving;
        let serve = service.serve(bound.unreliable, serving.clone(), shutdown);
        rest.tasks.spawn(serve);

        let (mut instances, shutdown) = Part::new();
        let fleet = Arc::new(Fleet::new(names.len(), clock.now()));
        let mut breakers = Vec::new();
        let mut targets = Vec::new();
        let parts = settings.instance.into_iter().zip(bound.instances);
        for (place, ((name, mut one), listening)) in parts.enumerate() {
            if one.downstream == configured {
                one.downstream = own_downstream.clone();
            }
            let instance = Instance::new(&name, one, clock, telemetry);
            instance.breaker().add_listener(fleet.listener(place));
            breakers.push(instance.breaker().clone());
            let value = BaseUrl::of(listening.address);
            targets.push(Named { name, value });
            let serve = instance.serve(listening, serving.clone(), shutdown.clone());
            instances.tasks.spawn(async {
                serve.await;
            });
        }

        let (mut load, shutdown) = Part::new();
        let rate = settings.load.rate;
        let (phases, kept) = (Phases::default(), Arc::clone(&record));
        let generator = Generator::new(&targets, &settings.load, settings.seed, phases, kept)
            .traced_by(telemetry.tracer(LOAD_SERVICE, LOAD_SERVICE));
        load.tasks.spawn(async {
            if let Err(what) = generator.run(shutdown, None).await.check() {
                tracing::error!(what, "the load generator has lost requests");
            }
        });

        let watched = Watched {
            seed: settings.seed,
            rate,
            names,
            breakers,
            running,
            record,
            fleet,
        };
        let system = Self {
            load,
            instances,
            rest,
        };
        (system, watched)
    }

    /// Stops the load, then the instances, then what they depend on.
    async fn stop(self) -> Result<(), Failure> {
        self.load.stop().await?;
        self.instances.stop().await?;
        self.rest.stop().await
    }
}
