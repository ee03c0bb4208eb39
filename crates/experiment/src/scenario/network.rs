//! The network between instances and the engine: how late messages are, which are lost, and who is cut off when.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::bounds::within;
use crate::reading::{listed, nearest};
use crate::values::Span;

/// A longer delay is more likely a typing error.
const LONGEST: Duration = Duration::from_secs(600);

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
            /// Up to so much more, evenly.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub jitter: Option<Span>,
            /// The share of messages that are lost.
            #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::values::optional_share")]
            pub loss: Option<f64>,
            /// The share of the engine's own messages that are lost, beside the loss of all.
            #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::values::optional_share")]
            pub push_loss: Option<f64>,
            /// The share of messages that come twice.
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
        /// What is different at times.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        faults: Vec<WrittenNetworkFault>,
    }
}

link_keys! {
    /// What is different for a time, as it is written.
    WrittenNetworkFault {
        /// When it begins; with the run where it is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<Span>,
        /// When it ends; with the run where it is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Span>,
        /// Whose network it is; everybody's where it is missing.
        #[serde(skip_serializing_if = "Option::is_none")]
        instances: Option<Vec<String>>,
        /// In which direction nothing comes through.
        #[serde(skip_serializing_if = "Option::is_none")]
        partition: Option<Partition>,
    }
}

/// The instances that there are.
#[derive(Clone, Copy)]
pub(super) struct Instances<'a> {
    /// Their names.
    pub(super) all: &'a [String],
    /// The place of one of them.
    pub(super) place: &'a dyn Fn(&str) -> Option<usize>,
}

/// In which direction nothing comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Partition {
    /// In neither.
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

/// The network between instances and the engine, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    base: Link,
    faults: Vec<Fault>,
}

/// How messages between one instance and the engine fare at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Link {
    /// How long a message takes, one way.
    pub delay: Duration,
    /// Up to so much more.
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
    /// Whether nothing comes through, and in which direction.
    pub partition: Option<Partition>,
}

#[derive(Clone, Debug, PartialEq)]
struct Fault {
    from: Duration,
    until: Duration,
    /// The places of the instances, in order; all where there are none.
    instances: Option<Vec<usize>>,
    partition: Option<Partition>,
    keys: Keys,
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

    /// Whether the engine hears nothing of the instance.
    pub fn is_cut_to_engine(&self) -> bool {
        matches!(self.partition, Some(Partition::Both | Partition::ToEngine))
    }

    /// Whether the instance hears nothing of the engine.
    pub fn is_cut_from_engine(&self) -> bool {
        matches!(
            self.partition,
            Some(Partition::Both | Partition::FromEngine)
        )
    }
}

impl Network {
    /// Whether all that happens to messages is that they take their time.
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

    /// How messages fare between the engine and the instance at this place.
    pub fn link(&self, at: Duration, instance: usize) -> Link {
        let mut link = self.base;
        for fault in &self.faults {
            let here = (fault.from..fault.until).contains(&at)
                && fault
                    .instances
                    .as_ref()
                    .is_none_or(|places| places.binary_search(&instance).is_ok());
            if here {
                link = link.with(&fault.keys);
                link.partition = fault.partition.or(link.partition);
            }
        }
        link
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

impl Keys {
    fn check(&self, above: &str) -> Result<(), String> {
        for (key, share) in [
            ("loss", self.loss),
            ("push_loss", self.push_loss),
            ("duplication", self.duplication),
            ("reordering", self.reordering),
        ] {
            within(&format!("{above}.{key}"), share.unwrap_or(0.0), 0.0, 1.0)?;
        }
        for (key, span) in [
            ("delay", self.delay),
            ("jitter", self.jitter),
            ("held_up", self.held_up),
        ] {
            if let Some(span) = span.filter(|span| span.0 > LONGEST) {
                return Err(format!(
                    "{above}.{key}: {span} is not allowed: up to {}",
                    Span(LONGEST)
                ));
            }
        }
        Ok(())
    }
}

impl WrittenNetworkFault {
    fn checked(
        &self,
        key: &str,
        names: Instances<'_>,
        duration: Duration,
    ) -> Result<Fault, String> {
        let keys = self.keys();
        keys.check(key)?;
        let from = self.from.unwrap_or(Span(Duration::ZERO));
        let (from, until) = period(key, from, self.until, duration)?;
        if self.partition.is_none() && keys == Keys::default() {
            return Err(format!(
                "{key}: it changes nothing: write partition = \"both\", or one of delay, jitter, loss, push_loss, \
                 duplication, reordering and held_up"
            ));
        }
        let instances = self.instances.as_ref().map(|given| {
            let places = given.iter().map(|name| place(key, name, names));
            let mut places: Vec<usize> = places.collect::<Result<_, _>>()?;
            places.sort_unstable();
            if given.is_empty() || places.windows(2).any(|two| two[0] == two[1]) {
                return Err(format!(
                    "{key}.instances: write each name once, or leave it out for all instances"
                ));
            }
            Ok(places)
        });
        Ok(Fault {
            from,
            until,
            instances: instances.transpose()?,
            partition: self.partition,
            keys,
        })
    }
}

fn place(key: &str, name: &str, names: Instances<'_>) -> Result<usize, String> {
    (names.place)(name).ok_or_else(|| {
        let all = names.all.iter().map(String::as_str);
        let hint = match nearest(name, all) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", listed(names.all)),
        };
        format!("{key}.instances: there is no instance `{name}`; {hint}")
    })
}

/// A period within a run; without an end it goes on to the end of all time.
///
/// # Errors
///
/// The key, its value and what is allowed.
pub(super) fn period(
    key: &str,
    from: Span,
    until: Option<Span>,
    duration: Duration,
) -> Result<(Duration, Duration), String> {
    if from.0 >= duration {
        return Err(format!(
            "{key}.from: {from} is not allowed: the run ends after {}",
            Span(duration)
        ));
    }
    match until {
        Some(until) if until.0 <= from.0 => Err(format!(
            "{key}.until: {until} is not allowed: it must be after from, {from}"
        )),
        until => Ok((from.0, until.map_or(Duration::MAX, |it| it.0))),
    }
}
