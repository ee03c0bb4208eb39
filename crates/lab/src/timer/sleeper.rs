//! A sleeper: many tasks that wait on one alarm.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::Alarm;

/// Above this duration a millisecond does not matter, and the runtime's timer costs less.
const PRECISE_UP_TO: Duration = Duration::from_millis(50);

/// Lets tasks sleep precisely. Clones share one alarm; dropping the last one ends its task.
#[derive(Clone, Debug)]
pub(crate) struct Sleeper {
    shared: Arc<Owner>,
}

#[derive(Debug)]
struct Owner {
    queue: Arc<Queue>,
    task: JoinHandle<()>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    /// Notified when there is an earlier deadline than before.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    heap: BinaryHeap<Reverse<Sleep>>,
}

/// Ordered by deadline, then by order of arrival.
#[derive(Debug)]
struct Sleep {
    at: (Instant, u64),
    wake: oneshot::Sender<()>,
}

impl PartialEq for Sleep {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Sleep {}

impl PartialOrd for Sleep {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sleep {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl Sleeper {
    /// Call it within a runtime.
    pub(crate) fn new() -> Self {
        Self::with(Alarm::new())
    }

    /// A sleeper by the runtime's timer, whose time a test can move.
    #[cfg(test)]
    pub(crate) fn of_runtime() -> Self {
        Self::with(Alarm::of_runtime())
    }

    fn with(alarm: Alarm) -> Self {
        let queue = Arc::new(Queue::default());
        let task = tokio::spawn(ring(Arc::clone(&queue), alarm));
        Self {
            shared: Arc::new(Owner { queue, task }),
        }
    }

    /// Returns at `deadline`, or at once when it has passed. It is cancel-safe.
    pub(crate) async fn sleep_until(&self, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left > PRECISE_UP_TO {
            // Up to a little before by the coarse timer, so that the heap stays small.
            sleep_until(deadline - PRECISE_UP_TO / 2).await;
        } else if left.is_zero() {
            return;
        }
        let (wake, woken) = oneshot::channel();
        if self.shared.queue.add(deadline, wake) {
            self.shared.queue.earlier.notify_one();
        }
        // The task lives as long as this sleeper.
        let _ = woken.await;
    }

    /// Returns after `span`. It is cancel-safe.
    pub(crate) async fn sleep(&self, span: Duration) {
        self.sleep_until(Instant::now() + span).await;
    }
}

impl Queue {
    /// Whether the deadline is the earliest now.
    fn add(&self, deadline: Instant, wake: oneshot::Sender<()>) -> bool {
        let mut waiting = self.lock();
        let at = (deadline, waiting.next);
        waiting.next += 1;
        let earliest = waiting.heap.peek().is_none_or(|first| at < first.0.at);
        waiting.heap.push(Reverse(Sleep { at, wake }));
        earliest
    }

    /// Wakes all whose time has come; returns the earliest remaining deadline.
    fn wake_due(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut waiting = self.lock();
        while let Some(Reverse(first)) = waiting.heap.peek() {
            // A sleeper that was dropped needs no alarm.
            if first.at.0 > now && !first.wake.is_closed() {
                return Some(first.at.0);
            }
            if let Some(Reverse(first)) = waiting.heap.pop() {
                let _ = first.wake.send(());
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ring(queue: Arc<Queue>, mut alarm: Alarm) {
    loop {
        match queue.wake_due() {
            None => queue.earlier.notified().await,
            Some(deadline) => tokio::select! {
                () = alarm.wait_until(deadline) => {}
                () = queue.earlier.notified() => {}
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleepers_wake_in_the_order_of_their_deadlines_and_never_early() {
        let sleeper = Sleeper::new();
        let began = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for millis in [7, 3, 90, 5, 1] {
            let sleeper = sleeper.clone();
            tasks.spawn(async move {
                sleeper
                    .sleep_until(began + Duration::from_millis(millis))
                    .await;
                assert!(began.elapsed() >= Duration::from_millis(millis));
                millis
            });
        }

        let mut woken = Vec::new();
        while let Some(task) = tasks.join_next().await {
            woken.push(task.unwrap());
        }

        assert_eq!(woken, [1, 3, 5, 7, 90]);
    }

    #[tokio::test]
    async fn a_dropped_sleeper_leaves_nothing_behind() {
        let sleeper = Sleeper::new();
        for _ in 0..100 {
            let sleep = sleeper.sleep(Duration::from_millis(40));
            let _ = tokio::time::timeout(Duration::ZERO, sleep).await;
        }

        sleeper.sleep(Duration::from_millis(1)).await;

        assert!(sleeper.shared.queue.lock().heap.is_empty());
    }
}
