//! Which connections are idle, and since when? So that a full house can make room.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// The value of a connection with a request under way.
const BUSY: u64 = 0;

/// What one connection is doing: a request, or nothing since an instant.
#[derive(Debug)]
pub(super) struct Activity {
    /// [`BUSY`], or the milliseconds, plus one, from `origin` to the end of the last request.
    idle_since: AtomicU64,
    origin: Instant,
    evicted: Notify,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            idle_since: AtomicU64::new(1),
            origin: Instant::now(),
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

    /// The instant since which nothing has happened; `None` during a request.
    fn idle_since(&self) -> Option<Instant> {
        match self.idle_since.load(Ordering::Relaxed) {
            BUSY => None,
            millis => Some(self.origin + Duration::from_millis(millis - 1)),
        }
    }
}

/// A place for one more connection.
#[derive(Debug)]
pub(super) struct Room(());

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

    /// Waits until one more connection may be held, closing idle ones if need be.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub(super) async fn make_room(&mut self, tasks: &mut JoinSet<()>) -> Room {
        while tasks.len() >= self.limit {
            self.evict_idle();
            tokio::select! {
                _ = tasks.join_next() => {}
                // All busy: look again, for a request may end without its connection ending.
                () = sleep(Duration::from_millis(10)) => {}
            }
        }
        Room(())
    }

    /// Remembers one more connection; `held` are held now.
    pub(super) fn add(&mut self, _room: Room, activity: &Arc<Activity>, held: usize) {
        // Looking through all of them pays only when half of them are gone.
        if self.open.len() > 2 * held + 64 {
            self.forget_closed();
        }
        self.open.push(Arc::downgrade(activity));
    }

    /// Closes the connections that have been idle longest: a sixteenth of all, at least one.
    pub(super) fn evict_idle(&mut self) {
        self.forget_closed();
        let idle = self.open.iter().filter_map(Weak::upgrade);
        let idle = idle.filter_map(|activity| Some((activity.idle_since()?, activity)));
        let mut idle: Vec<_> = idle.collect();
        idle.sort_by_key(|(since, _)| *since);
        let share = self.open.len().div_ceil(16);
        for (_, activity) in idle.into_iter().take(share) {
            activity.evicted.notify_one();
        }
    }

    fn forget_closed(&mut self) {
        self.open.retain(|activity| activity.strong_count() > 0);
    }
}
