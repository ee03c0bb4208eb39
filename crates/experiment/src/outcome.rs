//! The outcomes of planned requests, each of which ends in exactly one way.
//!
//! The law of conservation says that the planned requests are the counted ones. [`Outcomes::check`] states it; a load
//! generator that cannot account for a request has a fault of its own.

use std::fmt;
use std::ops::{AddAssign, Index};

use serde::de::{Deserializer, Error as _};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

/// The outcome of a planned request for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientOutcome {
    /// 2xx: the downstream did its work.
    Ok,
    /// 503 from a breaker, without a call of the downstream.
    FastFail,
    /// Another 5xx: the downstream failed, or did not answer its instance in time.
    DownstreamError,
    /// 3xx: the answer is elsewhere, or has not changed. It is complete, and no redirect is followed.
    Redirection,
    /// 4xx: the request was wrong.
    ClientError,
    /// No complete answer before the client's timeout.
    Timeout,
    /// No connection was made.
    ConnectRefused,
    /// The connection was reset or closed before an answer began.
    Reset,
    /// The answer began and broke off.
    Truncated,
    /// The answer was not HTTP, or had a status that makes no sense here.
    Protocol,
    /// Not sent: the generator itself had no file descriptor, port, memory or address for a connection.
    OwnShortage,
    /// Not sent: the queue of planned requests was full.
    Shed,
    /// Still under way or waiting when the run ended.
    Unfinished,
}

impl ClientOutcome {
    /// All outcomes, in the order in which they are shown.
    pub const ALL: [Self; 13] = [
        Self::Ok,
        Self::FastFail,
        Self::DownstreamError,
        Self::Redirection,
        Self::ClientError,
        Self::Timeout,
        Self::ConnectRefused,
        Self::Reset,
        Self::Truncated,
        Self::Protocol,
        Self::OwnShortage,
        Self::Shed,
        Self::Unfinished,
    ];

    /// Returns its name in `snake_case`, as results, metrics and assertions have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::FastFail => "fast_fail",
            Self::DownstreamError => "downstream_error",
            Self::Redirection => "redirection",
            Self::ClientError => "client_error",
            Self::Timeout => "timeout",
            Self::ConnectRefused => "connect_refused",
            Self::Reset => "reset",
            Self::Truncated => "truncated",
            Self::Protocol => "protocol",
            Self::OwnShortage => "own_shortage",
            Self::Shed => "shed",
            Self::Unfinished => "unfinished",
        }
    }

    /// Returns the outcome of an answer with `status`; `from_breaker` says whether a breaker gave that answer.
    pub const fn of_status(status: u16, from_breaker: bool) -> Self {
        match status {
            200..=299 => Self::Ok,
            300..=399 => Self::Redirection,
            400..=499 => Self::ClientError,
            503 if from_breaker => Self::FastFail,
            500..=599 => Self::DownstreamError,
            _ => Self::Protocol,
        }
    }

    /// Returns whether the client never got an answer, so that no bound can be given for how long it took: the
    /// request was not sent, was under way at the end, or timed out. A timeout of 100 ms must not give a better `p99`
    /// than one of a second.
    pub const fn never_came(self) -> bool {
        matches!(
            self,
            Self::Timeout | Self::OwnShortage | Self::Shed | Self::Unfinished
        )
    }

    /// Returns whether a request was sent and an answer, or the lack of one, was seen.
    pub const fn ended(self) -> bool {
        !matches!(self, Self::OwnShortage | Self::Shed | Self::Unfinished)
    }

    const fn place(self) -> usize {
        self as usize
    }
}

impl fmt::Display for ClientOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many requests were planned, and how many ended with each outcome.
///
/// # Examples
///
/// ```
/// use experiment::outcome::{ClientOutcome, Outcomes};
///
/// let mut outcomes = Outcomes::default();
/// outcomes.plan();
/// assert!(outcomes.check().is_err()); // one is missing
/// outcomes.count(ClientOutcome::Ok);
/// assert!(outcomes.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    planned: u64,
    counts: [u64; ClientOutcome::ALL.len()],
}

/// The error for a broken law of conservation, which is a fault of the load generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{planned} requests were planned, but {counted} were accounted for")]
pub struct Unaccounted {
    /// Requests that were planned.
    pub planned: u64,
    /// Requests that ended in one of the outcomes.
    pub counted: u64,
}

impl Outcomes {
    /// Counts one more planned request.
    pub fn plan(&mut self) {
        self.planned += 1;
    }

