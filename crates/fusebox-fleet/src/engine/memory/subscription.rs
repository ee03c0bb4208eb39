//! The subscribers to changes, with the one view that each has not read yet.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Poll, Waker};

use crate::engine::{Answer, Events};
use crate::view::View;

/// The subscribers of a key.
#[derive(Default)]
pub(super) struct Subscribers {
    slots: Vec<Weak<Mutex<Slot>>>,
}

/// Room for one view. A newer view takes its place, so a slow reader costs nothing.
#[derive(Default)]
struct Slot {
    view: Option<View>,
    waker: Option<Waker>,
    ended: bool,
}

impl Subscribers {
    pub(super) fn subscribe(&mut self) -> Subscription {
        self.slots.retain(|slot| slot.strong_count() > 0);
        let slot = Arc::new(Mutex::new(Slot::default()));
        self.slots.push(Arc::downgrade(&slot));
        Subscription { slot }
    }

    pub(super) fn are_gone(&self) -> bool {
        self.slots.iter().all(|slot| slot.strong_count() == 0)
    }

    /// Leaves the view for all subscribers, and returns whom to wake once no lock is held.
    #[must_use]
    pub(super) fn tell(&mut self, view: View) -> Vec<Waker> {
        let mut wakers = Vec::new();
        self.slots.retain(|slot| {
            let Some(slot) = slot.upgrade() else {
                return false;
            };
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.view = Some(view);
            wakers.extend(slot.waker.take());
            true
        });
        wakers
    }
}

impl Drop for Subscribers {
    fn drop(&mut self) {
        for slot in self.slots.iter().filter_map(Weak::upgrade) {
            let waker = {
                let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
                slot.ended = true;
                slot.waker.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

/// One reader.
pub(super) struct Subscription {
    slot: Arc<Mutex<Slot>>,
}

impl Events for Subscription {
    fn next(&mut self) -> Answer<'_, Option<View>> {
        Box::pin(poll_fn(|context| {
            let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(view) = slot.view.take() {
                return Poll::Ready(Some(view));
            }
            if slot.ended {
                return Poll::Ready(None);
            }
            slot.waker = Some(context.waker().clone());
            Poll::Pending
        }))
    }
}
