//! A record of what each connection is doing, and since when, so that an idle one can make room.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Duration;

use axum::http::Version;
use futures_util::task::AtomicWaker;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The value of a connection with a request under way.
const BUSY: u64 = 0;

/// The activity of one connection: a request, or nothing since an instant.
#[derive(Debug)]
pub(super) struct Activity {
    /// [`BUSY`], or the milliseconds, plus one, from `origin` to the last byte of the last answer.
    idle_since: AtomicU64,
    /// How many requests have come.
    requests: AtomicU64,
    /// Whether there is a request whose answer has not been written to its end.
    answering: AtomicBool,
    /// Whether the client has closed its half.
    half_closed: AtomicBool,
    /// Whether it did so in the middle of a request's body.
    broken_off: AtomicBool,
    /// The waker of a reader that waits for more of that body.
    reader: AtomicWaker,
    /// Whether the client accepts interim answers, as in HTTP/1.1.
    interim: AtomicBool,
    origin: Instant,
    /// Whether a request under way also has to end now.
    closing: AtomicBool,
    evicted: Notify,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            idle_since: AtomicU64::new(1),
            requests: AtomicU64::new(0),
            answering: AtomicBool::new(false),
            half_closed: AtomicBool::new(false),
            broken_off: AtomicBool::new(false),
            reader: AtomicWaker::new(),
            interim: AtomicBool::new(false),
            origin: Instant::now(),
            closing: AtomicBool::new(false),
            evicted: Notify::new(),
        }
    }

    /// Returns once the connection has to make room for another.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// Notes that a request has come, of which at most the body is missing.
    pub(super) fn begin(&self, version: Version) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let interim = version >= Version::HTTP_11;
        self.interim.store(interim, Ordering::Relaxed);
        self.answering.store(true, Ordering::Relaxed);
        self.idle_since.store(BUSY, Ordering::Relaxed);
    }

    /// Notes that the client sends nothing more. A reader that waits for the body of its request has to check whether
    /// it is complete.
    pub(super) fn half_close(&self) {
        // What the client has sent before is there for the reader of this flag: see `is_half_closed`.
        self.half_closed.store(true, Ordering::Release);
        self.reader.wake();
    }

    /// Whether the client sends nothing more. What it has sent by then can be read.
    pub(super) fn is_half_closed(&self) -> bool {
        // The partner of the store in `half_close`.
        self.half_closed.load(Ordering::Acquire)
    }

    /// Registers `reader` to be woken when the client has closed its half.
    pub(super) fn wake_at_half_close(&self, reader: &Waker) {
        self.reader.register(reader);
    }

    /// Notes that the client has closed its half, and a part of the body is missing.
    pub(super) fn break_off(&self) {
        self.broken_off.store(true, Ordering::Relaxed);
    }

    /// Notes that the answer has been passed to the connection.
    pub(super) fn end(&self) {
        let millis = self.origin.elapsed().as_millis();
        let since = u64::try_from(millis).unwrap_or(u64::MAX - 1) + 1;
        self.idle_since.store(since, Ordering::Relaxed);
    }

    /// Notes that a part of an answer has been written: a client that reads slowly is not idle.
    pub(super) fn touch(&self) {
        if !self.is_busy() {
            self.end();
        }
    }

    /// Notes that everything passed on so far has been written. Returns whether that is the answer to its end.
    pub(super) fn flushed(&self) -> bool {
        let whole = !self.is_busy();
        if whole {
            self.answering.store(false, Ordering::Relaxed);
        }
        whole
    }

    /// The number of the last request.
    pub(super) fn request(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Whether a request is under way of which nothing is known to be missing.
    pub(super) fn awaits_answer(&self) -> bool {
        self.answering.load(Ordering::Relaxed) && !self.broken_off.load(Ordering::Relaxed)
    }

    pub(super) fn takes_interim(&self) -> bool {
        self.interim.load(Ordering::Relaxed)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.idle_since.load(Ordering::Relaxed) == BUSY
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// The instant since which nothing has happened; `None` during a request.
    fn idle_since(&self) -> Option<Instant> {
        match self.idle_since.load(Ordering::Relaxed) {
            BUSY => None,
            millis => Some(self.origin + Duration::from_millis(millis - 1)),
        }
    }
}

/// The connections of one service.
#[derive(Debug)]
pub(super) struct Connections {
    limit: usize,
    /// Closed connections among them have no owner any more.
    open: Vec<Weak<Activity>>,
}

impl Connections {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            open: Vec::new(),
        }
    }

    /// How many connections may be held at once.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Adds a connection; `held` are already held.
    pub(super) fn add(&mut self, activity: &Arc<Activity>, held: usize) {
        // Looking through all of them pays only when half of them are gone.
        if self.open.len() > 2 * held + 64 {
            self.forget_closed();
        }
        self.open.push(Arc::downgrade(activity));
    }

    /// Closes the connections that have been idle for `limit` or longer.
    pub(super) fn evict_idle_for(&mut self, limit: Duration) {
        for (since, activity) in self.idle() {
            if since.elapsed() >= limit {
                activity.evicted.notify_one();
            }
        }
    }

    /// Closes the connections that have been idle longest, for `least` at least: a sixteenth of all, and at least
    /// one. A connection that is new, or that has just got an answer, may be about to be used.
    pub(super) fn evict_longest_idle(&mut self, least: Duration) {
        let mut idle = self.idle();
        idle.retain(|(since, _)| since.elapsed() >= least);
        idle.sort_by_key(|(since, _)| *since);
        let share = self.open.len().div_ceil(16);
        for (_, activity) in idle.into_iter().take(share) {
            activity.evicted.notify_one();
        }
    }

    /// Closes all connections, even those with a request under way.
    pub(super) fn close_all(&mut self) {
        self.forget_closed();
        for activity in self.open.iter().filter_map(Weak::upgrade) {
            activity.closing.store(true, Ordering::Relaxed);
            activity.evicted.notify_one();
        }
    }

    fn idle(&mut self) -> Vec<(Instant, Arc<Activity>)> {
        self.forget_closed();
        let open = self.open.iter().filter_map(Weak::upgrade);
        open.filter_map(|activity| Some((activity.idle_since()?, activity)))
            .collect()
    }

    fn forget_closed(&mut self) {
        self.open.retain(|activity| activity.strong_count() > 0);
    }
}
