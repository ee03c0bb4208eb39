//! The player of a plan: the plan, what is prepared of it, and how often each caller has called.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::prepared::{Calls, Decision, Luck, Met, Prepared, active_rules, from_millis};
use super::strangers::{Known, MAX_STRANGERS};
use super::truth::Work;
use super::{Call, Ending, Fate, Hit, Moment, Phase, Plan};

/// Carries out a plan. Instants are counted from the start of the plan.
#[derive(Clone, Debug)]
pub struct Player {
    pub(super) plan: Plan,
    pub(super) rules: Vec<Prepared>,
    /// The rules that are active in each phase, by bit.
    masks: Vec<u64>,
    callers: BTreeMap<String, Calls>,
    known: Arc<Known>,
    /// How many of the callers so far the plan does not name.
    strangers: usize,
    /// When the plan's time to live began.
    born: Duration,
    phase: Arc<str>,
    pub(super) work: Work,
}

impl Player {
    /// Starts `plan`, which has been checked.
    pub fn new(plan: Plan) -> Self {
        let rules: Vec<Prepared> = plan
            .rules
            .iter()
            .map(|(name, rule)| Prepared::new(&plan, name, rule))
            .collect();
        let active = |phase: &Phase| {
            let bits = rules.iter().enumerate().filter(|(_, prepared)| {
                !prepared.listed || phase.rules.iter().any(|name| **name == *prepared.name)
            });
            bits.fold(0, |mask, (place, _)| mask | 1 << place)
        };
        Self {
            masks: plan.steps().iter().map(active).collect(),
            rules,
            known: Arc::new(Known::of(&plan)),
            plan,
            callers: BTreeMap::new(),
            strangers: 0,
            born: Duration::ZERO,
            phase: "phase".into(),
            work: Work::default(),
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Goes on with another plan at `now`: clock and counts are kept. A time to live begins that is new or
    /// has changed, or is that of a rule that is new or has changed.
    pub fn patch(&mut self, plan: Plan, now: Duration) {
        let mut next = Self::new(plan);
        for prepared in &mut next.rules {
            let before = self.rules.iter().find(|old| old.name == prepared.name);
            prepared.since = match before {
                Some(old) if old.rule == prepared.rule => old.since,
                _ => now,
            };
        }
        next.born = if next.plan.ttl_ms == self.plan.ttl_ms {
            self.born
        } else {
            now
        };
        next.take_over(std::mem::take(&mut self.callers));
        *self = next;
    }

    /// Goes on with this player, which `patched` was made from by a [`patch`](Self::patch) that is taken back:
    /// rules are as old as if there had been no patch, and calls are counted on. A rule that counts by phases
    /// goes on where it was before, if the patch had other phases. Of callers that are not named, those who
    /// were there before the patch are told apart first.
    pub fn take_back(&mut self, patched: Self) {
        let same_phases = patched.plan.phases == self.plan.phases;
        let mut meanwhile = patched.callers;
        let mut before = std::mem::take(&mut self.callers);
        for (caller, calls) in &mut before {
            let Some(mut now) = meanwhile.remove(caller) else {
                continue;
            };
            for (rule, counted) in std::mem::take(&mut calls.matching) {
                let listed = self.rules.iter().any(|it| it.name == rule && it.listed);
                if listed && !same_phases {
                    now.matching.insert(rule, counted);
                } else {
                    now.matching.entry(rule).or_insert(counted);
                }
            }
            *calls = now;
        }
        self.strangers = 0;
        self.take_over(before);
        self.take_over(meanwhile);
    }

    /// Keeps the counts of callers who came under another plan; of those that this one does not name, as
    /// many as are told apart.
    fn take_over(&mut self, callers: BTreeMap<String, Calls>) {
        for (caller, calls) in callers {
            if let Some(stranger) = self.told_apart(&caller) {
                self.strangers += usize::from(stranger);
                self.callers.insert(caller, calls);
            }
        }
    }

    /// When one of these rules or the plan itself ends by its own time to live, on the plan's clock.
    pub fn end_of(&self, rules: &[Arc<str>]) -> Option<Duration> {
        let named = self.rules.iter().filter(|it| rules.contains(&it.name));
        let ends = named.filter_map(Prepared::end);
        let own = self.plan.ttl().map(|ttl| self.born.saturating_add(ttl));
        ends.chain(own).min()
    }

    /// Takes the counts of `live`, which carries out the same plan, so that its truth can be computed here.
    pub fn follow(&mut self, live: &Self) {
        self.callers.clone_from(&live.callers);
        self.strangers = live.strangers;
    }

    /// Whether a caller who has not come yet is told apart, and then whether the plan does not name it.
    fn told_apart(&self, caller: &str) -> Option<bool> {
        let stranger = !caller.is_empty() && !self.known.has(caller);
        (!stranger || self.strangers < MAX_STRANGERS).then_some(stranger)
    }

    /// A caller with the same truth as this one: many callers often have one.
    pub fn stand_in<'a>(&'a self, caller: &'a str) -> &'a str {
        self.known.stand_in(caller)
    }

    /// Whether the plan's time to live is over.
    pub fn ended(&self, now: Duration) -> bool {
        let lived = now.saturating_sub(self.born);
        self.plan.ttl().is_some_and(|ttl| lived >= ttl)
    }

    /// Those who have called, and those whose truth the plan asks for. Callers beyond those that are told
    /// apart are together the one with the empty name.
    pub fn callers(&self) -> Vec<String> {
        let named = self.plan.callers.iter().chain(self.callers.keys());
        let mut callers: Vec<String> = named.cloned().collect();
        callers.sort();
        callers.dedup();
        callers
    }

    /// Whether nobody listens at `now`.
    pub fn refuses(&mut self, now: Duration) -> bool {
        if self.ended(now) || !self.can_refuse() {
            return false;
        }
        let moment = self.plan.at(now);
        let (mask, ramp) = (self.masks[self.place(&moment)], moment.ramp());
        active_rules(&mut self.rules, mask, now).any(|prepared| {
            let grown = !prepared.listed || ramp >= 1.0;
            prepared.can_close() && grown && prepared.shared_odds(now) >= 1.0
        })
    }

    /// Whether there can be an instant at which nobody listens.
    pub fn can_refuse(&self) -> bool {
        self.rules.iter().any(Prepared::can_close)
    }

    /// Whether the plan names this caller anywhere, so that it is always told apart.
    pub fn names(&self, caller: &str) -> bool {
        self.known.has(caller)
    }

    /// Whether a rule counts calls, so that each call may change the truth.
    pub fn counts_calls(&self) -> bool {
        self.rules.iter().any(|it| it.rule.gate.counts())
    }

    /// Whether the plan or one of its rules ends by its own time to live.
    pub fn is_mortal(&self) -> bool {
        let mut rules = self.rules.iter();
        self.plan.ttl_ms.is_some() || rules.any(|it| it.rule.ttl_ms.is_some())
    }

    /// What the next call of a caller meets at `now`. Counts the call.
    pub fn fate(&mut self, now: Duration, call: &Call<'_>) -> Fate {
        // Those whom the plan names are always told apart.
        let caller = if self.callers.contains_key(call.caller) {
            call.caller
        } else if let Some(stranger) = self.told_apart(call.caller) {
            self.strangers += usize::from(stranger);
            call.caller
        } else {
            ""
        };
        let ended = self.ended(now);
        let moment = self.plan.at(now);
        let place = self.place(&moment);
        let calls = match self.callers.get_mut(caller) {
            Some(calls) => calls,
            None => self.callers.entry(caller.to_owned()).or_default(),
        };
        calls.all += 1;
        if ended {
            return Fate::untouched();
        }
        let luck = Luck::new(self.plan.seed, caller, calls.all, call.key);
        let longest = Duration::from_millis(self.plan.limits.max_hang_ms);
        let mut fate = phase_fate(&moment, &luck, &self.phase);
        if let (Some(law), false) = (&self.plan.base.delay, fate.ending == Ending::Hang) {
            fate.delay += from_millis(law.sample(luck.of("base")));
        }
        if fate.ending != Ending::Hang {
            fate.healthy = fate.delay.min(longest);
        }
        let deadline = self.plan.deadline_of(call.caller);
        fate.endangered |= fate.delay > deadline;
        let (ramp, rest) = (moment.ramp(), moment.remaining.unwrap_or(longest));
        let met = Met {
            now,
            name: call.caller,
            caller,
            path: call.path,
            ordinal: moment.ordinal,
        };
        for prepared in active_rules(&mut self.rules, self.masks[place], now) {
            let ramp = if prepared.listed { ramp } else { 1.0 };
            match prepared.decide(&met, calls, &luck, ramp) {
                Decision::NoMatch => {}
                Decision::Spared { possible } => {
                    fate.spared_by.push(Arc::clone(&prepared.name));
                    fate.endangered |= possible && prepared.can_fail();
                }
                Decision::Hit => {
                    fate.endangered |= prepared.can_fail();
                    prepared.hit(&mut fate, &luck, rest, longest);
                }
            }
        }
        fate.delay = fate.delay.min(longest);
        fate.endangered |= fate.delay > deadline;
        fate
    }

    pub(super) fn mask(&self, moment: &Moment<'_>) -> u64 {
        self.masks[self.place(moment)]
    }

    /// How many matching calls of `caller` a rule that counts has seen in this phase.
    pub(super) fn counted(&self, caller: &str, rule: &str, ordinal: u64) -> u64 {
        let calls = self.callers.get(caller);
        match calls.and_then(|calls| calls.matching.get(rule)) {
            Some((phase, count)) if *phase == ordinal => *count,
            _ => 0,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a place in a short list")]
    fn place(&self, moment: &Moment<'_>) -> usize {
        (moment.ordinal % self.masks.len() as u64) as usize
    }
}

/// What a phase itself does to a call.
fn phase_fate(moment: &Moment<'_>, luck: &Luck<'_>, phase_name: &Arc<str>) -> Fate {
    let (phase, ramp) = (moment.phase, moment.ramp());
    let mut fate = Fate::untouched();
    if phase.latency_ms + phase.latency_jitter_ms > 0 {
        let jitter = Duration::from_millis(phase.latency_jitter_ms).mul_f64(luck.of("jitter"));
        fate.delay = (Duration::from_millis(phase.latency_ms) + jitter).mul_f64(ramp);
    }
    let failing = phase.failing_share() * ramp;
    if failing <= 0.0 {
        return fate;
    }
    fate.endangered = true;
    let drawn = luck.of("phase");
    if drawn < phase.failure_ratio * ramp {
        fate.ending = Ending::Status {
            code: phase.failure_status,
            retry_after_s: phase.retry_after_s,
            body: None,
            headers: Vec::new(),
        };
    } else if drawn < failing {
        fate.ending = Ending::Hang;
        fate.delay = Duration::from_millis(phase.hang_ms);
    } else {
        fate.spared_by.push(Arc::clone(phase_name));
        return fate;
    }
    fate.hits.push(Hit {
        rule: Arc::clone(phase_name),
        effect: if fate.ending == Ending::Hang {
            "hang"
        } else {
            "status"
        },
    });
    fate
}

impl Fate {
    /// No fault at all.
    fn untouched() -> Self {
        Self {
            delay: Duration::ZERO,
            healthy: Duration::ZERO,
            ending: Ending::Success,
            slow_body: None,
            hits: Vec::new(),
            spared_by: Vec::new(),
            endangered: false,
        }
    }
}
