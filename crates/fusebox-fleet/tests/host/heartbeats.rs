//! The heartbeats of a host: all its keys report at the same instants, and different hosts at different ones.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusebox::Breaker;
use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::engine::{Answer, Engine, EngineError, Events, Operator};
use fusebox_fleet::host::{Host, Participant, RuntimeClock};
use fusebox_fleet::{
    Acquire, AcquireRefused, BreakerKey, Fenced, InstanceId, Lease, Mode, Order, Report,
    ReportRefused, Sender, Settings, Settlement, Standing, View,
};
use tokio::time::{Instant, sleep};

use crate::rig::{MS, config, key, settings};

/// An engine in memory that remembers when it was told what.
struct Diary {
    memory: Memory,
    reports: Mutex<Vec<(String, Instant)>>,
}

impl Engine for Diary {
    fn report<'a>(
        &'a self,
        key: &'a BreakerKey,
        report: &'a Report,
    ) -> Answer<'a, Result<View, EngineError<ReportRefused>>> {
        let entry = (format!("{}/{key}", report.from.instance), Instant::now());
        self.reports.lock().unwrap().push(entry);
        self.memory.report(key, report)
    }

    fn acquire<'a>(
        &'a self,
        key: &'a BreakerKey,
        ask: &'a Acquire,
    ) -> Answer<'a, Result<Lease, EngineError<AcquireRefused>>> {
        self.memory.acquire(key, ask)
    }

    fn settle<'a>(
        &'a self,
        key: &'a BreakerKey,
        settlement: &'a Settlement,
    ) -> Answer<'a, Result<View, EngineError<Fenced>>> {
        self.memory.settle(key, settlement)
    }

    fn leave<'a>(
        &'a self,
        key: &'a BreakerKey,
        sender: &'a Sender,
    ) -> Answer<'a, Result<(), EngineError<Infallible>>> {
        self.memory.leave(key, sender)
    }

    fn events(&self, key: &BreakerKey) -> Box<dyn Events> {
        self.memory.events(key)
    }
}

impl Operator for Diary {
    fn order<'a>(
        &'a self,
        key: &'a BreakerKey,
        order: Order,
    ) -> Answer<'a, Result<View, EngineError<Infallible>>> {
        self.memory.order(key, order)
    }

    fn peek<'a>(
        &'a self,
        key: &'a BreakerKey,
    ) -> Answer<'a, Result<Standing, EngineError<Infallible>>> {
        self.memory.peek(key)
    }
}

fn join(host: &Host, name: &str, settings: Settings) -> Participant {
    let breaker = Breaker::with_clock(name, config(), RuntimeClock::new());
    host.join(key(name), breaker, settings).unwrap()
}

impl Diary {
    fn of(&self, name: &str) -> Vec<Instant> {
        let reports = self.reports.lock().unwrap();
        let own = reports.iter().filter(|(who, _)| who == name);
        own.map(|(_, at)| *at).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn all_keys_of_a_host_report_at_the_same_instants_and_hosts_at_different_ones() {
    let diary = Arc::new(Diary {
        memory: Memory::with_clock(RuntimeClock::new()),
        reports: Mutex::default(),
    });
    let [a, b] = ["a", "b"].map(|name| {
        let engine = Arc::clone(&diary) as _;
        Host::builder(InstanceId::new(name).unwrap(), engine)
            .seed(u64::from(name == "a"))
            .build()
    });
    let mut kept = Vec::new();
    for name in ["k1", "k2", "k3"] {
        for host in [&a, &b] {
            kept.push(join(host, name, settings(Mode::Quorum).build().unwrap()));
        }
        sleep(130 * MS).await;
    }
    sleep(1500 * MS).await;
    diary.reports.lock().unwrap().clear();

    sleep(Duration::from_secs(20)).await;

    let [first, second, third] = ["a/k1", "a/k2", "a/k3"].map(|name| diary.of(name));
    assert!((18..=22).contains(&first.len()), "{} reports", first.len());
    assert_eq!(first, second);
    assert_eq!(first, third);
    let other = diary.of("b/k1");
    assert_ne!(first, other, "two hosts keep the same time");
    assert_eq!(other, diary.of("b/k2"));
    for beats in [first, other] {
        for pair in beats.windows(2) {
            let apart = pair[1] - pair[0];
            assert!((899 * MS..=1102 * MS).contains(&apart), "{apart:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_with_another_heartbeat_keeps_its_own() {
    let diary = Arc::new(Diary {
        memory: Memory::with_clock(RuntimeClock::new()),
        reports: Mutex::default(),
    });
    let host = Host::new(InstanceId::new("a").unwrap(), Arc::clone(&diary) as _);
    let quick = settings(Mode::Quorum).heartbeat(300 * MS).build().unwrap();
    let _kept = [
        join(&host, "slow", settings(Mode::Quorum).build().unwrap()),
        join(&host, "quick", quick),
    ];

    sleep(Duration::from_secs(12)).await;

    let [slow, quick] = ["a/slow", "a/quick"].map(|name| diary.of(name).len());
    assert!((11..=14).contains(&slow), "{slow} reports of the slow one");
    assert!(
        (37..=45).contains(&quick),
        "{quick} reports of the quick one"
    );
}
