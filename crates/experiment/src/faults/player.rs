//! The player of a plan: the plan, everything that is prepared from it, and how often each caller has called.

use std::sync::Arc;
use std::time::Duration;

use super::caller::CallerId;
use super::callers::{Callers, Follow};
use super::luck::Luck;
use super::prepared_rule::{Decision, Met, Prepared, active_rules, from_millis};
use super::present_phase::Present;
use super::work::Work;
use super::{Call, Ending, Fate, FaultPhase, Few, Hit, Plan};

/// Carries out a plan. Instants are counted from the start of the plan.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use experiment::faults::{Call, Ending, Plan, Player};
///
/// let plan = br#"{"rules": {"cut": {"match": {"caller": "A"}, "effects": [{"reset": {}}]}}}"#;
/// let mut player = Player::new(Plan::parse(plan)?);
/// let (a, b) = (player.caller("A"), player.caller("B"));
///
/// let call = Call { caller: a, key: None, path: "/data" };
/// assert_eq!(player.fate(Duration::ZERO, &call).ending, Ending::Reset);
/// let call = Call { caller: b, key: None, path: "/data" };
/// assert_eq!(player.fate(Duration::ZERO, &call).ending, Ending::Success);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug)]
pub struct Player {
    pub(super) plan: Plan,
    pub(super) rules: Vec<Prepared>,
    /// The rules that are active in each phase, by bit.
    masks: Vec<u64>,
    pub(super) callers: Callers,
    present: Present,
    /// When the plan's time to live began.
    born: Duration,
    phase: Arc<str>,
    pub(super) work: Work,
}

impl Player {
    /// Starts `plan`.
    pub fn new(plan: Plan) -> Self {
        let rules = Prepared::all(&plan);
        let active = |phase: &FaultPhase| {
            let bits = rules.iter().enumerate().filter(|(_, prepared)| {
                !prepared.listed || phase.rules.iter().any(|name| **name == *prepared.name)
            });
            bits.fold(0, |mask, (place, _)| mask | 1 << place)
        };
        Self {
            masks: plan.steps().iter().map(active).collect(),
            callers: Callers::new(&plan, &rules, 0),
            present: Present::of(&plan, Duration::ZERO),
            rules,
            plan,
            born: Duration::ZERO,
            phase: "phase".into(),
            work: Work::default(),
        }
    }

    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the handle of the caller called `name`. Any name may be used, so beyond a few callers that the plan
    /// does not name, all share the handle of the empty name.
    pub fn caller(&mut self, name: &str) -> CallerId {
        self.callers.enter(name, &self.plan, &self.rules)
    }

    /// Returns the handle of a member of the host's own fleet, which is told apart however many there are. Each
    /// member has luck and counters of its own, and a truth of its own if processes follow callers. The check of the
    /// plan does not bound what all of these truths cost.
    pub fn member(&mut self, name: &str) -> CallerId {
        self.callers.admit(name, &self.plan, &self.rules)
    }

    /// Returns whether a handle is still valid: no patch has begun or ended since this player gave it.
    #[inline]
    pub fn knows(&self, caller: CallerId) -> bool {
        self.callers.knows(caller)
    }

    /// Goes on with another plan at `now`, with the same clock and counters. A time to live begins if it is new or
    /// has changed, or if its rule is new or has changed. Handles have to be requested again.
    pub fn patch(&mut self, plan: Plan, now: Duration) {
        let mut next = Self::new(plan);
        for prepared in &mut next.rules {
            let before = self.rules.iter().find(|old| old.name == prepared.name);
            prepared.since = match before {
                Some(old) if old.rule == prepared.rule => old.since,
                _ => now,
            };
        }
        next.born = if next.plan.written.ttl_ms == self.plan.written.ttl_ms {
            self.born
        } else {
            now
        };
        next.callers.epoch = self.callers.epoch + 1;
        let leaving = self.callers.leave(&self.rules);
        next.callers.take_over(leaving, &next.plan, &next.rules);
        *self = next;
    }

