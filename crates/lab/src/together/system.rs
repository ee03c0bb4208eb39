//! All parts in one process, started together and stopped in order.

use std::sync::Arc;
use std::time::Duration;

use experiment::fleet::{Recorder, UNHEALTHY_AT};
use experiment::load::{LoadResult, Phases};
use fusebox::{Breaker, Clock, SystemClock};
use telemetry::Telemetry;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::Watched;
use super::event_writer::Tap;
use super::fleet::Fleet;
use super::fleet_source::FleetTold;
use super::page_source::PageSource;
use super::sockets::Bound;
use crate::coordination::{self, Coordinator, Engines, FleetReader, Instances, Place};
use crate::discovery::{Discovery, Places};
use crate::failure::Failure;
use crate::instance::{DOWNSTREAM, Instance, Permitted};
use crate::instance_set::{InstanceSet, Turn};
use crate::load::{Generator, LOAD_SERVICE, LoadControl, Record};
use crate::operation::{Fixed, Operation};
use crate::page::{Feed, Page};
use crate::serve::Listening;
use crate::settings::{self, BaseUrl, Coordinating, Named, Serving, Together};
use crate::shutdown::{Shutdown, Stop};
use crate::unreliable::Unreliable;

/// The tasks of the running system, in the order in which they are stopped.
pub(crate) struct System {
    load: LoadPart,
    instances: Arc<InstanceSet>,
    coordinator: Arc<Coordinator>,
    /// The unreliable service, and the page that shows where the services are.
    rest: Part,
}

/// How a run goes, beside what its settings say.
pub(crate) struct Course {
    /// The parts of the run that the load tells apart.
    pub(crate) phases: Phases,
    /// Until when requests are planned, if they have an end.
    pub(crate) until: Option<Duration>,
    /// From which probability of failure on the downstream counts as unhealthy.
    pub(crate) unhealthy_at: f64,
    /// When it is over, as people are told.
    pub(crate) ends: Option<Duration>,
    /// Which run it is of how many.
    pub(crate) run: [u32; 2],
    /// Where events are told, if anybody wants each of them.
    pub(crate) events: Option<Tap>,
}

