//! Events: what happens in a breaker, and which of it somebody wants to be told.

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
    /// A call was rejected. Only for who asked for [`Interest::Everything`].
    Rejected(Rejected),
    /// An outcome came too late to count. Only for who asked for [`Interest::Everything`].
    Late {
        /// The generation in which the call had been permitted.
        generation: Generation,
    },
}

impl Event {
    /// Whether somebody with this interest wants to be told.
    pub(crate) fn interests(&self, interest: Interest) -> bool {
        match self {
            Self::Transition(_) | Self::WouldTrip(_) => true,
            Self::Rejected(_) | Self::Late { .. } => interest == Interest::Everything,
        }
    }
}

/// Which events somebody wants to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interest {
    /// Transitions, and trips that metrics-only mode reports. These are rare.
    #[default]
    Changes,
    /// Rejections and late results as well. These come with single calls, so that each of them
    /// costs its caller a lock and the telling.
    Everything,
}