    /// Goes on with this player, from which `patched` was made by a [`patch`](Self::patch) that is taken back. Rules
    /// have the ages that they would have without the patch, and calls count on. If the patch had other phases, a
    /// rule that counts by phases continues where it was before. Of callers that are not named, those who were there
    /// before the patch are told apart first. Handles have to be requested again.
    pub fn take_back(&mut self, mut patched: Self) {
        let same_phases = patched.plan.written.phases == self.plan.written.phases;
        let mut meanwhile = patched.callers.leave(&patched.rules);
        let mut before = self.callers.leave(&self.rules);
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
        self.callers = Callers::new(&self.plan, &self.rules, patched.callers.epoch + 1);
        self.rules.iter_mut().for_each(Prepared::forget_callers);
        self.callers.take_over(before, &self.plan, &self.rules);
        self.callers.take_over(meanwhile, &self.plan, &self.rules);
    }

    /// Returns when one of these rules or the plan itself ends by its own time to live, on the plan's clock.
    pub fn end_of(&self, rules: &[Arc<str>]) -> Option<Duration> {
        let named = self.rules.iter().filter(|it| rules.contains(&it.name));
        let ends = named.filter_map(Prepared::end);
        let own = self.plan.ttl().map(|ttl| self.born.saturating_add(ttl));
        ends.chain(own).min()
    }

    /// Takes over the counters of `live`, which carries out the same plan, so that its truth can be computed here.
    pub fn follow(&mut self, live: &Self) {
        if self.callers.follow(&live.callers) == Follow::Anew {
            self.rules.iter_mut().for_each(Prepared::forget_callers);
        }
    }

    /// Returns a caller with the same truth as this one: many callers often share one.
    pub fn stand_in<'a>(&'a self, caller: &'a str) -> &'a str {
        self.callers.known().stand_in(caller)
    }

    /// Returns whether the plan's time to live is over.
    pub fn ended(&self, now: Duration) -> bool {
        let lived = now.saturating_sub(self.born);
        self.plan.ttl().is_some_and(|ttl| lived >= ttl)
    }

    /// Returns the callers that have called, and those whose truth the plan asks for. The empty name stands for all
    /// callers that are not told apart.
    pub fn callers(&self) -> Vec<String> {
        let present = self.callers.names().map(str::to_owned);
        let mut callers: Vec<String> = self
            .plan
            .written
            .callers
            .iter()
            .cloned()
            .chain(present)
            .collect();
        callers.sort();
        callers.dedup();
        callers
    }

    /// Returns whether the service refuses connections at `now`.
    pub fn refuses(&mut self, now: Duration) -> bool {
        if self.ended(now) || !self.can_refuse() {
            return false;
        }
        let present = self.present(now);
        let (mask, ramp) = (
            self.masks[present.place],
            present.moment(&self.plan, now).ramp(),
        );
        active_rules(&mut self.rules, mask, now).any(|prepared| {
            let grown = !prepared.listed || ramp >= 1.0;
            prepared.can_close() && grown && prepared.shared_odds(now) >= 1.0
        })
    }

    /// Returns whether the service could ever refuse connections.
    pub fn can_refuse(&self) -> bool {
        self.rules.iter().any(Prepared::can_close)
    }

    /// Returns whether the plan names this caller anywhere, so that it is always told apart.
    pub fn names(&self, caller: &str) -> bool {
        self.callers.known().has(caller)
    }

    /// Returns whether a rule counts calls, so that each call may change the truth.
    pub fn counts_calls(&self) -> bool {
        self.rules.iter().any(|it| it.rule.gate.counts())
    }

    /// Returns whether the plan or one of its rules ends by its own time to live.
    pub fn is_mortal(&self) -> bool {
        let mut rules = self.rules.iter();
        self.plan.written.ttl_ms.is_some() || rules.any(|it| it.rule.ttl.is_some())
    }

    /// Returns what the next call of a caller meets at `now`, and counts the call.
    pub fn fate(&mut self, now: Duration, call: &Call<'_>) -> Fate {
        let mut fate = Fate::untouched();
        self.decide(now, call.caller, call.key, call.path, &mut fate);
        fate
    }

