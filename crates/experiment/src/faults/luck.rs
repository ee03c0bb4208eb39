//! The luck of one call: a draw for each purpose, which is the same however calls interleave.

use super::caller::Caller;
use crate::chance::{Draw, name_hash};

const PHASE: u64 = name_hash("phase");
const JITTER: u64 = name_hash("jitter");
const BASE: u64 = name_hash("base");
const PLACE: u64 = name_hash("place");

/// The chance of one call.
pub(super) struct Luck<'a> {
    pub(super) draw: Draw,
    /// The hash of the caller's name.
    pub(super) caller: u64,
    /// Which of the caller's calls it is.
    pub(super) call: u64,
    key: Option<&'a str>,
}

impl<'a> Luck<'a> {
    /// The luck of the caller's present call.
    pub(super) fn new(caller: &Caller, key: Option<&'a str>) -> Self {
        Self {
            draw: caller.draw.number(caller.calls),
            caller: caller.who.hash,
            call: caller.calls,
            key,
        }
    }

    pub(super) fn of_phase(&self) -> f64 {
        self.draw.number(PHASE).share()
    }

    pub(super) fn of_jitter(&self) -> f64 {
        self.draw.number(JITTER).share()
    }

    pub(super) fn of_base(&self) -> f64 {
        self.draw.number(BASE).share()
    }

    /// Where the key is on the ring; a call without one is anywhere.
    pub(super) fn place(&self) -> f64 {
        match self.key {
            // Not of the plan's seed: a key is always in the same shard.
            Some(key) => Draw::new(0).with("ring").with(key).share(),
            None => self.draw.number(PLACE).share(),
        }
    }
}
