//! A rule prepared for calls: whether it hits this one, and what it does to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::check::MAX_NAMES;
use super::gate::Kind;
use super::rule::Match;
use super::strangers::MAX_STRANGERS;
use super::trajectory::{Process, Trajectory, Visit};
use super::{ANSWER, Effect, Ending, Fate, Hit, Plan, Rule, Scope, SlowBody};
use crate::chance::Draw;

/// No delay is longer: a day.
const LONGEST_S: f64 = 86_400.0;

/// A rule with what it needs to decide.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) name: Arc<str>,
    pub(super) rule: Rule,
    /// Whether phases name it: such a rule grows with their ramps.
    pub(super) listed: bool,
    /// When it was put in force.
    pub(super) since: Duration,
    draw: Draw,
    pub(super) process: Option<Process>,
    shared: Trajectory,
    by_caller: BTreeMap<String, Trajectory>,
    by_shard: BTreeMap<u32, Trajectory>,
}

/// How often someone has called.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    pub(super) all: u64,
    /// For rules that count: the phase that was counted in, and the matching calls in it.
    pub(super) matching: BTreeMap<Arc<str>, (u64, u64)>,
}

/// A call, as a rule sees it.
pub(super) struct Met<'a> {
    pub(super) now: Duration,
    /// Who calls.
    pub(super) name: &'a str,
    /// Whose luck it has: that of the empty name beyond the callers that are told apart.
    pub(super) caller: &'a str,
    pub(super) path: &'a str,
    pub(super) ordinal: u64,
}

pub(super) enum Decision {
    NoMatch,
    Spared { possible: bool },
    Hit,
}

/// The chance of one call.
pub(super) struct Luck<'a> {
    draw: Draw,
    caller: &'a str,
    call: u64,
    key: Option<&'a str>,
}

impl<'a> Luck<'a> {
    pub(super) fn new(seed: u64, caller: &'a str, call: u64, key: Option<&'a str>) -> Self {
        Self {
            draw: Draw::new(seed).with(caller).number(call),
            caller,
            call,
            key,
        }
    }

    pub(super) fn of(&self, name: &str) -> f64 {
        self.draw.with(name).share()
    }

    /// Where the key is on the ring; a call without one is anywhere.
    fn place(&self) -> f64 {
        match self.key {
            // Not of the plan's seed: a key is always in the same shard.
            Some(key) => Draw::new(0).with("ring").with(key).share(),
            None => self.of("place"),
        }
    }
}

impl Prepared {
    pub(super) fn new(plan: &Plan, name: &str, rule: &Rule) -> Self {
        let kind = rule.gate.kinds().first().copied();
        let draw = Draw::new(plan.seed).with("rule").with(name);
        Self {
            name: name.into(),
            listed: plan
                .phases
                .iter()
                .any(|phase| phase.rules.iter().any(|listed| listed == name)),
            since: Duration::ZERO,
            process: match kind {
                Some(Kind::Bursts(bursts)) => Some(Process::bursts(bursts)),
                Some(Kind::Markov(markov)) => Some(Process::markov(markov)),
                _ => None,
            },
            shared: Trajectory::new(draw.with("shared")),
            by_caller: BTreeMap::new(),
            by_shard: BTreeMap::new(),
            rule: rule.clone(),
            draw,
        }
    }

    pub(super) fn lives(&self, now: Duration) -> bool {
        self.end().is_none_or(|end| now < end)
    }

    /// When its time to live is over.
    pub(super) fn end(&self) -> Option<Duration> {
        let ttl = self.rule.ttl_ms.map(Duration::from_millis);
        ttl.map(|ttl| self.since.saturating_add(ttl))
    }

    pub(super) fn matches(&self) -> &Match {
        &self.rule.matches
    }

