//! Clients that retry, in front of the overload model, with or without the library's own breakers between them.

use std::collections::BTreeMap;
use std::time::Duration;

use experiment::breaker_settings::BreakerSettings;
use experiment::chance::Draw;
use experiment::overload::{Arrival, Start, WorkId, WorkQueue};
use fusebox::{Breaker, ManualClock, Permit};

use super::simulation::{Agenda, gap, work_queue};

/// How long a client waits.
const PATIENCE: Duration = Duration::from_millis(250);
/// Until when they call, in seconds.
pub(crate) const END: u64 = 140;
/// Instances, each with a breaker of its own.
const INSTANCES: u64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrive,
    Finish(u64),
    GiveUp(u64),
}

/// What clients do, and what is between them and the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clients {
    pub(crate) rate: f64,
    pub(crate) retries: u32,
    /// Whether the instances have breakers, with the lab's own settings.
    pub(crate) breakers: bool,
}

#[derive(Debug)]
struct Attempt {
    request: Request,
    permit: Option<Permit<'static>>,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    came: Duration,
    instance: usize,
    left: u32,
}

/// Requests by when they came: planned, and answered in time.
#[derive(Clone, Copy, Debug, Default)]
struct Goodput {
    planned: u32,
    good: u32,
    attempts: u32,
}

/// The result of it.
pub(crate) struct Story {
    pub(crate) queue: WorkQueue,
    agenda: Agenda<Event>,
    attempts: BTreeMap<u64, Attempt>,
    next: u64,
    goodput: BTreeMap<u64, Goodput>,
    clock: ManualClock,
    breakers: Vec<Breaker>,
    clients: Clients,
}

impl Story {
    /// Clients as they are from the start, and as they are from some second on.
    pub(crate) fn tell(
        settings: &str,
        first: Clients,
        then: Option<(u64, Clients)>,
        seed: u64,
    ) -> Self {
        let clock = ManualClock::new();
        let config = BreakerSettings::default().settled();
        let breakers = (0..INSTANCES).map(|place| {
            let config = config.config(seed + place).expect("the defaults are sound");
            Breaker::with_clock("downstream", config, clock.clone())
        });
        let mut story = Self {
            queue: work_queue(settings, seed),
            agenda: Agenda::new(),
            attempts: BTreeMap::new(),
            next: 0,
            goodput: BTreeMap::new(),
            breakers: breakers.collect(),
            clock,
            clients: first,
        };
        story.agenda.at(Duration::ZERO, Event::Arrive);
        let mut arrivals = 0;
        while let Some((now, event)) = story.agenda.next() {
            story.clock.set(now);
            if let Some((second, clients)) = then
                && now.as_secs() >= second
            {
                story.clients = clients;
            }
            match event {
                Event::Arrive => {
                    story.of(now).planned += 1;
                    let target = Draw::new(seed).with("target").number(arrivals).bits() % INSTANCES;
                    story.attempt(Request {
                        came: now,
                        instance: usize::try_from(target).expect("it is small"),
                        left: story.clients.retries,
                    });
                    arrivals += 1;
                    let next = now + gap(seed, story.clients.rate, arrivals);
                    if next.as_secs() < END {
                        story.agenda.at(next, Event::Arrive);
                    }
                }
                Event::Finish(id) => {
                    let next = story.queue.finished(WorkId(id));
                    story.start(next);
                    if let Some(attempt) = story.attempts.remove(&id) {
                        story.of(attempt.request.came).good += 1;
                        attempt.permit.map(Permit::success);
                    }
                }
                Event::GiveUp(id) => {
                    if let Some(attempt) = story.attempts.remove(&id) {
                        let next = story.queue.abandon(now, WorkId(id));
                        story.start(next);
                        attempt.permit.map(Permit::failure);
                        story.try_again(attempt.request);
                    }
                }
            }
        }
        story
    }

    fn of(&mut self, came: Duration) -> &mut Goodput {
        self.goodput.entry(came.as_secs()).or_default()
    }

    fn start(&mut self, next: Option<Start>) {
        if let Some(Start { id, until }) = next {
            self.agenda.at(until, Event::Finish(id.0));
        }
    }

    fn attempt(&mut self, request: Request) {
        let now = self.agenda.now();
        self.of(request.came).attempts += 1;
        let asked = self.clients.breakers.then(|| {
            let permit = self.breakers[request.instance].try_acquire();
            permit.map(Permit::into_owned).ok()
        });
        let permit = match asked {
            Some(None) => return self.try_again(request),
            asked => asked.flatten(),
        };
        let id = self.next;
        self.next += 1;
        match self.queue.arrive(now, WorkId(id)) {
            Arrival::Full => {
                permit.map(Permit::failure);
                return self.try_again(request);
            }
            Arrival::Started { until } => self.agenda.at(until, Event::Finish(id)),
            Arrival::Queued => {}
        }
        self.attempts.insert(id, Attempt { request, permit });
        self.agenda.at(now + PATIENCE, Event::GiveUp(id));
    }

    fn try_again(&mut self, request: Request) {
        if request.left > 0 {
            self.attempt(Request {
                left: request.left - 1,
                ..request
            });
        }
    }

    /// The share of the requests of these seconds that were answered in time, and the attempts of each.
    pub(crate) fn share(&self, from: u64, to: u64) -> (f64, f64) {
        let all = self.goodput.range(from..to).map(|(_, goodput)| goodput);
        let sum = all.fold(Goodput::default(), |sum, one| Goodput {
            planned: sum.planned + one.planned,
            good: sum.good + one.good,
            attempts: sum.attempts + one.attempts,
        });
        let planned = f64::from(sum.planned);
        (
            f64::from(sum.good) / planned,
            f64::from(sum.attempts) / planned,
        )
    }

    /// The same of the last 20 seconds: how it ended.
    pub(crate) fn end(&self) -> f64 {
        self.share(END - 20, END).0
    }
}
