//! Events: what happens in a breaker, and which events a listener wants.

use crate::rejected::Rejected;
use crate::state::Generation;
use crate::transition::{Transition, WouldTrip};

/// Something that happened in a breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The breaker changed its state.
    Transition(Transition),
    /// In metrics-only mode: the breaker would have opened.
    WouldTrip(WouldTrip),
    /// A call was rejected. Sent only to listeners with [`Interest::Everything`].
    Rejected(Rejected),
    /// An outcome came too late to count. Sent only to listeners with [`Interest::Everything`].
    Late {
        /// The generation in which the call was permitted.
        generation: Generation,
    },
}

impl Event {
    /// Whether this event is sent to a listener with this interest.
    pub(crate) fn interests(&self, interest: Interest) -> bool {
        match self {
            Self::Transition(_) | Self::WouldTrip(_) => true,
            Self::Rejected(_) | Self::Late { .. } => interest == Interest::Everything,
        }
    }
}

/// The events that a listener or a stream wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interest {
    /// Transitions, and trips that metrics-only mode reports. These are rare.
    #[default]
    Changes,
    /// Rejections and late outcomes as well. They come with single calls, and each costs its caller
    /// a lock and the time to tell the listeners.
    Everything,
}
