//! A line to the engine for one kind of message: one request is under way, and at most one waits.
//!
//! So a slow engine makes no queue grow.

use tokio::task::JoinHandle;

pub(super) struct Line<T> {
    running: Option<JoinHandle<()>>,
    waiting: Option<T>,
}

impl<T> Line<T> {
    pub(super) fn new() -> Self {
        Self {
            running: None,
            waiting: None,
        }
    }

    /// Notes that a request has gone out.
    pub(super) fn runs(&mut self, request: JoinHandle<()>) {
        self.running = Some(request);
    }

    /// Notes that the request under way has been answered or given up.
    pub(super) fn answered(&mut self) {
        self.running = None;
    }

    /// Whether a request is under way. A request whose engine blocks its thread counts as under way even after its
    /// time is up.
    pub(super) fn is_busy(&self) -> bool {
        self.running
            .as_ref()
            .is_some_and(|request| !request.is_finished())
    }

    /// Lets a message wait, and returns the one that waited before.
    pub(super) fn wait(&mut self, message: T) -> Option<T> {
        self.waiting.replace(message)
    }

    /// The message that waits, once the line is free.
    pub(super) fn next(&mut self) -> Option<T> {
        if self.is_busy() {
            return None;
        }
        self.waiting.take()
    }

    /// Stops sending; a request under way is left to its end.
    pub(super) fn close(&mut self) -> Option<JoinHandle<()>> {
        self.waiting = None;
        self.running.take()
    }
}

impl<T> Drop for Line<T> {
    fn drop(&mut self) {
        if let Some(request) = &self.running {
            request.abort();
        }
    }
}
