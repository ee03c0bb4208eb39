//! One run: a loop over events in the order of (time, number), and what each of them does.

use std::time::Duration;

use experiment::outcome::Outcome;
use experiment::overload::Start;
use experiment::result::Repetition;
use experiment::scenario::Scenario;
use fusebox::Permit;

use crate::agenda::Agenda;
use crate::books::Books;
use crate::clients::{Clients, NOBODY, Next, Request, Way, nanos};
use crate::clock::VirtualClock;
use crate::digest::{Digest, Mark};
use crate::instances::{Instances, breakers};
use crate::options::{Cancel, Options};
use crate::service::{Reply, Service, Work as Waits};

/// How often the truth is looked at.
const LOOK: u64 = 10_000_000;
/// How long a client of a closed loop is about its next request.
const TURN: u64 = 200_000;
/// How long a client waits that found nobody.
const REFUSED_TIME: u64 = 10_000_000;
/// Events between two looks at whether the run is cancelled.
const BATCH: u32 = 4096;

/// A run and what it took.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Performed {
    /// The run.
    pub repetition: Repetition,
    /// The digest of its events.
    pub digest: Digest,
    /// What the simulator did for it.
    pub work: Work,
}

/// What a run consisted of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// Events of the loop.
    pub events: u64,
    /// Attempts of clients: calls that breakers were asked for.
    pub calls: u64,
    /// Calls that breakers permitted.
    pub permitted: u64,
    /// Calls that breakers rejected.
    pub rejected: u64,
}

/// Carries a scenario out under virtual time with this seed, which also stands for that of its faults.
///
/// The run is the same on any machine. Its digest and its cost come with [`perform`].
pub fn run(scenario: &Scenario, seed: u64, options: &Options) -> Repetition {
    perform(scenario, seed, options).repetition
}

/// The same, with the digest of all events and what the run took.
pub fn perform(scenario: &Scenario, seed: u64, options: &Options) -> Performed {
    let scenario = scenario.clone().with_seed(seed);
    let clock = VirtualClock::default();
    let (breakers, noted) = breakers(&scenario, seed, &clock);
    let phases = scenario.phases().expect("a scenario has been checked");
    let names = &scenario.fleet.instances;
    let targets: Vec<&str> = names.iter().map(String::as_str).collect();
    let until = scenario.duration.0;
    let instances = Instances::new(&scenario, seed, &breakers, noted);
    let mut performance = Performance {
        books: Books::new(names, &instances.first_states(), &phases),
        clients: Clients::new(seed, &scenario.load, &targets, phases, until),
        service: Service::new(
            &scenario.faults,
            names,
            &scenario.load.path,
            scenario.load.keys,
        ),
        instances,
        clock,
        agenda: Agenda::default(),
        attempts: Vec::new(),
        free: Vec::new(),
        digest: Digest::new(),
        work: Work::default(),
        now: 0,
        until: nanos(until),
        unhealthy_at: scenario.unhealthy_at,
    };
    let cut_short = performance.play(&options.cancel);
    performance.finish(&scenario, seed, cut_short)
}

/// What an event is about; its place is in the lower bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A call ends.
    End,
    /// Work of a call is done.
    Work,
    /// Nobody waits for a call any longer.
    Deadline,
    /// A request is tried again.
    Retry,
    /// A client of a closed loop is free.
    Client,
    /// An instance makes the change that is due.
    Tick,
    /// The truth is looked at.
    Look,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::End,
        Self::Work,
        Self::Deadline,
        Self::Retry,
        Self::Client,
        Self::Tick,
        Self::Look,
    ];
    const SHIFT: u32 = 28;

    fn at(self, place: u32) -> u32 {
        (self as u32) << Self::SHIFT | place
    }

    fn of(what: u32) -> (Self, u32) {
        let kind = Self::ALL[(what >> Self::SHIFT) as usize];
        (kind, what & ((1 << Self::SHIFT) - 1))
    }
}

