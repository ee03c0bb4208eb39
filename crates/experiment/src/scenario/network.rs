//! The network between instances and the engine, or between instances that gossip: how late messages are, which are
//! lost, and who is cut off when.

mod check;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::coordination::EngineKind;
use crate::values::Span;

pub(super) use check::period;

macro_rules! link_keys {
    ($(#[$of:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$of])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$attribute])* pub $field: $type,)*
            /// How long a message takes, one way.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub delay: Option<Span>,
            /// Up to this much more, uniformly distributed.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub jitter: Option<Span>,
            /// The share of messages that are lost.
            #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::values::optional_share")]
            pub loss: Option<f64>,
            /// The share of the engine's own messages that are lost, in addition to the loss of all messages.
            #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::values::optional_share")]
            pub push_loss: Option<f64>,
            /// The share of messages that arrive twice.
            #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::values::optional_share")]
            pub duplication: Option<f64>,
            /// The share of messages that are held up, so that later ones overtake them.
            #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::values::optional_share")]
            pub reordering: Option<f64>,
            /// How much longer those take.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub held_up: Option<Span>,
        }

        impl $name {
            fn keys(&self) -> Keys {
                Keys {
                    delay: self.delay,
                    jitter: self.jitter,
                    loss: self.loss,
                    push_loss: self.push_loss,
                    duplication: self.duplication,
                    reordering: self.reordering,
                    held_up: self.held_up,
                }
            }
        }
    };
}

link_keys! {
    /// The network as it is written.
    WrittenNetwork {
        /// The deviations at certain times.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        faults: Vec<WrittenNetworkFault>,
    }
}

link_keys! {
    /// A deviation for some time, as it is written.
    WrittenNetworkFault {
        /// When it begins; the start of the run if it is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<Span>,
        /// When it ends; the end of the run if it is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Span>,
        /// The instances that it concerns; all if it is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        instances: Option<Vec<String>>,
        /// The direction in which nothing comes through.
        #[serde(skip_serializing_if = "Option::is_none")]
        partition: Option<Partition>,
        /// Gossiping instances, in groups that do not hear each other. Instances in no group hear all others.
        #[serde(skip_serializing_if = "Option::is_none")]
        groups: Option<Vec<Vec<String>>>,
    }
}

/// The instances of a scenario.
#[derive(Clone, Copy)]
pub(super) struct Instances<'a> {
    /// Their names.
    pub(super) all: &'a [String],
    /// The place of one of them.
    pub(super) place: &'a dyn Fn(&str) -> Option<usize>,
    /// The engine over which they tell each other what they see.
    pub(super) engine: EngineKind,
}

/// The direction in which nothing comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Partition {
    /// Both.
    Both,
    /// The engine does not hear the instance.
    ToEngine,
    /// The instance does not hear the engine.
    FromEngine,
}

/// The keys that the whole network and a fault of it share.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Keys {
    delay: Option<Span>,
    jitter: Option<Span>,
    loss: Option<f64>,
    push_loss: Option<f64>,
    duplication: Option<f64>,
    reordering: Option<f64>,
    held_up: Option<Span>,
}

/// The checked network between instances and the engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    base: Link,
    faults: Vec<Fault>,
}

/// The state of the connection between one instance and the engine at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Link {
    /// How long a message takes, one way.
    pub delay: Duration,
    /// Up to this much more.
    pub jitter: Duration,
    /// The share of messages that are lost.
    pub loss: f64,
    /// The share of the engine's own messages that are lost, beside that.
    pub push_loss: f64,
    /// The share of messages that come twice.
    pub duplication: f64,
    /// The share of messages that are held up.
    pub reordering: f64,
    /// How much longer those take.
    pub held_up: Duration,
    /// The direction in which nothing comes through, if any.
    pub partition: Option<Partition>,
}

#[derive(Clone, Debug, PartialEq)]
struct Fault {
    from: Duration,
    until: Duration,
    /// The places of the instances, in order; all if there are none.
    instances: Option<Vec<usize>>,
    partition: Option<Partition>,
    /// The places of the instances of each group, in order.
    groups: Vec<Vec<usize>>,
    keys: Keys,
}

