//! A stream of events for a reader that takes them at its own pace.
//!
//! This is a queue of our own, not a channel of the standard library. Such a channel allocates its
//! whole capacity at once, and here the capacity is only an upper bound.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::event::Event;

/// A stream of the events of a breaker, made by [`Breaker::events`](crate::Breaker::events). A
/// reader takes the events at its own pace.
///
/// The breaker never waits for the reader: when the stream is full, new events are lost and
/// [counted](Self::lost). Only waiting events take memory, up to the capacity. Dropping the stream
/// ends it.
///
/// # Examples
/// ```
/// use fusebox::{Breaker, Config, Event, Interest};
///
/// let breaker = Breaker::new("db", Config::default());
/// let events = breaker.events(Interest::Everything, 100);
/// breaker.force_open();
/// assert!(breaker.try_acquire().is_err());
///
/// assert!(matches!(events.try_next(), Some(Event::Transition(_))));
/// assert!(matches!(events.try_next(), Some(Event::Rejected(_))));
/// assert_eq!(events.try_next(), None);
/// ```
pub struct Events {
    shared: Arc<Shared>,
    /// Removes the sink from the breaker.
    unsubscribe: Box<dyn Fn() + Send + Sync>,
}

/// The end of a stream into which events are put. The stream ends with it.
pub(crate) struct EventSink {
    shared: Arc<Shared>,
}

struct Shared {
    capacity: usize,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Event>,
    /// Readers that are waiting for an event.
    readers: usize,
    lost: u64,
    reader_gone: bool,
    sink_gone: bool,
}

// What unwinds leaves neither the queue nor the breaker half-way changed.
impl UnwindSafe for Events {}
impl RefUnwindSafe for Events {}

impl Events {
    /// A stream that holds at most `capacity` events, and the end into which they are put.
    /// `unsubscribe` is called once, when the last reader is gone.
    pub(crate) fn new(
        capacity: usize,
        unsubscribe: impl Fn() + Send + Sync + 'static,
    ) -> (EventSink, Self) {
        let shared = Arc::new(Shared {
            capacity,
            queue: Mutex::default(),
            changed: Condvar::new(),
        });
        let sink = EventSink {
            shared: Arc::clone(&shared),
        };
        let unsubscribe = Box::new(unsubscribe);
        let events = Self {
            shared,
            unsubscribe,
        };
        (sink, events)
    }

    /// Returns the next event if there is one now.
    pub fn try_next(&self) -> Option<Event> {
        self.shared.lock().waiting.pop_front()
    }

    /// Waits for the next event, at most for `wait`. Blocks the thread.
    ///
    /// Returns `None` if no event came, or if the breaker is gone.
    pub fn next_within(&self, wait: Duration) -> Option<Event> {
        let mut queue = self.shared.lock();
        queue.readers += 1;
        let nothing_yet = |queue: &mut Queue| queue.waiting.is_empty() && !queue.sink_gone;
        let (mut queue, _) = self
            .shared
            .changed
            .wait_timeout_while(queue, wait, nothing_yet)
            .unwrap_or_else(PoisonError::into_inner);
        queue.readers -= 1;
        queue.waiting.pop_front()
    }

    /// Returns how many events were lost because the stream was full.
    pub fn lost(&self) -> u64 {
        self.shared.lock().lost
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.reader_gone = true;
        queue.waiting = VecDeque::new();
        drop(queue);
        (self.unsubscribe)();
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}

impl EventSink {
    /// Whether there is no reader any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.shared.lock().reader_gone
    }

    /// Passes `event` on, or counts it as lost.
    pub(crate) fn tell(&self, event: &Event) {
        let mut queue = self.shared.lock();
        if queue.reader_gone {
            return;
        }
        // A stream without room passes events to readers that are waiting for one.
        let room = match self.shared.capacity {
            0 => queue.readers,
            capacity => capacity,
        };
        if queue.waiting.len() < room {
            queue.waiting.push_back(*event);
            drop(queue);
            self.shared.changed.notify_one();
        } else {
            queue.lost += 1;
        }
    }
}

impl Drop for EventSink {
    fn drop(&mut self) {
        self.shared.lock().sink_gone = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
