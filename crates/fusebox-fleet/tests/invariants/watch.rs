//! The invariants that hold at every step of every world.

use std::time::Duration;

use fusebox_fleet::{
    AcquireRefused, Action, Era, Event, Fenced, Lease, Ledger, Member, Mode, Overlay, ProbeResult,
    ProbeRule, Report, ReportRefused, Settlement, Token, Veto, View,
};

use crate::breaker::{Permit, State};
use crate::node::Node;
use crate::plan::{Fault, Plan};

/// Watches one world.
pub(crate) struct Watch {
    mode: Mode,
    suspicion_run: u32,
    orderly: bool,
    /// The leases that are alive, by the watch's own account.
    leases: Vec<(Token, Duration)>,
    /// Those that a copy may bring back with which the engine fails over.
    given: Vec<(Token, Duration)>,
    failed_over: bool,
    seen: Vec<Option<Era>>,
    ledger_era: Option<Era>,
    /// How often each thing happened, so that a test can say that it was tried at all.
    pub(crate) holds: u64,
    pub(crate) vetoes: u64,
    pub(crate) grants: u64,
    pub(crate) lent: u64,
    pub(crate) refusals: u64,
    pub(crate) fenced: u64,
    pub(crate) repeats: u64,
    pub(crate) breaker_actions: Vec<(Duration, usize)>,
}

