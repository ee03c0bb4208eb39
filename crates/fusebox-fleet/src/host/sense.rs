//! The check of what an engine says before a member is told.
//!
//! A number that no ledger could have written is an answer that was lost. So a broken engine is a silent one,
//! and the instance goes on alone.

use std::time::Duration;

use crate::message::{AcquireRefused, Lease};
use crate::settings::Settings;
use crate::view::{Verdict, View};

/// Engines count in milliseconds and round up.
const ROUNDING: Duration = Duration::from_secs(1);

pub(super) fn is_sound(view: &View, settings: &Settings) -> bool {
    let wait = match view.verdict {
        Verdict::Closed => Duration::ZERO,
        Verdict::Open { next_probe_in } => next_probe_in,
    };
    view.votes.suspects <= view.votes.voters && wait <= longest_gap(settings)
}

pub(super) fn is_sound_lease(lease: &Lease, settings: &Settings) -> bool {
    lease.lasts <= settings.longest_lease().saturating_add(ROUNDING)
}

pub(super) fn is_sound_refusal(refused: &AcquireRefused, settings: &Settings) -> bool {
    match refused {
        AcquireRefused::Stale => true,
        AcquireRefused::Early { wait } => *wait <= longest_gap(settings),
        AcquireRefused::Busy { remaining } => {
            *remaining <= settings.longest_lease().saturating_add(ROUNDING)
        }
    }
}

/// Also that of a prober whose probe has failed, which stands back.
fn longest_gap(settings: &Settings) -> Duration {
    settings
        .gap(1, u32::MAX)
        .max(settings.first_gap(1))
        .saturating_add(ROUNDING)
}
