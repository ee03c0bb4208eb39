//! The calls that wait for a worker of the overload model, and the timers of the work.
//!
//! The model says who works until when; here is one timer for each piece of work. Work goes on although its
//! caller has left, so it belongs to a task of its own and not to the call.

use std::collections::BTreeMap;
use std::sync::Arc;

use experiment::downstream::{Downstream, Work};
use experiment::overload::{Start, WorkId};
use tokio::sync::oneshot;

use super::running::{Running, State};

/// Who waits for which work, and which work has a timer.
#[derive(Debug, Default)]
pub(super) struct Turns {
    waiting: BTreeMap<WorkId, oneshot::Sender<()>>,
    /// For each piece of work that is being done, what its timer ends with when it is dropped.
    timers: BTreeMap<WorkId, oneshot::Sender<()>>,
}

/// A call that waits for its work. Dropping it abandons the work.
#[derive(Debug)]
pub(super) struct Turn {
    running: Arc<Running>,
    id: WorkId,
    done: oneshot::Receiver<()>,
}

impl Turns {
    /// Ends the timers of work that is no more, because its plan has gone, and lets those go who waited.
    pub(super) fn follow(&mut self, downstream: &Downstream) {
        self.waiting.retain(|id, _| downstream.has_work(*id));
        self.timers.retain(|id, _| downstream.has_work(*id));
    }
}

impl Turn {
    /// Waits for this work, which a worker begins at once or later. Call it within a runtime.
    pub(super) fn of(running: &Arc<Running>, state: &mut State, work: Work) -> Self {
        let (tell, done) = oneshot::channel();
        state.turns.waiting.insert(work.id(), tell);
        if let Work::Started(start) = work {
            begin(running, state, start);
        }
        Self {
            running: Arc::clone(running),
            id: work.id(),
            done,
        }
    }

    /// Returns when the work is done, or is no more.
    pub(super) async fn done(mut self) {
        let _ = (&mut self.done).await;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = self.running.now();
        let mut state = self.running.lock();
        if state.turns.waiting.remove(&self.id).is_none() {
            return;
        }
        let next = state.downstream.leave(now, self.id);
        if !state.downstream.has_work(self.id) {
            state.turns.timers.remove(&self.id);
        }
        if let Some(next) = next {
            begin(&self.running, &mut state, next);
        }
        self.running.tell_truth(&mut state);
    }
}

/// Works until nobody waits any more, or until the work is no more.
fn begin(running: &Arc<Running>, state: &mut State, mut work: Start) {
    let (timer, mut cancelled) = oneshot::channel();
    state.turns.timers.insert(work.id, timer);
    let running = Arc::clone(running);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                biased;
                _ = &mut cancelled => return,
                () = running.sleep_until(running.instant(work.until)) => {}
            }
            let mut state = running.lock();
            let timer = state.turns.timers.remove(&work.id);
            let next = state.downstream.work_done(work.id);
            if let Some(tell) = state.turns.waiting.remove(&work.id) {
                // Whoever has left has left.
                let _ = tell.send(());
            }
            running.tell_truth(&mut state);
            let (Some(next), Some(timer)) = (next, timer) else {
                return;
            };
            state.turns.timers.insert(next.id, timer);
            work = next;
        }
    });
}

#[cfg(test)]
mod tests;