/// One attempt, or the request that waits for its next one.
struct Attempt<'a> {
    request: Request,
    permit: Option<Permit<'a>>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Free,
    /// It ends at that instant with that reply.
    Ends {
        at: u64,
        reply: Reply,
    },
    /// It waits for work, until a deadline; after it the answer takes so long.
    Works {
        until: u64,
        client: bool,
        after: u64,
        reply: Reply,
    },
    /// It waits for its next attempt.
    Waits {
        last: Outcome,
    },
}

struct Performance<'a> {
    clock: VirtualClock,
    agenda: Agenda,
    clients: Clients,
    instances: Instances<'a>,
    service: Service,
    books: Books,
    attempts: Vec<Attempt<'a>>,
    free: Vec<u32>,
    digest: Digest,
    work: Work,
    now: u64,
    until: u64,
    unhealthy_at: f64,
}

impl<'a> Performance<'a> {
    /// Plays all events. Says whether it was cancelled.
    fn play(&mut self, cancel: &Cancel) -> bool {
        self.agenda.add(0, Kind::Look.at(0));
        for client in 0..self.clients.connections.unwrap_or(0) {
            self.agenda.add(0, Kind::Client.at(client));
        }
        loop {
            for _ in 0..BATCH {
                if !self.step() {
                    return false;
                }
            }
            if cancel.is_cancelled() {
                return true;
            }
        }
    }

    /// Plays the next event; there may be none.
    fn step(&mut self) -> bool {
        let (arrival, event) = (self.clients.next_at(), self.agenda.next_at());
        if arrival == u64::MAX && event == u64::MAX {
            return false;
        }
        self.work.events += 1;
        if arrival <= event {
            self.turn_to(arrival);
            if let Some(request) = self.clients.arrival() {
                self.begin(request);
            }
            return true;
        }
        if let Some((at, what)) = self.agenda.next() {
            self.turn_to(at);
            let (kind, place) = Kind::of(what);
            self.happen(kind, place);
        }
        true
    }

    fn turn_to(&mut self, now: u64) {
        self.now = now;
        self.clock.set(now);
    }

    fn time(&self) -> Duration {
        Duration::from_nanos(self.now)
    }

    fn happen(&mut self, kind: Kind, place: u32) {
        match kind {
            Kind::End => self.call_ends(place),
            Kind::Work => self.work_ends(place),
            Kind::Deadline => self.give_up(place),
            Kind::Retry => self.retry(place),
            Kind::Client => {
                if let Some(request) = self.clients.of_client(place, self.now) {
                    self.begin(request);
                }
            }
            Kind::Tick => {
                self.instances.breaker(place).poll_transitions();
                self.note_changes();
            }
            Kind::Look => self.look(),
        }
    }

    /// A request is planned now.
    fn begin(&mut self, request: Request) {
        self.digest.note(self.now, Mark::Planned, request.target, 0);
        self.books.plan(&request);
        self.submit(request, None);
    }

    /// Sends a request as soon as there is a connection; without a place to wait for one it ends, as `last`
    /// says or shed.
    fn submit(&mut self, request: Request, last: Option<Outcome>) {
        match self.clients.enter(&request) {
            Way::Free => self.drive(request),
            Way::Waits => {}
            Way::Full => self.end(&request, last.unwrap_or(Outcome::Shed)),
        }
    }

    /// Makes attempts on one connection until one is under way or nobody wants it.
    fn drive(&mut self, mut request: Request) {
        while let Some(outcome) = self.attempt(&mut request) {
            match self.after(request, outcome) {
                Some(next) => request = next,
                None => return,
            }
        }
    }

