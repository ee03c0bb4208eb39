//! One instance's part in the fleet for one breaker key: events in, actions out.
//!
//! A [`Member`] is a pure state machine. It is told the time, the outcomes of its calls and the engine's answers, and
//! returns actions: messages to send and changes of the breaker. It waits for nothing, so no call ever waits for the
//! fleet.
//!
//! # Transitions
//! | # | event | condition | effect |
//! |---|---|---|---|
//! | 1 | the opinion changes | | report at once; and with every heartbeat |
//! | 2 | the fleet is open | view fresh, own suspicion, breaker closed | hold |
//! | 3 | the fleet is open | view fresh, no own suspicion | nothing: veto, told once per epoch |
//! | 4 | the opinion becomes suspect | the fleet is open, view fresh | as 2 |
//! | 5 | a call while held, or while the own breaker is open by its own rules | the fleet is open, somebody may probe, nothing asked yet | reject it; soon ask for the lease |
//! | 6 | the lease is granted | still so, same epoch | the next call is a probe: the own breaker's own where it is not held |
//! | 7 | the probe ends | it is the present one | settle; held, or what the own breaker says. At the lease's end: nothing settled |
//! | 8 | the fleet closes | held or probing | close at a random moment within `stagger` |
//! | 9 | the fleet closes | own breaker open by its own rules | it probes within `stagger` by itself |
//! | 10 | the view becomes stale | held, probing or waiting for its turn | an open period of its own, of random length |
//! | 11 | the view is fresh again | | only 2 and 4 hold again; a new life of the ledger ends what the old one held, as 10 does |
//! | 12 | an operator commands the fleet | the breaker is in no state that an operator of this breaker ordered | obeyed, each time it is given; its end ends only what it did |

mod action;
mod adopt;
mod arrivals;
mod event;
mod listen;
mod news;
mod overlay;
mod probe;
mod report;
mod steady_time;
mod wake;

use std::sync::Arc;
use std::time::Duration;

pub use action::{Action, Notice};
pub use event::{BreakerState, CallResult, Event, ProbeId, Ticket};
pub use overlay::{Overlay, Right};

use adopt::Localised;
use arrivals::Arrivals;
use listen::Contact;
use news::News;
use overlay::{Asking, Probes};
use report::Mail;
use steady_time::Steady;

use crate::chance::Chance;
use crate::command::{Command, Order};
use crate::message::Sender;
use crate::mode::{Evidence, Mode};
use crate::opinion::Opinion;
use crate::opinions::Opinions;
use crate::settings::Settings;
use crate::view::{Era, View};

/// The part of one instance in its fleet, for one breaker key.
///
/// The host tells the member what happens with [`handle`](Member::handle), carries out the actions that it returns,
/// and wakes it with [`Event::Tick`] at [`next_wake`](Member::next_wake).
///
/// # Examples
/// ```
/// use fusebox_fleet::{
///     Action, CallResult, Event, Incarnation, InstanceId, Ledger, Member, Mode, Sender, Session, Settings,
/// };
/// use std::{sync::Arc, time::Duration};
///
/// let settings = Arc::new(Settings::builder(Mode::Quorum).suspicion_run(2).build()?);
/// let mut random = fastrand::Rng::with_seed(1);
/// let mut chance = || random.f64();
/// let mut ledger = Ledger::new(Incarnation::new(1));
/// let mut members: Vec<Member> = ["a", "b"]
///     .map(|name| Sender::new(InstanceId::new(name).expect("a name"), Session::new(1)))
///     .map(|sender| Member::new(sender, Arc::clone(&settings)))
///     .into();
///
/// let mut held = 0;
/// for step in 0..20_u64 {
///     let now = Duration::from_millis(100 * step);
///     for member in &mut members {
///         let mut told = vec![Event::Finished(CallResult::Failed)];
///         while let Some(event) = told.pop() {
///             for action in member.handle(now, event, &mut chance) {
///                 match action {
///                     Action::Report(ticket, report) => told.push(Event::Reported {
///                         ticket,
///                         answer: ledger.report(now, &report),
///                     }),
///                     Action::Hold { .. } => held += 1,
///                     _ => {}
///                 }
///             }
///         }
///     }
/// }
/// assert_eq!(held, 2); // both see trouble, so both are held
/// # Ok::<(), fusebox_fleet::SettingsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Member {
    sender: Sender,
    settings: Arc<Settings>,
    time: Steady,
    opinions: Opinions,
    arrivals: Arrivals,
    breaker: BreakerState,
    /// The own breaker's suspicion is from before the fleet closed.
    withdrawn: bool,
    /// The epoch in which the own breaker closed by its own rules, or an operator closed it.
    cleared: Option<Era>,
    news: News,
    contact: Contact,
    overlay: Overlay,
    probes: Probes,
    mail: Mail,
    command: Command,
    /// The newest epoch that was followed.
    followed: Option<Era>,
    vetoed: Option<Era>,
    localised: Localised,
    gone: bool,
}

