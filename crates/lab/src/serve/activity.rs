//! Which connections are idle, and since when? So that a full house can make room.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// The value of a connection with a request under way.
const BUSY: u64 = 0;

/// What one connection is doing: a request, or nothing since an instant.
#[derive(Debug)]
pub(super) struct Activity {
    /// [`BUSY`], or the milliseconds, plus one, from `origin` to the end of the last request.
    idle_since: AtomicU64,
    origin: Instant,
    /// Whether also a request under way has to end now.
    closing: AtomicBool,
    evicted: Notify,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            idle_since: AtomicU64::new(1),
            origin: Instant::now(),
            closing: AtomicBool::new(false),
            evicted: Notify::new(),
        }
    }

    /// Returns once the connection has to make room for another.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    pub(super) fn begin(&self) {
        self.idle_since.store(BUSY, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        let millis = self.origin.elapsed().as_millis();
        let since = u64::try_from(millis).unwrap_or(u64::MAX - 1) + 1;
        self.idle_since.store(since, Ordering::Relaxed);
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
    /// Closed ones among them have no owner any more.
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

    /// Remembers one more connection; `held` are held already.
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

    /// Closes the connections that have been idle longest: a sixteenth of all, at least one.
    pub(super) fn evict_longest_idle(&mut self) {
        let mut idle = self.idle();
        idle.sort_by_key(|(since, _)| *since);
        let share = self.open.len().div_ceil(16);
        for (_, activity) in idle.into_iter().take(share) {
            activity.evicted.notify_one();
        }
    }

    /// Closes all connections, also those with a request under way.
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
