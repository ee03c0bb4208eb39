//! Callers that a plan does not name, and whose truth is the same.
//!
//! Anybody may call under any name. So only a few callers that the plan does not name are told apart; all
//! others share one sequence of luck, counts and truth. Together with the number of names this bounds how
//! many truths a plan has, whoever calls.

use std::collections::BTreeSet;

use super::gate::Kind;
use super::{Plan, Scope};

/// Callers without a name in the plan that are told apart.
pub(super) const MAX_STRANGERS: usize = 16;

/// Whom a plan tells apart.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The callers that the plan names anywhere.
    names: BTreeSet<String>,
    /// Those of them that rules name.
    in_rules: BTreeSet<String>,
    apart: Apart,
}

/// Which callers may have a truth of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apart {
    /// Each: a process follows each caller, or calls of each are counted.
    Each,
    /// Those that rules name.
    Named,
    /// None: all meet the same.
    None,
}

impl Known {
    pub(super) fn of(plan: &Plan) -> Self {
        let rules = plan.rules.values();
        let in_rules = rules.filter_map(|rule| rule.matches.caller.as_ref());
        let in_rules: BTreeSet<String> = in_rules.flat_map(super::Names::all).cloned().collect();
        let each = plan.rules.values().any(|rule| {
            let process = matches!(
                rule.gate.kinds().first(),
                Some(Kind::Bursts(_) | Kind::Markov(_))
            );
            (process && rule.gate.scope() == Scope::Caller) || rule.gate.counts()
        });
        Self {
            names: plan.callers.iter().chain(&in_rules).cloned().collect(),
            apart: if each {
                Apart::Each
            } else if in_rules.is_empty() {
                Apart::None
            } else {
                Apart::Named
            },
            in_rules,
        }
    }

    pub(super) fn names(&self) -> usize {
        self.names.len()
    }

    pub(super) fn has(&self, caller: &str) -> bool {
        self.names.contains(caller)
    }

    /// A caller with the same truth, so that it has to be computed only once; nobody is the empty name.
    pub(super) fn stand_in<'a>(&self, caller: &'a str) -> &'a str {
        match self.apart {
            Apart::Each => caller,
            Apart::Named if self.in_rules.contains(caller) => caller,
            Apart::Named | Apart::None => "",
        }
    }

    /// How many truths there are at most, whoever calls.
    pub(super) fn truths(&self) -> usize {
        match self.apart {
            Apart::Each => self.names.len() + MAX_STRANGERS + 1,
            Apart::Named => self.in_rules.len() + 1,
            Apart::None => 1,
        }
    }
}