    /// Fills in a fate that is untouched so far. A fate is large, so it is filled in where it lies.
    pub(crate) fn decide(
        &mut self,
        now: Duration,
        caller: CallerId,
        key: Option<&str>,
        path: &str,
        fate: &mut Fate,
    ) {
        let present = self.present(now);
        let ended = self.ended(now);
        let caller = self.callers.place(caller);
        let caller = self.callers.at_mut(caller);
        caller.calls += 1;
        if ended {
            return;
        }
        let luck = Luck::new(caller, key);
        let moment = present.moment(&self.plan, now);
        let longest = Duration::from_millis(self.plan.written.limits.max_hang_ms);
        let ramp = moment.ramp();
        phase_fate(fate, moment.phase, ramp, &luck, &self.phase);
        if let (Some(law), false) = (&self.plan.written.base.delay, fate.ending == Ending::Hang) {
            fate.delay += from_millis(law.sample(luck.of_base()));
        }
        if fate.ending != Ending::Hang {
            fate.healthy = fate.delay.min(longest);
        }
        let deadline = caller.who.deadline;
        fate.endangered |= fate.delay > deadline;
        let rest = moment.remaining.unwrap_or(longest);
        let met = Met {
            now,
            path,
            ordinal: moment.ordinal,
        };
        let mask = self.masks[present.place] & caller.who.rules;
        for prepared in active_rules(&mut self.rules, mask, now) {
            let ramp = if prepared.listed { ramp } else { 1.0 };
            match prepared.decide(&met, caller, &luck, ramp) {
                Decision::NoMatch => {}
                Decision::Spared { possible } => {
                    fate.spared_by.push(Arc::clone(&prepared.name));
                    fate.endangered |= possible && prepared.can_fail();
                }
                Decision::Hit => {
                    fate.endangered |= prepared.can_fail();
                    prepared.hit(fate, &luck, rest, longest);
                }
            }
        }
        fate.delay = fate.delay.min(longest);
        fate.endangered |= fate.delay > deadline;
    }

    /// Touches the memory that the next call of a caller will need, so that it is in the cache then.
    #[inline]
    pub(crate) fn look_ahead(&self, caller: CallerId) -> u64 {
        self.callers.at(self.callers.place(caller)).calls
    }

    /// The phase at `now`.
    pub(super) fn present(&mut self, now: Duration) -> Present {
        if !self.present.holds(now) {
            self.present = Present::of(&self.plan, now);
        }
        self.present
    }

    /// The rules that are active in a phase, by bit.
    pub(super) fn mask(&self, present: Present) -> u64 {
        self.masks[present.place]
    }
}

/// What a phase itself does to a call, at this point of its ramp.
fn phase_fate(
    fate: &mut Fate,
    phase: &FaultPhase,
    ramp: f64,
    luck: &Luck<'_>,
    phase_name: &Arc<str>,
) {
    if phase.latency_ms + phase.latency_jitter_ms > 0 {
        let jitter = Duration::from_millis(phase.latency_jitter_ms).mul_f64(luck.of_jitter());
        fate.delay = Duration::from_millis(phase.latency_ms) + jitter;
        if ramp < 1.0 {
            fate.delay = fate.delay.mul_f64(ramp);
        }
    }
    let failing = phase.failing_share() * ramp;
    if failing <= 0.0 {
        return;
    }
    fate.endangered = true;
    let drawn = luck.of_phase();
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
        return;
    }
    fate.hits.push(Hit {
        rule: Arc::clone(phase_name),
        effect: if fate.ending == Ending::Hang {
            "hang"
        } else {
            "status"
        },
    });
}

impl Fate {
    /// No fault at all.
    pub(crate) fn untouched() -> Self {
        Self {
            delay: Duration::ZERO,
            healthy: Duration::ZERO,
            ending: Ending::Success,
            slow_body: None,
            hits: Few::new(),
            spared_by: Few::new(),
            endangered: false,
        }
    }
}
