//! The reply of the downstream to one call of an instance, what it means to the breaker, and what the instance's
//! client gets for it.
//!
//! A live instance reads a reply from a socket; a simulated instance computes it from the fate of the call
//! ([`Reply::of_fate`]). The consequences of the reply are the same for both and are defined only here.
//!
//! | reply | breaker | client |
//! |---|---|---|
//! | 2xx | success | 200 |
//! | 3xx, 4xx without 429 | success | the same status |
//! | 1xx, which nobody asked for | success | 502 |
//! | 429, 5xx, 600 and above | failure, with the hint of `Retry-After` | 502 |
//! | no whole answer within the call timeout | failure | 504 |
//! | no connection, or one that broke | failure | 502 |
//! | the instance itself ran out of a resource | ignored | 500 |
//!
//! Two cases are not here: rejected calls, which have no reply (their client gets 503), and clients that left before
//! the reply came, whose call is cancelled.

use std::time::Duration;

use fusebox::Verdict;

use crate::faults::{Ending, Fate};
use crate::outcome::ClientOutcome;
use crate::status::{is_passed_on, speaks_against};

/// The reply to an instance's call of the downstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A complete answer came in time.
    Answered {
        /// Its status.
        status: u16,
        /// How long the downstream asks callers to wait, if it does. Counts only if the status is a failure of the
        /// downstream.
        retry_after: Option<Duration>,
    },
    /// No complete answer came within the call timeout.
    TimedOut,
    /// There is no complete answer, and there will be none.
    Broken(Broken),
    /// There was no call: the instance itself ran out of a resource, such as file descriptors.
    OwnShortage,
}

/// The reason why there is no complete answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// No connection was made.
    Connect,
    /// The connection was reset or closed before the answer was complete, or the answer was not HTTP.
    Connection,
}

impl Broken {
    /// Returns the words for the client.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Connect => "it cannot be reached",
            Self::Connection => "the connection broke",
        }
    }
}

impl Reply {
    /// The reply while the downstream refuses connections: the connection fails at once.
    pub const REFUSED: Self = Self::Broken(Broken::Connect);

    /// Returns the reply of a call that meets `fate`, and after how long it comes.
    ///
    /// `timeout` is the call timeout of the instance, or what is left of it if the call has waited in a work queue
    /// before. An answer that takes exactly that long is still in time, as in the truth of the plan.
    ///
    /// The time is that of the downstream; a network adds its own. A slow body is read to its end; a body that breaks
    /// off is a broken connection, whatever the status was. A wrong body with status 200 is a success, because an
    /// instance does not read its content. A hang ends with 504 unless the timeout comes first. While the downstream
    /// refuses connections a call has no fate: its reply is [`REFUSED`](Self::REFUSED).
    ///
    /// # Examples
    ///
    /// ```
    /// use experiment::faults::{Call, Plan, Player};
    /// use experiment::reply::Reply;
    /// use std::time::Duration;
    ///
    /// let plan = r#"{"phases": [{"name": "slow", "latency_ms": 300}]}"#;
    /// let mut player = Player::new(Plan::parse(plan.as_bytes())?);
    /// let caller = player.caller("A");
    /// let fate = player.fate(Duration::ZERO, &Call { caller, key: None, path: "/data" });
    ///
    /// let (reply, after) = Reply::of_fate(&fate, Duration::from_millis(250));
    ///
    /// assert_eq!((reply, after), (Reply::TimedOut, Duration::from_millis(250)));
    /// assert_eq!(reply.client_status(), 504);
    /// # Ok::<(), String>(())
    /// ```
    #[inline]
    pub fn of_fate(fate: &Fate, timeout: Duration) -> (Self, Duration) {
        let (reply, body) = match &fate.ending {
            Ending::Success => (Self::answered(200), fate.slow_body.map(|slow| slow.over)),
            Ending::WrongBody(_) => (Self::answered(200), None),
            Ending::Hang => (Self::answered(504), None),
            Ending::Status {
                code,
                retry_after_s,
                headers,
                ..
            } => {
                let reply = Self::Answered {
                    status: *code,
                    retry_after: hint(*retry_after_s, headers),
                };
                (reply, None)
            }
            Ending::Truncate { .. } | Ending::Reset | Ending::Close | Ending::Garbage => {
                (Self::Broken(Broken::Connection), None)
            }
        };
        let after = fate.delay.saturating_add(body.unwrap_or_default());
        if after > timeout {
            (Self::TimedOut, timeout)
        } else {
            (reply, after)
        }
    }

    /// Makes an answer without a hint.
    pub const fn answered(status: u16) -> Self {
        Self::Answered {
            status,
            retry_after: None,
        }
    }

    /// Returns whether the downstream failed, as far as the instance can tell.
    pub const fn speaks_against(&self) -> bool {
        match self {
            Self::Answered { status, .. } => speaks_against(*status),
            Self::TimedOut | Self::Broken(_) => true,
            Self::OwnShortage => false,
        }
    }

    /// Returns the verdict for the breaker.
    #[inline]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Answered {
                status,
                retry_after,
            } if speaks_against(*status) => Verdict::Failure {
                retry_after: *retry_after,
            },
            Self::Answered { .. } => Verdict::Success,
            Self::TimedOut | Self::Broken(_) => Verdict::FAILURE,
            // There was no call, so nothing is known about the downstream.
            Self::OwnShortage => Verdict::Ignored,
        }
    }

    /// Returns the status that the client of the instance gets. It is never 503, which says that a breaker rejected
    /// the call.
    pub const fn client_status(&self) -> u16 {
        match self {
            Self::Answered {
                status: 200..=299, ..
            } => 200,
            Self::Answered { status, .. } if is_passed_on(*status) => *status,
            Self::Answered { .. } | Self::Broken(_) => 502,
            Self::TimedOut => 504,
            Self::OwnShortage => 500,
        }
    }

    /// Returns the outcome for the client, if the client waits for it.
    #[inline]
    pub const fn client_outcome(&self) -> ClientOutcome {
        ClientOutcome::of_status(self.client_status(), true)
    }
}

/// The hint of an answer, from its own header setting or from its additional headers, which are set later. A date
/// among those is no hint here: its meaning depends on when the plan was written.
fn hint(seconds: Option<u32>, headers: &[(String, String)]) -> Option<Duration> {
    let mut further = headers.iter().rev();
    match further.find(|(name, _)| name.eq_ignore_ascii_case("retry-after")) {
        Some((_, text)) => whole_seconds(text),
        None => seconds.map(|seconds| Duration::from_secs(seconds.into())),
    }
}

/// More seconds than can be counted are the longest wait, as in `fusebox_tower::RetryAfter`.
fn whole_seconds(text: &str) -> Option<Duration> {
    let digits = text.trim();
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| Duration::from_secs(digits.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests;
