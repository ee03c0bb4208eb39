//! The fleet: what instances tell each other, over a simulated network and engine.
//!
//! The members, the ledger and the link between a member and its breaker are those of `fusebox-fleet`, as in a
//! service. This module replaces sockets and timers: it keeps messages under way, timeouts, and a queue at the
//! engine.

mod gossip;
mod host;
#[cfg(test)]
pub(crate) mod knock_out;
mod message;
mod telling;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use experiment::coordination::{CoordinationRecord, CourseRecorder, UsedEngine};
use experiment::scenario::{Mode, Scenario};
use fusebox_fleet::{Action, Event, Evidence, Settings, View};

pub(crate) use experiment::engine::{
    Answer, Engine, EngineTurn, Passage, Process, Request, Served, Way, Wires,
};
use gossip::{Gossip, Word};
pub(crate) use host::Host;
pub(crate) use message::{From, Message};

use crate::instances::Member;
use crate::nanos;

/// Everything about coordination in a run.
pub(crate) struct Fleet {
    pub(crate) hosts: Vec<Host>,
    pub(crate) engine: Engine,
    /// The gossip in place of the engine, if instances gossip.
    gossip: Option<Gossip>,
    pub(crate) turns: Vec<(u64, EngineTurn)>,
    wires: Wires,
    timeout: u64,
    messages: Vec<Option<Message>>,
    free: Vec<u32>,
    /// Messages that will arrive, and when: for the agenda.
    pub(crate) outgoing: Vec<(u64, u32)>,
    /// What breakers have reported to their members.
    pub(crate) heard: VecDeque<(u32, Event)>,
    /// What members are to be told after that.
    pub(crate) pending: VecDeque<(u32, Event)>,
    record: CoordinationRecord,
    /// None where nobody will read it.
    course: Option<CourseRecorder>,
    #[cfg(test)]
    pub(crate) knocked_out: knock_out::KnockedOut,
}

impl Fleet {
    /// The fleet of a scenario, unless its instances tell each other nothing.
    pub(crate) fn of(scenario: &Scenario, members: &[Member]) -> Option<Box<Self>> {
        let mode = scenario.coordination().mode;
        if mode.is_local() {
            return None;
        }
        let settings = scenario.fleet_settings();
        let (seed, names) = (scenario.seed(), scenario.instances());
        let mut steps = vec![Vec::new(); names.len()];
        for (place, step) in scenario.clock_steps() {
            steps[place].push(step);
        }
        let hosts = names.iter().zip(members).zip(steps);
        let hosts = hosts.map(|((name, member), steps)| {
            let mut host = Host::new(name, settings, member.breaker().clone(), (seed, steps));
            // A breaker that an operator has taken over reports nothing.
            if scenario.mode_of(name) == Mode::Auto {
                host.begin(0);
            }
            host
        });
        let hosts: Vec<Host> = hosts.collect();
        let gossips = scenario.coordination().engine.is_gossip();
        let mut fleet = Self {
            gossip: gossips.then(|| Gossip::new(settings, seed, names.len())),
            hosts,
            engine: Engine::new(scenario.engine(), seed),
            turns: Engine::turns(scenario.engine()),
            wires: Wires::new(scenario.network().clone(), seed, names.len()),
            timeout: nanos(settings.engine_timeout()),
            messages: Vec::new(),
            free: Vec::new(),
            outgoing: Vec::new(),
            heard: VecDeque::new(),
            pending: VecDeque::new(),
            record: CoordinationRecord {
                mode,
                engine: if gossips {
                    UsedEngine::Gossip
                } else {
                    UsedEngine::Memory
                },
                rules: settings.fingerprint().to_string(),
                report_every_s: if gossips {
                    0.0
                } else {
                    report_every(settings).as_secs_f64()
                },
                ..CoordinationRecord::default()
            },
            course: Some(CourseRecorder::new(names.len())),
            #[cfg(test)]
            knocked_out: knock_out::KnockedOut::default(),
        };
        for instance in 0..u32::try_from(names.len()).unwrap_or(u32::MAX) {
            if fleet.hosts[instance as usize].is_here() {
                fleet.begin_gossip(0, instance);
            }
            fleet.look(0, instance);
        }
        Some(Box::new(fleet))
    }

    /// Records no course, only figures.
    pub(crate) fn without_course(mut self: Box<Self>) -> Box<Self> {
        self.course = None;
        self
    }

