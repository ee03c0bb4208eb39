//! An operator's command to the whole fleet.

use crate::number::CommandNumber;

/// An operator's order to all breakers of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// The breakers decide by themselves.
    #[default]
    Automatic,
    /// The breakers reject every call.
    ForceOpen,
    /// The breakers permit every call.
    Disable,
}

impl Order {
    /// All orders, in the order of declaration.
    pub const ALL: [Self; 3] = [Self::Automatic, Self::ForceOpen, Self::Disable];

    /// Returns the word for labels, logs and pages: the mode that the order puts the breakers in.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "auto",
            Self::ForceOpen => "forced_open",
            Self::Disable => "disabled",
        }
    }

    /// The word that engines store and send, which instances of any version have to read.
    #[cfg(any(feature = "gossip-node", feature = "redis"))]
    pub(crate) const fn kept_as(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::ForceOpen => "force_open",
            Self::Disable => "disable",
        }
    }
}

/// An order with its place among all orders.
///
/// The ledger keeps it until the next one, so it outlives the operator's terminal. Every instance that has heard of
/// it restores it to an engine that lost it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Command {
    /// Its place among all commands; the highest number is in force.
    pub number: CommandNumber,
    /// The order itself.
    pub order: Order,
}

impl Command {
    /// No command has been given.
    pub const NONE: Self = Self {
        number: CommandNumber::new(0),
        order: Order::Automatic,
    };

    /// Makes a command with this number, as an engine reads it back.
    pub fn new(number: CommandNumber, order: Order) -> Self {
        Self { number, order }
    }

    /// Whether its number leaves room for the next ones.
    #[cfg(any(feature = "gossip-node", feature = "tokio"))]
    pub(crate) fn is_sound(self) -> bool {
        self.number.get() <= crate::number::LARGEST
    }

    /// Returns whether it replaces the other command.
    pub fn is_newer_than(self, other: Self) -> bool {
        self.number > other.number
    }
}
