//! One run: a loop over events in the order of (time, number).
//!
//! | part | what it does |
//! |---|---|
//! | `requests` | a request gets a connection, is tried again, and ends |
//! | `attempts` | an instance asks its breaker, calls the downstream and gets a reply |
//! | `read_ahead` | the memory that the next requests and ends will need is prefetched |
//! | `call_events` | each call that has ended is reported |
//! | `watching` | the truth, transitions, ticks and interruptions |
//! | `coordinating` | members hear of calls and messages, and lead their breakers |
//! | `ending` | when a run ends, and what becomes of requests that are under way then |

mod attempts;
mod call_events;
mod coordinating;
mod ending;
mod read_ahead;
mod requests;
mod watching;

use std::collections::BTreeMap;
use std::time::Duration;

use experiment::downstream::{CallerId, Downstream, LedgerDetail};
use experiment::events::Events;
use experiment::fleet::{Counted, Recorder, TrafficCounter};
use experiment::load::{self, Clients, Detail, Tally};
use experiment::outcome::{ClientOutcome, Outcomes};
use experiment::result::{Performer, Repetition};
use experiment::scenario::Scenario;

use crate::agenda::Agenda;
use crate::arrivals::Arrivals;
use crate::calls::{Calls, End};
use crate::clock::VirtualClock;
use crate::digest::Digest;
use crate::fleet::Fleet;
use crate::instances::{Instances, members};
use crate::lanes::Lanes;
use crate::looks::Looks;
use crate::nanos;
use crate::options::{Cancel, Options};
use crate::throttles::Throttles;
use crate::works::Works;
use ending::Ending;

/// Events between two looks at whether the run is cancelled.
const BATCH: u32 = 4096;

/// This many instances are in the cache anyway.
const FITS_IN_CACHE: usize = 200;

/// A run and what it took.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Performed {
    /// The run, without a counterfactual.
    pub repetition: Repetition,
    /// The digest of its events.
    pub digest: Digest,
    /// What the simulator did for it.
    pub effort: Effort,
}

/// What a run consisted of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Effort {
    /// Events of the loop.
    pub events: u64,
    /// Calls: attempts that reached an instance, permitted and rejected.
    pub calls: u64,
    /// Calls that breakers permitted.
    pub permitted: u64,
    /// Calls that breakers rejected.
    pub rejected: u64,
    /// Truths that were asked for: how likely calls of one instance, or of some that share it, fail at an instant.
    pub truths: u64,
}

/// What an event is about; the place of what it concerns is in the lower bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A call ends.
    End,
    /// The downstream has done a piece of work.
    Work,
    /// A caller stops waiting for work, or for an instance that stands still.
    Limit,
    /// A request has its next attempt.
    Again,
    /// A client of a closed loop is free.
    Client,
    /// An instance asks its breaker to make the change that is due.
    Tick,
    /// An instance is interrupted or works again.
    Turn,
    /// A truth may have changed: everybody's at the place 0, that of a group at its place plus one.
    Look,
    /// No more requests are planned.
    Close,
    /// A member's timer is over.
    Wake,
    /// A message of coordination comes.
    Message,
    /// Something happens to the engine.
    Engine,
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::End,
        Self::Work,
        Self::Limit,
        Self::Again,
        Self::Client,
        Self::Tick,
        Self::Turn,
        Self::Look,
        Self::Close,
        Self::Wake,
        Self::Message,
        Self::Engine,
    ];
    const SHIFT: u32 = 28;
    const PLACES: u32 = (1 << Self::SHIFT) - 1;

    fn at(self, place: u32) -> u32 {
        debug_assert!(place <= Self::PLACES);
        (self as u32) << Self::SHIFT | place
    }

    fn of(what: u32) -> (Self, u32) {
        (
            Self::ALL[(what >> Self::SHIFT) as usize],
            what & Self::PLACES,
        )
    }
}

