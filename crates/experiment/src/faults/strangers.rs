//! Callers that a plan does not name, which all have the same truth.
//!
//! A client may call under any name. So only a few callers that the plan does not name are told apart; all others
//! share one sequence of luck, counters and truth. Together with the number of names in the plan, this bounds how
//! many truths a plan has, whoever calls.

use std::collections::{BTreeMap, BTreeSet};

use super::{FaultGate, Plan, Scope};

/// How many callers are told apart that the plan does not name.
pub(super) const MAX_STRANGERS: usize = 16;

/// The callers that a plan tells apart.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The callers that the plan names anywhere.
    names: BTreeSet<String>,
    /// Those of them that rules name.
    in_rules: BTreeSet<String>,
    /// For callers that no rule names but whose timeout differs from a stranger's, the first caller with the same
    /// timeout.
    waiting: BTreeMap<String, String>,
    apart: Apart,
}

/// Which callers may have a truth of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apart {
    /// Each caller: a process follows each one, or calls of each are counted.
    Each,
    /// Those that rules name, and those with a timeout of their own.
    Named,
    /// None: all callers meet the same.
    None,
}

impl Known {
    pub(super) fn of(plan: &Plan) -> Self {
        let rules = plan.rules.values();
        let in_rules = rules.filter_map(|rule| rule.matches.caller.as_ref());
        let in_rules: BTreeSet<String> = in_rules.flat_map(super::Names::all).cloned().collect();
        let each = plan.rules.values().any(|rule| {
            let process = matches!(rule.gate, FaultGate::Process { .. });
            (process && rule.gate.scope() == Scope::Caller) || rule.gate.counts()
        });
        let waiting = waiting(plan, &in_rules);
        let named = plan.written.callers.iter().chain(&in_rules);
        Self {
            names: named
                .chain(plan.written.patience_ms.keys())
                .cloned()
                .collect(),
            apart: if each {
                Apart::Each
            } else if in_rules.is_empty() && waiting.is_empty() {
                Apart::None
            } else {
                Apart::Named
            },
            in_rules,
            waiting,
        }
    }

    pub(super) fn names(&self) -> usize {
        self.names.len()
    }

    /// How many different timeouts there are among callers that no rule names, besides the usual one.
    pub(super) fn waits(&self) -> usize {
        let waiting: BTreeSet<&String> = self.waiting.values().collect();
        waiting.len()
    }

    pub(super) fn all_names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub(super) fn has(&self, caller: &str) -> bool {
        self.names.contains(caller)
    }

    /// A caller with the same truth, so that the truth has to be computed only once; the empty name stands for no
    /// particular caller.
    pub(super) fn stand_in<'a>(&'a self, caller: &'a str) -> &'a str {
        match self.apart {
            Apart::Each => caller,
            Apart::Named if self.in_rules.contains(caller) => caller,
            Apart::Named | Apart::None => self.waiting.get(caller).map_or("", String::as_str),
        }
    }

    /// The highest possible number of truths, whoever calls.
    pub(super) fn truths(&self) -> usize {
        match self.apart {
            Apart::Each => self.names.len() + MAX_STRANGERS + 1,
            Apart::Named => self.in_rules.len() + self.waits() + 1,
            Apart::None => 1,
        }
    }
}

fn waiting(plan: &Plan, in_rules: &BTreeSet<String>) -> BTreeMap<String, String> {
    let usual = plan.deadline_of("");
    let mut first = BTreeMap::new();
    let others = plan
        .written
        .patience_ms
        .keys()
        .filter(|it| !in_rules.contains(*it));
    let deadlines = others.map(|caller| (caller, plan.deadline_of(caller)));
    let unusual = deadlines.filter(|(_, deadline)| *deadline != usual);
    let grouped = unusual.map(|(caller, deadline)| {
        let stand_in: &mut String = first.entry(deadline).or_insert_with(|| caller.clone());
        (caller.clone(), stand_in.clone())
    });
    grouped.collect()
}
