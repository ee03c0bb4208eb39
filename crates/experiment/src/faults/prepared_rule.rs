//! A rule prepared for calls: whether it hits this one, and what it does to it.

use std::sync::Arc;
use std::time::Duration;

use super::caller::{Caller, Who};
use super::luck::Luck;
use super::rule::Match;
use super::trajectory::{GateProcess, Trajectory, Visit};
use super::{Effect, Ending, Fate, FaultGate, FaultRule, Hit, Plan, Scope, SlowBody};
use crate::chance::{Draw, name_hash};

/// The longest delay: a day.
const LONGEST_S: f64 = 86_400.0;

const MIX: u64 = name_hash("mix");
const OWN: u64 = name_hash("own");

/// A rule with what it needs to decide.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) name: Arc<str>,
    pub(super) rule: FaultRule,
    /// Its bit in masks of rules.
    pub(super) bit: u64,
    /// Whether phases name it; such a rule follows their ramps.
    pub(super) listed: bool,
    /// When it was put in force.
    pub(super) since: Duration,
    /// Its place among the rules that count calls, if it does.
    pub(super) counter: Option<usize>,
    scope: Scope,
    rho: f64,
    draws: Draws,
    by_shard: bool,
    can_fail: bool,
    trajectories: Trajectories,
}

/// The sources of a rule's random draws, by purpose.
#[derive(Clone, Copy, Debug)]
struct Draws {
    all: Draw,
    share: Draw,
    everyone: Draw,
    caller: Draw,
    shard: Draw,
}

/// Runs of the process of a rule: everyone's, and those of callers and of shards.
#[derive(Clone, Debug)]
struct Trajectories {
    shared: Trajectory,
    of_callers: Vec<Option<Trajectory>>,
    of_shards: Vec<Option<Trajectory>>,
}

/// A call, as a rule sees it.
pub(super) struct Met<'a> {
    pub(super) now: Duration,
    pub(super) path: &'a str,
    pub(super) ordinal: u64,
}

pub(super) enum Decision {
    NoMatch,
    Spared { possible: bool },
    Hit,
}

impl Prepared {
    /// All rules of a plan.
    pub(super) fn all(plan: &Plan) -> Vec<Self> {
        let mut counting = 0;
        let rules = plan.rules().iter().enumerate();
        let rules = rules.map(|(place, (name, rule))| {
            let mut prepared = Self::new(plan, name, rule);
            prepared.bit = 1 << place;
            if rule.gate.counts() {
                prepared.counter = Some(counting);
                counting += 1;
            }
            prepared
        });
        rules.collect()
    }

    fn new(plan: &Plan, name: &str, rule: &FaultRule) -> Self {
        let draw = Draw::new(plan.seed()).with("rule").with(name);
        let ends = rule.effects.iter().find(|effect| effect.is_terminal());
        let luck = rule.gate.luck();
        let scope = luck.scope();
        Self {
            name: name.into(),
            bit: 0,
            listed: plan
                .steps()
                .iter()
                .any(|phase| phase.rules.iter().any(|listed| listed == name)),
            since: Duration::ZERO,
            counter: None,
            scope,
            rho: luck.rho(),
            draws: Draws {
                all: draw,
                share: draw.with("share"),
                everyone: draw.with("everyone"),
                caller: draw.with("caller"),
                shard: draw.with("shard"),
            },
            by_shard: rule.matches.shard.is_some() || scope == Scope::Shard,
            can_fail: ends.is_some_and(|effect| effect.failing_share() > 0.0),
            trajectories: Trajectories {
                shared: Trajectory::new(draw.with("shared")),
                of_callers: Vec::new(),
                of_shards: Vec::new(),
            },
            rule: rule.clone(),
        }
    }

    pub(super) fn lives(&self, now: Duration) -> bool {
        self.end().is_none_or(|end| now < end)
    }

    /// When its time to live is over.
    pub(super) fn end(&self) -> Option<Duration> {
        self.rule.ttl.map(|ttl| self.since.saturating_add(ttl))
    }

    pub(super) fn matches(&self) -> &Match {
        &self.rule.matches
    }

    /// Whether it closes the listener when it is certain to hit.
    pub(super) fn can_close(&self) -> bool {
        let ends = self.rule.effects.iter().find(|effect| effect.is_terminal());
        let refuses = matches!(ends, Some(Effect::Refuse));
        let known_before = match &self.rule.gate {
            FaultGate::Always => true,
            FaultGate::Process { .. } => self.scope == Scope::Shared,
            _ => false,
        };
        known_before && self.matches().is_unconditional() && refuses
    }

