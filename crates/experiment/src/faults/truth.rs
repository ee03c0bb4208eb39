//! How likely is it that a call made now fails? Computed, not counted.
//!
//! Rules draw independently, so the probability that a call survives them all is a product; which
//! shard a call is in matters to several rules at once, so it is taken apart by shards first. Delays
//! that add up are convolved as equally likely durations, the last one exactly, and compared with the
//! plan's deadline.

use std::time::Duration;

use serde::Serialize;

use super::prepared::active_rules;
use super::{Effect, Plan, Player, Scope};
use crate::law::Law;
use crate::overload::Crowd;

/// Durations that stand for a sum of delays.
const ATOMS: usize = 256;

/// What a process is doing for a caller.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The rule.
    pub rule: String,
    /// The state.
    pub state: String,
    /// For how long.
    pub since_ms: u64,
}

impl Plan {
    /// The probability that a call of `caller` made at `now` fails, without an overload model's queue.
    /// For many instants, keep a [`Player`].
    pub fn truth(&self, caller: &str, now: Duration) -> f64 {
        Player::new(self.clone()).truth(now, caller, None)
    }
}

impl Player {
    /// The probability that a call of `caller` made at `now` fails; `crowd` says how full the overload
    /// model is.
    pub fn truth(&mut self, now: Duration, caller: &str, crowd: Option<Crowd>) -> f64 {
        if self.ended(now) {
            return 0.0;
        }
        if self.refuses(now) {
            return 1.0;
        }
        let arcs = self.arcs(now);
        let parts = arcs.windows(2).map(|arc| (arc[0], arc[1] - arc[0]));
        let parts: Vec<(f64, f64)> = parts.collect();
        let truth = parts.iter().map(|(place, share)| {
            let truth = self.truth_at(now, caller, crowd, place + share / 2.0);
            truth * share
        });
        truth.sum::<f64>().clamp(0.0, 1.0)
    }

    /// What the processes of active rules are doing for `caller`, as far as shards do not matter.
    pub fn standings(&mut self, now: Duration, caller: &str) -> Vec<Standing> {
        if self.ended(now) {
            return Vec::new();
        }
        let mask = self.mask(&self.plan.at(now));
        let rules = active_rules(&mut self.rules, mask, now);
        let of_caller = rules.filter(|prepared| {
            prepared.matches().has_caller(caller) && prepared.rule.gate.scope() != Scope::Shard
        });
        let standing = of_caller.filter_map(|prepared| {
            let visit = prepared.visit(now, caller, 0.0)?;
            let process = prepared.process.as_ref()?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates"
            )]
            let since_ms = (now.as_secs_f64() * 1000.0 - visit.since_ms).max(0.0) as u64;
            Some(Standing {
                rule: prepared.name.to_string(),
                state: process.name(visit.state).to_owned(),
                since_ms,
            })
        });
        standing.collect()
    }

    /// Where the ring has to be cut so that within an arc every call meets the same rules.
    fn arcs(&self, now: Duration) -> Vec<f64> {
        let mut cuts = vec![0.0, 1.0];
        let mask = self.mask(&self.plan.at(now));
        for (number, prepared) in self.rules.iter().enumerate() {
            if mask >> number & 1 == 0 {
                continue;
            }
            let matches = &prepared.rule.matches;
            let shards = f64::from(matches.shards.unwrap_or(1));
            if prepared.rule.gate.scope() == Scope::Shard {
                let all = (1..matches.shards.unwrap_or(1)).map(|n| f64::from(n) / shards);
                cuts.extend(all);
            } else if let Some([from, to]) = matches.shard {
                cuts.extend([f64::from(from) / shards, f64::from(to + 1) / shards]);
            }
        }
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        cuts
    }

    fn truth_at(&mut self, now: Duration, caller: &str, crowd: Option<Crowd>, place: f64) -> f64 {
        let moment = self.plan.at(now);
        let (phase, ramp, mask) = (moment.phase, moment.ramp(), self.mask(&moment));
        let longest = ms(self.plan.limits.max_hang_ms);
        let rest = moment
            .remaining
            .map_or(longest, |rest| rest.as_secs_f64() * 1000.0);
        let (ordinal, factor) = (moment.ordinal, moment.service_factor());
        let mut delays = Delays::default();
        if let (Some(overload), Some(crowd)) = (&self.plan.overload, crowd) {
            match overload.answers(now, factor, crowd) {
                Some(times) => delays.add(1.0, Part::Grid(times)),
                None => return 1.0,
            }
        }
        let least = ms(phase.latency_ms) * ramp;
        let jitter = ms(phase.latency_jitter_ms) * ramp;
        delays.add(1.0, between(least, least + jitter));
        if let Some(law) = &self.plan.base.delay {
            delays.add(1.0, Part::Law(law.clone()));
        }
        // Of all calls: those that have failed, and those that no effect has ended.
        let mut failed = phase.failing_share() * ramp;
        let mut open = 1.0 - failed;
        let mut ended_well = 0.0;
        let counts: Vec<u64> = self
            .rules
            .iter()
            .map(|prepared| {
                let ordinal = if prepared.listed { ordinal } else { 0 };
                self.counted(caller, &prepared.name, ordinal)
            })
            .collect();
        let names: Vec<_> = self.rules.iter().map(|rule| rule.name.clone()).collect();
        for prepared in active_rules(&mut self.rules, mask, now) {
            let matches = prepared.matches();
            if !matches.has_caller(caller)
                || !matches.has_path("/data")
                || !matches.has_place(place)
            {
                continue;
            }
            let share = matches.share.unwrap_or(1.0);
            let ramp = if prepared.listed { ramp } else { 1.0 };
            let number = names.iter().position(|name| *name == prepared.name);
            let counted = number.map_or(0, |number| counts[number]);
            let odds = prepared.odds(now, caller, place, counted) * share * ramp;
            if odds <= 0.0 {
                continue;
            }
            let ends = prepared.rule.effects.iter().find(|it| it.is_terminal());
            let bad = ends.map_or(0.0, Effect::failing_share);
            failed += open * odds * bad;
            if ends.is_some() {
                ended_well += open * odds * (1.0 - bad);
                open *= 1.0 - odds;
            }
            // Whether a call that fails anyway is also late does not matter.
            if bad < 1.0 {
                for effect in &prepared.rule.effects {
                    match effect {
                        Effect::Delay(law) => delays.add(odds, Part::Law(law.clone())),
                        Effect::Stall {} => delays.add(odds, between(rest, rest)),
                        _ => {}
                    }
                    if let Some(millis) = effect.body_ms() {
                        delays.add(odds, between(ms(millis), ms(millis)));
                    }
                }
            }
        }
        failed + (open + ended_well) * delays.late(ms(self.plan.deadline_ms))
    }
}

