//! The end of a run: when it comes, and what becomes of requests that are under way then.
//!
//! Requests are planned until the time of the scenario is over. Then the run waits for answers as long as the live
//! lab does ([`Profile::drain_time`](experiment::load::Profile::drain_time)); requests without an answer by then are
//! unfinished.

use experiment::outcome::ClientOutcome;

use super::Performance;
use crate::arrivals::Request;
use crate::calls::Stage;

/// Why no more events are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Every request has ended.
    Answered,
    /// Answers are waited for no longer.
    Drained,
    /// The run was cancelled.
    CutShort,
    /// Requests are under way, but nothing will ever happen: a fault of the simulator.
    Stuck,
}

impl Performance<'_> {
    /// How the run ends before the next event, which is due at `event`, after the time of the run; `None` when it
    /// goes on.
    #[cold]
    pub(super) fn ending(&self, event: u64) -> Option<Ending> {
        if self.under_way == 0 {
            // Events that are still due no longer matter.
            return Some(Ending::Answered);
        }
        if event == u64::MAX {
            return Some(Ending::Stuck);
        }
        (event > self.drained).then_some(Ending::Drained)
    }

    /// Ends the requests that are under way. Says how many of them the simulator has forgotten, if there are any:
    /// each attempt ends, at the latest, when its client gives up.
    pub(super) fn end_all(&mut self, ending: Ending) -> Option<String> {
        if ending == Ending::Drained {
            self.turn_to(self.drained);
        }
        // When the run is stuck, all of them.
        let stuck = if ending == Ending::Stuck {
            self.under_way
        } else {
            0
        };
        let mut overdue = 0_u64;
        let places = u32::try_from(self.calls.all.len()).unwrap_or(u32::MAX);
        for place in 0..places {
            let call = self.calls.at(place);
            let (request, stage) = (call.request, call.stage);
            match stage {
                Stage::Free => continue,
                Stage::Again { .. } => self.end_unsent(&request),
                Stage::Ends { .. } | Stage::Works(_) | Stage::Held { .. } => {
                    drop(call.permit.take());
                    let patience = request.sent.saturating_add(self.client_timeout);
                    overdue += u64::from(patience < self.now);
                    self.tell_call_of(place, &request, ClientOutcome::Unfinished);
                    self.end(&request, ClientOutcome::Unfinished);
                }
            }
            self.calls.give_back(place);
        }
        for request in self.lanes.give_up() {
            self.end_unsent(&request);
        }
        self.note_changes();
        let forgotten = overdue.max(stuck);
        (forgotten > 0).then(|| {
            format!("{forgotten} requests were under way that nothing would ever have ended: a fault of the simulator")
        })
    }

    /// A request ends of which no attempt is under way.
    fn end_unsent(&mut self, request: &Request) {
        // Its attempts have been told.
        let unsent = Request {
            attempts: 0,
            ..*request
        };
        self.tell_call(&unsent, None, ClientOutcome::Unfinished);
        self.end(request, ClientOutcome::Unfinished);
    }
}

#[cfg(test)]
mod tests {
    use experiment::scenario::Scenario;

    use super::*;
    use crate::clock::VirtualClock;
    use crate::instances::{Instances, members};
    use crate::options::Cancel;

    const HANGS: &str = r#"
        title = "t"
        duration = "2s"
        [fleet]
        size = 1
        [load]
        process = "constant"
        rate = 10
        [faults]
        phases = [{ name = "hangs", hang_ratio = 1, hang = "60s" }]
        "#;

    #[test]
    fn a_run_in_which_nothing_is_due_any_more_ends_and_is_not_valid() {
        let scenario = Scenario::parse(HANGS).unwrap();
        let clock = VirtualClock::default();
        let (members, noted) = members(&scenario, &clock);
        let instances = Instances::new(&scenario, &members, noted);
        let mut performance = Performance::new(&scenario, clock, instances);
        performance.begin();
        while performance.now < 1_500_000_000 {
            assert_eq!(performance.step(), None);
        }

        // As by a fault: what was due is not known any more.
        performance.agenda = crate::agenda::Agenda::default();
        let ending = performance.play_on(&Cancel::default());
        let run = performance.finish(&scenario, ending).repetition;

        assert_eq!(ending, Ending::Stuck);
        let why = run.invalid.unwrap();
        assert!(why.contains("a fault of the simulator"), "{why}");
        run.load.check().unwrap();
    }
}
