//! A thread that writes the text of others to one stream.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How often it is checked whether everything has been written.
pub(super) const LOOK: Duration = Duration::from_millis(2);

/// How many bytes may wait for the reader: some ten thousand lines.
const LIMIT: usize = 1024 * 1024;

/// Takes output, and never waits for its reader.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<Backlog>,
    /// Notified when something waits, and when it has been written.
    changed: Condvar,
    /// Whether the reader has gone away.
    left: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Backlog {
    waiting: Vec<u8>,
    /// Whether the thread is writing.
    busy: bool,
    /// Lines for which there was no room.
    lost: u64,
    failed: Option<io::Error>,
    /// The time from which nobody waits for the reader any more.
    until: Option<Instant>,
}

impl Writer {
    /// Starts the thread that writes to `stream`.
    pub(super) fn start<W: Write + 'static>(
        name: &str,
        stream: impl FnOnce() -> W + Send + 'static,
    ) -> Self {
        let writer = Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                changed: Condvar::new(),
                left: watch::Sender::new(false),
            }),
        };
        let writing = writer.clone();
        let thread = thread::Builder::new().name(name.to_owned());
        if let Err(error) = thread.spawn(move || writing.write_to(stream())) {
            writer.lock().failed = Some(error);
        }
        writer
    }

    /// Adds output. If too much already waits, it is dropped.
    pub(crate) fn add(&self, bytes: Vec<u8>) {
        let mut state = self.lock();
        if state.failed.is_some() {
            return;
        }
        // One piece of any size has room: the result of a run is printed as a whole.
        if state.waiting.is_empty() {
            state.waiting = bytes;
        } else if state.waiting.len() + bytes.len() <= LIMIT {
            state.waiting.extend_from_slice(&bytes);
        } else {
            state.lost += 1;
        }
        self.shared.changed.notify_all();
    }

    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_idle()
    }

    pub(super) async fn reader_left(&self) {
        let mut left = self.shared.left.subscribe();
        // The sender lives as long as this does.
        let _ = left.wait_for(|left| *left).await;
    }

    pub(super) fn hurry(&self, until: Instant) {
        self.lock().until = Some(until);
        self.shared.changed.notify_all();
    }

    /// Whether everything has been written or is given up; nothing is given up before `least`.
    pub(super) fn is_done(&self, least: Instant) -> bool {
        self.lock().is_done(least)
    }

    /// Waits until that is so.
    pub(super) fn finish(&self, least: Instant) {
        let mut state = self.lock();
        while !state.is_done(least) {
            let left = state
                .until
                .map(|until| until.max(least).saturating_duration_since(Instant::now()));
            state = match left {
                None => self.shared.changed.wait(state),
                Some(left) => self
                    .shared
                    .changed
                    .wait_timeout(state, left)
                    .map(|(state, _)| state)
                    .map_err(|poisoned| PoisonError::new(poisoned.into_inner().0)),
            }
            .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns when everything has been written, however long the reader takes, or has been given up.
    ///
    /// # Errors
    ///
    /// The reason why it was not written, including that the reader has gone away or was too slow.
    pub(crate) async fn all_written(&self) -> io::Result<()> {
        while !self.is_done(Instant::now()) {
            sleep(LOOK).await;
        }
        let mut state = self.lock();
        match (state.failed.take(), state.lost) {
            (Some(error), _) => Err(error),
            (None, 0) if state.is_idle() => Ok(()),
            _ => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the output was not read in time",
            )),
        }
    }

    /// Whether all output was written. A reader that has gone away is no error.
    pub(super) fn outcome(&self) -> io::Result<()> {
        match self.lock().failed.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    /// How many lines were dropped.
    pub(super) fn lost(&self) -> u64 {
        self.lock().lost
    }

    fn write_to(&self, mut stream: impl Write) {
        loop {
            let bytes = {
                let mut state = self.lock();
                while state.waiting.is_empty() {
                    let woken = self.shared.changed.wait(state);
                    state = woken.unwrap_or_else(PoisonError::into_inner);
                }
                state.busy = true;
                std::mem::take(&mut state.waiting)
            };
            let written = stream.write_all(&bytes).and_then(|()| stream.flush());
            let mut state = self.lock();
            state.busy = false;
            if let Err(error) = written {
                state.waiting = Vec::new();
                let left = error.kind() == io::ErrorKind::BrokenPipe;
                state.failed = Some(error);
                self.shared.left.send_replace(left);
            }
            self.shared.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backlog {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !self.busy
    }

    fn is_done(&self, least: Instant) -> bool {
        let late = |until: Instant| Instant::now() >= until.max(least);
        self.is_idle() || self.failed.is_some() || self.until.is_some_and(late)
    }
}

#[cfg(test)]
mod tests;
