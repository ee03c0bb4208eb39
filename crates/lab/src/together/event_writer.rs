//! The writer of a live run's events. Calls and transitions are reported as they happen, and a thread of its own
//! writes them, so that no call waits for a disk.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use experiment::events::{CallEvent, Events};
use experiment::fleet::Change;
use fusebox::{Clock, Event, Listener, Transition};
use tokio::time::Instant;

use super::Watched;
use crate::event_table::EventTable;
use crate::failure::Failure;
use crate::load::EndedCall;

/// How long after the end of a call its row is written: by then the observer has reported the truth at that time.
const TRUTH_IS_TOLD: Duration = Duration::from_millis(200);

/// The channel for the events of a running system.
#[derive(Clone, Debug)]
pub(crate) struct Tap(Sender<Told>);

#[derive(Debug)]
enum Told {
    Call(EndedCall),
    Transition(usize, Transition),
    /// The run is over.
    End,
}

/// A table that is written during a run.
#[derive(Debug)]
pub(crate) struct EventWriter {
    tap: Tap,
    thread: JoinHandle<EventTable>,
}

impl Tap {
    /// Makes a tap and its output.
    pub(crate) fn open() -> (Self, Flow) {
        let (told, flow) = channel();
        (Self(told), Flow(flow))
    }

    /// The listener to calls.
    pub(super) fn calls(&self) -> impl Fn(EndedCall) + Send + Sync + 'static {
        let tap = self.clone();
        move |call| tap.tell(Told::Call(call))
    }

    /// The listener to the breaker of one instance.
    pub(super) fn transitions(&self, instance: usize) -> impl Listener + 'static {
        let tap = self.clone();
        move |_breaker: &str, event: &Event| {
            if let Event::Transition(transition) = event {
                tap.tell(Told::Transition(instance, *transition));
            }
        }
    }

    /// If the writer is gone, it has failed, and reports that at the end.
    fn tell(&self, told: Told) {
        let _ = self.0.send(told);
    }
}

/// Events on their way to the writer.
#[derive(Debug)]
pub(crate) struct Flow(Receiver<Told>);

impl EventWriter {
    /// Writes the events of a run into `table`.
    pub(crate) fn start(tap: Tap, flow: Flow, watched: &Arc<Watched>, table: EventTable) -> Self {
        let watched = Arc::clone(watched);
        let thread = std::thread::spawn(move || write(&flow, &watched, table));
        Self { tap, thread }
    }

    /// The table, once it contains everything that was reported.
    pub(crate) fn finish(self) -> Result<EventTable, Failure> {
        self.tap.tell(Told::End);
        let ended = self.thread.join();
        ended.map_err(|_| Failure::runtime("the writer of --events has failed".to_owned()))
    }
}

fn write(flow: &Flow, watched: &Watched, mut table: EventTable) -> EventTable {
    let events = table.run(watched.seed, &watched.names);
    let (now, elapsed) = (Instant::now(), watched.fleet.elapsed(watched.clock.now()));
    let since = |at: Instant| -> Duration {
        let before = now.saturating_duration_since(at);
        (elapsed + at.saturating_duration_since(now)).saturating_sub(before)
    };
    for told in &flow.0 {
        match told {
            Told::End => break,
            Told::Transition(instance, transition) => {
                let at = watched.fleet.elapsed(transition.at);
                events.transition(instance, &Change::new(at, &transition));
            }
            Told::Call(call) => {
                std::thread::sleep(
                    (call.ended + TRUTH_IS_TOLD).saturating_duration_since(Instant::now()),
                );
                let ended = since(call.ended);
                let sent = call.sent.map(since);
                let met = sent.unwrap_or(ended);
                let (state, p_fail) = watched.fleet.recorder(|it| it.at(call.target, met));
                events.call(&CallEvent {
                    planned: since(call.planned),
                    sent,
                    ended,
                    instance: call.target,
                    outcome: call.outcome,
                    state,
                    p_fail,
                });
            }
        }
    }
    table
}
