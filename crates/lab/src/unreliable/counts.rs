//! What has the service done so far? Counts that survive every change of the plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use experiment::faults::{Ending, Fate};

/// Series of rules and callers; what comes beyond is counted as another's.
const MAX_SERIES: usize = 1024;
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
    received: BTreeMap<String, u64>,
    injected: BTreeMap<(Arc<str>, &'static str, String), u64>,
    spared: BTreeMap<(Arc<str>, String), u64>,
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
        let caller = self.caller(caller);
        for hit in &fate.hits {
            let key = (Arc::clone(&hit.rule), hit.effect, caller.clone());
            let other = ("other".into(), hit.effect, String::new());
            count(&mut self.injected, key, other);
        }
        for rule in &fate.spared_by {
            let key = (Arc::clone(rule), caller.clone());
            count(&mut self.spared, key, ("other".into(), String::new()));
        }
        match self.received.get_mut(&caller) {
            Some(count) => *count += 1,
            None => {
                self.received.insert(caller, 1);
            }
        }
    }

    pub(super) fn received_by(&self, caller: &str) -> u64 {
        self.received.get(caller).copied().unwrap_or_default()
    }

    pub(super) fn injected(&self) -> impl Iterator<Item = ([&str; 3], u64)> {
        let series = self.injected.iter();
        series.map(|((rule, effect, caller), count)| ([&**rule, *effect, &**caller], *count))
    }

    pub(super) fn spared(&self) -> impl Iterator<Item = ([&str; 2], u64)> {
        let series = self.spared.iter();
        series.map(|((rule, caller), count)| ([&**rule, &**caller], *count))
    }

    /// The caller's name; one too many has none.
    fn caller(&self, caller: &str) -> String {
        let known = self.received.len() < MAX_CALLERS || self.received.contains_key(caller);
        if known { caller } else { "" }.to_owned()
    }
}

fn count<K: Ord>(series: &mut BTreeMap<K, u64>, key: K, other: K) {
    let known = series.len() < MAX_SERIES || series.contains_key(&key);
    *series.entry(if known { key } else { other }).or_default() += 1;
}
