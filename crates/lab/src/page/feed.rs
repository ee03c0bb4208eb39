//! The feed of the page: one producer looks at the run, keeps what it sees and renders it once for all viewers.

mod ordered;
mod setting;

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use experiment::orders::{OrderSource, Orders};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::memory::Memory;
use super::order_book::OrderBook;
use super::ring::{News, Ring, event};
use super::source::{Description, Moment, PlanStep, Source};
use super::wire::{self, Mark, Tick};
use crate::shutdown::Shutdown;
use crate::unreliable::PlanChange;
pub(in crate::page) use setting::Setting;
use setting::SettingOrders;

/// So many may watch at once.
pub(super) const MOST_VIEWERS: usize = 64;
/// The version of what is sent.
const VERSION: u32 = 1;
/// Looks at a fleet of usual size in a second, and at a larger one.
const OFTEN: u32 = 10;
const LESS_OFTEN: u32 = 5;
/// From so many instances on a fleet is large.
const LARGE: usize = 51;

/// What is shown of one run.
pub(crate) struct Feed {
    run: String,
    hz: u32,
    state: Mutex<State>,
    /// Who performs the run. Held during a look, so that looks are noted in their order.
    source: Mutex<Option<Box<dyn Source>>>,
    /// The number of the next tick, for those who wait for one.
    next: watch::Sender<u64>,
    viewers: AtomicUsize,
    needs_token: AtomicBool,
}

#[derive(Debug)]
struct State {
    /// The run as it is now.
    description: Description,
    memory: Memory,
    ring: Ring,
    /// Marks that the next tick takes along.
    marks: Vec<Mark>,
    /// All orders so far, for the result.
    book: OrderBook,
    /// When the last look was, in the run and in the runtime; none yet, where there is no instant.
    seen_s: f64,
    seen: Option<Instant>,
    /// What the next changes of the plan are to be called.
    expected: VecDeque<(Expected, String)>,
    /// How many were expected so far.
    expected_so_far: u64,
    /// Orders of settings that go through the lab.
    setting: SettingOrders,
}

/// A change of the fault plan that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expected(u64);

/// What a viewer is told first, and `GET /api/state` answers.
#[derive(Debug, Serialize)]
struct Hello<'a> {
    v: u32,
    run: &'a str,
    version: &'static str,
    hz: u32,
    viewers: usize,
    most_viewers: usize,
    /// Whether orders ask for a token.
    needs_token: bool,
    t: f64,
    transitions: u64,
    #[serde(flatten)]
    description: &'a Description,
}

impl Feed {
    /// A feed of a run that nobody has looked at yet.
    pub(crate) fn new(description: Description) -> Self {
        // A lab that is started again is another run, and its numbers begin anew.
        let run = format!("{:.0}", telemetry::unix_now() * 1e3);
        let hz = if description.instances.len() < LARGE {
            OFTEN
        } else {
            LESS_OFTEN
        };
        Self {
            state: Mutex::new(State {
                description,
                memory: Memory::default(),
                ring: Ring::new(&run, hz),
                marks: Vec::new(),
                book: OrderBook::default(),
                seen_s: 0.0,
                seen: None,
                expected: VecDeque::new(),
                expected_so_far: 0,
                setting: SettingOrders::default(),
            }),
            source: Mutex::default(),
            run,
            hz,
            next: watch::Sender::new(1),
            viewers: AtomicUsize::new(0),
            needs_token: AtomicBool::new(false),
        }
    }

    /// A feed of the run that `source` performs.
    pub(crate) fn of(source: impl Source) -> Self {
        let feed = Self::new(source.description());
        Self {
            source: Mutex::new(Some(Box::new(source))),
            ..feed
        }
    }

