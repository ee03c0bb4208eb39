//! A breaker that is led by a fleet without any order to follow: what coordination costs a call.

use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use benches::{Name, Row};
use fusebox::{Breaker, Clock, Config, Interest, TscClock, Verdict};
use fusebox_fleet::bind::{self, Bound};
use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::host::Host;
use fusebox_fleet::{BreakerKey, Event, InstanceId, Member, Mode, Sender, Session, Settings};
use tokio::runtime::Builder;

use crate::{FOR_EVER, ours};

const SUBJECT: &str = "breaker led by a fleet, `TscClock`";
/// The call's outcome is translated, and nothing else.
pub(crate) const BOUND: Name = Name::new(SUBJECT, ours::CONSECUTIVE);
/// The member is told of every call, behind a lock: the cost for a host that does not tell it less often.
const TOLD: Name = Name::new(SUBJECT, "and a locked member is told of each call");

/// The host reads the breaker's counters every 10 ms, on a thread of its own; the call knows nothing of it.
const HOSTED: Name = Name::new("breaker with a fleet's host, `TscClock`", ours::CONSECUTIVE);

pub(crate) fn rows() -> Vec<Row> {
    vec![bound(), hosted(), told()]
}

fn breaker() -> Breaker {
    let config = Config::builder()
        .consecutive_failures(5)
        .open_for(FOR_EVER)
        .jitter(0.0);
    Breaker::with_clock("bench", config.build().expect("valid"), TscClock::new())
}

fn called(breaker: &Breaker) -> Option<Event> {
    let permit = breaker.try_acquire().expect("closed");
    let state = permit.state();
    bind::finished(state, permit.end(Verdict::Success))
}

fn bound() -> Row {
    let breaker = breaker();
    let leader = Arc::new((
        breaker.events(Interest::Changes, 64),
        Bound::new(breaker.clone()),
    ));
    Row::new(BOUND, move || {
        let (breaker, leader) = (breaker.clone(), Arc::clone(&leader));
        move || {
            let _led = &leader;
            black_box(called(&breaker).expect("a finished call"));
        }
    })
}

fn hosted() -> Row {
    let breaker = breaker();
    let joined = breaker.clone();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(async {
            let name = InstanceId::new("bench").expect("a name");
            let host = Host::new(name, Arc::new(Memory::new()));
            let settings = Settings::builder(Mode::Quorum).build().expect("valid");
            let key = BreakerKey::new("bench").expect("a name");
            let participant = host.join(key, joined, settings).expect("a new key");
            tokio::time::sleep(FOR_EVER).await; // until the process ends
            drop(participant);
        });
    });
    Row::new(HOSTED, move || {
        let breaker = breaker.clone();
        move || {
            let permit = breaker.try_acquire().expect("closed");
            black_box(permit.success());
        }
    })
}

fn told() -> Row {
    let breaker = breaker();
    let clock = TscClock::new();
    let settings = Settings::builder(Mode::Quorum).build().expect("valid");
    let sender = Sender::new(InstanceId::new("bench").expect("a name"), Session::new(1));
    let member = Arc::new(Mutex::new(Member::new(sender, Arc::new(settings))));
    Row::new(TOLD, move || {
        let (breaker, clock, member) = (breaker.clone(), clock.clone(), Arc::clone(&member));
        move || {
            let event = called(&breaker).expect("a finished call");
            let mut member = member.lock().unwrap_or_else(PoisonError::into_inner);
            black_box(member.handle(clock.now(), event, &mut || 0.5));
        }
    })
}
