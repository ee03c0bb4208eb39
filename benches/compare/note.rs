//! Footnotes of cells without an answer, each about what a library offers.

use crate::library::Whose;

/// A remark on one library's cell of one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note {
    pub(crate) on: Whose,
    /// Unique in the document.
    pub(crate) label: &'static str,
    pub(crate) text: &'static str,
}

impl Note {
    const fn new(on: Whose, label: &'static str, text: &'static str) -> Self {
        Self { on, label, text }
    }
}

pub(crate) const OUR_SETTING: Note = Note::new(
    Whose::Ours,
    "our-setting",
    "With `in_flight_calls` set so; by default calls count when they end.",
);
pub(crate) const OUR_DROPPED: Note = Note::new(
    Whose::Ours,
    "our-dropped",
    "With `dropped_permit` set so; by default a call that is given up counts for nothing.",
);
pub(crate) const OUR_RULES: Note = Note::new(
    Whose::Ours,
    "our-rules",
    "This breaker has three rules and takes no other; a classifier may ask for an opening at once.",
);
pub(crate) const OUR_PERIOD: Note = Note::new(
    Whose::Ours,
    "our-period",
    "This breaker has a factor, a maximum and jitter, and takes a minimum with a failure; it takes \
     no function.",
);
pub(crate) const FAILSAFE_LIMIT: Note = Note::new(
    Whose::Failsafe,
    "failsafe-probes",
    "`failsafe` has no setting for the number of probes and admits them all.",
);
pub(crate) const RECLOSER_LIMIT: Note = Note::new(
    Whose::Recloser,
    "recloser-probes",
    "`recloser` has `half_open_len`, set to 1 here, for the number of calls that are judged; none \
     for the number of probes, and admits them all.",
);
pub(crate) const FAILSAFE_COUNT: Note = Note::new(
    Whose::Failsafe,
    "failsafe-window",
    "`failsafe` judges failures in a row or a moving average over time; it has no window of calls.",
);
pub(crate) const RECLOSER_MINIMUM: Note = Note::new(
    Whose::Recloser,
    "recloser-minimum",
    "`recloser` has no minimum of calls.",
);
pub(crate) const FAILSAFE_SLOW: Note = Note::new(
    Whose::Failsafe,
    "failsafe-slow",
    "`failsafe` does not time calls.",
);
pub(crate) const RECLOSER_SLOW: Note = Note::new(
    Whose::Recloser,
    "recloser-slow",
    "`recloser` does not time calls.",
);
pub(crate) const RECLOSER_EVENTS: Note = Note::new(
    Whose::Recloser,
    "recloser-events",
    "`recloser` has no listeners; with its feature `tracing`, off here, it logs the states.",
);
pub(crate) const FAILSAFE_STATE: Note = Note::new(
    Whose::Failsafe,
    "failsafe-state",
    "As the text of `Debug`. The method for it, `is_call_permitted`, changes the state.",
);
pub(crate) const RECLOSER_STATE: Note = Note::new(
    Whose::Recloser,
    "recloser-state",
    "`recloser` has no method that tells the state.",
);
pub(crate) const FAILSAFE_FIGURES: Note = Note::new(
    Whose::Failsafe,
    "failsafe-figures",
    "`failsafe` shows no figures.",
);
pub(crate) const RECLOSER_FIGURES: Note = Note::new(
    Whose::Recloser,
    "recloser-figures",
    "`recloser` shows no figures.",
);
pub(crate) const RECLOSER_RUN: Note = Note::new(
    Whose::Recloser,
    "recloser-run",
    "`recloser` has no rule for failures in a row.",
);
pub(crate) const TOWER_RETRY: Note = Note::new(
    Whose::TowerResilience,
    "tower-retry",
    "Its error carries nothing; in its `backpressure` mode, off by default, it makes the caller \
     wait instead of rejecting.",
);
pub(crate) const FAILSAFE_LIVE: Note = Note::new(
    Whose::Failsafe,
    "failsafe-live",
    "`failsafe` cannot change a breaker that exists.",
);
pub(crate) const RECLOSER_LIVE: Note = Note::new(
    Whose::Recloser,
    "recloser-live",
    "`recloser` cannot change a breaker that exists.",
);
pub(crate) const TOWER_LIVE: Note = Note::new(
    Whose::TowerResilience,
    "tower-live",
    "`tower-resilience-circuitbreaker` cannot change a breaker that exists.",
);
pub(crate) const FAILSAFE_NEUTRAL: Note = Note::new(
    Whose::Failsafe,
    "failsafe-neutral",
    "An error that the predicate does not call a failure counts as a success.",
);
pub(crate) const RECLOSER_NEUTRAL: Note = Note::new(
    Whose::Recloser,
    "recloser-neutral",
    "An error that the predicate does not call a failure counts as a success.",
);
pub(crate) const TOWER_NEUTRAL: Note = Note::new(
    Whose::TowerResilience,
    "tower-neutral",
    "An error that the classifier does not call a failure counts as a success.",
);
pub(crate) const RECLOSER_TIME: Note = Note::new(
    Whose::Recloser,
    "recloser-time",
    "`recloser` has no window of time.",
);
pub(crate) const FAILSAFE_TIME: Note = Note::new(
    Whose::Failsafe,
    "failsafe-time",
    "A moving average over time and a counter in five slices.",
);
pub(crate) const OUR_JITTER: Note = Note::new(
    Whose::Ours,
    "our-jitter",
    "As its rejections tell the periods. Jitter shortens a period by up to a tenth.",
);
pub(crate) const FAILSAFE_JITTER: Note = Note::new(
    Whose::Failsafe,
    "failsafe-jitter",
    "Its default back-off begins at 10 s, so its first periods were drawn, not waited for. They \
     are whole seconds.",
);
pub(crate) const RECLOSER_RULES: Note = Note::new(
    Whose::Recloser,
    "recloser-rules",
    "`recloser` has one rule and takes no other.",
);
pub(crate) const TOWER_RULES: Note = Note::new(
    Whose::TowerResilience,
    "tower-rules",
    "`tower-resilience-circuitbreaker` has three rules and takes no other.",
);
pub(crate) const RECLOSER_PERIOD: Note = Note::new(
    Whose::Recloser,
    "recloser-period",
    "For every period but the first.",
);
pub(crate) const TOWER_PERIOD: Note = Note::new(
    Whose::TowerResilience,
    "tower-period",
    "`tower-resilience-circuitbreaker` has one constant period.",
);
