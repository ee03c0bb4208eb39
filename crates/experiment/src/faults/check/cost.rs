//! The cost of a plan's truth: how many steps it takes to say how likely calls fail.
//!
//! The truth is asked for by every scrape, and by whoever follows a run at each of its changes, so a plan is refused whose
//! truth would cost too much. What counts is what is performed, whoever calls: each caller that the plan tells
//! apart has a truth of its own, so have callers who wait for different times; rules cut the keys into parts,
//! and each part is computed for itself.

use std::time::Duration;

use super::super::strangers::Known;
use super::super::{Effect, FaultRule, Plan, Scope};
use super::{Checked, MAX_NAMES};

/// Parts of the keys times delays that add up: each takes a fifth of a millisecond, at each look at the truth.
const MAX_SUMS: usize = 64;
/// Parts of the keys times rules.
const MAX_LOOKS: usize = 4096;
/// The same products times the truths that callers may have, as a scrape asks for all of them: together they
/// take about a tenth of a second.
const MAX_SUMS_OF_ALL: usize = 512;
/// See [`MAX_SUMS_OF_ALL`].
const MAX_LOOKS_OF_ALL: usize = 65_536;

/// What the truth costs at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Cost {
    /// Parts of the keys that are computed for themselves.
    parts: usize,
    rules: usize,
    /// Delays that may add up in one answer.
    delays: usize,
    /// Truths that callers may have.
    pub(in super::super) truths: usize,
}

impl Cost {
    pub(in super::super) fn of(plan: &Plan) -> Self {
        let cuts = plan.rules.values().map(cuts);
        let effects = plan.rules.values().flat_map(|rule| &rule.effects);
        let of_rules = effects.filter(|effect| {
            matches!(
                effect,
                Effect::Delay(_) | Effect::Stall | Effect::SlowBody { .. }
            )
        });
        let jitter = plan
            .written
            .phases
            .iter()
            .any(|phase| phase.latency_jitter_ms > 0);
        let others = [
            plan.written.base.delay.is_some(),
            jitter,
            plan.written.overload.is_some(),
        ];
        let others = others.into_iter().filter(|there| *there).count();
        Self {
            parts: 1 + cuts.sum::<usize>(),
            rules: plan.rules.len(),
            delays: of_rules.count() + others,
            truths: Known::of(plan).truths(),
        }
    }

    /// Delays that are added to others, for one truth.
    pub(in super::super) fn sums(self) -> usize {
        // A single one needs no sum.
        self.parts * self.delays.saturating_sub(1)
    }

    /// Looks at rules, for one truth.
    pub(in super::super) fn looks(self) -> usize {
        self.parts * self.rules
    }
}

/// How many parts more a rule makes of the keys.
fn cuts(rule: &FaultRule) -> usize {
    match rule.gate.scope() {
        Scope::Shard => rule.matches.shards.unwrap_or(1) as usize,
        _ if rule.matches.shard.is_some() => 2,
        _ => 0,
    }
}

impl Plan {
    /// Checks what the truth of this plan costs where callers wait as long as this, as it is performed then:
    /// callers who wait for different times have different truths ([`learn_patience`](Self::learn_patience)).
    ///
    /// # Errors
    ///
    /// What costs too much, how much is allowed, and what to write instead.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use experiment::faults::Plan;
    ///
    /// let slow = r#"{"gate": {"bernoulli": 0.5}, "effects": [{"delay": {"fixed": {"ms": 50}}}]}"#;
    /// let rules: Vec<_> = (0..16).map(|number| format!(r#""r{number}": {slow}"#)).collect();
    /// let plan = Plan::parse(format!(r#"{{"rules": {{{}}}}}"#, rules.join(",")).as_bytes()).unwrap();
    /// let names: Vec<_> = (0..64).map(|number| format!("i{number}")).collect();
    ///
    /// let alike = names.iter().map(|name| (&**name, Duration::from_millis(800)));
    /// assert!(plan.check_for_waits(alike).is_ok());
    /// let unlike = names.iter().zip(100..).map(|(name, ms)| (&**name, Duration::from_millis(ms)));
    /// assert!(plan.check_for_waits(unlike).unwrap_err().contains("call_timeout"));
    /// ```
    pub fn check_for_waits<'a>(
        &self,
        waits: impl IntoIterator<Item = (&'a str, Duration)>,
    ) -> Checked {
        let mut learned = self.clone();
        learned.learn_patience(waits);
        learned.check_cost()
    }

    /// The truth of a plan has to be known at every scrape.
    pub(super) fn check_cost(&self) -> Checked {
        let cost = Cost::of(self);
        let Cost {
            parts,
            rules,
            delays,
            ..
        } = cost;
        if cost.sums() > MAX_SUMS {
            return Err(format!(
                "rules: {delays} delays that add up on {parts} parts of the keys are not allowed: the product of the numbers beyond \
                 the first must be at most {MAX_SUMS}"
            ));
        }
        if cost.looks() > MAX_LOOKS {
            return Err(format!(
                "rules: {rules} rules on {parts} parts of the keys are not allowed: the product must be at \
                 most {MAX_LOOKS}"
            ));
        }
        self.check_truths(cost)
    }

    /// Each caller that is told apart has a truth of its own, which costs so many sums and looks.
    fn check_truths(&self, cost: Cost) -> Checked {
        let known = Known::of(self);
        let names = known.names();
        if names > MAX_NAMES {
            return Err(format!(
                "callers: {names} names in the whole plan are not allowed: there must be at most {MAX_NAMES}"
            ));
        }
        let truths = cost.truths;
        for (what, each, most) in [
            ("delays that add up", cost.sums(), MAX_SUMS_OF_ALL),
            ("rules", cost.looks(), MAX_LOOKS_OF_ALL),
        ] {
            let all = each * truths;
            if all <= most {
                continue;
            }
            let waits = match known.waits() {
                0 => String::new(),
                waits => format!(
                    ", or let callers wait equally long (`call_timeout` of instances, `patience_ms` of the \
                     plan): {waits} times other than the usual one are told apart"
                ),
            };
            return Err(format!(
                "rules: the {what} cost {each} steps for each of {truths} callers that the plan tells apart, \
                 {all} as a product: up to {most} are allowed; name fewer callers, let fewer rules depend on \
                 them{waits}"
            ));
        }
        Ok(())
    }
}
