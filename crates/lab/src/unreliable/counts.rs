//! What the service has done so far: counts that survive every change of the plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use experiment::faults::{Ending, Fate};

/// Series of rules and callers; what comes beyond is counted as another's.
const MAX_SERIES: usize = 1024;
/// What series beyond the limit are counted as.
const OTHER: &str = "other";
/// Callers that are counted apart.
const MAX_CALLERS: usize = 256;

/// What the service has done since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) success: u64,
    pub(crate) failure: u64,
    pub(crate) hang: u64,
    /// Calls that arrived while the active faults could fail them.
    pub(crate) while_failing: u64,
}

impl Counts {
    pub(crate) fn received(&self) -> u64 {
        self.success + self.failure + self.hang
    }
}

/// The same, told apart by rule and caller.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub(super) counts: Counts,
    callers: BTreeMap<String, OfCaller>,
    /// How many series all callers have together.
    series: usize,
}

#[derive(Clone, Debug, Default)]
struct OfCaller {
    received: u64,
    injected: BTreeMap<(Arc<str>, &'static str), u64>,
    spared: BTreeMap<Arc<str>, u64>,
}

impl Ledger {
    /// Counts a call with what it meets.
    pub(super) fn enter(&mut self, caller: &str, fate: &Fate) {
        match fate.ending {
            Ending::Success => self.counts.success += 1,
            Ending::Hang => self.counts.hang += 1,
            _ => self.counts.failure += 1,
        }
        self.counts.while_failing += u64::from(fate.endangered);
        let full = self.callers.len() >= MAX_CALLERS && !self.callers.contains_key(caller);
        let caller = if full { "" } else { caller };
        if !self.callers.contains_key(caller) {
            self.callers.insert(caller.to_owned(), OfCaller::default());
        }
        let Some(of_caller) = self.callers.get_mut(caller) else {
            return;
        };
        of_caller.received += 1;
        for hit in &fate.hits {
            let key = (Arc::clone(&hit.rule), hit.effect);
            let other = || (OTHER.into(), hit.effect);
            count(&mut of_caller.injected, key, other, &mut self.series);
        }
        for rule in &fate.spared_by {
            let key = Arc::clone(rule);
            count(
                &mut of_caller.spared,
                key,
                || OTHER.into(),
                &mut self.series,
            );
        }
    }

    pub(super) fn received_by(&self, caller: &str) -> u64 {
        self.callers.get(caller).map_or(0, |of| of.received)
    }

    /// Rule, effect and caller of each series.
    pub(super) fn injected(&self) -> impl Iterator<Item = ([&str; 3], u64)> {
        self.callers.iter().flat_map(|(caller, of_caller)| {
            let series = of_caller.injected.iter();
            series.map(|((rule, effect), count)| ([&**rule, *effect, &**caller], *count))
        })
    }

    /// Rule and caller of each series.
    pub(super) fn spared(&self) -> impl Iterator<Item = ([&str; 2], u64)> {
        self.callers.iter().flat_map(|(caller, of_caller)| {
            let series = of_caller.spared.iter();
            series.map(|(rule, count)| ([&**rule, &**caller], *count))
        })
    }
}

/// Counts one more for `key`; when there are too many series, for `other`.
fn count<K: Ord>(series: &mut BTreeMap<K, u64>, key: K, other: impl Fn() -> K, all: &mut usize) {
    if let Some(count) = series.get_mut(&key) {
        *count += 1;
        return;
    }
    let key = if *all < MAX_SERIES { key } else { other() };
    let before = series.len();
    *series.entry(key).or_default() += 1;
    *all += series.len() - before;
}

#[cfg(test)]
mod tests {
    use experiment::faults::{Call, Plan, Player};

    use super::*;

    #[test]
    fn rules_without_end_cost_no_memory() {
        let mut ledger = Ledger::default();
        for number in 0..3 * MAX_SERIES {
            let plan =
                format!(r#"{{"rules": {{"r{number}": {{"effects": [{{"reset": {{}}}}]}}}}}}"#);
            let call = Call {
                caller: "A",
                key: None,
                path: "/data",
            };
            let mut player = Player::new(Plan::parse(plan.as_bytes()).unwrap());
            ledger.enter("A", &player.fate(std::time::Duration::ZERO, &call));
        }

        assert!(ledger.injected().count() <= MAX_SERIES + 1);
        let all: u64 = ledger.injected().map(|(_, count)| count).sum();
        assert_eq!(all, 3 * MAX_SERIES as u64);
        assert_eq!(ledger.received_by("A"), all);
    }
}