impl Course {
    /// On and on, until somebody ends it, at this time if they have said so.
    pub(crate) fn endless(ends: Option<Duration>) -> Self {
        Self {
            phases: Phases::default(),
            until: None,
            unhealthy_at: UNHEALTHY_AT,
            ends,
            run: [1, 1],
            events: None,
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

    /// Follows a run, for what operators do in it, and shows it on its page, if there is one.
    fn show(
        &mut self,
        source: PageSource,
        (discovery, operation): (Discovery, Operation),
        (listening, serving): (Option<Listening>, Serving),
        shutdown: &Shutdown,
    ) -> Arc<Feed> {
        let feed = Arc::new(Feed::of(source));
        let followed = Arc::clone(&feed).follow(shutdown.clone());
        self.tasks.spawn(followed);
        if let Some(listening) = listening {
            let page = Page::new(discovery, Arc::clone(&feed), operation);
            let served = page.serve(listening, serving, shutdown.clone());
            self.tasks.spawn(served);
        }
        feed
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
        (bound, engines): (Bound, Option<Engines>),
        telemetry: &Telemetry,
        course: Course,
    ) -> (Self, Watched) {
        // One clock for all: only so can it be said who was in which state at one moment.
        let clock = SystemClock::new();
        let record = recorded(&settings, &course);
        let load = LoadControl::new(&settings.load, settings.seed);
        let (mut rest, shutdown) = Part::new();
        let places = Places::of(&settings.instance, &bound.instances, &bound.unreliable);
        let discovery = Discovery::new(places, Arc::clone(&record), telemetry);
        let control = BaseUrl::of(bound.control.address);
        let downstream = Downstream::of(&settings, &bound);
        let overload = settings.unreliable.plan.overload().is_some();
        let fixed = Fixed::of(&settings, course.unhealthy_at);
        let nodes = coordination::places(&settings.instance);
        let (waits, plan) = (fixed.waits.clone(), settings.unreliable.plan);
        let service = Unreliable::for_callers(waits, plan, clock, telemetry);
        let service = service.controlled_on(bound.control);
        let running = service.running();
        let serve = service.serve(bound.unreliable, settings.serving.clone(), shutdown.clone());
        rest.tasks.spawn(serve);

        let made = downstream.instances(settings.instance, bound.instances, clock, telemetry);
        let told = Arc::new(FleetTold::new(clock));
        let coordinator = coordinated(&made, settings.coordinating, (engines, nodes), &told);
        let fleet = followed(&made, clock, course.unhealthy_at, overload);
        let handles = Handles::of(&made, &fleet, course.events.as_ref());
        let crew = started(made, &settings.serving, &fleet, clock);
        let operation = Operation {
            crew: Arc::clone(&crew),
            load: load.clone(),
            running: Arc::clone(&running),
            coordinator: Arc::clone(&coordinator),
            fixed,
        };
        let mut watched = Watched {
            feed: None,
            seed: settings.seed,
            rate: settings.load.rate,
            until: course.ends,
            run: course.run,
            clock,
            names: record.names().to_vec(),
            breakers: handles.breakers,
            permitted: handles.permitted,
            readers: handles.readers,
            told,
            coordinator: Arc::clone(&coordinator),
            running,
            record: Arc::clone(&record),
            fleet,
        };
        let source = PageSource::of(&watched, &control, &operation);
        let page = (bound.page.ok(), settings.serving);
        let feed = rest.show(source, (discovery, operation), page, &shutdown);
        watched.feed = Some(feed);
        let generator = Generator::led_by(load, &targets(&crew), course.phases, record);
        let generator = generator.traced_by(telemetry.tracer(LOAD_SERVICE, LOAD_SERVICE));
        let system = Self {
            load: LoadPart::start(generator, course.until),
            instances: crew,
            coordinator,
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
        self.coordinator.end();
        self.instances.end().await?;
        self.rest.stop().await?;
        load.check().map_err(Failure::runtime)?;
        Ok((load, seen))
    }
}

/// What the clients of all instances see, told to whoever wants each call.
fn recorded(settings: &Together, course: &Course) -> Arc<Record> {
    let names = settings.instance.keys().cloned().collect();
    let record = Arc::new(Record::new(names, &course.phases));
    if let Some(tap) = &course.events {
        record.tell(tap.calls());
    }
    record
}

/// An instance that does not run yet, with its name and its socket.
type Made = (String, Instance, Listening);

/// Lets these instances decide as was settled, over engines that were started at the beginning of the run; `told` hears
/// what happens to them in their fleets.
fn coordinated(
    made: &[Made],
    settings: Coordinating,
    (engines, places): (Option<Engines>, Vec<Place>),
    told: &Arc<FleetTold>,
) -> Arc<Coordinator> {
    let seats = made.iter().enumerate().map(|(place, (_, instance, _))| {
        instance.seat().tell(Arc::new(told.listener(place)));
        Arc::clone(instance.seat())
    });
    let instances = Instances {
        breaker: DOWNSTREAM,
        clock: told.clock(),
        seats: seats.collect(),
        places,
    };
    Arc::new(Coordinator::begin(
        instances,
        settings,
        (engines, Instant::now()),
    ))
}

/// The fleet of these instances, from now on.
fn followed(made: &[Made], clock: SystemClock, unhealthy_at: f64, overload: bool) -> Arc<Fleet> {
    let states = made.iter();
    let states = states.map(|(name, one, _)| (name.clone(), one.breaker().state()));
    let mut recorder = Recorder::new(states, unhealthy_at);
    if overload {
        recorder = recorder.with_truth_that_follows_load();
    }
    Arc::new(Fleet::new(recorder, clock.now()))
}

/// Where the unreliable service is, as was said and as it came out.
struct Downstream {
    configured: BaseUrl,
    bound: BaseUrl,
}

impl Downstream {
    fn of(settings: &Together, bound: &Bound) -> Self {
        Self {
            configured: BaseUrl::of(settings.unreliable.listen.0),
            bound: BaseUrl::of(bound.unreliable.address),
        }
    }

    /// The instances, which call it.
    fn instances(
        &self,
        settings: impl IntoIterator<Item = (String, settings::Instance)>,
        bound: Vec<Listening>,
        clock: SystemClock,
        telemetry: &Telemetry,
    ) -> Vec<Made> {
        let parts = settings.into_iter().zip(bound);
        let made = parts.map(|((name, mut one), listening)| {
            self.settle(&mut one.downstream);
            let instance = Instance::new(&name, one, clock, telemetry);
            (name, instance, listening)
        });
        made.collect()
    }

    /// Port 0 is another one once it is bound.
    fn settle(&self, url: &mut BaseUrl) {
        if *url == self.configured {
            url.clone_from(&self.bound);
        }
    }
}

/// What is watched of all instances, in their order.
struct Handles {
    breakers: Vec<Breaker>,
    permitted: Vec<Permitted>,
    readers: Vec<FleetReader>,
}

impl Handles {
    /// Lets the breakers tell `fleet`, and whoever wants events, what they do.
    fn of(instances: &[Made], fleet: &Arc<Fleet>, events: Option<&Tap>) -> Self {
        let all = || instances.iter().map(|(_, instance, _)| instance);
        for (place, instance) in all().enumerate() {
            instance.breaker().add_listener(fleet.listener(place));
            if let Some(tap) = events {
                instance.breaker().add_listener(tap.transitions(place));
            }
        }
        Self {
            breakers: all().map(|one| one.breaker().clone()).collect(),
            permitted: all().map(Instance::permitted).collect(),
            readers: all().map(|one| one.seat().reader().clone()).collect(),
        }
    }
}

/// The instances, which answer from now on; the recorder hears of those that are stopped.
fn started(
    made: Vec<Made>,
    serving: &Serving,
    fleet: &Arc<Fleet>,
    clock: SystemClock,
) -> Arc<InstanceSet> {
    let fleet = Arc::clone(fleet);
    let crew = InstanceSet::start(made, serving, move |place, turn| {
        let at = fleet.elapsed(clock.now());
        fleet.recorder(|it| match turn {
            Turn::Stops => it.stopped(place, at),
            Turn::Starts => it.started(place, at),
        });
    });
    Arc::new(crew)
}

/// Where the instances answer.
fn targets(crew: &InstanceSet) -> Vec<Named<BaseUrl>> {
    let addresses = crew.addresses();
    let targets = addresses.map(|(name, address)| Named {
        name: name.to_owned(),
        value: BaseUrl::of(address),
    });
    targets.collect()
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