    /// Begins a process, which gossips if instances do.
    pub(crate) fn begin_gossip(&mut self, now: u64, instance: u32) {
        let life = self.hosts[instance as usize].life;
        if let Some(gossip) = &mut self.gossip {
            let first = gossip.begin(now, instance, life);
            self.put(
                first,
                Message::Round {
                    of: (instance, life),
                },
            );
        }
    }

    /// Notes that a process is about to end.
    pub(crate) fn end_gossip(&mut self, now: u64, instance: u32, leaves: bool) {
        if let Some(gossip) = &mut self.gossip {
            gossip.end(now, instance, leaves);
        }
    }

    /// The next event to pass on, and its receiver.
    pub(crate) fn next_told(&mut self) -> Option<(u32, Event)> {
        let next = self.heard.pop_front();
        next.or_else(|| self.pending.pop_front())
    }

    /// Whether there is anything to pass on.
    pub(crate) fn has_news(&self) -> bool {
        !(self.heard.is_empty() && self.pending.is_empty())
    }

    pub(crate) fn host(&mut self, instance: u32) -> &mut Host {
        &mut self.hosts[instance as usize]
    }

    /// Sends what a member wants to send.
    pub(crate) fn carry(&mut self, now: u64, instance: u32, action: Action) {
        let (request, ticket) = match action {
            Action::Report(ticket, report) => (Request::Report(report), Some(ticket)),
            Action::Acquire(ticket, ask) => (Request::Acquire(ask), Some(ticket)),
            Action::Settle(settlement) => (Request::Settle(settlement), None),
            Action::Leave(sender) => (Request::Leave(sender), None),
            _ => return,
        };
        let from = From {
            instance,
            life: self.hosts[instance as usize].life,
            ticket,
        };
        if let Some(gossip) = &mut self.gossip {
            let served = gossip.serve(now, instance, &request);
            self.answered_at_once(now, from, served);
            return;
        }
        self.hosts[instance as usize].counted.sent += 1;
        if let Some(ticket) = ticket {
            let timeout = Message::Timeout { of: from, ticket };
            self.put(now.saturating_add(self.timeout), timeout);
        }
        let passage = self.wires.send(now, instance, Way::Request);
        self.pass(now, passage, Message::Request { from, request });
    }

    /// The answer of an instance's own node, or that it cannot answer yet.
    fn answered_at_once(&mut self, now: u64, from: From, served: gossip::Served) {
        match (served.answer, from.ticket) {
            (Some(answer), _) => self.put(now, Message::Answer { to: from, answer }),
            (None, Some(ticket)) => self.put(now, Message::Timeout { of: from, ticket }),
            (None, None) => {}
        }
        if let Some(view) = served.news {
            self.pending.push_back((from.instance, Event::Pushed(view)));
        }
    }

    /// Sends a message from one gossiping instance to another.
    fn send_word(&mut self, now: u64, (from, to): (u32, u32), word: Word) {
        self.hosts[from as usize].counted.sent += 1;
        let passage = self.wires.send_between(now, from, to);
        let word = Arc::new(word);
        self.pass(now, passage, Message::Gossip { from, to, word });
    }

    fn round(&mut self, now: u64, of: (u32, u64)) -> Option<(u32, Event)> {
        let round = self.gossip.as_mut()?.round(now, of);
        for (to, word) in round.words {
            self.send_word(now, (of.0, to), word);
        }
        if let Some(next) = round.next {
            self.put(next, Message::Round { of });
        }
        self.told(of.0, round.news)
    }

    fn word_comes(
        &mut self,
        now: u64,
        (from, to): (u32, u32),
        word: &Word,
    ) -> Option<(u32, Event)> {
        let (answer, news) = self.gossip.as_mut()?.hear(now, to, word)?;
        self.hosts[to as usize].counted.received += 1;
        if let Some(answer) = answer {
            self.send_word(now, (to, from), answer);
        }
        self.told(to, news)
    }

    /// What an instance's node pushes to it.
    fn told(&mut self, instance: u32, news: Option<View>) -> Option<(u32, Event)> {
        let view = news.filter(|_| self.hosts[instance as usize].is_here())?;
        Some((instance, Event::Pushed(view)))
    }

