//! The reader of an instance's place in its fleet, through all the times that it joins one.
//!
//! An instance that is stopped and started again is another participant, as a process that is started again would be;
//! so is one that goes over to another mode. Whoever watches it goes on watching, and its counts go on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fusebox_fleet::host::{OpinionTimes, Reader, Status, Tally};

/// Reads how an instance stands in its fleet. Clones read the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct FleetReader(Arc<Mutex<Followed>>);

#[derive(Debug, Default)]
struct Followed {
    /// The participant that it is now, or was until it left; nobody while the instance decides alone.
    latest: Option<Reader>,
    /// What all participants before that one have counted.
    before: (Tally, OpinionTimes),
}

impl FleetReader {
    /// How it stands now; once it has left and until it joins again, how it stood then. Nothing where the instance
    /// decides alone.
    pub(crate) fn status(&self) -> Option<Status> {
        self.lock().latest.as_ref().map(Reader::status)
    }

    /// What it has counted in all the times that it was in a fleet.
    pub(crate) fn tally(&self) -> Tally {
        let followed = self.lock();
        let latest = followed.latest.as_ref().map(Reader::status);
        followed.before.0 + latest.map_or(Tally::default(), |status| status.tally)
    }

    /// It has joined as this participant. Returns what those before have counted.
    pub(super) fn follow(&self, reader: Reader) -> (Tally, OpinionTimes) {
        let mut followed = self.lock();
        followed.end();
        followed.latest = Some(reader);
        followed.before
    }

    /// The reader of one participant.
    #[cfg(test)]
    pub(crate) fn of(reader: Reader) -> Self {
        let this = Self::default();
        this.follow(reader);
        this
    }

    /// It decides alone from now on.
    pub(super) fn lose(&self) {
        self.lock().end();
    }

    fn lock(&self) -> MutexGuard<'_, Followed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Followed {
    fn end(&mut self) {
        if let Some(last) = self.latest.take().map(|reader| reader.status()) {
            let (tally, opinion_times) = self.before;
            self.before = (tally + last.tally, opinion_times + last.opinion_times);
        }
    }
}
