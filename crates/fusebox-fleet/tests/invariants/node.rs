//! One instance of a world: its member, its breaker, and how its calls came out.

use std::time::Duration;

use fusebox_fleet::{Member, Session};

use crate::breaker::Breaker;

/// How the calls of one instance came out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Calls {
    pub(crate) offered: u64,
    pub(crate) permitted: u64,
    pub(crate) rejected: u64,
    pub(crate) rejected_by_fleet: u64,
    pub(crate) rejected_until_turn: u64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    /// Late ones among them included; those of a crashed process are lost.
    pub(crate) lost: u64,
    pub(crate) under_way: u64,
}

pub(crate) struct Node {
    pub(crate) member: Option<Member>,
    pub(crate) breaker: Breaker,
    pub(crate) calls: Calls,
    pub(crate) session: Session,
    pub(crate) link: bool,
    pub(crate) path: bool,
    /// What the instance's clock shows beside the world's, in milliseconds.
    pub(crate) clock: i64,
    pub(crate) wake: Option<Duration>,
}