    /// Delivers a message; returns what an instance is to be told.
    pub(crate) fn comes(&mut self, now: u64, message: Message) -> Option<(u32, Event)> {
        match message {
            Message::Request { from, request } => {
                if let Served::At(at, process) = self.engine.arrives(now) {
                    self.serve_at(now, at, (from, process), request);
                }
                None
            }
            Message::Serve {
                from,
                process,
                request,
            } => {
                self.serve(now, (from, process), request);
                None
            }
            Message::Answer { to, answer } => self.answer(now, to, answer),
            Message::Push { to, view } => {
                let host = self.host(to);
                host.counted.received += 1;
                host.is_here().then_some((to, Event::Pushed(view)))
            }
            Message::Timeout { of, ticket } => {
                let host = self.host(of.instance);
                let waits = host.life == of.life && host.answered(ticket);
                waits.then_some((of.instance, Event::Lost(ticket)))
            }
            Message::Gossip { from, to, word } => self.word_comes(now, (from, to), &word),
            Message::Round { of } => self.round(now, of),
        }
    }

    fn serve_at(&mut self, now: u64, at: u64, (from, process): (From, Process), request: Request) {
        if at > now {
            let serve = Message::Serve {
                from,
                process,
                request,
            };
            self.put(at, serve);
        } else {
            self.serve(now, (from, process), request);
        }
    }

    fn serve(&mut self, now: u64, (from, process): (From, Process), request: Request) {
        #[cfg(test)]
        let request = self.knocked_out.request(request);
        match self.engine.serve(now, process, &request) {
            Served::Lost => {}
            Served::At(at, process) => {
                let serve = Message::Serve {
                    from,
                    process,
                    request,
                };
                self.put(at, serve);
            }
            Served::Done(answer, news) => {
                #[cfg(test)]
                self.knocked_out.answered(&request, &answer);
                let passage = self.wires.send(now, from.instance, Way::Answer);
                let answer = Message::Answer { to: from, answer };
                self.pass(now, passage, answer);
                if let Some(view) = news {
                    self.push(now, view);
                }
            }
        }
    }

    fn push(&mut self, now: u64, view: View) {
        for to in 0..u32::try_from(self.hosts.len()).unwrap_or(u32::MAX) {
            if self.hosts[to as usize].is_here() {
                let passage = self.wires.send(now, to, Way::Push);
                self.pass(now, passage, Message::Push { to, view });
            }
        }
    }

    fn answer(&mut self, now: u64, to: From, answer: Answer) -> Option<(u32, Event)> {
        // An instance's own node is local, so nothing is sent.
        let gossips = self.gossip.is_some();
        let host = self.host(to.instance);
        if host.life != to.life || !host.is_here() {
            return None;
        }
        host.counted.received += u64::from(!gossips);
        host.is_answered(now);
        // A message that arrives twice, or too late, is recognised.
        let ticket = to.ticket.filter(|ticket| host.answered(*ticket));
        let event = match (answer, ticket) {
            (Answer::Reported(answer), Some(ticket)) => Event::Reported { ticket, answer },
            (Answer::Acquired(answer), Some(ticket)) => Event::Acquired { ticket, answer },
            (Answer::Settled(Ok(view)), _) => Event::Pushed(view),
            _ => return None,
        };
        Some((to.instance, event))
    }

    fn pass(&mut self, now: u64, passage: Passage, message: Message) {
        if let Some(again) = passage.again {
            self.put(now.saturating_add(again), message.clone());
        }
        if let Some(after) = passage.after {
            self.put(now.saturating_add(after), message);
        }
    }

    /// Puts a message under way, to arrive at `at`.
    pub(crate) fn put(&mut self, at: u64, message: Message) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.messages.push(None);
            u32::try_from(self.messages.len() - 1).expect("memory ends first")
        });
        self.messages[place as usize] = Some(message);
        self.outgoing.push((at, place));
    }

    /// The message at this place, which is no longer under way.
    pub(crate) fn take(&mut self, place: u32) -> Option<Message> {
        self.free.push(place);
        self.messages[place as usize].take()
    }

    pub(crate) fn finish(self, end: u64) -> CoordinationRecord {
        let gossip = self.gossip.as_ref();
        let mut ledger = gossip.map_or(self.engine.counted(), Gossip::counted);
        ledger.lost_messages = self.wires.lost();
        let hosts = self.hosts.into_iter();
        CoordinationRecord {
            watched_s: Duration::from_nanos(end).as_secs_f64(),
            ledger,
            instances: hosts.map(|host| host.finish(end)).collect(),
            course: self.course.map(CourseRecorder::finish),
            ..self.record
        }
    }
}

/// How often an instance reports when nothing happens; zero if counts are merged, which are sent when there are any.
fn report_every(settings: &Settings) -> Duration {
    match settings.mode().dials().evidence {
        Evidence::Counts => Duration::ZERO,
        _ => settings.heartbeat(),
    }
}

#[cfg(test)]
mod tests;
