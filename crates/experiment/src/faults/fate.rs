//! The fate of one call: everything that it meets.

use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::{CallerId, WrongBody};

/// A call, as far as faults can tell it from others.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who calls.
    pub caller: CallerId,
    /// What it is about; decides the shard.
    pub key: Option<&'a str>,
    /// The path that is called.
    pub path: &'a str,
}

/// A list that needs no memory of its own while it is short, as most are.
pub type Few<T> = SmallVec<[T; 2]>;

/// What one call meets.
#[derive(Clone, Debug, PartialEq)]
pub struct Fate {
    /// How long the answer, or what there is instead, takes.
    pub delay: Duration,
    /// How much of it every call takes, faults or not.
    pub healthy: Duration,
    /// How it ends.
    pub ending: Ending,
    /// How slowly the body comes, if slowly.
    pub slow_body: Option<SlowBody>,
    /// The faults that hit it.
    pub hits: Few<Hit>,
    /// The rules that matched it and did not hit it.
    pub spared_by: Few<Arc<str>>,
    /// Whether faults were active that could fail it.
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

/// How a call ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With the answer that was asked for.
    Success,
    /// With another status.
    Status {
        /// Which.
        code: u16,
        /// The `Retry-After` header, in seconds.
        retry_after_s: Option<u32>,
        /// The body, instead of one that says what happened.
        body: Option<String>,
        /// Further headers.
        headers: Vec<(String, String)>,
    },
    /// With 504, after the delay.
    Hang,
    /// The connection closes when part of the body is sent.
    Truncate {
        /// Bytes of the body that are sent.
        bytes: usize,
    },
    /// With 200 and a body that is wrong.
    WrongBody(WrongBody),
    /// The connection is reset.
    Reset,
    /// The connection is closed without an answer.
    Close,
    /// What comes is no HTTP.
    Garbage,
}

impl Ending {
    /// What it comes to, as metrics and traces have it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Hang => "hang",
            _ => "failure",
        }
    }
}
