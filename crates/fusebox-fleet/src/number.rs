//! The numbers that put news in order, whenever it arrives.
//!
//! Messages between instances carry no time of day, because clocks of different machines are not compared. Order
//! comes from these numbers, which the engine gives out.

use std::fmt;

/// The largest number of a counter that is accepted; there is room above it to count on. The numbers of the gossip
/// engine, which begin with the time in milliseconds times 65,536, stay below it for some thousand years.
#[cfg(any(feature = "gossip-node", feature = "tokio"))]
pub(crate) const LARGEST: u64 = 1 << 62;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $next:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// Makes the value with this number.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// Returns the number.
            pub const fn get(self) -> u64 {
                self.0
            }

            pub(crate) const fn next(self) -> Self {
                Self(self.0.$next(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// One life of a ledger. Another incarnation means that the engine has forgotten what it knew.
    ///
    /// Drawn at random when a ledger is made. A new incarnation says nothing about the downstream, so it never means
    /// "closed": an instance that the old one held goes on alone.
    Incarnation, wrapping_add
}
number! {
    /// The number of changes of the verdict in this incarnation. News of an older epoch changes nothing.
    Epoch, saturating_add
}
number! {
    /// The number of writes to the ledger in this incarnation. It tells a late message from a new one within an
    /// epoch.
    Revision, saturating_add
}
number! {
    /// The fence of a probe lease. It grows with each lease, so the result of an old lease is known to be old.
    Token, saturating_add
}
number! {
    /// The place of an operator's command among all commands; the highest is in force.
    CommandNumber, saturating_add
}
number! {
    /// The place of a report among the reports of one session.
    Sequence, saturating_add
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_up_does_not_begin_anew_and_another_life_is_always_another() {
        assert_eq!(Epoch::new(u64::MAX).next(), Epoch::new(u64::MAX));
        assert_eq!(Revision::new(u64::MAX).next(), Revision::new(u64::MAX));
        let last = CommandNumber::new(u64::MAX);
        assert_eq!(last.next(), last);
        let life = Incarnation::new(u64::MAX);
        assert_ne!(life.next(), life);
    }
}
