//! The truth: the probability that a call made now fails, computed and not counted.
//!
//! Rules draw independently, so the probability that a call survives them all is a product. The shard of a call
//! matters to several rules at once, so the probability is first split by shards. The sum of delays is compared with
//! the caller's timeout and with the plan's deadline (`delays`).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::caller::{CallerId, Who};
use super::delays::Delays;
use super::prepared_rule::active_rules;
use super::present_phase::Present;
use super::work::Work;
use super::{Effect, Plan, Player, Scope};
use crate::overload::Occupancy;

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
    /// The probability that a call of `caller` made at `now` fails; `occupancy` says how full the overload
    /// model is.
    pub fn truth(&mut self, now: Duration, caller: &str, occupancy: Option<Occupancy>) -> f64 {
        let who = self.callers.who(caller, &self.plan, &self.rules);
        self.truth_for(now, &who, occupancy)
    }

    /// The caller whose truth stands for that of this one: two callers with the same one have the same truth
    /// at any instant, so it needs to be computed only once.
    pub fn truth_class(&self, caller: CallerId) -> CallerId {
        self.callers.class_of(caller)
    }

    /// The truth of each of these callers, in their order. Callers who meet the same share one computation.
    pub fn truth_of_callers(
        &mut self,
        now: Duration,
        callers: &[CallerId],
        occupancy: Option<Occupancy>,
    ) -> Vec<f64> {
        let mut known = BTreeMap::new();
        let truths = callers.iter().map(|caller| {
            let class = self.truth_class(*caller);
            let truth = || self.truth_of(now, class, occupancy);
            *known.entry(class).or_insert_with(truth)
        });
        truths.collect()
    }

    /// The truth of a caller by its handle.
    pub fn truth_of(
        &mut self,
        now: Duration,
        caller: CallerId,
        occupancy: Option<Occupancy>,
    ) -> f64 {
        let place = self.callers.place(caller);
        let who = self.callers.at(place).who.clone();
        self.truth_for(now, &who, occupancy)
    }

    pub(super) fn truth_for(
        &mut self,
        now: Duration,
        who: &Who,
        occupancy: Option<Occupancy>,
    ) -> f64 {
        if self.ended(now) {
            return 0.0;
        }
        if self.refuses(now) {
            return 1.0;
        }
        self.work.truths += 1;
        let present = self.present(now);
        let Some(delays) = self.delays_of_all(now, present, occupancy) else {
            return 1.0;
        };
        let arcs = self.arcs(present);
        let parts = arcs.windows(2).map(|arc| (arc[0], arc[1] - arc[0]));
        let parts: Vec<(f64, f64)> = parts.collect();
        let truth = parts.iter().map(|(place, share)| {
            let place = place + share / 2.0;
            let truth = self.truth_at(now, present, who, delays.clone(), place);
            truth * share
        });
        truth.sum::<f64>().clamp(0.0, 1.0)
    }

    /// The same for each of these callers, in their order. Callers who meet the same share one computation.
    pub fn truth_of_each<C: AsRef<str>>(
        &mut self,
        now: Duration,
        callers: &[C],
        occupancy: Option<Occupancy>,
    ) -> Vec<f64> {
        let mut known = BTreeMap::new();
        let truths = callers.iter().map(|caller| {
            let stand_in = self.stand_in(caller.as_ref()).to_owned();
            if let Some(truth) = known.get(&stand_in) {
                return *truth;
            }
            let truth = self.truth(now, &stand_in, occupancy);
            known.insert(stand_in, truth);
            truth
        });
        truths.collect()
    }

    /// What the truths so far have cost.
    pub fn work(&self) -> Work {
        self.work
    }

    /// What the processes of active rules are doing for `caller`, as far as shards do not matter.
    pub fn standings(&mut self, now: Duration, caller: &str) -> Vec<Standing> {
        if self.ended(now) {
            return Vec::new();
        }
        let who = self.callers.who(caller, &self.plan, &self.rules);
        let present = self.present(now);
        let mask = self.mask(present) & who.rules;
        let rules = active_rules(&mut self.rules, mask, now);
        let of_caller = rules.filter(|prepared| prepared.rule.gate.scope() != Scope::Shard);
        let standing = of_caller.filter_map(|prepared| {
            let visit = prepared.visit(now, &who, 0.0)?;
            let process = prepared.process()?;
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
    fn arcs(&self, present: Present) -> Vec<f64> {
        let mut cuts = vec![0.0, 1.0];
        let mask = self.mask(present);
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

    /// `delays` are those that every call meets.
    fn truth_at(
        &mut self,
        now: Duration,
        present: Present,
        who: &Who,
        mut delays: Delays,
        place: f64,
    ) -> f64 {
        let moment = present.moment(&self.plan, now);
        let (mask, ramp, ordinal) = (self.mask(present), moment.ramp(), moment.ordinal);
        let longest = ms(self.plan.written.limits.max_hang_ms);
        let rest = moment.remaining.map_or(longest, in_ms);
        let mut odds_of = Odds {
            failed: moment.phase.failing_share() * ramp,
            ..Odds::default()
        };
        odds_of.open = 1.0 - odds_of.failed;
        self.work.looks += u64::from(mask.count_ones());
        for prepared in active_rules(&mut self.rules, mask & who.rules, now) {
            let matches = prepared.matches();
            if !matches.has_path("/data") || !matches.has_place(place) {
                continue;
            }
            let ordinal = if prepared.listed { ordinal } else { 0 };
            let counted = prepared.counter.map_or(0, |counter| {
                self.callers.counted(who.place(), counter, ordinal)
            });
            let share = matches.share.unwrap_or(1.0);
            let ramp = if prepared.listed { ramp } else { 1.0 };
            let odds = prepared.odds(now, who, place, counted) * share * ramp;
            if odds > 0.0 {
                let ends_well = odds_of.meet(odds, &prepared.rule.effects);
                // Whether a call that fails anyway is also late does not matter.
                if ends_well {
                    delays.add_rule(odds, &prepared.rule.effects, rest);
                }
            }
        }
        let deadline = who.deadline;
        let late = if self.is_never_late(deadline) {
            0.0
        } else {
            let late = delays.late(in_ms(deadline));
            self.work.sums += late.sums;
            late.probability
        };
        odds_of.failed + (odds_of.open + odds_of.ended_well) * late
    }

    /// Whether faults may delay an answer only by less than what makes it late.
    fn is_never_late(&self, deadline: Duration) -> bool {
        let slow = |effect: &Effect| matches!(effect, Effect::SlowBody { .. });
        let mut rules = self.plan.rules.values();
        Duration::from_millis(self.plan.written.limits.max_hang_ms) <= deadline
            && self.plan.overload.is_none()
            && !rules.any(|rule| rule.effects.iter().any(slow))
    }

    /// The delays that every call meets; `None` when there is no room for one.
    fn delays_of_all(
        &self,
        now: Duration,
        present: Present,
        occupancy: Option<Occupancy>,
    ) -> Option<Delays> {
        let moment = present.moment(&self.plan, now);
        let mut delays = Delays::default();
        if let Some(overload) = &self.plan.overload {
            // Before the first call no worker is busy, and work takes its time all the same.
            let occupancy = occupancy.unwrap_or_default();
            delays.add_times(&overload.answers(now, moment.service_factor(), occupancy)?);
        }
        let least = ms(moment.phase.latency_ms) * moment.ramp();
        let jitter = ms(moment.phase.latency_jitter_ms) * moment.ramp();
        delays.add_between(least, least + jitter);
        if let Some(law) = &self.plan.written.base.delay {
            delays.add_law(law);
        }
        Some(delays)
    }
}

/// Of all calls: those that have failed, those that an effect has ended well, and the others.
#[derive(Clone, Copy, Debug, Default)]
struct Odds {
    failed: f64,
    ended_well: f64,
    open: f64,
}

impl Odds {
    /// A rule hits with these odds; whether some of the calls that it hits still end well.
    fn meet(&mut self, odds: f64, effects: &[Effect]) -> bool {
        let Some(ends) = effects.iter().find(|effect| effect.is_terminal()) else {
            return true;
        };
        let bad = ends.failing_share();
        self.failed += self.open * odds * bad;
        self.ended_well += self.open * odds * (1.0 - bad);
        self.open *= 1.0 - odds;
        bad < 1.0
    }
}

fn in_ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn ms(millis: u64) -> f64 {
    in_ms(Duration::from_millis(millis))
}
