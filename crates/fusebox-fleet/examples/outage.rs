//! Three instances, a ledger, and an outage of two seconds: who opens, who probes, who closes when.
//!
//! `cargo run -p fusebox-fleet --example outage`

#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use fusebox_fleet::{
    Action, CallResult, Event, Incarnation, InstanceId, Ledger, Member, Mode, Overlay, ProbeResult,
    Sender, Session, Settings,
};
use std::{error::Error, sync::Arc, time::Duration};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::builder(Mode::Quorum).suspicion_run(3).build()?;
    let settings = Arc::new(settings);
    let mut random = fastrand::Rng::with_seed(1);
    let mut ledger = Ledger::new(Incarnation::new(1));
    let mut members = Vec::new();
    for name in ["a", "b", "c"] {
        let sender = Sender::new(InstanceId::new(name)?, Session::new(1));
        members.push(Member::new(sender, Arc::clone(&settings)));
    }

    for step in 0..200_u64 {
        let now = Duration::from_millis(50 * step);
        let well = !(20..60).contains(&step);
        for member in &mut members {
            // One call per step. There is no breaker here: the overlay says whether the call may pass.
            let mut events = match member.overlay() {
                Overlay::None if well => vec![Event::Finished(CallResult::Succeeded)],
                Overlay::None => vec![Event::Finished(CallResult::Failed)],
                _ => vec![Event::Rejected],
            };
            while let Some(event) = events.pop() {
                for action in member.handle(now, event, &mut || random.f64()) {
                    events.extend(carry_out(now, &action, well, &mut ledger));
                    if action.is_for_the_breaker() {
                        println!("{now:?} {}: {action:?}", member.sender().instance);
                    }
                }
            }
        }
    }
    let end = ledger.view(Duration::from_secs(10));
    assert_eq!(end.era.epoch.get(), 2); // it opened once, and closed
    assert!(
        members
            .iter()
            .all(|member| member.overlay() == Overlay::None)
    );
    Ok(())
}

/// Sends to the ledger what is for it, and makes the call of a probe.
fn carry_out(now: Duration, action: &Action, well: bool, ledger: &mut Ledger) -> Option<Event> {
    match action {
        Action::Report(ticket, report) => Some(Event::Reported {
            ticket: *ticket,
            answer: ledger.report(now, report),
        }),
        Action::Acquire(ticket, ask) => Some(Event::Acquired {
            ticket: *ticket,
            answer: ledger.acquire(now, ask),
        }),
        Action::Settle(settlement) => ledger.settle(now, settlement).ok().map(Event::Pushed),
        Action::Probe { probe, .. } => Some(Event::ProbeEnded {
            probe: *probe,
            result: if well {
                ProbeResult::Succeeded
            } else {
                ProbeResult::Failed
            },
        }),
        _ => None,
    }
}