/// A run under way.
struct Performance<'a> {
    now: u64,
    /// The same instant.
    time: Duration,
    /// When the planning ends.
    until: u64,
    /// When answers are waited for no longer.
    drained: u64,
    clock: VirtualClock,
    agenda: Agenda,
    arrivals: Arrivals,
    lanes: Lanes,
    clients: Clients,
    client_timeout: u64,
    /// Clients of a closed loop.
    closed_loop: u32,
    /// Requests that were planned and have not ended.
    under_way: u64,
    instances: Instances<'a>,
    throttles: Throttles,
    downstream: Downstream,
    can_refuse: bool,
    callers: Vec<CallerId>,
    path: String,
    keys: Vec<String>,
    works: Works,
    calls: Calls<'a>,
    tally: Tally,
    recorder: Recorder,
    looks: Looks,
    digest: Digest,
    effort: Effort,
    events: Option<&'a mut dyn Events>,
    traffic: TrafficCounter,
    /// What instances tell each other, where they do.
    fleet: Option<Box<Fleet>>,
}

/// Carries a scenario out under virtual time with its seed; see [`perform`](crate::perform).
pub(crate) fn perform_by(
    scenario: &Scenario,
    options: &Options,
    events: Option<&mut dyn Events>,
) -> Performed {
    let clock = VirtualClock::default();
    let (members, noted) = members(scenario, &clock);
    let instances = Instances::new(scenario, &members, noted);
    let mut performance = Performance::new(scenario, clock, instances);
    performance.fleet = Fleet::of(scenario, &members);
    if options.without_course {
        performance.fleet = performance.fleet.map(Fleet::without_course);
    }
    performance.events = match events {
        Some(events) => Some(events),
        None => None,
    };
    let ending = performance.play(&options.cancel);
    performance.finish(scenario, ending)
}

impl<'a> Performance<'a> {
    fn new(scenario: &Scenario, clock: VirtualClock, instances: Instances<'a>) -> Self {
        let names = scenario.instances();
        let load = scenario.load();
        let waits = scenario.waits().map(|(name, wait)| (name.to_owned(), wait));
        let waits: BTreeMap<String, Duration> = waits.collect();
        let mut downstream = Downstream::new(scenario.faults().clone(), waits, Duration::ZERO)
            .keeping(LedgerDetail::Totals);
        let callers: Vec<CallerId> = names.iter().map(|name| downstream.caller(name)).collect();
        let (looks, places) = Looks::new(&downstream, &callers, has_overload(scenario));
        let first = names.iter().cloned().zip(instances.states());
        let mut recorder = Recorder::new(first, scenario.unhealthy_at()).sharing(&places);
        if has_overload(scenario) {
            recorder = recorder.with_truth_that_follows_load();
        }
        Self {
            now: 0,
            time: Duration::ZERO,
            until: nanos(scenario.duration()),
            drained: nanos(scenario.duration().saturating_add(load.drain_time())),
            clock,
            agenda: Agenda::default(),
            arrivals: Arrivals::new(scenario),
            lanes: Lanes::new(load, names.len()),
            clients: Clients::new(&load.retries),
            client_timeout: nanos(load.timeout.0),
            closed_loop: load.connections.unwrap_or(0),
            under_way: 0,
            can_refuse: downstream.can_refuse(),
            downstream,
            instances,
            throttles: Throttles::of(scenario),
            callers,
            path: format!("/data{}", load.path.trim_start_matches("call")),
            keys: (0..load.keys).map(|key| key.to_string()).collect(),
            works: Works::default(),
            calls: Calls::default(),
            tally: Tally::new(names.to_vec(), scenario.phases(), Detail::of(names.len())),
            recorder,
            looks,
            digest: Digest::new(),
            effort: Effort::default(),
            events: None,
            traffic: TrafficCounter::default(),
            fleet: None,
        }
    }

    /// Plays all events.
    fn play(&mut self, cancel: &Cancel) -> Ending {
        self.begin();
        self.play_on(cancel)
    }

    fn play_on(&mut self, cancel: &Cancel) -> Ending {
        while !cancel.is_cancelled() {
            for _ in 0..BATCH {
                if let Some(ending) = self.step() {
                    return ending;
                }
            }
        }
        Ending::CutShort
    }

