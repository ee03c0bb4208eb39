//! Listeners, which are told every event once, in order, with no lock held.

use std::sync::Arc;

use crate::event::{Event, Interest};
use crate::event_stream::EventSink;

/// Is told what happens in a breaker.
///
/// Listeners run after the change and outside every lock, so they may use the breaker themselves.
/// They run on the thread that tells the event, nearly always the one whose call caused it. While one
/// thread is telling, others leave their events to it: the order is always that of the changes.
/// So what belongs to a thread, such as its current span, may be another call's.
///
/// A caller that has told 16 events leaves the rest to the next, if others have come meanwhile; should
/// none follow, they wait for the next [`snapshot`](crate::Breaker::snapshot) or
/// [`poll_transitions`](crate::Breaker::poll_transitions). A listener that panics is skipped for
/// that event and counted in [`Snapshot::listener_panics`](crate::Snapshot::listener_panics).
///
/// Events wait while listeners are busy, but not without end: at most 1024, of which rejections and
/// late results take no more than half. What finds no place is counted in
/// [`Snapshot::events_lost`](crate::Snapshot::events_lost).
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, Event};
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

    /// Which events to be told. Asked once, when the listener is added. Default: changes.
    fn interest(&self) -> Interest {
        Interest::Changes
    }
}

impl<F> Listener for F
where
    F: Fn(&str, &Event) + Send + Sync,
{
    fn on_event(&self, name: &str, event: &Event) {
        self(name, event);
    }
}

/// Somebody who is told, as the breaker keeps it.
#[derive(Clone)]
pub(crate) struct Audience {
    pub(crate) interest: Interest,
    ear: Ear,
}

#[derive(Clone)]
enum Ear {
    Listener(Arc<dyn Listener>),
    Stream(Arc<EventSink>),
}

impl Audience {
    pub(crate) fn listener(listener: Arc<dyn Listener>) -> Self {
        Self {
            interest: listener.interest(),
            ear: Ear::Listener(listener),
        }
    }

    pub(crate) fn stream(interest: Interest, sink: EventSink) -> Self {
        Self {
            interest,
            ear: Ear::Stream(Arc::new(sink)),
        }
    }

    /// Tells of the event, if it is of interest. Runs foreign code, which may panic.
    pub(crate) fn tell(&self, name: &str, event: &Event) {
        if !event.interests(self.interest) {
            return;
        }
        match &self.ear {
            Ear::Listener(listener) => listener.on_event(name, event),
            Ear::Stream(sink) => sink.tell(event),
        }
    }

    /// Whether it is a stream that nobody reads any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        match &self.ear {
            Ear::Listener(_) => false,
            Ear::Stream(sink) => sink.is_abandoned(),
        }
    }
}
