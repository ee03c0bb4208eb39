//! The interface of a library in a comparison: [`Library`] makes breakers, [`Subject`] is one of them.
//!
//! A rule that a library has no setting for is `None`, and its cell in the table then says why.

use benches::Worker;

use crate::downstream::{Answering, Downstream};

/// One column of the table.
pub(crate) trait Library {
    fn whose(&self) -> Whose;

    /// A breaker that opens by `rule` for a period that is `open`, then admits one probe where
    /// that can be set.
    fn breaker(&self, rule: Rule, open: Period) -> Option<Box<dyn Subject>>;

    /// Whether it refuses the setting instead of building a breaker.
    fn refuses(&self, setting: Nonsense) -> Option<bool>;

    /// Whether it asks what it was extended with; `None` where it cannot be extended so.
    fn takes(&self, extension: Extension) -> Option<bool>;

    /// Successful calls through a breaker as the library's first example makes them, judged over
    /// a count window of 100 where there is one.
    fn succeeding(&self) -> Worker;

    /// Calls that an open breaker rejects.
    fn rejected(&self) -> Worker;

    /// Successful calls through a breaker that judges the last minutes.
    fn within_minutes(&self) -> Option<Worker>;

    /// How much the open periods of twenty breakers differ that opened together, each with the
    /// default jitter: the longest minus the shortest, as a share of the longest.
    fn spread_of_open_periods(&self) -> f64;
}

/// A breaker under test.
pub(crate) trait Subject {
    /// Makes a call through the breaker.
    fn call(&self, downstream: Downstream) -> Answering;

    /// Lets a [`Period::Short`] pass: on a clock of our own where the library takes one, in real
    /// time where not.
    fn wait(&self);

    /// The failures in a row that open it by [`Rule::Few`].
    fn few(&self) -> u32 {
        3
    }

    /// The state, found out by whatever means there are, even such that change it.
    fn state(&self) -> State;

    /// The state that the library shows, if it shows one.
    fn shown_state(&self) -> Option<State>;

    /// The failures that the library says are in the window, if it says so.
    fn shown_failures(&self) -> Option<u64> {
        None
    }

    /// What a listener was told when it opened, if there are listeners.
    fn told(&self) -> Option<&'static str>;

    /// Changes a live breaker from [`Rule::Few`] to opening one failure earlier, if that is
    /// possible. Whether it was.
    fn reconfigure(&self) -> bool {
        false
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Ours,
    Failsafe,
    Recloser,
    TowerResilience,
}

/// When to open.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// After few failures in a row.
    Few,
    /// Also after few calls that their callers give up, where that can be set.
    FewOrGivenUp,
    /// At half of the last `window` calls, from `minimum` calls on where that can be set.
    Half { window: u32, minimum: u32 },
    /// At half of five calls that take longer than a [`Period::Short`].
    Slow,
    /// The same, counting calls before they end where that can be set.
    SlowUnderWay,
    /// At half of a hundred calls within a [`Period::Short`].
    HalfWithinShort,
}

/// How long something lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    /// So short that a run can wait for it.
    Short,
    /// Longer than any run.
    Long,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Closed,
    Open,
    HalfOpen,
}

/// A setting with which a breaker can never work.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Nonsense {
    /// Half-open, no probe is admitted or judged.
    NoProbes,
    /// The window holds nothing.
    EmptyWindow,
    /// Opens after no failure at all.
    NoFailures,
}

/// What a user adds to a library.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extension {
    /// What decides when it opens.
    TripRule,
    /// What decides for how long.
    OpenPeriod,
}
