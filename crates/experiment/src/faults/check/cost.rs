//! The cost of a plan's truth: how many steps it takes to compute how likely calls fail.
//!
//! Every scrape asks for the truth, and everyone who follows a run asks at each change, so a plan whose truth would
//! cost too much is refused. The cost counts everything that is computed: each caller that the plan tells apart has a
//! truth of its own, and so have callers with different timeouts; rules divide the keys into parts, and each part is
//! computed separately.

use std::time::Duration;

use super::super::strangers::Known;
use super::super::{FaultRule, Plan, Scope};
use super::{Checked, MAX_NAMES};

/// The limit of parts of the keys times delays that add up: each product takes a fifth of a millisecond at each look
/// at the truth.
const MAX_SUMS: usize = 64;
/// The limit of parts of the keys times rules.
const MAX_LOOKS: usize = 4096;
/// The limit of the same products times the truths that callers may have, because a scrape asks for all of them:
/// together they take about a tenth of a second.
const MAX_SUMS_OF_ALL: usize = 512;
/// See [`MAX_SUMS_OF_ALL`].
const MAX_LOOKS_OF_ALL: usize = 65_536;

/// The highest cost that the truth may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Cost {
    /// Parts of the keys that are computed separately.
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
        let of_rules = effects.filter(|effect| !effect.is_terminal());
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

    /// How often a delay is added to others, for one truth.
    pub(in super::super) fn sums(self) -> usize {
        // A single one needs no sum.
        self.parts * self.delays.saturating_sub(1)
    }

    /// How often a rule is looked at, for one truth.
    pub(in super::super) fn looks(self) -> usize {
        self.parts * self.rules
    }
}

/// How many more parts of the keys a rule makes.
fn cuts(rule: &FaultRule) -> usize {
    match rule.gate.scope() {
        Scope::Shard => rule.matches.shards.unwrap_or(1) as usize,
        _ if rule.matches.shard.is_some() => 2,
        _ => 0,
    }
}

impl Plan {
    /// Checks the cost of this plan's truth if callers wait this long. It checks the plan as it will be performed,
    /// because callers with different timeouts have different truths ([`learn_patience`](Self::learn_patience)).
    ///
    /// # Errors
    ///
    /// The part that costs too much, the allowed cost, and what to write instead.
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

    /// Each caller that is told apart has a truth of its own, with this cost.
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