impl Member {
    /// Makes an instance that has heard nothing yet. Its first report is due at once.
    pub fn new(sender: Sender, settings: Arc<Settings>) -> Self {
        Self {
            sender,
            settings,
            time: Steady::default(),
            opinions: Opinions::new(),
            arrivals: Arrivals::default(),
            breaker: BreakerState::default(),
            withdrawn: false,
            cleared: None,
            news: News::default(),
            contact: Contact::default(),
            overlay: Overlay::None,
            probes: Probes::default(),
            mail: Mail::new(),
            command: Command::NONE,
            followed: None,
            vetoed: None,
            localised: Localised::default(),
            gone: false,
        }
    }

    /// Takes in what happened at `now`, the time since any fixed origin, and returns the actions for it, in order. In
    /// [`Mode::Local`], and after [`Event::Leave`], there are never any.
    ///
    /// `now` may step back, which has no effect. A step forward counts as time that has passed, so at worst the view
    /// is stale and the instance is alone until the next answer.
    pub fn handle(&mut self, now: Duration, event: Event, chance: &mut dyn Chance) -> Vec<Action> {
        let mut out = Vec::new();
        if self.gone || self.settings.mode() == Mode::Local {
            return out;
        }
        let now = self.time.follow(now);
        if event == Event::Distrusted {
            self.news.doubt();
        }
        self.lapse(now, chance, &mut out);
        match event {
            Event::Tick | Event::Distrusted => {}
            Event::Finished(result) => self.finished(now, result),
            Event::Rejected => self.rejected(now, chance, &mut out),
            Event::Breaker(state) => self.breaker_changed(state),
            Event::ProbeEnded { probe, result } => {
                self.probe_ended(now, (probe, result), chance, &mut out);
            }
            Event::Reported { ticket, answer } => {
                self.reported(now, (ticket, answer), chance, &mut out);
            }
            Event::Acquired { ticket, answer } => self.acquired(now, ticket, answer, &mut out),
            Event::Lost(ticket) => self.lost(now, ticket),
            Event::Pushed(view) => self.pushed(now, view, chance, &mut out),
            Event::Leave => {
                self.leave(chance, &mut out);
                return out;
            }
        }
        self.consider(now, chance, &mut out);
        self.ask(now, &mut out);
        self.notice_localised(now, &mut out);
        self.report(now, chance, &mut out);
        out
    }

    /// Returns when to wake the member, by the host's clock, if nothing happens before; `None` in [`Mode::Local`].
    pub fn next_wake(&self) -> Option<Duration> {
        if self.gone || self.settings.mode() == Mode::Local {
            return None;
        }
        Some(self.time.reading(self.wakes_at()))
    }

    /// Returns the instance's present opinion, as it would report it.
    pub fn opinion(&self) -> Opinion {
        self.opinion_at(self.time.now())
    }

