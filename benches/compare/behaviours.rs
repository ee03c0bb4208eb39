//! The behaviours that are compared: one row each, the same for every library.

use crate::library::{Extension, Library, Nonsense};
use crate::note::{self, Note};
use crate::scenarios;
use crate::shown::Shown;

/// One row.
pub(crate) struct Behaviour {
    pub(crate) asked: &'static str,
    /// `None` where the library cannot be asked that.
    pub(crate) run: fn(&dyn Library) -> Option<Shown>,
    pub(crate) notes: &'static [Note],
}

/// The rows, in order.
pub(crate) const ALL: &[Behaviour] = &[
    Behaviour {
        asked: "probes under way at once when 100 calls come while half-open; 1 is permitted",
        run: scenarios::probes_at_once,
        notes: &[note::FAILSAFE_LIMIT, note::RECLOSER_LIMIT],
    },
    Behaviour {
        asked: "the slot of a cancelled probe is free again",
        run: scenarios::cancelled_probe,
        notes: &[note::FAILSAFE_LIMIT, note::RECLOSER_LIMIT],
    },
    Behaviour {
        asked: "a probe that hangs does not keep all others out for ten open periods",
        run: scenarios::hung_probe,
        notes: &[note::FAILSAFE_LIMIT, note::RECLOSER_LIMIT],
    },
    Behaviour {
        asked: "closes again after a probe that panicked",
        run: scenarios::panicked_probe,
        notes: &[note::FAILSAFE_LIMIT, note::RECLOSER_LIMIT],
    },
    Behaviour {
        asked: "panics open it like failures",
        run: scenarios::panics_open,
        notes: &[],
    },
    Behaviour {
        asked: "successes of calls from before the trip do not close it while the probe is under way",
        run: scenarios::late_successes,
        notes: &[],
    },
    Behaviour {
        asked: "failures of calls from before the trip do not reopen it while the probe is under way",
        run: scenarios::late_failures,
        notes: &[],
    },
    Behaviour {
        asked: "an ignored probe neither closes nor reopens it",
        run: scenarios::ignored_probe,
        notes: &[
            note::FAILSAFE_NEUTRAL,
            note::RECLOSER_NEUTRAL,
            note::TOWER_NEUTRAL,
        ],
    },
    Behaviour {
        asked: "failures that open a window of 100 at 50 %, after 10,000 successes",
        run: scenarios::sliding_window,
        notes: &[note::FAILSAFE_COUNT],
    },
    Behaviour {
        asked: "failures that open a new window of 100 at 50 %, minimum 10 calls",
        run: scenarios::minimum_calls,
        notes: &[note::FAILSAFE_COUNT, note::RECLOSER_MINIMUM],
    },
    Behaviour {
        asked: "99 failures of 200 do not reach 50 %, 100 do",
        run: scenarios::exact_ratio,
        notes: &[note::FAILSAFE_COUNT],
    },
    Behaviour {
        asked: "calls that succeed slowly open it",
        run: scenarios::slow_calls,
        notes: &[note::FAILSAFE_SLOW, note::RECLOSER_SLOW],
    },
    Behaviour {
        asked: "a probe that succeeds slowly does not close it",
        run: scenarios::slow_probe,
        notes: &[note::FAILSAFE_SLOW, note::RECLOSER_SLOW],
    },
    Behaviour {
        asked: "calls that hang open it before they end",
        run: scenarios::calls_under_way,
        notes: &[note::OUR_SETTING, note::FAILSAFE_SLOW, note::RECLOSER_SLOW],
    },
    Behaviour {
        asked: "calls that their callers give up open it",
        run: scenarios::calls_given_up,
        notes: &[note::OUR_DROPPED],
    },
    Behaviour {
        asked: "the rejection says when to come back",
        run: scenarios::retry_after,
        notes: &[note::TOWER_RETRY],
    },
    Behaviour {
        asked: "what a listener is told about an opening",
        run: scenarios::explanation,
        notes: &[note::RECLOSER_EVENTS],
    },
    Behaviour {
        asked: "the state can be read without changing it",
        run: scenarios::reading_state,
        notes: &[note::FAILSAFE_STATE, note::RECLOSER_STATE],
    },
    Behaviour {
        asked: "the figures of an idle time window expire",
        run: scenarios::idle_figures,
        notes: &[note::FAILSAFE_FIGURES, note::RECLOSER_FIGURES],
    },
    Behaviour {
        asked: "zero probes are refused as a setting",
        run: |library| library.refuses(Nonsense::NoProbes).map(Shown::yes_if),
        notes: &[note::FAILSAFE_LIMIT],
    },
    Behaviour {
        asked: "a window of nothing is refused as a setting",
        run: |library| library.refuses(Nonsense::EmptyWindow).map(Shown::yes_if),
        notes: &[],
    },
    Behaviour {
        asked: "opening after zero failures in a row is refused as a setting",
        run: |library| library.refuses(Nonsense::NoFailures).map(Shown::yes_if),
        notes: &[note::RECLOSER_RUN],
    },
    Behaviour {
        asked: "changing the settings of a live breaker keeps its evidence",
        run: scenarios::reconfiguration,
        notes: &[note::FAILSAFE_LIVE, note::RECLOSER_LIVE, note::TOWER_LIVE],
    },
    Behaviour {
        asked: "takes a trip rule of the user's",
        run: |library| library.takes(Extension::TripRule).map(Shown::yes_if),
        notes: &[note::OUR_RULES, note::RECLOSER_RULES, note::TOWER_RULES],
    },
    Behaviour {
        asked: "takes a function of the user's for the open period",
        run: |library| library.takes(Extension::OpenPeriod).map(Shown::yes_if),
        notes: &[note::OUR_PERIOD, note::RECLOSER_PERIOD, note::TOWER_PERIOD],
    },
];