impl Watch {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            mode: plan.settings.mode(),
            suspicion_run: plan.settings.suspicion_run(),
            orderly: plan.is_orderly(),
            leases: Vec::new(),
            given: Vec::new(),
            failed_over: false,
            seen: vec![None; plan.instances],
            ledger_era: None,
            holds: 0,
            vetoes: 0,
            grants: 0,
            lent: 0,
            refusals: 0,
            fenced: 0,
            repeats: 0,
            breaker_actions: Vec::new(),
        }
    }

    pub(crate) fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::Flush => {
                self.leases.clear();
                self.given.clear();
                self.ledger_era = None;
            }
            Fault::FailOver => {
                self.failed_over = true;
                self.leases.clear();
                self.ledger_era = None;
            }
            Fault::Crash { of } | Fault::Leave { of } | Fault::Start { of } => self.seen[of] = None,
            _ => {}
        }
    }

    pub(crate) fn action(&mut self, now: Duration, of: usize, node: &Node, action: &Action) {
        match action {
            // I1: a closed breaker is opened by a message only if its own last calls all failed.
            Action::Hold { .. } => {
                self.holds += 1;
                let waits = matches!(node.breaker.state, State::Turn { .. });
                // It refuses this: what tripped it, it has forgotten.
                let is_open = matches!(node.breaker.state, State::Open { .. });
                let suspects = node.breaker.run >= self.suspicion_run;
                if self.mode.dials().veto == Veto::Respected && self.mode != Mode::Pooled {
                    assert!(
                        waits || suspects || is_open,
                        "I1: {now:?}: instance {of} is held after {} failures",
                        node.breaker.run
                    );
                }
            }
            // I11: the right to probe ends here no later than at the engine.
            Action::Probe { deadline, .. } | Action::LendProbe { deadline, .. }
                if self.orderly && self.leased() =>
            {
                self.lent += u64::from(matches!(action, Action::LendProbe { .. }));
                if let Some((_, ends)) = self.leases.last() {
                    assert!(
                        now + *deadline <= *ends,
                        "I11: {now:?}: instance {of} probes too long"
                    );
                }
            }
            Action::Notice(fusebox_fleet::Notice::Vetoed { .. }) => self.vetoes += 1,
            _ => {}
        }
        if action.is_for_the_breaker() {
            self.breaker_actions.push((now, of));
        }
    }

    /// I10: the breaker permits a call only where the member is not held, or probes.
    pub(crate) fn permitted(now: Duration, of: usize, node: &Node, permit: Permit) {
        let member = node.member.as_ref().expect("it makes calls");
        let right = match member.overlay() {
            Overlay::None => permit.probe.is_none(),
            Overlay::Probing { .. } => permit.probe.is_some(),
            // The breaker's turn ends by its own timer, a moment before the member's.
            Overlay::Turn { .. } => permit.probe.is_none() && node.breaker.state == State::Closed,
            _ => false,
        };
        assert!(
            right,
            "I10: {now:?}: instance {of}: {permit:?} with {:?}",
            member.overlay()
        );
    }

    /// I14: a message that is repeated changes nothing; it is the same as being told the time.
    pub(crate) fn told(before: &Member, event: Event, reading: Duration) {
        if !matches!(
            event,
            Event::Reported { .. } | Event::Pushed(_) | Event::Acquired { .. }
        ) {
            return;
        }
        let mut once = before.clone();
        once.handle(reading, event, &mut || 0.5);
        let (mut twice, mut tick) = (once.clone(), once);
        let repeated = twice.handle(reading, event, &mut || 0.5);
        let nothing = tick.handle(reading, Event::Tick, &mut || 0.5);
        assert_eq!(repeated, nothing, "I14: {event:?}");
        assert_eq!(twice.overlay(), tick.overlay(), "I14: {event:?}");
        assert_eq!(twice.view(), tick.view(), "I14: {event:?}");
    }

    pub(crate) fn reported(
        &mut self,
        before: &Ledger,
        after: &Ledger,
        report: &Report,
        answer: &Result<View, ReportRefused>,
    ) {
        if answer.is_err() {
            self.refusals += 1;
            assert_eq!(before, after, "I6: a refused report wrote");
        }
        // I14: the ledger counts no report twice.
        let mut again = after.clone();
        if answer.is_ok() && again.report(Duration::ZERO, report).is_ok() {
            self.repeats += 1;
            assert_eq!(&again, after, "I14: a repeated report wrote");
        }
    }

    pub(crate) fn acquired(
        &mut self,
        now: Duration,
        (before, after): (&Ledger, &Ledger),
        answer: Result<Lease, AcquireRefused>,
    ) {
        if let Ok(lease) = answer {
            self.grants += 1;
            self.leases.retain(|(_, ends)| now < *ends);
            if self.mode != Mode::AnyOpen {
                assert!(self.leases.is_empty(), "I5: two leases: {:?}", self.leases);
            }
            self.leases.push((lease.token, now + lease.lasts));
            self.given.push((lease.token, now + lease.lasts));
        } else {
            self.refusals += 1;
            assert_eq!(before, after, "I6: a refused request for the lease wrote");
        }
    }

    /// The prober has left in order, and its lease with it: the next one need not wait for its end.
    pub(crate) fn left(&mut self) {
        self.leases.clear();
    }

    pub(crate) fn settled(
        &mut self,
        now: Duration,
        (before, after): (&Ledger, &Ledger),
        settlement: &Settlement,
        answer: Result<View, Fenced>,
    ) {
        let alive = |(token, ends): &(Token, Duration)| *token == settlement.token && now < *ends;
        let known = if self.failed_over {
            &self.given
        } else {
            &self.leases
        };
        let is_alive = known.iter().any(alive);
        if answer.is_ok() {
            assert!(is_alive, "I5: a settlement without a lease counted");
            assert_ne!(settlement.result, ProbeResult::Void);
            self.leases.retain(|(token, _)| *token != settlement.token);
        } else {
            self.fenced += 1;
            assert_eq!(before, after, "I5: a fenced settlement wrote");
        }
    }

    /// What holds after every step.
    pub(crate) fn after(&mut self, now: Duration, nodes: &[Node], ledger: &Ledger) {
        let era = ledger.view(now).era;
        if let Some(known) = self.ledger_era.replace(era) {
            let same_life = known.incarnation == era.incarnation;
            assert!(!same_life || era.epoch >= known.epoch, "I4: the epoch fell");
            if known.epoch != era.epoch || !same_life {
                // What the fleet decides ends every lease.
                self.leases.clear();
            }
        }
        let mut probing = 0;
        for (of, node) in nodes.iter().enumerate() {
            Self::check_calls(of, node);
            probing += u32::from(node.breaker.probes_for_the_fleet(now));
            if let Some(view) = node.member.as_ref().and_then(Member::view)
                && let Some(known) = self.seen[of].replace(view.era)
            {
                let same_life = known.incarnation == view.era.incarnation;
                assert!(
                    !same_life || view.era.epoch >= known.epoch,
                    "I4: instance {of} went back from {known:?} to {:?}",
                    view.era
                );
            }
        }
        if self.orderly && self.leased() {
            assert!(probing <= 1, "I11: {now:?}: {probing} probes at once");
        }
    }

    fn leased(&self) -> bool {
        self.mode.dials().probe == ProbeRule::Leased
    }

    /// I16: every call is accounted for.
    fn check_calls(of: usize, node: &Node) {
        let calls = node.calls;
        let rejected = calls.rejected + calls.rejected_by_fleet + calls.rejected_until_turn;
        assert_eq!(
            calls.offered,
            calls.permitted + rejected,
            "I16: instance {of}"
        );
        let ended = calls.succeeded + calls.failed + calls.lost;
        assert_eq!(
            calls.permitted,
            ended + calls.under_way,
            "I16: instance {of}"
        );
    }
}