    /// Returns what the fleet adds to the breaker.
    pub fn overlay(&self) -> Overlay {
        self.overlay
    }

    /// Returns the right by which this instance probes: the fleet's lease, or its own timer where a mode leases
    /// nothing. With a lease it also probes where its breaker is open by its own rules and [`overlay`](Self::overlay)
    /// is none.
    pub fn right(&self) -> Option<Right> {
        match self.overlay {
            Overlay::Probing { right, .. } => Some(right),
            Overlay::None => self
                .lease_of_own_probe()
                .map(|lease| Right::Leased(lease.token)),
            Overlay::Held { .. } | Overlay::Turn { .. } => None,
        }
    }

    /// Returns the view while it is fresh.
    pub fn view(&self) -> Option<View> {
        self.news
            .fresh(self.time.now(), self.settings.stale_after())
    }

    /// Returns the age of the newest view, at most; `None` before the first one.
    pub fn view_age(&self) -> Option<Duration> {
        self.news
            .stale_at(Duration::ZERO)
            .map(|heard| self.time.now().saturating_sub(heard))
    }

    /// Returns whether the failure is localised: the own breaker has been open for a while although the fleet is
    /// fine.
    pub fn is_localised(&self) -> bool {
        self.localised.is_told()
    }

    /// Returns the operator's order that was heard last.
    pub fn order(&self) -> Order {
        self.command.order
    }

    /// Returns the sender that the member reports as.
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Returns the settings by which it votes.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn opinion_at(&self, now: Duration) -> Opinion {
        match self.overlay {
            Overlay::Held { .. } | Overlay::Probing { .. } => Opinion::Suspect,
            // The probe that closed the fleet speaks for those that wait for their turn, too.
            Overlay::Turn { .. } => Opinion::Fine,
            Overlay::None => match self.breaker {
                BreakerState::Open | BreakerState::HalfOpen if self.withdrawn => Opinion::Fine,
                BreakerState::Open | BreakerState::HalfOpen => Opinion::Suspect,
                BreakerState::Closed | BreakerState::Overridden => self.opinion_of_calls(now),
            },
        }
    }

    fn opinion_of_calls(&self, now: Duration) -> Opinion {
        let opinion = self.opinions.opinion(now, &self.settings);
        match self.settings.mode().dials().evidence {
            Evidence::Trips if opinion == Opinion::Suspect => Opinion::Fine,
            Evidence::Nothing | Evidence::Opinions | Evidence::Trips | Evidence::Counts => opinion,
        }
    }

    fn finished(&mut self, now: Duration, result: CallResult) {
        self.arrivals.call(now);
        self.mail.count(result);
        // Calls that were permitted before the fleet held the breaker say nothing new about it.
        if matches!(self.overlay, Overlay::None) {
            match result {
                CallResult::Succeeded => self.opinions.succeeded(now),
                CallResult::Failed => self.opinions.failed(now),
            }
        }
    }

    fn breaker_changed(&mut self, state: BreakerState) {
        let goes_on = matches!(state, BreakerState::Open | BreakerState::HalfOpen);
        // A request for the lease goes on when an open breaker begins to probe or has failed to close.
        if !goes_on || !matches!(self.overlay, Overlay::None) {
            self.probes.asking = Asking::Not;
        }
        if !goes_on {
            self.probes.lent = None;
        }
        self.breaker = state;
        // That the breaker probes now says nothing new; the result of the probe does.
        self.withdrawn = self.withdrawn && state == BreakerState::HalfOpen;
        self.overlay = Overlay::None;
        if state == BreakerState::Closed {
            self.opinions.recovered(&self.settings);
            // A verdict from before this is not imposed on it without new trouble of its own.
            self.cleared = self.news.era();
        }
    }

    fn leave(&mut self, chance: &mut dyn Chance, out: &mut Vec<Action>) {
        self.end_alone(chance, out);
        out.push(Action::Leave(self.sender.clone()));
        self.gone = true;
    }
}

#[cfg(test)]
mod tests;
