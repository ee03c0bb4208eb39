//! The fate of one call: everything that it meets.

use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::{CallerId, WrongBody};

/// A call, as far as faults can tell it from others.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The caller.
    pub caller: CallerId,
    /// The key that it asks for, which decides the shard.
    pub key: Option<&'a str>,
    /// The path that it asks for.
    pub path: &'a str,
}

/// A list that needs no heap memory while it is short, as most lists are.
pub type Few<T> = SmallVec<[T; 2]>;

/// Everything that one call meets.
#[derive(Clone, Debug, PartialEq)]
pub struct Fate {
    /// How long the answer takes, or whatever replaces it.
    pub delay: Duration,
    /// The part of the delay that every call has, with or without faults.
    pub healthy: Duration,
    /// How the call ends.
    pub ending: Ending,
    /// How slowly the body comes, if it does.
    pub slow_body: Option<SlowBody>,
    /// The faults that hit it.
    pub hits: Few<Hit>,
    /// The rules that matched the call and did not hit it.
    pub spared_by: Few<Arc<str>>,
    /// Whether faults were active that could fail the call.
    pub endangered: bool,
}

/// A body that comes slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowBody {
    /// How long all of it takes.
    pub over: Duration,
}

/// A fault that hit a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The name of the rule; `phase` for what the phase itself says.
    pub rule: Arc<str>,
    /// The name of the effect.
    pub effect: &'static str,
}

/// The way in which a call ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With the requested answer.
    Success,
    /// With another status.
    Status {
        /// The status.
        code: u16,
        /// The `Retry-After` header, in seconds.
        retry_after_s: Option<u32>,
        /// The body, in place of one that says what happened.
        body: Option<String>,
        /// Additional headers.
        headers: Vec<(String, String)>,
    },
    /// With 504, after the delay.
    Hang,
    /// The connection closes after a part of the body was sent.
    Truncate {
        /// Bytes of the body that are sent.
        bytes: usize,
    },
    /// With status 200 and a wrong body.
    WrongBody(WrongBody),
    /// The connection is reset.
    Reset,
    /// The connection is closed without an answer.
    Close,
    /// The answer is not HTTP.
    Garbage,
}

impl Ending {
    /// Returns the name of the ending, as metrics and traces have it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Hang => "hang",
            _ => "failure",
        }
    }
}
