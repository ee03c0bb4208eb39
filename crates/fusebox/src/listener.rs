//! Listeners, which are told every event once, in order, with no lock held.

use std::sync::Arc;

use crate::event::{Event, Interest};
use crate::event_stream::EventSink;

/// A receiver of the events of a breaker.
///
/// A listener runs after the change and outside every lock, so it may use the breaker itself. It
/// runs on the thread that tells the event, usually the one whose call caused it. While one thread
/// tells events, other threads leave theirs to it, so events always arrive in the order of the
/// changes. So thread-local data, such as the current span, may belong to another call.
///
/// A caller that has told 16 events leaves the rest to the next caller, if more have come
/// meanwhile. If no caller follows, they wait for the next [`snapshot`](crate::Breaker::snapshot)
/// or [`poll_transitions`](crate::Breaker::poll_transitions). A listener that panics is skipped for
/// that event; [`Snapshot::listener_panics`](crate::Snapshot::listener_panics) counts such panics.
///
/// Events wait while listeners are busy: at most 1024, of which rejections and late outcomes take
/// no more than half. Further events are dropped and counted in
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
    /// Receives one event of the breaker called `name`. It is called once for each event.
    fn on_event(&self, name: &str, event: &Event);

    /// Returns which events to receive. Asked once, when the listener is added. Default: changes.
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

/// A listener or a stream, as the breaker keeps it.
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

    /// Passes the event on if it is of interest. Runs foreign code, which may panic.
    pub(crate) fn tell(&self, name: &str, event: &Event) {
        if !event.interests(self.interest) {
            return;
        }
        match &self.ear {
            Ear::Listener(listener) => listener.on_event(name, event),
            Ear::Stream(sink) => sink.tell(event),
        }
    }

    /// Whether this is a stream without a reader.
    pub(crate) fn is_abandoned(&self) -> bool {
        match &self.ear {
            Ear::Listener(_) => false,
            Ear::Stream(sink) => sink.is_abandoned(),
        }
    }
}
