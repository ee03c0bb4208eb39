//! An operator's command to the whole fleet.

use crate::number::CommandNumber;

/// What an operator wants of all breakers of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// They decide by themselves.
    #[default]
    Automatic,
    /// They reject every call.
    ForceOpen,
    /// They permit every call.
    Disable,
}

impl Order {
    /// All orders, in the order of declaration.
    pub const ALL: [Self; 3] = [Self::Automatic, Self::ForceOpen, Self::Disable];

    /// The word for labels, logs and pages: the mode that it puts the breakers in.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "auto",
            Self::ForceOpen => "forced_open",
            Self::Disable => "disabled",
        }
    }

    /// The word in what engines keep and send, which instances of any version have to read.
    #[cfg(any(feature = "gossip-node", feature = "redis"))]
    pub(crate) const fn kept_as(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::ForceOpen => "force_open",
            Self::Disable => "disable",
        }
    }
}

/// An order and its place among all orders.
///
/// The ledger keeps it until the next one, so it outlives the operator's terminal. Every instance that has
/// heard it brings it back to an engine that lost it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Command {
    /// Its place among all commands; the highest is in force.
    pub number: CommandNumber,
    /// What the operator wants.
    pub order: Order,
}

impl Command {
    /// Nobody has commanded anything.
    pub const NONE: Self = Self {
        number: CommandNumber::new(0),
        order: Order::Automatic,
    };

    /// A command with this number, as an engine reads it back.
    pub fn new(number: CommandNumber, order: Order) -> Self {
        Self { number, order }
    }

    /// Whether its number leaves room for the next ones.
    #[cfg(any(feature = "gossip-node", feature = "tokio"))]
    pub(crate) fn is_sound(self) -> bool {
        self.number.get() <= crate::number::LARGEST
    }

    /// Whether it replaces the other one.
    pub fn is_newer_than(self, other: Self) -> bool {
        self.number > other.number
    }
}
