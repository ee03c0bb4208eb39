//! What runs when everything runs in one process? All parts, bound before any starts, stopped in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use breaker::{Clock, SystemClock};
use experiment::load::{LoadResult, Phases};
use telemetry::Telemetry;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::Watched;
use super::fleet::{Fleet, Keeping};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::load::{Generator, LOAD_SERVICE, Record};
use crate::page::{Page, Places};
use crate::serve::{Listening, listen};
use crate::settings::{Address, BaseUrl, Named, Together};
use crate::shutdown::{Shutdown, Stop};
use crate::unreliable::Unreliable;

/// The sockets of all services; nothing answers yet.
pub(crate) struct Bound {
    unreliable: Listening,
    /// Where its faults can be changed even while nobody listens for data.
    control: Listening,
    instances: Vec<Listening>,
    /// The lab's page, or why there is none.
    page: Result<Listening, Failure>,
}

pub(crate) fn bind(settings: &Together) -> Result<Bound, Failure> {
    let unreliable = listen(
        settings.unreliable.listen.0,
        "the unreliable service",
        "--listen unreliable=127.0.0.1:PORT",
    )?;
    let control = listen(
        settings.unreliable.control_listen.0,
        "the control of the unreliable service",
        "`control_listen` in [unreliable] of the settings file",
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
        control,
        instances,
        page,
    })
}

/// Like [`bind`], but on any free port where a usual one is taken: an experiment needs no certain ones.
pub(crate) fn bind_anywhere(settings: &Together) -> Result<Bound, Failure> {
    let usual_or_any = |address: Address, who: &str| {
        listen(address.0, who, "").or_else(|_| {
            let any = SocketAddr::new(address.0.ip(), 0);
            listen(any, who, "")
        })
    };
    let instances = settings.instance.iter();
    let instances = instances.map(|(name, one)| usual_or_any(one.listen, name));
    Ok(Bound {
        unreliable: usual_or_any(settings.unreliable.listen, "the unreliable service")?,
        control: usual_or_any(settings.unreliable.control_listen, "its control")?,
        instances: instances.collect::<Result<_, _>>()?,
        page: usual_or_any(settings.lab.listen, "the lab's page"),
    })
}

pub(crate) fn url_table(settings: &Together, bound: &Bound) -> Vec<String> {
    let mut lines = vec![
        format!("breaker-lab, seed {}", settings.seed),
        format!(
            "  unreliable service  http://{}   /data, /faults, /metrics",
            bound.unreliable.address
        ),
        format!(
            "  control of faults   http://{}   /faults, /truth, also while nobody listens for data",
            bound.control.address
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
pub(crate) struct System {
    load: LoadPart,
    instances: Part,
    /// The unreliable service, and the page that shows where the services are.
    rest: Part,
}

/// How a run goes, beside what its settings say.
pub(crate) struct Course {
    /// The parts of the run that the load tells apart.
    pub(crate) phases: Phases,
    /// Until when requests are planned, if they have an end.
    pub(crate) until: Option<Duration>,
    pub(crate) keeping: Keeping,
}

impl Course {
    /// On and on.
    pub(crate) fn endless() -> Self {
        Self {
            phases: Phases::default(),
            until: None,
            keeping: Keeping::Recent,
        }
    }
}

struct LoadPart {
    stop: Stop,
    ended: watch::Receiver<bool>,
    task: JoinHandle<LoadResult>,
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
    pub(crate) fn start(
        settings: Together,
        bound: Bound,
        telemetry: &Telemetry,
        course: Course,
    ) -> (Self, Watched) {
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
        let service = Unreliable::new(settings.unreliable.plan, clock, telemetry)
            .controlled_on(bound.control);
        let running = service.running();
        let own_downstream = BaseUrl::of(bound.unreliable.address);
        let configured = BaseUrl::of(settings.unreliable.listen.0);
        let serving = settings.serving;
        let serve = service.serve(bound.unreliable, serving.clone(), shutdown);
        rest.tasks.spawn(serve);

        let (mut instances, shutdown) = Part::new();
        let fleet = Arc::new(Fleet::new(names.len(), clock.now(), course.keeping));
        let mut breakers = Vec::new();
        let mut permitted = Vec::new();
        let mut targets = Vec::new();
        let parts = settings.instance.into_iter().zip(bound.instances);
        for (place, ((name, mut one), listening)) in parts.enumerate() {
            if one.downstream == configured {
                one.downstream = own_downstream.clone();
            }
            let instance = Instance::new(&name, one, clock, telemetry);
            instance.breaker().add_listener(fleet.listener(place));
            breakers.push(instance.breaker().clone());
            permitted.push(instance.permitted());
            let value = BaseUrl::of(listening.address);
            targets.push(Named { name, value });
            let serve = instance.serve(listening, serving.clone(), shutdown.clone());
            instances.tasks.spawn(async {
                serve.await;
            });
        }

        let rate = settings.load.rate;
        let generator = Generator::new(
            &targets,
            &settings.load,
            settings.seed,
            course.phases,
            Arc::clone(&record),
        )
        .traced_by(telemetry.tracer(LOAD_SERVICE, LOAD_SERVICE));
        let load = LoadPart::start(generator, course.until);

        let watched = Watched {
            seed: settings.seed,
            rate,
            clock,
            names,
            breakers,
            permitted,
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

    /// Returns once the load has sent all that was planned, and has its answers.
    pub(crate) async fn load_ended(&self) {
        let mut ended = self.load.ended.clone();
        // A load that is gone has ended too.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Stops the load, unless it has ended, and the rest after it: the instances, then what they depend
    /// on. `look` is called in between, while all services are still up. Returns what the clients saw.
    pub(crate) async fn stop<T>(
        self,
        look: impl FnOnce() -> T,
    ) -> Result<(LoadResult, T), Failure> {
        self.load.stop.begin();
        let load = self.load.task.await;
        let load = load.map_err(|error| Failure::runtime(error.to_string()))?;
        let seen = look();
        self.instances.stop().await?;
        self.rest.stop().await?;
        load.check().map_err(Failure::runtime)?;
        Ok((load, seen))
    }
}

impl LoadPart {
    fn start(generator: Generator, until: Option<Duration>) -> Self {
        let (stop, shutdown) = Stop::new();
        let (tell, ended) = watch::channel(false);
        let task = tokio::spawn(async move {
            let result = generator.run(shutdown, until).await;
            tell.send_replace(true);
            result
        });
        Self { stop, ended, task }
    }
}
