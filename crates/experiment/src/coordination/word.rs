//! The words in which a result tells how instances stood in their fleet, and what happened to them there.
//!
//! They are those of `GET /breaker` and of the live page. What is none of them is refused when a result is read.

use fusebox_fleet::{Opinion, Order};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

/// Declares an enum whose values are words in a result.
macro_rules! words {
    ($(#[$about:meta])* $name:ident, $what:literal { $($(#[$doc:meta])* $value:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $value,)*
        }

        impl $name {
            /// All of them, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$value,)*];

            /// The word in results and on pages.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)*
                }
            }

            /// The one with this word.
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().find(|one| one.as_str() == word).copied()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                Self::named(&word).ok_or_else(|| {
                    let all: Vec<&str> = Self::ALL.iter().map(|one| one.as_str()).collect();
                    D::Error::custom(format!("`{word}` is not {}; there are {}", $what, all.join(", ")))
                })
            }
        }
    };
}

words! {
    /// What happened to an instance in its fleet.
    EventKind, "an event of a fleet" {
        /// The fleet's verdict opened its breaker; the figure is the epoch.
        Adopted = "adopted",
        /// The fleet was open, and it stayed closed because it saw no trouble; the figure is the epoch.
        Vetoed = "vetoed",
        /// It probes for the fleet; the figure is for how long it may, in seconds.
        Leased = "leased",
        /// Its probe for the fleet has ended; the figure is `succeeded`, `failed` or `void`.
        Probed = "probed",
        /// The fleet lets its breaker close; the figure is after how many seconds.
        Released = "released",
        /// It goes on alone; the figure is the reason.
        FellBack = "fell_back",
        /// It hears the fleet again.
        Rejoined = "rejoined",
        /// The fleet refuses it; the figure is a sentence.
        Refused = "refused",
        /// Its failure is its own: its breaker is open while most others are fine.
        Localised = "localised",
        /// That is over.
        LocalisedEnded = "localised_ended",
        /// It obeys an operator's order to the whole fleet; the figure is the order.
        Ordered = "ordered",
        /// It has left the fleet.
        Left = "left",
        /// Something that this program has no word for.
        Other = "other",
    }
}

words! {
    /// What an instance thinks of the downstream: its vote.
    Vote, "a vote" {
        /// It has no calls to judge by.
        Idle = "idle",
        /// It sees no trouble.
        Fine = "fine",
        /// It suspects the downstream.
        Suspect = "suspect",
    }
}

words! {
    /// How far the fleet's verdict has come at an instance.
    Stage, "a stage of a fleet's verdict" {
        /// The fleet holds its breaker open.
        Held = "held",
        /// It probes for the fleet.
        Probing = "probing",
        /// It waits for its turn to close.
        Turn = "turn",
    }
}

words! {
    /// Why an instance does not follow its fleet.
    Apart, "a reason to stand apart" {
        /// It decides alone by its mode.
        Local = "local",
        /// It has left, was stopped, or its process has ended.
        Left = "left",
        /// It has not heard the engine yet.
        Joining = "joining",
        /// The engine has not been heard for too long.
        Stale = "stale",
        /// Another process uses its name.
        NameTaken = "name_taken",
        /// The fleet votes by other settings.
        SettingsDiffer = "settings_differ",
        /// An operator decides.
        Operator = "operator",
        /// The fleet is open, and its own calls end well.
        Vetoed = "vetoed",
        /// The fleet is open, and it has no calls to judge by.
        NotSuspect = "not_suspect",
        /// The fleet is open, and so is its breaker by its own rules.
        OwnOpen = "own_open",
    }
}

words! {
    /// An operator's order to the whole fleet.
    FleetOrder, "an order to a fleet" {
        /// Breakers decide.
        Auto = "auto",
        /// All are forced open.
        ForcedOpen = "forced_open",
        /// All are disabled.
        Disabled = "disabled",
    }
}

words! {
    /// What a fleet has decided.
    FleetVerdict, "a verdict of a fleet" {
        /// Calls may pass.
        Closed = "closed",
        /// They may not.
        Open = "open",
    }
}

impl From<Opinion> for Vote {
    fn from(opinion: Opinion) -> Self {
        match opinion {
            Opinion::Idle => Self::Idle,
            Opinion::Fine => Self::Fine,
            Opinion::Suspect => Self::Suspect,
        }
    }
}

impl From<Order> for FleetOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Automatic => Self::Auto,
            Order::ForceOpen => Self::ForcedOpen,
            Order::Disable => Self::Disabled,
        }
    }
}

#[cfg(test)]
mod tests {
    use fusebox::HoldStage;

    use super::*;

    #[test]
    fn words_are_read_as_they_are_written_and_others_are_refused() {
        for kind in EventKind::ALL {
            let text = serde_json::to_string(kind).unwrap();
            assert_eq!(text, format!("\"{}\"", kind.as_str()));
            assert_eq!(serde_json::from_str::<EventKind>(&text).unwrap(), *kind);
        }
        let error = serde_json::from_str::<Vote>("\"sure\"").unwrap_err();
        let said = "`sure` is not a vote; there are idle, fine, suspect";
        assert!(error.to_string().contains(said), "{error}");
    }

    #[test]
    fn words_are_those_of_the_fleet() {
        for opinion in [Opinion::Idle, Opinion::Fine, Opinion::Suspect] {
            assert_eq!(Vote::from(opinion).as_str(), opinion.as_str());
        }
        for stage in HoldStage::ALL {
            assert!(Stage::named(stage.as_str()).is_some(), "{stage:?}");
        }
        for order in [Order::Automatic, Order::ForceOpen, Order::Disable] {
            assert_eq!(FleetOrder::from(order).as_str(), order.as_str());
        }
    }
}