    /// Looks at the run until the shutdown.
    pub(crate) async fn follow(self: Arc<Self>, mut shutdown: Shutdown) {
        let mut looks = interval(Duration::from_secs(1) / self.hz);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = shutdown.begun() => return,
                _ = looks.tick() => self.look(),
            }
        }
    }

    /// Looks at the run, if anybody performs it.
    fn look(&self) {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = source.as_mut() {
            self.note(&source.look());
        }
    }

    /// Keeps and renders what a look has found.
    pub(super) fn note(&self, moment: &Moment) {
        let mut state = self.lock();
        let t = moment.at.as_secs_f64();
        let is_first = state.seen.replace(Instant::now()).is_none();
        let mut marks = std::mem::take(&mut state.marks);
        for mark in &marks {
            state.book.mark(mark, OrderSource::Lab);
        }
        for step in &moment.plans {
            let is_announced = step.change == PlanChange::Ordered && !state.expected.is_empty();
            let mark = state.mark_of(*step);
            let source = if is_announced {
                OrderSource::Lab
            } else {
                OrderSource::Seen
            };
            state.book.mark(&mark, source);
            marks.push(mark);
        }
        if !is_first {
            // The first look finds what was there before.
            for (mark, source) in ordered::done(&state.description, moment, &state.setting) {
                state.book.mark(&mark, source);
                marks.push(mark);
            }
        }
        let seen_s = state.seen_s;
        state.setting.forget_until(seen_s);
        marks.sort_by(|one, other| one.0.total_cmp(&other.0));
        state.book.keep(moment);
        ordered::follow(&mut state.description, moment);
        let kept = state.memory.keep(moment, &marks);
        let tick = Tick {
            t: millionths(t),
            i: &moment.rows,
            news: wire::News {
                x: kept.changes.iter().collect(),
                p: moment.truths.iter().collect(),
                f: moment.phases.iter().collect(),
                m: marks.iter().collect(),
                l: moment.latencies.iter().collect(),
                c: moment.standings.iter().collect(),
                e: kept.notes.iter().collect(),
                s: moment.settings.iter().collect(),
                o: moment.turns.iter().collect(),
                r: moment.loads.iter().collect(),
                g: moment.decisions.iter().collect(),
            },
        };
        let json = serde_json::to_vec(&tick).expect("a tick has only string keys");
        state.seen_s = t;
        state.ring.push(moment.at.as_secs(), &json);
        let next = state.ring.next();
        drop(state);
        self.next.send_replace(next);
    }

    /// Says that orders ask for a token, so that viewers know what to write.
    pub(super) fn ask_for_token(&self) {
        self.needs_token.store(true, Ordering::Relaxed);
    }

    /// Marks what somebody has just done.
    pub(super) fn mark(&self, kind: &'static str, text: String) {
        let mut state = self.lock();
        let at = state.now_s();
        state.marks.push(Mark(at, kind, text));
    }

    /// All that operators have done so far: looks once more for it.
    pub(crate) fn orders(&self) -> Orders {
        self.look();
        let state = self.lock();
        state.book.with(&state.marks)
    }

    /// Says what a change of the fault plan is to be called that is now under way.
    pub(super) fn expect_plan(&self, text: String) -> Expected {
        let mut state = self.lock();
        let change = Expected(state.expected_so_far);
        state.expected_so_far += 1;
        state.expected.push_back((change, text));
        change
    }

    /// Says that this change of the fault plan does not come.
    pub(super) fn expect_no_more(&self, change: Expected) {
        self.lock().expected.retain(|(known, _)| *known != change);
    }

    /// Where the unreliable service takes orders.
    pub(super) fn downstream(&self) -> String {
        self.lock().description.downstream.clone()
    }

    /// Where the instance of this name answers.
    pub(super) fn url_of(&self, instance: &str) -> Option<String> {
        let state = self.lock();
        let mut instances = state.description.instances.iter();
        let found = instances.find(|one| one.name == instance);
        found.map(|one| one.url.clone())
    }

    /// What a viewer is told first.
    pub(super) fn hello(&self) -> Bytes {
        let (event, _) = event(&self.run, 0, "hello", &self.described());
        let mut hello = b"retry: 1000\n".to_vec();
        hello.extend_from_slice(&event);
        hello.into()
    }

    /// The run, what is set now and how far it has come, in JSON.
    pub(super) fn described(&self) -> Vec<u8> {
        let state = self.lock();
        let hello = Hello {
            v: VERSION,
            run: &self.run,
            version: env!("LAB_VERSION"),
            hz: self.hz,
            viewers: self.viewers.load(Ordering::Relaxed),
            most_viewers: MOST_VIEWERS,
            needs_token: self.needs_token.load(Ordering::Relaxed),
            t: millionths(state.seen_s),
            transitions: state.memory.transitions(),
            description: &state.description,
        };
        serde_json::to_vec(&hello).expect("a description has only string keys")
    }

    /// All that has been so far. It may be read as long as it takes: nobody waits for that.
    pub(super) fn past(&self) -> Memory {
        self.lock().memory.clone()
    }

    /// What is new for a viewer at `position`, and where he is then.
    pub(super) fn after(&self, position: u64) -> (News, u64) {
        let state = self.lock();
        (state.ring.after(position), state.ring.next())
    }

    /// The position after the event with this id: 0, where there is no such event in this run.
    pub(super) fn position(&self, id: &str) -> u64 {
        let number = id.rsplit_once('-').filter(|(run, _)| *run == self.run);
        let number = number.and_then(|(_, number)| number.parse::<u64>().ok());
        number.map_or(0, |number| number.saturating_add(1))
    }

    /// Told of the number of each next tick.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.next.subscribe()
    }

    /// How many watch.
    pub(super) fn viewers(&self) -> &AtomicUsize {
        &self.viewers
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

impl State {
    /// How far the run has come, in seconds.
    fn now_s(&self) -> f64 {
        let since = self.seen.map_or(Duration::ZERO, |seen| seen.elapsed());
        millionths(self.seen_s + since.as_secs_f64())
    }

    /// The mark of a change of the fault plan, with the name that was announced.
    fn mark_of(&mut self, step: PlanStep) -> Mark {
        let (kind, text) = match step.change {
            PlanChange::Ended => ("over", None),
            PlanChange::Ordered => ("plan", self.expected.pop_front()),
        };
        let unnamed = if kind == "over" {
            "fault plan is over"
        } else {
            "fault plan changed"
        };
        let text = text.map_or_else(|| unnamed.to_owned(), |(_, text)| text);
        Mark(step.at_s, kind, text)
    }
}

/// To a millionth of a second.
fn millionths(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

#[cfg(test)]
pub(super) mod tests;