    /// Whether it fails calls that it hits, apart from delays.
    pub(super) fn can_fail(&self) -> bool {
        self.can_fail
    }

    pub(super) fn process(&self) -> Option<&GateProcess> {
        match &self.rule.gate {
            FaultGate::Process { process, .. } => Some(process),
            _ => None,
        }
    }

    pub(super) fn shared_odds(&mut self, now: Duration) -> f64 {
        match &self.rule.gate {
            FaultGate::Process { process, .. } => {
                process.p(self.trajectories.shared.at(process, now).state)
            }
            _ => 1.0,
        }
    }

    /// Forgets the positions of callers' runs, because the callers have other places from now on.
    pub(super) fn forget_callers(&mut self) {
        self.trajectories.of_callers.clear();
    }

    /// The state of this rule's process for a caller and a place on the ring.
    pub(super) fn visit(&mut self, now: Duration, who: &Who, place: f64) -> Option<Visit> {
        let FaultGate::Process { process, .. } = &self.rule.gate else {
            return None;
        };
        let runs = &mut self.trajectories;
        let (own, kept, place) = match self.scope {
            Scope::Shared => return Some(runs.shared.at(process, now)),
            Scope::Caller => {
                let own = self.draws.caller.number(who.hash);
                (own, &mut runs.of_callers, who.place())
            }
            Scope::Shard => {
                let shard = self.rule.matches.shard_at(place);
                let own = self.draws.shard.number(shard.into());
                (own, &mut runs.of_shards, Some(shard as usize))
            }
        };
        let shares = |now| own.number(MIX).number(process.slot(now)).share() < self.rho;
        if self.rho > 0.0 && shares(now) {
            return Some(runs.shared.at(process, now));
        }
        let Some(place) = place else {
            return Some(Trajectory::new(own).at(process, now));
        };
        Some(kept_at(kept, place, own).at(process, now))
    }

    /// When its process next changes its state for one of these callers or for a shard.
    pub(super) fn next_jump(&mut self, now: Duration, callers: &[Caller]) -> Option<Duration> {
        let FaultGate::Process { process, .. } = &self.rule.gate else {
            return None;
        };
        let shared = self.trajectories.shared.next_change(process, now);
        let slot = process.next_slot(now);
        let mut soonest = match self.scope {
            Scope::Shared => return Some(shared),
            _ if self.rho > 0.0 => Some(shared.min(slot)),
            _ => None,
        };
        let mut note = |at: Duration| soonest = Some(soonest.map_or(at, |it| it.min(at)));
        if self.scope == Scope::Shard {
            for shard in 0..self.rule.matches.shards.unwrap_or(1) {
                let own = self.draws.shard.number(shard.into());
                let kept = &mut self.trajectories.of_shards;
                note(kept_at(kept, shard as usize, own).next_change(process, now));
            }
            return soonest;
        }
        let matching = callers.iter().filter(|it| it.who.rules & self.bit != 0);
        for who in matching.map(|caller| &caller.who) {
            let own = self.draws.caller.number(who.hash);
            let kept = &mut self.trajectories.of_callers;
            if let Some(place) = who.place() {
                note(kept_at(kept, place, own).next_change(process, now));
            }
        }
        soonest
    }

    /// The probability that it hits a call that it matches, without ramps; `counted` matching calls came before.
    pub(super) fn odds(&mut self, now: Duration, who: &Who, place: f64, counted: u64) -> f64 {
        match &self.rule.gate {
            FaultGate::Always => 1.0,
            FaultGate::Bernoulli { p, .. } => *p,
            FaultGate::EveryNth(n) => f64::from((counted + 1).is_multiple_of(n.get().into())),
            FaultGate::FirstN(n) => f64::from(counted < n.get().into()),
            FaultGate::Process { .. } => match (self.visit(now, who, place), self.process()) {
                (Some(visit), Some(process)) => process.p(visit.state),
                _ => 1.0,
            },
        }
    }

