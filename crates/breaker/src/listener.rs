//! Who wants to know? [`Listener`]s are told every [`Event`], once, in order, with no lock held.

use crate::transition::{Cause, Transition};

/// Something that happened in a breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The breaker changed its state.
    Transition(Transition),
    /// In metrics-only mode: the breaker would have opened for this reason.
    WouldTrip(Cause),
}

/// Is told what happens in a breaker.
///
/// Listeners run on the thread whose call caused the event, after the change and outside every
/// lock, so they may use the breaker themselves. While one thread is telling, others leave their
/// events to it: the order is always that of the changes. A listener that panics is skipped for
/// that event and counted in [`Snapshot::listener_panics`](crate::Snapshot::listener_panics).
///
/// # Examples
/// ```
/// use breaker::{Breaker, Config, Event};
/// use std::sync::mpsc;
///
/// let breaker = Breaker::new("db", Config::default());
/// let (told, events) = mpsc::channel();
/// breaker.add_listener(move |_name: &str, event: &Event| {
///     let _ = told.send(*event);
/// });
/// breaker.force_open();
/// assert!(matches!(events.recv(), Ok(Event::Transition(_))));
/// ```
pub trait Listener: Send + Sync {
    /// Called once for each event of the breaker called `name`.
    fn on_event(&self, name: &str, event: &Event);
}

impl<F> Listener for F
where
    F: Fn(&str, &Event) + Send + Sync,
{
    fn on_event(&self, name: &str, event: &Event) {
        self(name, event);
    }
}
