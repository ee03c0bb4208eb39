//! The calls that wait for a worker of the overload model, and the timers of the work.
//!
//! The model says who works until when; this module has one timer for each piece of work. Work goes on although its
//! caller has left, so it belongs to a task of its own and not to the call.

use std::sync::Arc;

use experiment::downstream::Work;
use experiment::overload::{Start, WorkId};
use tokio::sync::oneshot;

use super::live::{Live, Service};

/// A call that waits for its work. Dropping it abandons the work.
#[derive(Debug)]
pub(super) struct Turn {
    live: Arc<Live>,
    id: WorkId,
    done: oneshot::Receiver<()>,
}

impl Turn {
    /// Waits for this work, which a worker begins at once or later. Call it within a runtime.
    pub(super) fn of(live: &Arc<Live>, state: &mut Service, work: Work) -> Self {
        let (tell, done) = oneshot::channel();
        state.waiting.insert(work.id(), tell);
        if let Work::Started(start) = work {
            begin(live, state, start);
        }
        Self {
            live: Arc::clone(live),
            id: work.id(),
            done,
        }
    }

    /// Returns when the work is done, or no longer exists.
    pub(super) async fn done(mut self) {
        let _ = (&mut self.done).await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = self.live.now();
        let mut state = self.live.lock();
        if state.waiting.remove(&self.id).is_none() {
            return;
        }
        let next = state.downstream.leave(now, self.id);
        if !state.downstream.has_work(self.id) {
            state.timers.remove(&self.id);
        }
        if let Some(next) = next {
            begin(&self.live, &mut state, next);
        }
        self.live.tell_truth(&mut state);
    }
}

/// Works until no caller waits any more, or until the work no longer exists.
fn begin(live: &Arc<Live>, state: &mut Service, mut work: Start) {
    let (timer, mut cancelled) = oneshot::channel();
    state.timers.insert(work.id, timer);
    let live = Arc::clone(live);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                biased;
                _ = &mut cancelled => return,
                () = live.at(Some(work.until)) => {}
            }
            let mut state = live.lock();
            let timer = state.timers.remove(&work.id);
            let next = state.downstream.work_done(work.id);
            if let Some(tell) = state.waiting.remove(&work.id) {
                // A caller that has left needs no answer.
                let _ = tell.send(());
            }
            live.tell_truth(&mut state);
            let (Some(next), Some(timer)) = (next, timer) else {
                return;
            };
            state.timers.insert(next.id, timer);
            work = next;
        }
    });
}

#[cfg(test)]
mod tests;