    /// Whether it hits a call of a caller that it may match.
    pub(super) fn decide(
        &mut self,
        met: &Met<'_>,
        caller: &mut Caller,
        luck: &Luck<'_>,
        ramp: f64,
    ) -> Decision {
        let matches = &self.rule.matches;
        let chosen = |share: f64| self.draws.share.number(luck.draw.bits()).share() < share;
        let place = if self.by_shard { luck.place() } else { 0.0 };
        let applies = matches.has_path(met.path)
            && matches.has_place(place)
            && matches.share.is_none_or(chosen);
        if !applies {
            return Decision::NoMatch;
        }
        let ordinal = if self.listed { met.ordinal } else { 0 };
        let counted = self.counter.map_or(0, |it| caller.count_one(it, ordinal));
        let odds = self.odds(met.now, &caller.who, place, counted) * ramp;
        if odds >= 1.0 || (odds > 0.0 && self.luck(luck, place) < odds) {
            Decision::Hit
        } else {
            Decision::Spared {
                possible: odds > 0.0,
            }
        }
    }

    /// The luck of one call: its caller's own or, in the share `rho` of the calls, the shared one. Bursts share their
    /// times; within these, each call has its own luck.
    fn luck(&self, luck: &Luck<'_>, place: f64) -> f64 {
        let draw = self.draws.all;
        if !matches!(self.rule.gate, FaultGate::Bernoulli { .. }) {
            return draw.number(luck.caller).number(luck.call).share();
        }
        let own = match self.scope {
            Scope::Shared => return self.draws.everyone.number(luck.call).share(),
            Scope::Caller => draw.number(luck.caller).number(luck.call),
            Scope::Shard => {
                let shard = self.rule.matches.shard_at(place);
                draw.number(shard.into()).number(luck.call)
            }
        };
        if self.rho > 0.0 && own.number(MIX).share() < self.rho {
            self.draws.everyone.number(luck.call).share()
        } else {
            own.number(OWN).share()
        }
    }

    /// Applies the effects to a call.
    pub(super) fn hit(&self, fate: &mut Fate, luck: &Luck<'_>, rest: Duration, longest: Duration) {
        for (number, effect) in (0..).zip(&self.rule.effects) {
            if effect.is_terminal() && fate.ending != Ending::Success {
                continue;
            }
            let share = || {
                self.draws
                    .all
                    .number(number)
                    .number(luck.draw.bits())
                    .share()
            };
            match effect {
                // A call that hangs already hangs as long as it hangs.
                Effect::Delay(_) | Effect::Stall if fate.ending == Ending::Hang => continue,
                Effect::Delay(law) => fate.delay += from_millis(law.sample(share())),
                Effect::Stall => fate.delay += rest,
                Effect::SlowBody { over } => {
                    let before = fate.slow_body.map_or(Duration::ZERO, |slow| slow.over);
                    let over = before.saturating_add(*over).min(longest);
                    fate.slow_body = Some(SlowBody { over });
                }
                Effect::Status(answer) => {
                    fate.ending = Ending::Status {
                        code: answer.codes.status(share()),
                        retry_after_s: answer.retry_after_s,
                        body: answer.body.clone(),
                        headers: answer.headers.clone(),
                    };
                }
                Effect::Hang { max } => {
                    fate.ending = Ending::Hang;
                    fate.delay = max.unwrap_or(longest);
                }
                Effect::Truncate { bytes } => fate.ending = Ending::Truncate { bytes: *bytes },
                Effect::WrongBody(kind) => fate.ending = Ending::WrongBody(*kind),
                Effect::Reset | Effect::Refuse => fate.ending = Ending::Reset,
                Effect::Close => fate.ending = Ending::Close,
                Effect::Garbage => fate.ending = Ending::Garbage,
            }
            fate.hits.push(Hit {
                rule: Arc::clone(&self.name),
                effect: effect.as_str(),
            });
        }
    }
}

/// The run that is kept at this place, begun if there is none.
fn kept_at(kept: &mut Vec<Option<Trajectory>>, place: usize, own: Draw) -> &mut Trajectory {
    if kept.len() <= place {
        kept.resize(place + 1, None);
    }
    kept[place].get_or_insert_with(|| Trajectory::new(own))
}

pub(super) fn from_millis(millis: f64) -> Duration {
    // A law may have a tail that no time can hold.
    Duration::from_secs_f64((millis / 1000.0).clamp(0.0, LONGEST_S))
}

/// The rules of `mask` whose time to live is not over.
pub(super) fn active_rules(
    rules: &mut [Prepared],
    mask: u64,
    now: Duration,
) -> impl Iterator<Item = &mut Prepared> {
    let active = rules.iter_mut().filter(move |it| it.bit & mask != 0);
    active.filter(move |prepared| prepared.lives(now))
}
