//! The network between instances and the engine, or among instances that gossip: how long each message takes, and
//! whether it arrives.
//!
//! Each message has draws of its own, numbered by instance and direction. So a message that only one mode sends does
//! not change the luck of any other instance or direction.

use std::time::Duration;

use super::nanos;
use crate::chance::Draw;
use crate::scenario::{Link, Network};

/// The direction and the kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From an instance to the engine.
    Request,
    /// From the engine to the instance that asked.
    Answer,
    /// From the engine to every listener.
    Push,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// After how many nanoseconds it arrives; `None` if it is lost.
    pub after: Option<u64>,
    /// After how many nanoseconds it arrives a second time, if it does.
    pub again: Option<u64>,
}

/// The network of a run.
#[derive(Debug)]
pub struct Wires {
    network: Network,
    luck: Draw,
    /// Messages so far, by instance and direction.
    sent: Vec<[u64; 3]>,
    lost: u64,
}

impl Wires {
    /// Makes the network between this many instances and the engine, for a run with this seed.
    pub fn new(network: Network, seed: u64, instances: usize) -> Self {
        Self {
            network,
            luck: Draw::new(seed).with("network"),
            sent: vec![[0; 3]; instances],
            lost: 0,
        }
    }

    /// Returns how many messages were lost so far.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Sends a message at `now`, in nanoseconds since the start of the run.
    pub fn send(&mut self, now: u64, instance: u32, way: Way) -> Passage {
        let place = instance as usize;
        let link = self.network.link(Duration::from_nanos(now), place);
        let number = &mut self.sent[place][way as usize];
        *number += 1;
        let luck = self.luck.number(instance.into()).number(way as u64);
        let luck = luck.number(*number);
        let cut = match way {
            Way::Request => link.is_cut_to_engine(),
            Way::Answer | Way::Push => link.is_cut_from_engine(),
        };
        let push_loss = if way == Way::Push {
            link.push_loss
        } else {
            0.0
        };
        if cut || is(luck, "loss", link.loss) || is(luck, "push loss", push_loss) {
            self.lost += 1;
            return Passage::default();
        }
        Passage::over(&link, luck)
    }

    /// Sends a message at `now` from one gossiping instance to another. Each has draws of its own, numbered by its
    /// sender.
    pub fn send_between(&mut self, now: u64, from: u32, to: u32) -> Passage {
        let (one, other) = (from as usize, to as usize);
        let number = &mut self.sent[one][Way::Request as usize];
        *number += 1;
        let luck = self.luck.with("gossip").number(from.into());
        let luck = luck.number(*number);
        match self.network.between(Duration::from_nanos(now), one, other) {
            Some(link) if !is(luck, "loss", link.loss) => Passage::over(&link, luck),
            _ => {
                self.lost += 1;
                Passage::default()
            }
        }
    }
}

/// Whether a message with this luck is among the share to which this happens.
fn is(luck: Draw, what: &str, share: f64) -> bool {
    share > 0.0 && luck.with(what).share() < share
}

impl Passage {
    /// The passage of a message that is not lost.
    fn over(link: &Link, luck: Draw) -> Self {
        let takes = |copy: u64| {
            let late = luck.with("jitter").number(copy).share();
            nanos(link.delay) + nanos(link.jitter.mul_f64(late))
        };
        let held_up = if is(luck, "reordering", link.reordering) {
            nanos(link.held_up)
        } else {
            0
        };
        Self {
            after: Some(takes(0) + held_up),
            again: is(luck, "duplication", link.duplication).then(|| takes(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;

    use super::*;

    fn wires(lines: &str) -> Wires {
        let text = format!(
            "title = \"t\"\nduration = \"9s\"\n{lines}\n[faults]\nphases = [{{ name = \"calm\" }}]\n"
        );
        let scenario = Scenario::parse(&text).unwrap();
        Wires::new(scenario.network().clone(), 7, 3)
    }

    #[test]
    fn messages_are_late_lost_repeated_and_held_up_as_often_as_the_network_says() {
        let mut wires = wires(
            "[network]\ndelay = \"2ms\"\njitter = \"1ms\"\nloss = 0.2\nduplication = 0.1\nreordering = 0.3\n\
             held_up = \"40ms\"",
        );
        let passages: Vec<Passage> = (0..20_000)
            .map(|_| wires.send(0, 1, Way::Request))
            .collect();

        let came: Vec<u64> = passages.iter().filter_map(|it| it.after).collect();
        let count = |number: usize| f64::from(u32::try_from(number).unwrap());
        let share = |part: usize, of: usize| count(part) / count(of);
        assert!((share(came.len(), 20_000) - 0.8).abs() < 0.01);
        let late = came.iter().filter(|after| **after >= 42_000_000).count();
        assert!((share(late, came.len()) - 0.3).abs() < 0.015);
        let twice = passages.iter().filter(|it| it.again.is_some()).count();
        assert!((share(twice, came.len()) - 0.1).abs() < 0.01);
        assert!(
            came.iter()
                .all(|after| (2_000_000..43_000_000).contains(after))
        );
        assert_eq!(usize::try_from(wires.lost()), Ok(20_000 - came.len()));
    }

    #[test]
    fn a_partition_cuts_its_direction_for_its_instances_in_its_time() {
        let mut wires = wires(
            "[[network.faults]]\nfrom = \"1s\"\nuntil = \"2s\"\ninstances = [\"B\"]\npartition = \"from_engine\"\n",
        );
        let mut comes = |at: u64, instance, way| wires.send(at, instance, way).after.is_some();

        assert!(comes(999_999_999, 1, Way::Push));
        assert!(!comes(1_000_000_000, 1, Way::Push));
        assert!(!comes(1_000_000_000, 1, Way::Answer));
        assert!(comes(1_000_000_000, 1, Way::Request));
        assert!(comes(1_000_000_000, 0, Way::Push));
        assert!(comes(2_000_000_000, 1, Way::Push));
    }

    #[test]
    fn what_one_instance_sends_moves_the_luck_of_no_other() {
        let lines = "[network]\nloss = 0.5";
        let fates = |noise: usize| {
            let mut wires = wires(lines);
            let fate = |wires: &mut Wires| {
                (0..noise).for_each(|_| {
                    wires.send(0, 0, Way::Request);
                    wires.send(0, 2, Way::Push);
                });
                wires.send(0, 2, Way::Request).after
            };
            (0..50).map(|_| fate(&mut wires)).collect::<Vec<_>>()
        };

        assert_eq!(fates(0), fates(3));
    }
}