    /// Whether it closes the listener when it hits for certain.
    pub(super) fn can_close(&self) -> bool {
        let ends = self.rule.effects.iter().find(|effect| effect.is_terminal());
        let refuses = matches!(ends, Some(Effect::Refuse {}));
        let gate = &self.rule.gate;
        let known_before = match gate.kinds().first() {
            None | Some(Kind::Always) => true,
            Some(Kind::Bursts(_) | Kind::Markov(_)) => gate.scope() == Scope::Shared,
            Some(_) => false,
        };
        known_before && self.matches().is_unconditional() && refuses
    }

    /// Whether it fails calls that it hits, delays aside.
    pub(super) fn can_fail(&self) -> bool {
        let ends = self.rule.effects.iter().find(|effect| effect.is_terminal());
        ends.is_some_and(|effect| effect.failing_share() > 0.0)
    }

    pub(super) fn shared_odds(&mut self, now: Duration) -> f64 {
        match &self.process {
            Some(process) => process.p(self.shared.at(process, now).state),
            None => 1.0,
        }
    }

    /// What the process of this rule is doing for a caller and a place on the ring.
    pub(super) fn visit(&mut self, now: Duration, caller: &str, place: f64) -> Option<Visit> {
        let process = self.process.as_ref()?;
        let gate = &self.rule.gate;
        let own = match gate.scope() {
            Scope::Shared => return Some(self.shared.at(process, now)),
            Scope::Caller => self.draw.with("caller").with(caller),
            Scope::Shard => {
                let shard = self.rule.matches.shard_at(place);
                self.draw.with("shard").number(shard.into())
            }
        };
        let mix = own.with("mix").number(process.slot(now)).share();
        if mix < gate.rho() {
            return Some(self.shared.at(process, now));
        }
        let trajectory = if gate.scope() == Scope::Shard {
            let shard = self.rule.matches.shard_at(place);
            let new = || Trajectory::new(own);
            self.by_shard.entry(shard).or_insert_with(new)
        } else if self.by_caller.contains_key(caller)
            || self.by_caller.len() <= MAX_NAMES + MAX_STRANGERS
        {
            let new = || Trajectory::new(own);
            self.by_caller.entry(caller.to_owned()).or_insert_with(new)
        } else {
            return Some(Trajectory::new(own).at(process, now));
        };
        Some(trajectory.at(process, now))
    }

    /// How likely it hits a call that it matches, ramps aside; `counted` matching calls came before.
    pub(super) fn odds(&mut self, now: Duration, caller: &str, place: f64, counted: u64) -> f64 {
        if let Some(visit) = self.visit(now, caller, place) {
            let process = self.process.as_ref().expect("it has been visited");
            return process.p(visit.state);
        }
        match self.rule.gate.kinds().first() {
            Some(Kind::Bernoulli(p)) => *p,
            Some(Kind::EveryNth(n)) => f64::from((counted + 1).is_multiple_of(*n)),
            Some(Kind::FirstN(n)) => f64::from(counted < *n),
            _ => 1.0,
        }
    }

    pub(super) fn decide(
        &mut self,
        met: &Met<'_>,
        calls: &mut Calls,
        luck: &Luck<'_>,
        ramp: f64,
    ) -> Decision {
        let matches = &self.rule.matches;
        let chosen = |share: f64| self.draw.with("share").number(luck.draw.bits()).share() < share;
        let by_shard = matches.shard.is_some() || self.rule.gate.scope() == Scope::Shard;
        let place = if by_shard { luck.place() } else { 0.0 };
        let applies = matches.has_caller(met.name)
            && matches.has_path(met.path)
            && matches.has_place(place)
            && matches.share.is_none_or(chosen);
        if !applies {
            return Decision::NoMatch;
        }
        let counted = if self.rule.gate.counts() {
            let entry = calls.matching.entry(Arc::clone(&self.name)).or_default();
            let ordinal = if self.listed { met.ordinal } else { 0 };
            if entry.0 != ordinal {
                *entry = (ordinal, 0);
            }
            entry.1 += 1;
            entry.1 - 1
        } else {
            0
        };
        let odds = self.odds(met.now, met.caller, place, counted) * ramp;
        if odds >= 1.0 || (odds > 0.0 && self.luck(luck, place) < odds) {
            Decision::Hit
        } else {
            Decision::Spared {
                possible: odds > 0.0,
            }
        }
    }

