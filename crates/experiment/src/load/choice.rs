//! The choice of a target for each request, and of the key that it asks for.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use rand::rngs::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::process::even;
use super::written::{line, table, written};
use crate::bounds::range;
use crate::chance::{Draw, stream};
use crate::reading::listed;

/// Keys below this have their target kept: as many as a profile may have.
const KEPT: usize = 1_000_000;

/// How a target is chosen.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Choose {
    /// Any of them, each as likely.
    Random {},
    /// One after another.
    RoundRobin {},
    /// The one with the fewest requests under way and waiting.
    LeastLoaded {},
    /// By the key, always the same; another target takes over only its share of the keys.
    Sticky {},
    /// Any of them, more likely those with more weight; a target that is not named has the weight 1.
    Weighted(BTreeMap<String, f64>),
}

written!(
    Choose,
    "way to choose a target",
    "random, round_robin, least_loaded, sticky or weighted:A=3,B=1",
    |text| Ok(table(text, |_| None)),
    line
);

impl Choose {
    pub(super) fn check(&self, targets: &[&str]) -> Result<(), String> {
        let Self::Weighted(weights) = self else {
            return Ok(());
        };
        if weights.is_empty() {
            return Err(
                "choose weighted: a weight is missing: write weighted:A=3, with the name of a target"
                    .to_owned(),
            );
        }
        let known: BTreeSet<&str> = targets.iter().copied().collect();
        for (name, weight) in weights {
            if !known.contains(&**name) {
                return Err(format!(
                    "choose weighted: there is no target `{name}`; there are {}",
                    listed(targets)
                ));
            }
            range(&format!("choose weighted: {name}"), *weight, 0.0..=1e6, "")?;
        }
        if targets.iter().all(|name| weights.get(*name) == Some(&0.0)) {
            return Err("choose weighted: one target must have a weight above 0".to_owned());
        }
        Ok(())
    }
}

/// The target of each key: that whose name and the key together have the highest hash (rendezvous hashing).
#[derive(Clone, Debug)]
struct ByKey {
    /// The names, hashed.
    names: Vec<Draw>,
    /// The targets of keys that have been asked for, by key: to find one takes a hash for each name.
    found: Vec<Option<u32>>,
}

impl ByKey {
    fn new(names: &[&str]) -> Self {
        let hash = |name: &&str| Draw::new(0).with("sticky").with(name);
        Self {
            names: names.iter().map(hash).collect(),
            found: Vec::new(),
        }
    }

    fn target(&mut self, key: u64) -> u64 {
        let Some(place) = usize::try_from(key).ok().filter(|place| *place < KEPT) else {
            return self.highest(key).into();
        };
        if self.found.len() <= place {
            self.found.resize(place + 1, None);
        }
        let found = match self.found[place] {
            Some(found) => found,
            None => self.highest(key),
        };
        self.found[place] = Some(found);
        found.into()
    }

    fn highest(&self, key: u64) -> u32 {
        let hashes = self.names.iter().map(|name| name.number(key).bits());
        let highest = hashes.zip(0..).max();
        highest.map_or(0, |(_, place)| place)
    }
}

/// Chooses targets. Every choice takes one number of its stream, whoever is chosen.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    chance: Xoshiro256PlusPlus,
    way: Way,
    count: u64,
    turn: u64,
}

#[derive(Clone, Debug)]
enum Way {
    Even,
    InTurn,
    ByKey(ByKey),
    /// Sums of the weights up to each target.
    ByWeight(Vec<f64>),
}

impl Targets {
    pub(super) fn new(choose: &Choose, seed: u64, names: &[&str]) -> Self {
        let way = match choose {
            // The least loaded one is known only when the request leaves.
            Choose::Random {} | Choose::LeastLoaded {} => Way::Even,
            Choose::RoundRobin {} => Way::InTurn,
            Choose::Sticky {} => Way::ByKey(ByKey::new(names)),
            Choose::Weighted(weights) => {
                let weights = names.iter().map(|name| weights.get(*name).unwrap_or(&1.0));
                let sums = weights.scan(0.0, |sum, weight| {
                    *sum += weight;
                    Some(*sum)
                });
                let sums: Vec<f64> = sums.collect();
                // Nothing is a share of nothing.
                let any = sums.last().is_some_and(|sum| *sum > 0.0);
                if any { Way::ByWeight(sums) } else { Way::Even }
            }
        };
        Self {
            chance: stream(seed, "targets"),
            way,
            count: names.len().max(1) as u64,
            turn: 0,
        }
    }

    pub(super) fn next(&mut self, key: u64) -> usize {
        let bits = self.chance.next_u64();
        let turn = self.turn;
        self.turn += 1;
        let chosen = match &mut self.way {
            Way::Even => below(bits, self.count),
            Way::InTurn => turn % self.count,
            Way::ByKey(names) => names.target(key),
            Way::ByWeight(sums) => {
                #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
                let luck = (bits >> 11) as f64 * (f64::EPSILON / 2.0);
                let at = luck * sums.last().copied().unwrap_or_default();
                sums.partition_point(|sum| *sum <= at) as u64
            }
        };
        usize::try_from(chosen).unwrap_or_default()
    }
}

/// The place of the least of `loads`, each of them asked once; among equals `luck` decides, and each of
/// them is as likely. Zero when there are none.
///
/// # Examples
///
/// ```
/// use experiment::load::least_loaded;
///
/// assert_eq!(least_loaded([3, 1, 2], 7), 1);
/// let drawn = (0..1000).map(|luck| least_loaded([9, 0, 0], luck));
/// assert!((450..550).contains(&drawn.filter(|place| *place == 1).count()));
/// ```
pub fn least_loaded(loads: impl IntoIterator<Item = usize>, luck: u64) -> usize {
    let (mut chosen, mut least, mut equals) = (0, None, 1);
    for (place, load) in loads.into_iter().enumerate() {
        if least.is_none_or(|least| load < least) {
            (chosen, least, equals) = (place, Some(load), 1);
        } else if least == Some(load) {
            // The n-th of equals takes the place with the odds 1 : n, which is fair to all of them.
            equals += 1;
            if below(Draw::new(luck).with("equal").number(equals).bits(), equals) == 0 {
                chosen = place;
            }
        }
    }
    chosen
}

/// `bits` spread over 0..count.
pub(super) fn below(bits: u64, count: u64) -> u64 {
    u64::try_from((u128::from(bits) * u128::from(count)) >> 64).unwrap_or_default()
}

/// Draws keys: evenly, or by Zipf's law.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    chance: Xoshiro256PlusPlus,
    count: u64,
    /// Sums of the shares up to each key, where some are more likely.
    sums: Vec<f64>,
}

impl Keys {
    pub(super) fn new(seed: u64, count: u64, skew: f64) -> Self {
        let sums = if skew > 0.0 {
            #[expect(clippy::cast_precision_loss, reason = "far fewer keys")]
            let shares = (1..=count).map(|rank| libm::pow(rank as f64, -skew));
            let sums = shares.scan(0.0, |sum, share| {
                *sum += share;
                Some(*sum)
            });
            sums.collect()
        } else {
            Vec::new()
        };
        Self {
            chance: stream(seed, "keys"),
            count,
            sums,
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        match self.sums.last() {
            None => below(self.chance.next_u64(), self.count),
            Some(all) => {
                let at = even(&mut self.chance) * all;
                let key = self.sums.partition_point(|sum| *sum <= at) as u64;
                key.min(self.count - 1)
            }
        }
    }
}

#[cfg(test)]
mod tests;
