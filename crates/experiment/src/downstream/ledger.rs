//! The ledger of the service: who has called, and counters that survive every change of the plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::faults::{Ending, Fate};

/// The limit of series of rules and callers; further ones are counted together.
const MAX_SERIES: usize = 1024;
/// The name under which series beyond the limit are counted.
const OTHER: &str = "other";

/// The handle of a caller of the service, valid whatever plan is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallerId(u32);

impl CallerId {
    /// All callers that the host does not tell apart, together. Their name is empty.
    pub const OTHERS: Self = Self(0);

    #[inline]
    pub(super) fn place(self) -> usize {
        self.0 as usize
    }
}

/// The counters of the service since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that succeeded, as far as the service can tell.
    pub success: u64,
    /// Calls that a fault ended.
    pub failure: u64,
    /// Calls that got no answer until the end of a hang.
    pub hang: u64,
    /// Calls that arrived while the active faults could fail them.
    pub while_failing: u64,
}

impl Counts {
    /// Returns the number of all calls.
    pub fn received(&self) -> u64 {
        self.success + self.failure + self.hang
    }
}

/// The counts of all calls, and those of each caller by rule.
#[derive(Clone, Debug)]
pub struct Ledger {
    counts: Counts,
    /// How many calls of each [`CallerId`] have come. They are kept apart from the rest of the account, because each
    /// call counts there.
    received: Vec<u64>,
    accounts: Vec<Account>,
    ids: BTreeMap<Arc<str>, CallerId>,
    /// How many series all callers have together.
    series: usize,
    detail: LedgerDetail,
}

/// How much detail a ledger keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LedgerDetail {
    /// Calls by rule, effect and caller.
    #[default]
    Rules,
    /// Only how many calls came, and how they ended. A fleet of thousands has too many series to be useful.
    Totals,
}

/// One caller.
#[derive(Clone, Debug)]
struct Account {
    name: Arc<str>,
    /// Whether it is one of the host's own fleet.
    is_member: bool,
    injected: Vec<Series>,
    spared: Vec<Series>,
}

/// Calls that a rule has hit with an effect; the effect is missing where the rule has spared them.
#[derive(Clone, Debug)]
struct Series {
    rule: Arc<str>,
    effect: &'static str,
    calls: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        let mut ledger = Self {
            counts: Counts::default(),
            received: Vec::new(),
            accounts: Vec::new(),
            ids: BTreeMap::new(),
            series: 0,
            detail: LedgerDetail::default(),
        };
        let others = ledger.caller("");
        debug_assert_eq!(others, CallerId::OTHERS);
        ledger
    }
}

impl Ledger {
    /// The counts of all calls.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns how many callers are told apart; all others count as one.
    pub fn callers(&self) -> usize {
        self.accounts.len()
    }

    /// Returns the name of a caller; empty for the others.
    pub fn name(&self, caller: CallerId) -> &str {
        &self.accounts[caller.place()].name
    }

    /// Returns how many calls of a caller have come.
    #[inline]
    pub fn received_by(&self, caller: CallerId) -> u64 {
        self.received[caller.place()]
    }

    /// Returns the calls that a rule has hit, by rule, effect and caller. Sorted by caller, then by the others.
    pub fn injected(&self) -> impl Iterator<Item = ([&str; 3], u64)> {
        self.by_name().flat_map(|account| {
            let series = account.injected.iter();
            series.map(|it| ([&*it.rule, it.effect, &*account.name], it.calls))
        })
    }

    /// Returns the calls that a rule could have hit and did not, by rule and caller. Sorted by caller and rule.
    pub fn spared(&self) -> impl Iterator<Item = ([&str; 2], u64)> {
        self.by_name().flat_map(|account| {
            let series = account.spared.iter();
            series.map(|it| ([&*it.rule, &*account.name], it.calls))
        })
    }

    /// The handle of a caller, which is told apart from now on.
    ///
    /// # Panics
    ///
    /// With more than 4,294,967,295 callers.
    pub(super) fn caller(&mut self, name: &str) -> CallerId {
        if let Some(id) = self.known(name) {
            return id;
        }
        let id = CallerId(u32::try_from(self.accounts.len()).expect("fewer callers than 2^32"));
        let name: Arc<str> = name.into();
        self.ids.insert(Arc::clone(&name), id);
        self.received.push(0);
        self.accounts.push(Account {
            name,
            is_member: false,
            injected: Vec::new(),
            spared: Vec::new(),
        });
        id
    }