    /// Makes an attempt; its outcome, if it ended at once.
    fn attempt(&mut self, request: &mut Request) -> Option<Outcome> {
        request.attempts += 1;
        request.sent = self.now;
        self.work.calls += 1;
        let instance = request.target;
        let asked = self.instances.breaker(instance).try_acquire();
        let permit = match asked {
            Ok(permit) => permit,
            Err(_) => {
                self.instances.all[instance as usize].rejected += 1;
                self.work.rejected += 1;
                self.digest.note(self.now, Mark::Rejected, instance, 0);
                self.note_changes();
                return Some(Outcome::FastFail);
            }
        };
        self.instances.all[instance as usize].permitted += 1;
        self.work.permitted += 1;
        self.digest.note(self.now, Mark::Permitted, instance, 0);
        self.note_changes();
        let place = self.place();
        let meeting = self.service.meet(self.time(), instance, request.key, place);
        let client_until = self.now.saturating_add(self.clients.timeout);
        let call_until = self
            .now
            .saturating_add(nanos(self.instances.call_timeout(instance)));
        let after = nanos(meeting.after);
        let until = call_until.min(client_until);
        let client = client_until < call_until;
        let slot = &mut self.attempts[place as usize];
        slot.request = *request;
        slot.permit = Some(permit);
        match meeting.work {
            Waits::None => self.answer_comes(place, after, meeting.reply, until, client),
            Waits::Started { until: done } => {
                slot.stage = Stage::Works {
                    until,
                    client,
                    after,
                    reply: meeting.reply,
                };
                self.agenda.add(nanos(done), Kind::Work.at(place));
                self.agenda.add(until, Kind::Deadline.at(place));
                None
            }
            Waits::Queued => {
                slot.stage = Stage::Works {
                    until,
                    client,
                    after,
                    reply: meeting.reply,
                };
                self.agenda.add(until, Kind::Deadline.at(place));
                None
            }
        }
    }

    /// The answer comes after a while, or too late. Its outcome for the client, if it is there at once.
    fn answer_comes(
        &mut self,
        place: u32,
        after: u64,
        reply: Reply,
        until: u64,
        client: bool,
    ) -> Option<Outcome> {
        let answered = self.now.saturating_add(after);
        let (at, reply) = if answered <= until {
            (answered, reply)
        } else if client {
            (until, Reply::Abandoned)
        } else {
            (until, Reply::TimedOut)
        };
        if at == self.now {
            return Some(self.reply(place, reply).1);
        }
        self.attempts[place as usize].stage = Stage::Ends { at, reply };
        self.agenda.add(at, Kind::End.at(place));
        None
    }

    /// The instance has a reply, which it tells its breaker. Frees the place.
    fn reply(&mut self, place: u32, reply: Reply) -> (Request, Outcome) {
        let slot = &mut self.attempts[place as usize];
        slot.stage = Stage::Free;
        let request = slot.request;
        if let Some(permit) = slot.permit.take() {
            if reply == Reply::Abandoned {
                drop(permit);
            } else if reply.is_success() {
                permit.success();
            } else if let Some(wait) = reply.retry_after() {
                permit.retry_after(wait).failure();
            } else {
                permit.failure();
            }
        }
        self.free.push(place);
        self.note_changes();
        (request, reply.client_outcome())
    }

    fn call_ends(&mut self, place: u32) {
        let Stage::Ends { at, reply } = self.attempts[place as usize].stage else {
            return;
        };
        if at == self.now {
            self.ended(place, reply);
        }
    }

    fn ended(&mut self, place: u32, reply: Reply) {
        let (request, outcome) = self.reply(place, reply);
        if let Some(next) = self.after(request, outcome) {
            self.drive(next);
        }
    }

    fn work_ends(&mut self, place: u32) {
        let next = self.service.work_done(self.time(), place);
        self.start(next);
        let Stage::Works {
            until,
            client,
            after,
            reply,
        } = self.attempts[place as usize].stage
        else {
            return;
        };
        if let Some(outcome) = self.answer_comes(place, after, reply, until, client) {
            let request = self.attempts[place as usize].request;
            if let Some(next) = self.after(request, outcome) {
                self.drive(next);
            }
        }
    }

    fn start(&mut self, next: Option<Start>) {
        if let Some(Start { id, until }) = next {
            let id = u32::try_from(id).expect("a place");
            self.agenda.add(nanos(until), Kind::Work.at(id));
        }
    }

