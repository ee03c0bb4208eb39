//! The modes of a fleet: how much the instances share, and what that decides.
//!
//! One state machine has five dials, and a mode is a position of all five. The package's guide says what was measured
//! about each mode.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// The amount that the instances of a fleet share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Nothing is shared: every breaker is alone. The default.
    #[default]
    Local,
    /// Opinions are shared. When a quorum suspects the downstream, an instance that suspects it too opens at once,
    /// and then probes and closes on its own.
    Advisory,
    /// Opinions are shared; the whole fleet makes one probe at a time and closes in turn.
    Quorum,
    /// Counts of calls are merged instead of opinions; probing and closing are as in [`Mode::Quorum`].
    Pooled,
    /// A contrast, to show harm: one instance that trips opens all.
    AnyOpen,
    /// A contrast, to show harm: the counts of all instances are merged, without a veto and without trips of their
    /// own.
    PooledNaive,
}

impl Mode {
    /// All modes, from the one that shares least to the one that shares most.
    pub const ALL: [Self; 6] = [
        Self::Local,
        Self::Advisory,
        Self::Quorum,
        Self::Pooled,
        Self::AnyOpen,
        Self::PooledNaive,
    ];

    /// Returns the name in settings, labels and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Advisory => "advisory",
            Self::Quorum => "quorum",
            Self::Pooled => "pooled",
            Self::AnyOpen => "any-open",
            Self::PooledNaive => "pooled-naive",
        }
    }

    /// Returns whether the mode exists only to show what goes wrong. Do not use such a mode in production.
    pub fn is_contrast(self) -> bool {
        matches!(self, Self::AnyOpen | Self::PooledNaive)
    }

    /// Returns the position of the five dials.
    pub fn dials(self) -> Dials {
        let (evidence, veto, probe, close) = match self {
            Self::Local => (
                Evidence::Nothing,
                Veto::Respected,
                ProbeRule::Each,
                CloseRule::OwnTimer,
            ),
            Self::Advisory => (
                Evidence::Opinions,
                Veto::Respected,
                ProbeRule::Each,
                CloseRule::OwnTimer,
            ),
            Self::Quorum => (
                Evidence::Opinions,
                Veto::Respected,
                ProbeRule::Leased,
                CloseRule::ByTurns,
            ),
            Self::Pooled => (
                Evidence::Counts,
                Veto::Respected,
                ProbeRule::Leased,
                CloseRule::ByTurns,
            ),
            Self::AnyOpen => (
                Evidence::Trips,
                Veto::Ignored,
                ProbeRule::Each,
                CloseRule::AtOnce,
            ),
            Self::PooledNaive => (
                Evidence::Counts,
                Veto::Ignored,
                ProbeRule::Leased,
                CloseRule::AtOnce,
            ),
        };
        Dials {
            evidence,
            veto,
            probe,
            close,
            own_trips: if self == Self::PooledNaive {
                OwnTrips::Off
            } else {
                OwnTrips::On
            },
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(given: &str) -> Result<Self, UnknownMode> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == given)
            .ok_or_else(|| UnknownMode {
                given: given.to_owned(),
            })
    }
}

/// The error for a word that names no mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMode {
    given: String,
}

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a mode: write ", self.given.escape_debug())?;
        let (last, rest) = Mode::ALL.split_last().expect("there are modes");
        for mode in rest {
            write!(f, "{mode}, ")?;
        }
        write!(f, "or {last}")
    }
}

impl Error for UnknownMode {}

/// The dials that make up a mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dials {
    /// What opens the fleet.
    pub evidence: Evidence,
    /// Whether an instance that sees no trouble stays closed.
    pub veto: Veto,
    /// Who probes.
    pub probe: ProbeRule,
    /// How held breakers close again.
    pub close: CloseRule,
    /// Whether an instance's own breaker may trip. The host sets the breaker up accordingly.
    pub own_trips: OwnTrips,
}

/// The evidence that opens the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// Nothing opens it.
    Nothing,
    /// Enough instances suspect the downstream.
    Opinions,
    /// Enough instances' own breakers have tripped.
    Trips,
    /// The failure ratio of the latest calls of all instances.
    Counts,
}

/// Whether an instance that sees no trouble may stay closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Veto {
    /// It stays closed.
    Respected,
    /// It opens with the others.
    Ignored,
}

/// The rule for who probes while the fleet is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeRule {
    /// Every held instance probes. In [`Mode::Advisory`] no lease is asked for. In [`Mode::AnyOpen`] each instance
    /// gets a lease of its own, because one successful probe closes all, and the engine counts only results that come
    /// with a lease.
    Each,
    /// Only the holder of the lease probes: an instance that the fleet holds, or whose breaker is open by its own
    /// rules.
    Leased,
}

/// The way in which held breakers close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseRule {
    /// Each closes after a wait and a successful probe of its own.
    OwnTimer,
    /// All close when the fleet closes.
    AtOnce,
    /// Each closes at a random moment after the fleet has closed.
    ByTurns,
}

/// Whether an instance's own breaker may trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnTrips {
    /// It may trip: the fleet only ever adds to it.
    On,
    /// It may not trip; only for a contrast.
    Off,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_reads_back_from_its_name() {
        for mode in Mode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(mode));
        }
    }

    #[test]
    fn an_unknown_mode_is_refused_with_the_list_of_modes() {
        let error = "quorom".parse::<Mode>().unwrap_err();

        assert_eq!(
            error.to_string(),
            "`quorom` is not a mode: write local, advisory, quorum, pooled, any-open, or pooled-naive"
        );
    }

    #[test]
    fn only_a_contrast_ignores_a_veto_or_forbids_own_trips() {
        for mode in Mode::ALL {
            let dials = mode.dials();
            let harmless = dials.veto == Veto::Respected && dials.own_trips == OwnTrips::On;

            assert_eq!(harmless, !mode.is_contrast(), "{mode}");
        }
    }
}