impl Fault {
    fn is_in_force(&self, at: Duration) -> bool {
        (self.from..self.until).contains(&at)
    }

    fn concerns(&self, instance: usize) -> bool {
        let places = self.instances.as_ref();
        places.is_none_or(|places| places.binary_search(&instance).is_ok())
    }

    fn group_of(&self, instance: usize) -> Option<usize> {
        let mut groups = self.groups.iter();
        groups.position(|group| group.binary_search(&instance).is_ok())
    }

    fn parts(&self, one: usize, other: usize) -> bool {
        let (one, other) = (self.group_of(one), self.group_of(other));
        one.zip(other).is_some_and(|(one, other)| one != other)
    }
}

impl Default for Link {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(1),
            jitter: Duration::ZERO,
            loss: 0.0,
            push_loss: 0.0,
            duplication: 0.0,
            reordering: 0.0,
            held_up: Duration::from_millis(50),
            partition: None,
        }
    }
}

impl Link {
    fn with(self, keys: &Keys) -> Self {
        let time = |own: Option<Span>, before: Duration| own.map_or(before, |it| it.0);
        Self {
            delay: time(keys.delay, self.delay),
            jitter: time(keys.jitter, self.jitter),
            loss: keys.loss.unwrap_or(self.loss),
            push_loss: keys.push_loss.unwrap_or(self.push_loss),
            duplication: keys.duplication.unwrap_or(self.duplication),
            reordering: keys.reordering.unwrap_or(self.reordering),
            held_up: time(keys.held_up, self.held_up),
            partition: self.partition,
        }
    }

    /// Returns whether the engine hears nothing of the instance.
    pub fn is_cut_to_engine(&self) -> bool {
        matches!(self.partition, Some(Partition::Both | Partition::ToEngine))
    }

    /// Returns whether the instance hears nothing of the engine.
    pub fn is_cut_from_engine(&self) -> bool {
        matches!(
            self.partition,
            Some(Partition::Both | Partition::FromEngine)
        )
    }
}

impl Network {
    /// Returns whether messages are only delayed.
    pub fn only_delays(&self) -> bool {
        let Link {
            loss,
            push_loss,
            duplication,
            reordering,
            ..
        } = self.base;
        let shares = [loss, push_loss, duplication, reordering];
        self.faults.is_empty() && shares.iter().all(|share| *share <= 0.0)
    }

    /// Returns the state of the connection between the engine and the instance at this place.
    pub fn link(&self, at: Duration, instance: usize) -> Link {
        let mut link = self.base;
        for fault in &self.faults {
            if fault.is_in_force(at) && fault.concerns(instance) {
                link = link.with(&fault.keys);
                link.partition = fault.partition.or(link.partition);
            }
        }
        link
    }

    /// Returns the state of the connection between two gossiping instances; `None` if nothing comes through. A
    /// deviation of one instance concerns messages to it and from it.
    pub fn between(&self, at: Duration, one: usize, other: usize) -> Option<Link> {
        let mut link = self.base;
        for fault in self.faults.iter().filter(|fault| fault.is_in_force(at)) {
            if fault.parts(one, other) {
                return None;
            }
            if fault.concerns(one) || fault.concerns(other) {
                link = link.with(&fault.keys);
            }
        }
        Some(link)
    }

    /// # Errors
    ///
    /// The key, its value and what is allowed.
    pub(super) fn of(
        written: &WrittenNetwork,
        names: Instances<'_>,
        duration: Duration,
    ) -> Result<Self, String> {
        let base = written.keys();
        base.check("network")?;
        base.check_gossip("network", names.engine)?;
        let faults = written.faults.iter().enumerate().map(|(place, fault)| {
            let key = format!("network.faults.{place}");
            fault.checked(&key, names, duration)
        });
        Ok(Self {
            base: Link::default().with(&base),
            faults: faults.collect::<Result<_, _>>()?,
        })
    }
}
