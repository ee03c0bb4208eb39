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
mod words;

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use breaker::{Breaker, Clock, SystemClock};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::failure::Failure;
use crate::instance::Instance;
use crate::load::{Generator, Record};
use crate::print;
use crate::serve::{Listening, listen};
use crate::settings::{BaseUrl, Named, Together};
use crate::shutdown::{Shutdown, Stop, end_of_run};
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
pub(crate) async fn run(settings: Together, plain: bool) -> Result<(), Failure> {
    let bound = bind(&settings)?;
    for line in url_table(&settings, &bound) {
        print::line(&line);
    }
    let live = !plain && io::stdout().is_terminal();
    let duration = settings.duration.map(|span| span.0);
    let (system, watched) = System::start(settings, bound);

    let end = end_of_run(duration);
    if live {
        watch(&watched, Screen::new(), end).await;
    } else {
        watch(&watched, PlainLines::new(), end).await;
    }
    system.stop().await?;
    let width = if live { screen::width() } else { usize::MAX };
    for line in summary::lines(&watched) {
        for line in words::wrapped(&line, width) {
            print::line(&line);
        }
    }
    Ok(())
}

/// Shows what happens.
trait Display {
    /// Called every [`FRAME`].
    fn show(&mut self, watched: &Watched);
}

async fn watch(watched: &Watched, mut display: impl Display, end: impl Future<Output = ()>) {
    let mut frames = interval(FRAME);
    frames.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut end = std::pin::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => break,
            _ = frames.tick() => display.show(watched),
        }
    }
    display.show(watched);
}

/// The sockets of all services; nothing answers yet.
struct Bound {
    unreliable: Listening,
    instances: Vec<Listening>,
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
    Ok(Bound {
        unreliable,
        instances: instances.collect::<Result<_, _>>()?,
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
    lines.push(String::new());
    lines
}

/// The tasks of the running system, in the order in which they are stopped.
struct System {
    load: Part,
    instances: Part,
    unreliable: Part,
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
    fn start(settings: Together, bound: Bound) -> (Self, Watched) {
        // One clock for all: only so can it be said who was in which state at one moment.
        let clock = SystemClock::new();
        let (mut unreliable, shutdown) = Part::new();
        let service = Unreliable::new(settings.unreliable.plan, clock);
        let running = service.running();
        let own_downstream = BaseUrl::of(bound.unreliable.address);
        let configured = BaseUrl::of(settings.unreliable.listen.0);
        let serving = settings.serving;
        let serve = service.serve(bound.unreliable, serving.clone(), shutdown);
        unreliable.tasks.spawn(serve);

        let (mut instances, shutdown) = Part::new();
        let names: Vec<String> = settings.instance.keys().cloned().collect();
        let fleet = Arc::new(Fleet::new(names.len(), clock.now()));
        let mut breakers = Vec::new();
        let mut targets = Vec::new();
        let parts = settings.instance.into_iter().zip(bound.instances);
        for (place, ((name, one), listening)) in parts.enumerate() {
            let follows = one.downstream == configured;
            let downstream = if follows {
                own_downstream.clone()
            } else {
                one.downstream
            };
            let timeout = one.call_timeout.0;
            let instance = Instance::new(&name, one.config, &downstream, timeout, clock);
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
        let record = Arc::new(Record::new(targets.len()));
        let rate = settings.load.rate;
        let generator = Generator::new(&targets, settings.load, settings.seed, Arc::clone(&record));
        load.tasks.spawn(generator.run(shutdown));

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
            unreliable,
        };
        (system, watched)
    }

    /// Stops the load, then the instances, then what they depend on.
    async fn stop(self) -> Result<(), Failure> {
        self.load.stop().await?;
        self.instances.stop().await?;
        self.unreliable.stop().await
    }
}