fn between(min_ms: f64, max_ms: f64) -> Part {
    Part::Law(if max_ms > min_ms {
        Law::Uniform { min_ms, max_ms }
    } else {
        Law::Fixed { ms: min_ms }
    })
}

fn ms(millis: u64) -> f64 {
    Duration::from_millis(millis).as_secs_f64() * 1000.0
}

/// Delays that add up, each with the odds that it happens.
#[derive(Debug, Default)]
struct Delays {
    fixed: f64,
    parts: Vec<(f64, Part)>,
}

#[derive(Debug)]
enum Part {
    Law(Law),
    /// Equally likely durations.
    Grid(Vec<f64>),
}

impl Delays {
    fn add(&mut self, odds: f64, part: Part) {
        match part {
            Part::Law(Law::Fixed { ms }) if odds >= 1.0 => self.fixed += ms,
            part => self.parts.push((odds, part)),
        }
    }

    /// The probability that all of it takes longer than `deadline` milliseconds.
    fn late(mut self, deadline: f64) -> f64 {
        // The last one is exact, so it is one that has an exact tail.
        let last = self
            .parts
            .iter()
            .rposition(|(_, part)| matches!(part, Part::Law(_)));
        let last = last.map(|place| self.parts.remove(place));
        let mut atoms = vec![(self.fixed, 1.0)];
        for (odds, part) in &self.parts {
            atoms = spread(&atoms, *odds, part);
        }
        let late = |ms: f64| f64::from(ms > deadline);
        let late = atoms.iter().map(|(ms, weight)| {
            let tail = match &last {
                Some((odds, Part::Law(law))) => {
                    (1.0 - odds) * late(*ms) + odds * law.share_above(deadline - ms)
                }
                _ => late(*ms),
            };
            weight * tail
        });
        late.sum()
    }
}

/// The sums of `atoms` and one more delay.
fn spread(atoms: &[(f64, f64)], odds: f64, part: &Part) -> Vec<(f64, f64)> {
    let added: Vec<f64> = match part {
        Part::Law(Law::Fixed { ms }) => vec![*ms],
        Part::Law(law) => law.grid().collect(),
        Part::Grid(times) => times.clone(),
    };
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let each = odds / added.len() as f64;
    let mut sums = Vec::with_capacity(atoms.len() * (added.len() + 1));
    for (ms, weight) in atoms {
        if odds < 1.0 {
            sums.push((*ms, weight * (1.0 - odds)));
        }
        sums.extend(added.iter().map(|more| (ms + more, weight * each)));
    }
    if sums.len() <= ATOMS {
        return sums;
    }
    sums.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::with_capacity(ATOMS);
    let step = 1.0 / 128.0;
    let mut full = f64::INFINITY;
    for (ms, weight) in sums {
        match merged.last_mut() {
            Some(last) if full + weight <= step => {
                let both = last.1 + weight;
                last.0 += (ms - last.0) * weight / both;
                last.1 = both;
                full += weight;
            }
            _ => {
                merged.push((ms, weight));
                full = weight;
            }
        }
    }
    merged
}
