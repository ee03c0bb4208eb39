//! Calls that are sent again because their connection ended, and meet the same fate.
//!
//! A caller that keeps connections alive sends a call again when the kept connection ends under it, because a healthy
//! server's closing of an idle connection looks like that. A plan says what becomes of a *call*. If the second
//! attempt had luck of its own, fewer calls would fail than the plan and the truth say, the difference would depend
//! on how many connections are idle, and rules that count would count attempts. So a call that is known by its id
//! meets again what it has met before.

use std::collections::VecDeque;

use super::CallerId;
use crate::faults::{Ending, Fate};

/// How many cut calls are remembered. A repeat follows at once; most cut calls have none.
const REMEMBERED: usize = 256;

/// The fates of calls whose connection was cut before an answer began.
#[derive(Clone, Debug, Default)]
pub(super) struct Repeats {
    /// The oldest first.
    cut: VecDeque<Cut>,
}

#[derive(Clone, Debug)]
struct Cut {
    caller: CallerId,
    id: u64,
    /// The plan that it met.
    revision: u64,
    fate: Fate,
}

impl Repeats {
    /// What the call of `caller` with this id has already met under the plan of `revision`. It is sent at most twice,
    /// so the entry is then forgotten.
    pub(super) fn take(&mut self, caller: CallerId, id: u64, revision: u64) -> Option<Fate> {
        let same = |cut: &Cut| cut.id == id && cut.caller == caller;
        let place = self.cut.iter().position(same)?;
        let cut = self.cut.remove(place)?;
        (cut.revision == revision).then_some(cut.fate)
    }

    /// Remembers what a call meets, if it may be sent again.
    pub(super) fn note(&mut self, caller: CallerId, id: u64, revision: u64, fate: &Fate) {
        if !matches!(fate.ending, Ending::Reset | Ending::Close) {
            return;
        }
        if self.cut.len() == REMEMBERED {
            self.cut.pop_front();
        }
        self.cut.push_back(Cut {
            caller,
            id,
            revision,
            fate: fate.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::super::{Downstream, Request};
    use super::*;
    use crate::faults::Plan;

    /// The callers A and B, and what a call meets that is hit by this effect.
    fn fate(effect: &str) -> (CallerId, CallerId, Fate) {
        let plan = format!(r#"{{"rules": {{"r": {{"effects": [{{"{effect}": {{}}}}]}}}}}}"#);
        let plan = Plan::parse(plan.as_bytes()).unwrap();
        let mut downstream = Downstream::new(plan, BTreeMap::new(), Duration::ZERO);
        let (a, b) = (downstream.caller("A"), downstream.caller("B"));
        let call = Request {
            caller: a,
            key: None,
            path: "/data",
        };
        (a, b, downstream.meet(Duration::ZERO, &call, None).fate)
    }

    #[test]
    fn a_cut_call_meets_its_fate_once_more_and_nobody_else_does() {
        let mut repeats = Repeats::default();
        let (a, b, reset) = fate("reset");
        repeats.note(a, 7, 1, &reset);
        repeats.note(a, 8, 1, &fate("garbage").2);

        assert_eq!(repeats.take(b, 7, 1), None);
        assert_eq!(repeats.take(a, 8, 1), None, "an answer has begun");
        assert_eq!(repeats.take(a, 7, 1), Some(reset.clone()));
        assert_eq!(repeats.take(a, 7, 1), None);

        repeats.note(a, 9, 1, &reset);
        assert_eq!(repeats.take(a, 9, 2), None, "under another plan");
    }

    #[test]
    fn cut_calls_without_end_cost_no_memory() {
        let mut repeats = Repeats::default();
        let (a, _, close) = fate("close");
        for id in 0..10_000 {
            repeats.note(a, id, 1, &close);
        }

        assert_eq!(repeats.cut.len(), REMEMBERED);
        assert!(repeats.take(a, 9_999, 1).is_some());
    }
}
