//! A place among the calls that suffer, which a call holds until it has ended.

use std::sync::Arc;

use experiment::downstream::Suffering;

use super::live::Live;

/// A call that suffers, until this is dropped.
#[derive(Debug)]
pub(super) struct SufferingCall {
    live: Arc<Live>,
    place: Option<Suffering>,
}

impl SufferingCall {
    /// A call that has got this place.
    pub(super) fn new(live: &Arc<Live>, place: Suffering) -> Self {
        Self {
            live: Arc::clone(live),
            place: Some(place),
        }
    }
}

impl Drop for SufferingCall {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.live.lock().downstream.relieve(place);
        }
    }
}