    /// Plays the next event, unless the run has ended.
    fn step(&mut self) -> Option<Ending> {
        let (arrival, event) = (self.arrivals.next_at(), self.agenda.next_at());
        if arrival.min(event) > self.until
            && let Some(ending) = self.ending(event)
        {
            return Some(ending);
        }
        // Of a request and an event at the same instant the event is first: a phase that begins then holds.
        if arrival < event {
            let (request, more) = self.arrivals.next()?;
            if more && self.callers.len() > FITS_IN_CACHE {
                self.fetch_ahead();
            }
            self.turn_to(arrival);
            self.plan(request);
        } else if let Some((at, what)) = self.agenda.next() {
            self.turn_to(at);
            let (kind, place) = Kind::of(what);
            self.happen(kind, place);
        }
        self.note_changes();
        if self.fleet.as_ref().is_some_and(|it| it.has_news()) {
            self.coordinate();
        }
        self.effort.events += 1;
        None
    }

    fn turn_to(&mut self, now: u64) {
        self.now = now;
        self.time = Duration::from_nanos(now);
        self.clock.set(now);
    }

    fn happen(&mut self, kind: Kind, place: u32) {
        match kind {
            Kind::End => self.call_ends(place),
            Kind::Work => self.work_ends(place),
            Kind::Limit => self.give_up(place),
            Kind::Again => self.try_again(place),
            Kind::Client => {
                if let Some(request) = self.arrivals.of_client(place, self.now) {
                    self.plan(request);
                }
            }
            Kind::Tick => self.tick(place),
            Kind::Turn => self.turn(place),
            Kind::Look => self.look(place),
            Kind::Close => self.tally.close(self.time),
            Kind::Wake => self.wake(place),
            Kind::Message => self.message_comes(place),
            Kind::Engine => self.engine_turns(place),
        }
    }

    fn finish(mut self, scenario: &Scenario, ending: Ending) -> Performed {
        let cut_short = ending == Ending::CutShort;
        let forgotten = self.end_all(ending);
        let now = self.time;
        let duration = now.min(Duration::from_nanos(self.until));
        let mut outcomes = Outcomes::default();
        for target in 0..self.callers.len() {
            outcomes += &self.tally.outcomes(target);
        }
        let seed = scenario.seed();
        let received = self.callers.iter();
        let received = received.map(|caller| self.downstream.ledger().received_by(*caller));
        let counted = Counted {
            mixed_seconds: self.tally.whole_mixed_seconds(duration),
            downstream_calls: received.collect(),
            traffic: Some(self.traffic),
        };
        let load = self.tally.into_result(&load::Performed {
            seed,
            digest: self.arrivals.into_digest(),
            profile: scenario.load(),
            phases: scenario.phases(),
            duration,
            cut_short,
            own_shortage: None,
        });
        let books = unaccounted(&outcomes, &self.effort);
        let invalid = forgotten.or(books).or(load.shortfall());
        let fleet = self.recorder.finish(now, counted);
        let mut repetition = Repetition {
            digest: Some(self.digest.to_string()),
            cut_short,
            invalid,
            coordination: self.fleet.map(|fleet| fleet.finish(self.now)),
            ..Repetition::new(Performer::Simulated, seed, load, fleet)
        };
        judge(&mut repetition, scenario);
        Performed {
            repetition,
            digest: self.digest,
            effort: self.effort,
        }
    }
}

/// Judges the expectations by the result of the run.
pub(crate) fn judge(repetition: &mut Repetition, scenario: &Scenario) {
    let expectations = scenario.expectations().iter();
    repetition.verdicts = expectations.map(|it| it.judge(repetition)).collect();
}

/// Whether the health of the downstream follows the load.
pub(crate) fn has_overload(scenario: &Scenario) -> bool {
    scenario.faults().overload().is_some()
}

/// Why the books do not add up, unless they do: a fault of the simulator.
fn unaccounted(outcomes: &Outcomes, effort: &Effort) -> Option<String> {
    if effort.permitted + effort.rejected != effort.calls {
        return Some(format!(
            "{} calls were made, but {} were permitted and {} rejected",
            effort.calls, effort.permitted, effort.rejected
        ));
    }
    outcomes.check().err().map(|lost| lost.to_string())
}

/// What a client sees of how its call ends.
fn outcome_of(end: End) -> ClientOutcome {
    match (end.reply(None), end) {
        (Some(reply), _) => reply.client_outcome(),
        (None, End::Cut) => ClientOutcome::Reset,
        (None, _) => ClientOutcome::Timeout,
    }
}
