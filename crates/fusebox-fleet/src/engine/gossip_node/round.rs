//! The verdict and the probes since, on which all nodes come to agree.
//!
//! Each change of the verdict adds one to the epoch, so on every node an odd epoch is open and an even one is closed.
//! Two nodes that see the same quorum open the same epoch without a message. Of two rounds, the later one is in
//! force: nodes that were apart agree as soon as they hear each other.

use crate::name::InstanceId;
use crate::number::{Epoch, Incarnation, Token};
use crate::view::Era;

/// An epoch and its progress. The order of the fields is the order of rounds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Round {
    pub(super) incarnation: Incarnation,
    pub(super) epoch: Epoch,
    /// How often it has been written in this epoch.
    pub(super) writes: u64,
    /// Probes that failed in a row.
    pub(super) failed: u32,
    /// Probes that succeeded in a row.
    pub(super) good: u32,
    /// Leases that were given.
    pub(super) leases: u32,
    /// The last prober, which lets others go first.
    pub(super) last: Option<InstanceId>,
}

impl Round {
    /// The round of a life in which nothing has happened yet.
    pub(super) fn first(incarnation: Incarnation) -> Self {
        Self::of(incarnation, Epoch::new(0))
    }

    fn of(incarnation: Incarnation, epoch: Epoch) -> Self {
        Self {
            incarnation,
            epoch,
            writes: 0,
            failed: 0,
            good: 0,
            leases: 0,
            last: None,
        }
    }

    /// The other verdict.
    pub(super) fn turned(&self) -> Self {
        Self::of(self.incarnation, self.epoch.next())
    }

    pub(super) fn is_open(&self) -> bool {
        self.epoch.get() % 2 == 1
    }

    pub(super) fn era(&self) -> Era {
        Era::new(self.incarnation, self.epoch)
    }

    /// The fence of the next lease, which grows with the epoch and within it.
    pub(super) fn next_token(&self) -> Token {
        Token::new(fence(self.epoch) | u64::from(self.leases.wrapping_add(1)))
    }

    /// Whether a lease with this token is of this epoch.
    pub(super) fn gave(&self, token: Token) -> bool {
        self.is_open() && token.get() & !u64::from(u32::MAX) == fence(self.epoch)
    }

    /// The place of an instance among those that want to probe: the highest goes first. After each failed probe the
    /// order is another one.
    pub(super) fn draw(&self, instance: &InstanceId) -> u64 {
        let mut hash = Hash::new();
        hash.number(self.epoch.get());
        hash.number(self.failed.into());
        hash.text(instance.as_str());
        hash.mixed()
    }
}

fn fence(epoch: Epoch) -> u64 {
    epoch.get() << 32
}

/// FNV-1a with a final mix, so that names that differ only in the last letter are far apart.
pub(in crate::engine) struct Hash(u64);

impl Hash {
    pub(in crate::engine) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(in crate::engine) fn text(&mut self, text: &str) {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: u64) {
        for byte in number.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(in crate::engine) fn mixed(&self) -> u64 {
        // The finalizer of MurmurHash3.
        let mut hash = self.0;
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^ (hash >> 33)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_grow_within_an_epoch_and_from_one_to_the_next() {
        let mut round = Round::first(Incarnation::new(1)).turned();
        let one = round.next_token();
        round.leases += 1;
        let two = round.next_token();
        let next = round.turned().turned();

        assert!(one < two && two < next.next_token());
        assert!(round.gave(one) && round.gave(two));
        assert!(!next.gave(two) && !round.turned().gave(two));
    }

    #[test]
    fn each_of_a_few_instances_is_drawn_first_in_some_epoch() {
        let instances = ["i1", "i2", "i3"].map(|name| InstanceId::new(name).unwrap());
        let mut first = [0_u32; 3];
        let mut round = Round::first(Incarnation::new(1));
        for _ in 0..300 {
            round = round.turned();
            let highest = (0..3).max_by_key(|place| round.draw(&instances[*place]));
            first[highest.unwrap()] += 1;
        }

        assert!(
            first.iter().all(|times| (60..140).contains(times)),
            "{first:?}"
        );
    }
}
