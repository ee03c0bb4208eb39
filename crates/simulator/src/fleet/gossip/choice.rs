//! The choice of partners for a round of gossip: three nodes that are alive, sometimes one that is taken for dead,
//! and sometimes a seed.
//!
//! The rules are those of `chitchat` (`select_nodes_for_gossip`), after Cassandra. All other instances are seeds.

use experiment::chance::Draw;

/// How many living nodes are chosen per round.
const LIVING: usize = 3;

/// The others, as one node sees them, by the places of their instances.
#[derive(Debug, Default)]
pub(super) struct Others {
    pub(super) living: Vec<u32>,
    pub(super) dead: Vec<u32>,
    pub(super) seeds: Vec<u32>,
}

impl Others {
    /// The nodes chosen for a round with this luck.
    pub(super) fn chosen(mut self, luck: Draw) -> Vec<u32> {
        if self.living.is_empty() {
            // At the start no node is known to be alive.
            self.living.clone_from(&self.dead);
        } else {
            self.dead.retain(|it| !self.living.contains(it));
        }
        let knows_nobody = self.living.is_empty();
        let (alive, dead) = (share(self.living.len()), share(self.dead.len()));
        let mut chosen = sample(self.living, luck.with("living"));
        let asks_seed = chosen.iter().any(|it| self.seeds.contains(it));
        if luck.with("dead").share() < dead / (alive + 1.0) {
            chosen.extend(sample(self.dead, luck.with("which dead")).first());
        }
        let all_live = alive >= share(self.seeds.len());
        let often = share(self.seeds.len()) / (alive + dead);
        if (!asks_seed || !all_live) && (knows_nobody || luck.with("seed").share() <= often) {
            chosen.extend(sample(self.seeds, luck.with("which seed")).first());
        }
        chosen
    }
}

/// Three of these, or all.
fn sample(mut from: Vec<u32>, luck: Draw) -> Vec<u32> {
    let many = from.len().min(LIVING);
    for place in 0..many {
        let rest = from.len() - place;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a number lies between 0 and the number"
        )]
        let step = (luck.number(place as u64).share() * share(rest)) as usize;
        from.swap(place, place + step.min(rest - 1));
    }
    from.truncate(many);
    from
}

#[expect(clippy::cast_precision_loss, reason = "numbers of instances")]
fn share(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_that_live_are_chosen_evenly_and_never_one_twice() {
        let mut times = [0_u32; 10];
        for round in 0..10_000 {
            let others = Others {
                living: (1..10).collect(),
                dead: Vec::new(),
                seeds: (1..10).collect(),
            };
            let mut chosen = others.chosen(Draw::new(7).number(round));
            assert_eq!(chosen.len(), 3);
            for it in &chosen {
                times[*it as usize] += 1;
            }
            chosen.sort_unstable();
            chosen.dedup();
            assert_eq!(chosen.len(), 3);
        }

        assert!(
            times[1..].iter().all(|it| (3_150..3_520).contains(it)),
            "{times:?}"
        );
    }

    #[test]
    fn who_is_cut_off_is_asked_again_in_each_round() {
        for round in 0..100 {
            let others = Others {
                living: vec![1, 2],
                dead: vec![3, 4, 5],
                seeds: (1..=5).collect(),
            };
            let chosen = others.chosen(Draw::new(7).number(round));
            // One of the dead with 3/(2 + 1), and one of all seeds, as not all live.
            assert_eq!(chosen.len(), 4, "{chosen:?}");
            assert!(chosen[2] >= 3);
        }
    }
}