    /// Counts the end of a planned request.
    pub fn count(&mut self, outcome: ClientOutcome) {
        self.counts[outcome.place()] += 1;
    }

    /// Returns how many requests were planned.
    pub fn planned(&self) -> u64 {
        self.planned
    }

    /// Returns how many requests ended in any way.
    pub fn counted(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns how many requests were sent and ended: all but those not sent or unfinished.
    pub fn ended(&self) -> u64 {
        let ended = ClientOutcome::ALL
            .into_iter()
            .filter(|outcome| outcome.ended());
        ended.map(|outcome| self[outcome]).sum()
    }

    /// Returns how many requests ended badly without being rejected by a breaker or by the generator.
    pub fn failed(&self) -> u64 {
        self.ended() - self[ClientOutcome::Ok] - self[ClientOutcome::FastFail]
    }

    /// Returns the share of the planned requests that ended in `outcome`; `None` if none were planned.
    pub fn share(&self, outcome: ClientOutcome) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a share of counts")]
        let share = self[outcome] as f64 / self.planned as f64;
        (self.planned > 0).then_some(share)
    }

    /// # Errors
    ///
    /// If not every planned request ended in exactly one outcome.
    pub fn check(&self) -> Result<(), Unaccounted> {
        let (planned, counted) = (self.planned, self.counted());
        if planned == counted {
            Ok(())
        } else {
            Err(Unaccounted { planned, counted })
        }
    }
}

impl Index<ClientOutcome> for Outcomes {
    type Output = u64;

    fn index(&self, outcome: ClientOutcome) -> &u64 {
        &self.counts[outcome.place()]
    }
}

impl AddAssign<&Self> for Outcomes {
    fn add_assign(&mut self, other: &Self) {
        self.planned += other.planned;
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
    }
}

/// `{"planned": 3, "ok": 2, …}`, every outcome present.
impl Serialize for Outcomes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + ClientOutcome::ALL.len()))?;
        map.serialize_entry("planned", &self.planned)?;
        for outcome in ClientOutcome::ALL {
            map.serialize_entry(outcome.as_str(), &self[outcome])?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Outcomes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = std::collections::BTreeMap::<String, u64>::deserialize(deserializer)?;
        let mut outcomes = Self::default();
        for (name, count) in map {
            if name == "planned" {
                outcomes.planned = count;
                continue;
            }
            let known = ClientOutcome::ALL
                .iter()
                .find(|known| known.as_str() == name);
            let outcome = known.ok_or_else(|| D::Error::custom(format!("no outcome `{name}`")))?;
            outcomes.counts[outcome.place()] = count;
        }
        Ok(outcomes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_outcome() {
        for (status, from_breaker, outcome) in [
            (200, true, ClientOutcome::Ok),
            (204, false, ClientOutcome::Ok),
            (503, true, ClientOutcome::FastFail),
            (503, false, ClientOutcome::DownstreamError),
            (502, true, ClientOutcome::DownstreamError),
            (504, true, ClientOutcome::DownstreamError),
            (429, true, ClientOutcome::ClientError),
            (302, false, ClientOutcome::Redirection),
            (304, true, ClientOutcome::Redirection),
            (101, false, ClientOutcome::Protocol),
            (100, false, ClientOutcome::Protocol),
        ] {
            assert_eq!(
                ClientOutcome::of_status(status, from_breaker),
                outcome,
                "{status}"
            );
        }
    }

    #[test]
    fn a_request_that_is_lost_or_counted_twice_is_noticed() {
        let mut outcomes = Outcomes::default();
        for outcome in ClientOutcome::ALL {
            outcomes.plan();
            outcomes.count(outcome);
        }
        assert_eq!(outcomes.check(), Ok(()));
        assert_eq!((outcomes.ended(), outcomes.failed()), (10, 8));

        outcomes.count(ClientOutcome::Ok);
        let broken = outcomes.check().unwrap_err();

        assert_eq!((broken.planned, broken.counted), (13, 14));
    }

    #[test]
    fn outcomes_read_back_as_they_are_written() {
        let mut outcomes = Outcomes::default();
        outcomes.plan();
        outcomes.count(ClientOutcome::Reset);

        let text = serde_json::to_string(&outcomes).unwrap();

        assert!(text.contains(r#""planned":1"#) && text.contains(r#""reset":1"#));
        assert_eq!(serde_json::from_str::<Outcomes>(&text).unwrap(), outcomes);
        assert!(serde_json::from_str::<Outcomes>(r#"{"lost": 1}"#).is_err());
    }
}
