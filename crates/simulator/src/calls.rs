//! Calls: attempts that are under way, and requests that wait for their next attempt, in reused slots.

use std::time::Duration;

use experiment::downstream::Suffering;
use experiment::outcome::ClientOutcome;
use experiment::overload::WorkId;
use experiment::reply::{Broken, Reply};
use fusebox::{Permit, State};

use crate::arrivals::{NOBODY, Request};

/// One call.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) request: Request,
    pub(crate) permit: Option<Permit<'a>>,
    pub(crate) suffering: Option<Suffering>,
    pub(crate) work: Option<WorkId>,
    pub(crate) stage: Stage,
    /// How long the downstream asks callers to wait, if its answer comes.
    pub(crate) hint: Option<Duration>,
    /// The state of the breaker when it was sent, and the probability of failure then.
    pub(crate) sent_in: State,
    pub(crate) p_fail: f64,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stage {
    /// Nothing: its place is free.
    Free,
    /// Its end, at this instant. The downstream answers at another instant if the instance stands still.
    Ends { at: u64, end: End, answered: u64 },
    /// Work of the downstream; what follows is known.
    Works(Awaited),
    /// The end of the pause of an instance that stands still, at most until the client gives up.
    Held { until: u64 },
    /// Its next attempt, after this outcome of the last one.
    Again { last: ClientOutcome },
}

/// The end of a call. The hint of a reply is kept with the call, because few replies have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// A complete answer with this status.
    Answered(u16),
    /// The instance has given up.
    TimedOut,
    /// There is no complete answer.
    Broken(Broken),
    /// The instance itself ran out of a resource.
    OwnShortage,
    /// The client has left before the end.
    Left,
    /// The process of the instance has ended.
    Cut,
}

impl End {
    /// The end of a call with this reply, without its hint.
    pub(crate) const fn of(reply: Reply) -> Self {
        match reply {
            Reply::Answered { status, .. } => Self::Answered(status),
            Reply::TimedOut => Self::TimedOut,
            Reply::Broken(broken) => Self::Broken(broken),
            Reply::OwnShortage => Self::OwnShortage,
        }
    }

    /// The reply with this hint, if the instance gets one.
    pub(crate) const fn reply(self, hint: Option<Duration>) -> Option<Reply> {
        match self {
            Self::Answered(status) => Some(Reply::Answered {
                status,
                retry_after: hint,
            }),
            Self::TimedOut => Some(Reply::TimedOut),
            Self::Broken(broken) => Some(Reply::Broken(broken)),
            Self::OwnShortage => Some(Reply::OwnShortage),
            Self::Left | Self::Cut => None,
        }
    }
}

/// What a call waits for once the downstream has done its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Awaited {
    pub(crate) reply: End,
    /// How long that takes.
    pub(crate) after: u64,
    /// When the plan lets go of the call, which is then answered; `u64::MAX` if it does not.
    pub(crate) lets_go: u64,
    pub(crate) limit: Limit,
}

/// Who gives up first, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) at: u64,
    pub(crate) end: End,
}

/// All calls.
#[derive(Debug, Default)]
pub(crate) struct Calls<'a> {
    pub(crate) all: Vec<Call<'a>>,
    free: Vec<u32>,
}

impl<'a> Calls<'a> {
    /// A free place.
    pub(crate) fn place(&mut self) -> u32 {
        if let Some(place) = self.free.pop() {
            return place;
        }
        let place = u32::try_from(self.all.len()).expect("memory ends first");
        self.all.push(Call {
            request: Request {
                planned: 0,
                sent: 0,
                luck: 0,
                key: 0,
                target: 0,
                part: 0,
                attempts: 0,
                client: NOBODY,
            },
            permit: None,
            suffering: None,
            work: None,
            stage: Stage::Free,
            hint: None,
            sent_in: State::Closed,
            p_fail: 0.0,
        });
        place
    }

    pub(crate) fn at(&mut self, place: u32) -> &mut Call<'a> {
        &mut self.all[place as usize]
    }

    /// Frees a slot.
    pub(crate) fn give_back(&mut self, place: u32) {
        self.at(place).stage = Stage::Free;
        self.free.push(place);
    }
}
