//! The check of an engine's answers before a member is told.
//!
//! A number that no ledger could have written counts as a lost answer. So a broken engine is treated as a silent one,
//! and the instance goes on alone.

use std::time::Duration;

use crate::message::{AcquireRefused, Lease};
use crate::number::LARGEST;
use crate::settings::Settings;
use crate::view::{Verdict, View};

/// Engines count in milliseconds and round up.
const ROUNDING: Duration = Duration::from_secs(1);

pub(super) fn is_sound(view: &View, settings: &Settings) -> bool {
    let wait = match view.verdict {
        Verdict::Closed => Duration::ZERO,
        Verdict::Open { next_probe_in } => next_probe_in,
    };
    let is_counted = |number: u64| number <= LARGEST;
    is_counted(view.era.epoch.get())
        && is_counted(view.revision.get())
        && view.command.is_sound()
        && view.votes.suspects <= view.votes.voters
        && wait <= longest_gap(settings)
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

/// Also the wait of a prober whose probe has failed, which lets others go first.
fn longest_gap(settings: &Settings) -> Duration {
    settings
        .gap(1, u32::MAX)
        .max(settings.first_gap(1))
        .saturating_add(ROUNDING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, Order};
    use crate::mode::Mode;
    use crate::number::{CommandNumber, Epoch, Incarnation, Revision};
    use crate::view::{Era, Votes};

    #[test]
    fn a_view_with_a_number_that_leaves_no_room_to_count_on_is_not_sound() {
        let settings = Settings::builder(Mode::Quorum).build().unwrap();
        let view = |epoch, revision, number| View {
            era: Era::new(Incarnation::new(u64::MAX), Epoch::new(epoch)),
            revision: Revision::new(revision),
            verdict: Verdict::Closed,
            votes: Votes::new(3, 1, 2),
            command: Command::new(CommandNumber::new(number), Order::ForceOpen),
        };
        assert!(is_sound(&view(LARGEST, LARGEST, LARGEST), &settings));
        let large = LARGEST + 1;
        for damaged in [view(large, 0, 0), view(0, large, 0), view(0, 0, large)] {
            assert!(!is_sound(&damaged, &settings), "{damaged:?}");
        }
    }
}
