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
mod tests {
    use super::*;

    fn counts(choose: &str, names: &[&str]) -> Vec<u32> {
        let choose: Choose = choose.parse().unwrap();
        choose.check(names).unwrap();
        let mut targets = Targets::new(&choose, 5, names);
        let mut counts = vec![0; names.len()];
        for key in 0..30_000 {
            counts[targets.next(key)] += 1;
        }
        counts
    }

    #[test]
    fn targets_get_their_shares() {
        let names = ["A", "B", "C"];
        assert_eq!(counts("round_robin", &names), [10_000; 3]);
        for way in ["random", "sticky", "least_loaded"] {
            for count in counts(way, &names) {
                assert!((9_600..10_400).contains(&count), "{way}: {count}");
            }
        }
        let weighted = counts("weighted:A=3,B=0", &names);
        assert_eq!(weighted[1], 0);
        assert!((22_100..22_900).contains(&weighted[0]), "{weighted:?}");
    }

    #[test]
    fn equals_beside_a_busy_one_are_taken_equally_often() {
        for (loads, equal) in [
            (vec![9, 1, 1], vec![1, 2]),
            (vec![1, 9, 1], vec![0, 2]),
            (vec![2, 2, 5, 2, 2], vec![0, 1, 3, 4]),
            (vec![0; 3], vec![0, 1, 2]),
        ] {
            let mut luck = stream(3, "luck");
            let mut counts = vec![0_usize; loads.len()];
            for _ in 0..12_000 {
                counts[least_loaded(loads.iter().copied(), luck.next_u64())] += 1;
            }
            for (place, count) in counts.into_iter().enumerate() {
                let fair = if equal.contains(&place) {
                    12_000 / equal.len()
                } else {
                    0
                };
                assert!(count.abs_diff(fair) < 300, "{loads:?}: {place} {count}");
            }
        }
        assert_eq!(least_loaded([], 1), 0);
    }

    #[test]
    fn a_key_has_the_target_with_the_highest_hash_whenever_it_is_asked_for() {
        let names: Vec<String> = (0..100).map(|place| format!("i{place}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let highest = |key: u64| {
            let hash = |name: &str| Draw::new(0).with("sticky").with(name).number(key).bits();
            let places = 0..names.len();
            places.max_by_key(|place| hash(names[*place])).unwrap()
        };
        let mut targets = Targets::new(&Choose::Sticky {}, 1, &names);

        for key in [7, 0, 999_999, 7, 1_000_000, u64::MAX, 0, 7, 1_000_000] {
            assert_eq!(targets.next(key), highest(key), "{key}");
        }
    }

    #[test]
    fn another_target_takes_over_only_its_share_of_the_keys() {
        let mut few = Targets::new(&Choose::Sticky {}, 1, &["A", "B", "C"]);
        let mut more = Targets::new(&Choose::Sticky {}, 2, &["A", "B", "C", "D"]);
        let mut moved = 0;
        for key in 0..8000 {
            let (before, after) = (few.next(key), more.next(key));
            assert!(after == before || after == 3, "{key}");
            moved += u32::from(after == 3);
        }
        assert!((1_800..2_200).contains(&moved), "{moved}");
    }

    #[test]
    fn keys_follow_the_law_of_zipf_when_they_are_skewed() {
        let mut even = Keys::new(1, 10, 0.0);
        let mut skewed = Keys::new(1, 10, 1.0);
        let share = |keys: &mut Keys| (0..20_000).filter(|_| keys.next() == 0).count();

        assert!((1_850..2_150).contains(&share(&mut even)));
        // 1 / (1 + 1/2 + … + 1/10) = 0.3414
        assert!((6_600..7_050).contains(&share(&mut skewed)));
    }

    #[test]
    fn weights_of_nobody_are_refused() {
        let check = |text: &str| {
            text.parse::<Choose>()
                .unwrap()
                .check(&["A", "B"])
                .unwrap_err()
        };
        assert!(check("weighted:D=1").contains("no target `D`; there are A, B"));
        assert!(check("weighted:A=-1").contains("from 0 to"));
        assert!(check("weighted:A=0,B=0").contains("above 0"));
        assert!("sticki".parse::<Choose>().unwrap_err().contains("`sticky`"));
    }
}
