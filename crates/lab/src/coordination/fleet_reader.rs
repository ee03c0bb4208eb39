//! The reader of an instance's place in its fleet, through all the times that it joins.
//!
//! An instance that is stopped and started again is another participant, as a process that is started again would be.
//! Whoever watches it goes on watching.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fusebox_fleet::host::{Reader, Status};

/// Reads how an instance stands in its fleet. Clones read the same.
#[derive(Clone, Debug)]
pub(crate) struct FleetReader(Arc<Mutex<Reader>>);

impl FleetReader {
    pub(crate) fn new(reader: Reader) -> Self {
        Self(Arc::new(Mutex::new(reader)))
    }

    /// How it stands now; once it has left and until it joins again, how it stood then.
    pub(crate) fn status(&self) -> Status {
        self.latest().status()
    }

    /// The reader of the participant that it is now, or was last.
    pub(crate) fn latest(&self) -> Reader {
        self.lock().clone()
    }

    /// It has joined again, and this reads how it stands now.
    pub(crate) fn follow(&self, reader: Reader) {
        *self.lock() = reader;
    }

    fn lock(&self) -> MutexGuard<'_, Reader> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
