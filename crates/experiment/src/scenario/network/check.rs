//! Checks of the network as it is written; the message of an error names the key.

use std::time::Duration;

use super::{EngineKind, Fault, Instances, Keys, WrittenNetworkFault};
use crate::bounds::within;
use crate::reading::{listed, nearest};
use crate::values::Span;

/// A longer delay is more likely a typing error.
const LONGEST: Duration = Duration::from_secs(600);

impl Keys {
    pub(super) fn check(&self, above: &str) -> Result<(), String> {
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
                    "{above}.{key}: {span} is not allowed: it must be at most {}",
                    Span(LONGEST)
                ));
            }
        }
        Ok(())
    }

    /// Without an engine there are no pushes.
    pub(super) fn check_gossip(&self, above: &str, engine: EngineKind) -> Result<(), String> {
        if engine.is_gossip() && self.push_loss.is_some() {
            return Err(format!(
                "{above}.push_loss: instances that gossip have no engine that sends them views: write loss"
            ));
        }
        Ok(())
    }
}

impl WrittenNetworkFault {
    pub(super) fn checked(
        &self,
        key: &str,
        names: Instances<'_>,
        duration: Duration,
    ) -> Result<Fault, String> {
        let keys = self.keys();
        keys.check(key)?;
        keys.check_gossip(key, names.engine)?;
        self.check_parts(key, names.engine)?;
        let from = self.from.unwrap_or(Span(Duration::ZERO));
        let (from, until) = period(key, from, self.until, duration)?;
        let instances = self.instances.as_ref().map(|given| {
            let key = format!("{key}.instances");
            let places = places(&key, given, names)?;
            if given.is_empty() || is_twice(&places) {
                return Err(format!(
                    "{key}: write each name once, or leave it out for all instances"
                ));
            }
            Ok(places)
        });
        Ok(Fault {
            from,
            until,
            instances: instances.transpose()?,
            partition: self.partition,
            groups: self.checked_groups(key, names)?,
            keys,
        })
    }

    /// Checks that the deviation changes something that exists.
    fn check_parts(&self, key: &str, engine: EngineKind) -> Result<(), String> {
        let has_keys = self.keys() != Keys::default();
        if self.groups.is_some() {
            if !engine.is_gossip() {
                return Err(format!(
                    "{key}.groups: only instances that gossip send to each other: write instances and \
                     partition instead, or coordination.engine = \"gossip\""
                ));
            }
            if has_keys || self.instances.is_some() || self.partition.is_some() {
                return Err(format!(
                    "{key}.groups: it is allowed only with from and until: write the other keys in a fault \
                     of their own"
                ));
            }
            return Ok(());
        }
        match (self.partition, engine) {
            (Some(_), EngineKind::Gossip) => Err(format!(
                "{key}.partition: instances that gossip have no engine to be cut off from: write groups of \
                 instances that do not hear each other, such as groups = [[\"A\"], [\"B\", \"C\"]]"
            )),
            (None, EngineKind::Gossip) if !has_keys => Err(format!(
                "{key}: it changes nothing: write groups = [[\"A\"], [\"B\", \"C\"]], or one of delay, jitter, loss, \
                 duplication, reordering and held_up"
            )),
            (None, EngineKind::Memory) if !has_keys => Err(format!(
                "{key}: it changes nothing: write partition = \"both\", or one of delay, jitter, loss, push_loss, \
                 duplication, reordering and held_up"
            )),
            _ => Ok(()),
        }
    }

    fn checked_groups(&self, key: &str, names: Instances<'_>) -> Result<Vec<Vec<usize>>, String> {
        let key = format!("{key}.groups");
        let given = self.groups.iter().flatten();
        let groups: Vec<Vec<usize>> = given
            .map(|group| places(&key, group, names))
            .collect::<Result<_, _>>()?;
        let mut all: Vec<usize> = groups.iter().flatten().copied().collect();
        all.sort_unstable();
        let is_split = groups.len() > 1 && groups.iter().all(|group| !group.is_empty());
        if self.groups.is_some() && (!is_split || is_twice(&all)) {
            return Err(format!(
                "{key}: write two groups or more, none of them empty, and each name once, such as \
                 [[\"A\"], [\"B\", \"C\"]]"
            ));
        }
        Ok(groups)
    }
}

/// The places of these instances, in order.
fn places(key: &str, given: &[String], names: Instances<'_>) -> Result<Vec<usize>, String> {
    let places = given.iter().map(|name| place(key, name, names));
    let mut places: Vec<usize> = places.collect::<Result<_, _>>()?;
    places.sort_unstable();
    Ok(places)
}

fn is_twice(places: &[usize]) -> bool {
    places.windows(2).any(|two| two[0] == two[1])
}

fn place(key: &str, name: &str, names: Instances<'_>) -> Result<usize, String> {
    (names.place)(name).ok_or_else(|| {
        let all = names.all.iter().map(String::as_str);
        let hint = match nearest(name, all) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", listed(names.all)),
        };
        format!("{key}: there is no instance `{name}`; {hint}")
    })
}

/// A period within a run; without an end it lasts for ever.
///
/// # Errors
///
/// The key, its value and what is allowed.
pub(in crate::scenario) fn period(
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
