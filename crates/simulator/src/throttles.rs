//! The throttles of a fleet, which reject calls at random under a policy without breakers.

use std::time::Duration;

use experiment::chance::Draw;
use experiment::policy::Throttle;
use experiment::scenario::Scenario;
use fusebox::Verdict;

/// One throttle for each instance; none where the policy of the scenario has none.
#[derive(Debug)]
pub(crate) struct Throttles {
    all: Vec<Throttled>,
}

#[derive(Debug)]
struct Throttled {
    throttle: Throttle,
    luck: Draw,
    /// Calls that were asked about, which number the draws.
    asked: u64,
}

impl Throttles {
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let names = scenario.instances().iter();
        let all = names.filter_map(|name| {
            Some(Throttled {
                throttle: scenario.policy().throttle()?,
                luck: Draw::new(scenario.seed()).with("throttle").with(name),
                asked: 0,
            })
        });
        Self { all: all.collect() }
    }

    /// Whether an instance rejects the call that it receives.
    #[inline]
    pub(crate) fn rejects(&mut self, instance: u32, now: Duration) -> bool {
        // Where there is none, this is all that it costs.
        self.all
            .get_mut(instance as usize)
            .is_some_and(|one| one.rejects(now))
    }

    /// A call of an instance has ended: it was accepted if that does not speak against the downstream.
    #[inline]
    pub(crate) fn answered(&mut self, instance: u32, verdict: Verdict, now: Duration) {
        if let Some(one) = self.all.get_mut(instance as usize)
            && verdict == Verdict::Success
        {
            one.throttle.accepted(now);
        }
    }

    /// The process of an instance has ended: its next one knows nothing.
    pub(crate) fn forget(&mut self, instance: u32) {
        if let Some(one) = self.all.get_mut(instance as usize) {
            one.throttle.forget();
        }
    }
}

impl Throttled {
    fn rejects(&mut self, now: Duration) -> bool {
        self.asked += 1;
        let luck = self.luck.number(self.asked).share();
        self.throttle.rejects(now, luck)
    }
}