    /// The handle of a member of the host's own fleet.
    pub(super) fn member(&mut self, name: &str) -> CallerId {
        let id = self.caller(name);
        self.accounts[id.place()].is_member = true;
        id
    }

    /// The host's own fleet.
    pub(super) fn members(&self) -> impl Iterator<Item = CallerId> {
        let members = (0..).zip(&self.accounts);
        members.filter_map(|(place, account)| account.is_member.then_some(CallerId(place)))
    }

    pub(super) fn is_member(&self, caller: CallerId) -> bool {
        self.accounts[caller.place()].is_member
    }

    pub(super) fn known(&self, name: &str) -> Option<CallerId> {
        self.ids.get(name).copied()
    }

    /// Counts a call with what it meets.
    #[inline]
    pub(super) fn enter(&mut self, caller: CallerId, fate: &Fate) {
        match fate.ending {
            Ending::Success => self.counts.success += 1,
            Ending::Hang => self.counts.hang += 1,
            _ => self.counts.failure += 1,
        }
        self.counts.while_failing += u64::from(fate.endangered);
        self.received[caller.place()] += 1;
        let is_told_apart = !(fate.hits.is_empty() && fate.spared_by.is_empty());
        if is_told_apart && self.detail == LedgerDetail::Rules {
            self.enter_by_rule(caller, fate);
        }
    }

    fn enter_by_rule(&mut self, caller: CallerId, fate: &Fate) {
        let account = &mut self.accounts[caller.place()];
        for hit in &fate.hits {
            count(
                &mut account.injected,
                &hit.rule,
                hit.effect,
                &mut self.series,
            );
        }
        for rule in &fate.spared_by {
            count(&mut account.spared, rule, "", &mut self.series);
        }
    }

    pub(super) fn keep(&mut self, detail: LedgerDetail) {
        self.detail = detail;
    }

    fn by_name(&self) -> impl Iterator<Item = &Account> {
        self.ids.values().map(|id| &self.accounts[id.place()])
    }
}

/// Counts one more call; under the common name if there are too many series.
fn count(series: &mut Vec<Series>, rule: &Arc<str>, effect: &'static str, all: &mut usize) {
    // The rules of the plan in force are known by their address: a caller meets the same few all the time.
    let known = series
        .iter_mut()
        .find(|it| Arc::ptr_eq(&it.rule, rule) && it.effect == effect);
    if let Some(one) = known {
        one.calls += 1;
        return;
    }
    count_by_name(series, rule, effect, all);
}

#[cold]
fn count_by_name(series: &mut Vec<Series>, rule: &Arc<str>, effect: &'static str, all: &mut usize) {
    let find = |series: &Vec<Series>, rule: &str| {
        series.binary_search_by_key(&(rule, effect), |it| (&it.rule, it.effect))
    };
    let (found, rule) = match find(series, rule) {
        Err(_) if *all >= MAX_SERIES => (find(series, OTHER), OTHER.into()),
        found => (found, Arc::clone(rule)),
    };
    let place = found.unwrap_or_else(|place| {
        *all += 1;
        let rule = Arc::clone(&rule);
        let new = Series {
            rule,
            effect,
            calls: 0,
        };
        series.insert(place, new);
        place
    });
    series[place].rule = rule;
    series[place].calls += 1;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::faults::{Call, Plan, Player};

    #[test]
    fn rules_without_end_cost_no_memory() {
        let mut ledger = Ledger::default();
        let caller = ledger.caller("A");
        for number in 0..3 * MAX_SERIES {
            let plan =
                format!(r#"{{"rules": {{"r{number}": {{"effects": [{{"reset": {{}}}}]}}}}}}"#);
            let mut player = Player::new(Plan::parse(plan.as_bytes()).unwrap());
            let call = Call {
                caller: player.caller("A"),
                key: None,
                path: "/data",
            };
            ledger.enter(caller, &player.fate(Duration::ZERO, &call));
        }

        assert!(ledger.injected().count() <= MAX_SERIES + 1);
        let all: u64 = ledger.injected().map(|(_, count)| count).sum();
        assert_eq!(all, 3 * MAX_SERIES as u64);
        assert_eq!(ledger.received_by(caller), all);
    }
}