    fn give_up(&mut self, place: u32) {
        let Stage::Works { until, client, .. } = self.attempts[place as usize].stage else {
            return;
        };
        if until != self.now {
            return;
        }
        let next = self.service.abandon(self.time(), place);
        self.start(next);
        self.ended(
            place,
            if client {
                Reply::Abandoned
            } else {
                Reply::TimedOut
            },
        );
    }

    /// After an attempt: the request ends or waits, and the connection is free for the next one; or it is
    /// tried again at once.
    fn after(&mut self, request: Request, outcome: Outcome) -> Option<Request> {
        match self.clients.after(&request, outcome) {
            Next::Again { wait: 0 } => return Some(self.clients.at_once(request)),
            Next::Again { wait } if self.clients.waits_again() => {
                let place = self.place();
                let slot = &mut self.attempts[place as usize];
                slot.request = request;
                slot.stage = Stage::Waits { last: outcome };
                self.agenda.add(self.now + wait, Kind::Retry.at(place));
            }
            _ => self.end(&request, outcome),
        }
        self.clients.leave(&request)
    }

    fn retry(&mut self, place: u32) {
        let slot = &mut self.attempts[place as usize];
        let Stage::Waits { last } = slot.stage else {
            return;
        };
        slot.stage = Stage::Free;
        let request = slot.request;
        self.free.push(place);
        self.clients.waited();
        self.submit(request, Some(last));
    }

    /// A request has ended for good.
    fn end(&mut self, request: &Request, outcome: Outcome) {
        self.digest
            .note(self.now, Mark::Ended, request.target, outcome as u8);
        self.books.end(request, outcome, self.now);
        self.clients.ended(request);
        if request.client != NOBODY {
            let refused = matches!(outcome, Outcome::ConnectRefused | Outcome::OwnShortage);
            let wait = if refused { REFUSED_TIME } else { TURN };
            self.agenda
                .add(self.now + wait, Kind::Client.at(request.client));
        }
    }

    fn note_changes(&mut self) {
        let Some(changes) = self.instances.changes() else {
            return;
        };
        for (instance, transition) in changes {
            self.digest
                .note(self.now, Mark::Changed, instance, transition.to as u8);
            self.books.change(instance, &transition);
            if let Some(tick) = self.instances.next_tick(instance) {
                self.agenda.add(tick, Kind::Tick.at(instance));
            }
        }
    }

    fn look(&mut self) {
        let now = self.time();
        let truths = self.service.truths(now);
        let phase = self.service.phase(now);
        self.books.truths(
            now.as_secs_f64(),
            phase,
            &truths,
            &self.instances.all,
            self.unhealthy_at,
        );
        if self.now >= self.until {
            self.books.close();
        } else {
            self.agenda
                .add((self.now + LOOK).min(self.until), Kind::Look.at(0));
        }
    }

    /// A free place.
    fn place(&mut self) -> u32 {
        if let Some(place) = self.free.pop() {
            return place;
        }
        let place = u32::try_from(self.attempts.len()).expect("memory ends first");
        self.attempts.push(Attempt {
            request: Request {
                planned: 0,
                sent: 0,
                luck: 0,
                key: 0,
                target: 0,
                part: 0,
                attempts: 0,
                client: NOBODY,
            },
            permit: None,
            stage: Stage::Free,
        });
        place
    }

    fn finish(self, scenario: &Scenario, seed: u64, cut_short: bool) -> Performed {
        let Self {
            books,
            clients,
            instances,
            digest,
            work,
            now,
            until,
            ..
        } = self;
        let planned_s = Duration::from_nanos(until.min(now)).as_secs_f64();
        let now_s = Duration::from_nanos(now).as_secs_f64();
        let times = (planned_s, now_s);
        let (load, fleet) = books.finish(scenario, seed, clients.phases(), times, &instances.all);
        let mut repetition = Repetition {
            seed,
            cut_short,
            invalid: None,
            verdicts: Vec::new(),
            load,
            fleet,
        };
        let expectations = scenario.expectations.iter();
        repetition.verdicts = expectations.map(|it| it.judge(&repetition)).collect();
        Performed {
            repetition,
            digest,
            work,
        }
    }
}