    /// The luck of one call: its caller's, or in the share `rho` of the calls, everyone's. Bursts share
    /// their times; within these, each call has its own luck.
    fn luck(&self, luck: &Luck<'_>, place: f64) -> f64 {
        let gate = &self.rule.gate;
        let of_caller = self.draw.with(luck.caller).number(luck.call);
        if gate.bernoulli.is_none() {
            return of_caller.share();
        }
        let everyones = self.draw.with("everyone").number(luck.call);
        let own = match gate.scope() {
            Scope::Shared => return everyones.share(),
            Scope::Caller => of_caller,
            Scope::Shard => {
                let shard = self.rule.matches.shard_at(place);
                self.draw.number(shard.into()).number(luck.call)
            }
        };
        if own.with("mix").share() < gate.rho() {
            everyones.share()
        } else {
            own.with("own").share()
        }
    }

    /// Does to a call what the effects say.
    pub(super) fn hit(&self, fate: &mut Fate, luck: &Luck<'_>, rest: Duration, longest: Duration) {
        for (number, effect) in (0..).zip(&self.rule.effects) {
            if effect.is_terminal() && fate.ending != Ending::Success {
                continue;
            }
            let share = || self.draw.number(number).number(luck.draw.bits()).share();
            match effect {
                // A call that hangs already hangs as long as it hangs.
                Effect::Delay(_) | Effect::Stall {} if fate.ending == Ending::Hang => continue,
                Effect::Delay(law) => fate.delay += from_millis(law.sample(share())),
                Effect::Stall {} => fate.delay += rest,
                Effect::SlowBody { .. } => {
                    let over = Duration::from_millis(effect.body_ms().unwrap_or(0)).min(longest);
                    let before = fate.slow_body.map_or(Duration::ZERO, |slow| slow.over);
                    let over = before.saturating_add(over).min(longest);
                    fate.slow_body = Some(SlowBody { over });
                }
                Effect::Status {
                    retry_after_s,
                    body,
                    headers,
                    ..
                } => {
                    fate.ending = Ending::Status {
                        code: effect.status(share()),
                        retry_after_s: *retry_after_s,
                        body: body.clone(),
                        headers: headers.clone().into_iter().collect(),
                    };
                }
                Effect::Hang { max_ms } => {
                    fate.ending = Ending::Hang;
                    fate.delay = max_ms.map_or(longest, Duration::from_millis);
                }
                Effect::Truncate { share } => {
                    fate.ending = Ending::Truncate {
                        bytes: kept_bytes(*share),
                    };
                }
                Effect::WrongBody { kind } => fate.ending = Ending::WrongBody(*kind),
                Effect::Reset {} | Effect::Refuse {} => fate.ending = Ending::Reset,
                Effect::Close {} => fate.ending = Ending::Close,
                Effect::Garbage {} => fate.ending = Ending::Garbage,
            }
            fate.hits.push(Hit {
                rule: Arc::clone(&self.name),
                effect: effect.as_str(),
            });
        }
    }
}

/// How much of the body is sent; never all of it.
fn kept_bytes(share: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a part of a short body"
    )]
    let bytes = (share * ANSWER.len() as f64) as usize;
    bytes.min(ANSWER.len() - 1)
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
    let rules = rules.iter_mut().enumerate();
    rules
        .filter(move |(place, prepared)| mask >> place & 1 == 1 && prepared.lives(now))
        .map(|(_, prepared)| prepared)
}

/// The same, each with its own of `counts`, which are those of all rules.
pub(super) fn active_rules_with<'a>(
    rules: &'a mut [Prepared],
    counts: &[u64],
    mask: u64,
    now: Duration,
) -> impl Iterator<Item = (&'a mut Prepared, u64)> {
    let rules = rules.iter_mut().zip(counts).enumerate();
    rules
        .filter(move |(place, (prepared, _))| mask >> place & 1 == 1 && prepared.lives(now))
        .map(|(_, (prepared, count))| (prepared, *count))
}
