//! A fleet whose engine works.

use fusebox::{HoldStage, Outcome, State};
use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::host::{
    Apart, Direction, FallbackReason, FleetEvent, HeardVerdict, Host, JoinError, LeaseOutcome,
    MessageKind,
};
use fusebox_fleet::{InstanceId, Mode, Opinion, Order, ProbeResult};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::rig::{Instance, MS, Rig, STEP, config, key, settings};
use crate::scripted::Conduct;

#[tokio::test(start_paused = true)]
async fn a_quorum_opens_one_probes_and_all_close() {
    let mut rig = Rig::begun().await;
    rig.set_well(false);
    rig.run(300 * MS).await;
    let held = rig.stages().iter().flatten().count();
    assert!(held >= 2, "{:?}", rig.stages());
    let sooner = rig.all.iter().filter(|one| one.failed < 10).count();
    assert!(sooner >= 2, "they waited for their own evidence");

    rig.run(3000 * MS).await;
    let probes: u32 = rig.all.iter().map(|one| one.probes).sum();
    assert!(
        (1..=6).contains(&probes),
        "{probes} probes in three seconds"
    );
    let failed: u64 = rig
        .all
        .iter()
        .map(|one| one.status().tally.leases(LeaseOutcome::Failed))
        .sum();
    assert_eq!(failed, u64::from(probes));

    rig.set_well(true);
    rig.run(8000 * MS).await;
    assert_eq!(rig.states(), [State::Closed; 3]);
    assert_eq!(rig.stages(), [None; 3]);
    let released = |event: &FleetEvent| matches!(event, FleetEvent::Released { .. });
    assert!(rig.all.iter().all(|one| one.told(released) == 1));
}

/// Breakers that trip with the tenth failure, when their instances begin to suspect, would probe by themselves after a
/// second; the fleet's first gap is 400 ms.
#[tokio::test(start_paused = true)]
async fn breakers_that_all_tripped_by_themselves_lend_the_fleet_their_probes() {
    let mut rig = Rig::apart();
    for one in &mut rig.all {
        let settings = settings(Mode::Quorum).suspicion_run(10).build().unwrap();
        one.join(settings);
    }
    rig.run(2000 * MS).await;
    rig.set_well(false);
    rig.run(300 * MS).await;
    assert_eq!(rig.states(), [State::Open; 3]);
    assert_eq!(rig.stages(), [None; 3], "nobody is held");

    rig.set_well(true);
    let is_lent = |rig: &Rig| rig.all.iter().any(|one| one.status().prober.is_some());
    assert!(rig.run_until(600 * MS, is_lent).await);
    let prober = rig
        .all
        .iter()
        .position(|one| one.status().prober.is_some())
        .unwrap();
    assert_eq!(rig.all[prober].status().apart, Some(Apart::OwnOpen));

    let before = rig.all[prober].told(|event| matches!(event, FleetEvent::Leased { .. }));
    assert_eq!(before, 1);
    // The turn takes half a second at most.
    rig.run(100 * MS + 500 * MS + 2 * STEP).await;
    assert_eq!(rig.states(), [State::Closed; 3]);
    let status = rig.all[prober].status();
    assert_eq!(status.tally.leases(LeaseOutcome::Succeeded), 1);
    assert_eq!(status.prober, None);
    let result = ProbeResult::Succeeded;
    let told = rig.all[prober].told(|event| *event == FleetEvent::Probed { result });
    assert_eq!(told, 1);
    let each: Vec<u32> = rig.all.iter().map(|one| one.probes).collect();
    assert_eq!(each, [1; 3], "each closes by a probe of its own");
}

#[tokio::test(start_paused = true)]
async fn the_status_says_what_the_fleet_thinks_and_what_was_sent() {
    let mut rig = Rig::begun().await;

    let status = rig.all[0].status();
    let votes = status.view.unwrap().votes;
    assert_eq!((votes.voters, votes.suspects, votes.need), (3, 0, 2));
    assert!(status.engine_up && status.is_fresh && status.view_age < 1300 * MS);
    assert_eq!(
        (status.apart, status.stage, status.prober),
        (None, None, None)
    );
    let reports = |way| status.tally.messages(MessageKind::Report, way);
    assert!((2..=5).contains(&reports(Direction::Sent)));
    assert_eq!(reports(Direction::Received), reports(Direction::Sent));

    rig.set_well(false);
    rig.until_stage(HoldStage::Probing).await;
    let status = rig.all[0].status();
    assert_eq!(status.prober, Some(InstanceId::new("a").unwrap()));
    assert!(status.view.unwrap().verdict.is_open());
    assert_eq!(status.tally.adoptions(), 1);
    let standing = rig.all[1]
        .participant
        .as_ref()
        .unwrap()
        .peek()
        .await
        .unwrap();
    assert_eq!(standing.prober.unwrap().instance.as_str(), "a");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_sees_no_trouble_objects_and_says_so() {
    let mut rig = Rig::begun().await;
    rig.all[1].is_well = false;
    rig.all[2].is_well = false;
    rig.run(500 * MS).await;

    let status = rig.all[0].status();
    assert_eq!(
        (status.apart, status.tally.vetoes()),
        (Some(Apart::Vetoed), 1)
    );
    assert_eq!(rig.states()[0], State::Closed);
    let vetoed = |event: &FleetEvent| matches!(event, FleetEvent::Vetoed { .. });
    assert_eq!(rig.all[0].told(vetoed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_on_one_instance_alone_is_localised() {
    let mut rig = Rig::begun().await;
    rig.all[0].is_well = false;
    rig.run(3500 * MS).await;

    assert!(rig.all[0].status().is_localised);
    assert_eq!(rig.all[0].told(|event| *event == FleetEvent::Localised), 1);
    assert!(rig.all[1..].iter().all(|one| !one.status().is_localised));
    rig.all[0].is_well = true;
    rig.run(6000 * MS).await; // its waits have grown meanwhile
    assert!(!rig.all[0].status().is_localised);
    assert_eq!(
        rig.all[0].told(|event| *event == FleetEvent::LocalisedEnded),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn news_that_are_never_pushed_come_with_the_heartbeat() {
    let mut rig = Rig::apart();
    for one in &mut rig.all {
        one.engine.is_deaf.store(true, Ordering::Relaxed);
        one.join(settings(Mode::Quorum).build().unwrap());
    }
    rig.run(2000 * MS).await;
    rig.set_well(false);
    // Each hears with its own suspicion, or with the heartbeat after it.
    rig.run(1300 * MS).await;

    assert!(rig.states().iter().all(|state| *state != State::Closed));
    assert_eq!(
        rig.all[0]
            .status()
            .tally
            .messages(MessageKind::Push, Direction::Received),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_instance_of_the_same_name_and_one_with_other_settings_are_refused_and_alone() {
    let mut rig = Rig::begun().await;
    let mut twin = Instance::new("a", Arc::clone(&rig.all[0].engine));
    // Another process draws another session.
    twin.host = Host::builder(InstanceId::new("a").unwrap(), Arc::clone(&twin.engine) as _)
        .seed(99)
        .build();
    twin.join(settings(Mode::Quorum).build().unwrap());
    let mut other = Instance::new("d", Arc::clone(&rig.all[0].engine));
    other.join(settings(Mode::Quorum).stagger(501 * MS).build().unwrap());
    rig.all.extend([twin, other]);
    rig.run(2000 * MS).await;

    let apart = |of: usize| rig.all[of].status().apart;
    assert_eq!(
        (apart(0), apart(3), apart(4)),
        (None, Some(Apart::NameTaken), Some(Apart::SettingsDiffer))
    );
    let why = rig.all[4].status().refused.unwrap();
    assert_eq!(why.differing().collect::<Vec<_>>(), ["stagger"]);
    assert!(
        why.to_string().contains(", which differ in stagger: "),
        "{why}"
    );
    assert_eq!(rig.all[0].status().refused, None);
    let fell_back = |of: usize, why| rig.all[of].status().tally.fallbacks(why);
    assert_eq!(fell_back(3, FallbackReason::NameTaken), 1);
    assert_eq!(fell_back(4, FallbackReason::SettingsDiffer), 1);
    let refused = |event: &FleetEvent| matches!(event, FleetEvent::Refused { .. });
    assert_eq!(rig.all[4].told(refused), 1, "it is said once");
    assert!(rig.all[4].status().engine_up);

    rig.set_well(false);
    rig.run(400 * MS).await;
    assert_eq!(rig.states()[4], State::Open, "its own rules hold");
}

#[tokio::test(start_paused = true)]
async fn in_local_mode_nobody_is_asked_and_the_breaker_is_alone() {
    let mut rig = Rig::of(Mode::Local);
    rig.engines(Conduct::PanicsAtOnce);
    rig.run(1000 * MS).await;
    rig.set_well(false);
    rig.run(1000 * MS).await;

    assert_eq!(rig.states(), [State::Open; 3]);
    assert!(rig.all.iter().all(|one| one.failed == 10));
    assert_eq!(rig.all[0].engine.asked.load(Ordering::Relaxed), 0);
    assert_eq!(rig.all[0].status().apart, Some(Apart::Local));
}

#[tokio::test(start_paused = true)]
async fn breakers_of_several_keys_share_an_instance_and_a_key_is_used_once() {
    let host = Host::new(InstanceId::new("a").unwrap(), Arc::new(Memory::new()));
    let breaker = |name: &'static str| fusebox::Breaker::new(name, config());
    let join = |name: &'static str| {
        let settings = settings(Mode::Quorum).build().unwrap();
        host.join(key(name), breaker(name), settings)
    };
    let first = join("db").unwrap();
    let second = join("mail").unwrap();
    assert_eq!(
        join("db").unwrap_err(),
        JoinError::KeyInUse { key: key("db") }
    );
    tokio::time::sleep(100 * MS).await;
    assert!(first.status().is_fresh && second.status().is_fresh);
    second.order(Order::ForceOpen).await.unwrap();
    tokio::time::sleep(50 * MS).await;
    assert_eq!(second.breaker().state(), State::ForcedOpen);
    assert_eq!(first.breaker().state(), State::Closed);

    assert!(first.leave().await);
    let again = join("db").unwrap();
    assert!(again.status().is_in());
}

#[tokio::test(start_paused = true)]
async fn merged_counts_are_all_told() {
    let mut rig = Rig::of(Mode::Pooled);
    for step in 0..100 {
        rig.set_well(step % 4 != 0);
        rig.run(STEP).await;
    }
    rig.all.iter_mut().for_each(|one| one.is_quiet = true);
    rig.run(500 * MS).await;

    for one in &rig.all {
        let told = [0, 1].map(|kind| one.engine.told[kind].load(Ordering::Relaxed));
        let totals = one.breaker.snapshot().totals;
        let ended = [Outcome::Success, Outcome::Failure].map(|outcome| totals.calls(outcome));
        assert_eq!(told, ended);
        assert!(ended[1] >= 20, "{ended:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn merged_counts_open_the_fleet_where_no_run_of_failures_is_long() {
    let mut rig = Rig::of(Mode::Pooled);
    rig.run(2000 * MS).await;
    // No run of failures is long, so only the sum of all calls is evidence.
    for step in 0..100 {
        rig.set_well(step % 2 == 0);
        rig.run(STEP).await;
        if rig.stages().iter().flatten().count() == 3 {
            return;
        }
    }
    panic!("{:?}", rig.stages());
}

#[tokio::test(start_paused = true)]
async fn times_of_opinions_are_the_time_in_the_fleet_and_tell_suspicions_that_the_fleet_does_not_share()
 {
    let mut rig = Rig::of(Mode::Quorum);
    let began = tokio::time::Instant::now();
    rig.run(10_000 * MS).await;
    rig.all[0].is_well = false;
    rig.run(10_000 * MS).await;
    rig.engines(Conduct::Silent);
    rig.run(10_000 * MS).await;

    for (place, one) in rig.all.iter().enumerate() {
        let times = one.status().opinion_times;
        let held = |opinion: Opinion| {
            let verdicts = HeardVerdict::ALL.iter();
            verdicts.map(|&it| times.of(opinion, it)).sum::<Duration>()
        };
        let all: Duration = Opinion::ALL.iter().map(|&opinion| held(opinion)).sum();
        assert_eq!(all, began.elapsed());
        let alone = Opinion::ALL.iter();
        let alone = alone.map(|&it| times.of(it, HeardVerdict::Unknown));
        let alone: Duration = alone.sum();
        assert!((6900..8200).contains(&alone.as_millis()), "{alone:?}");
        // The others outvote it for ten seconds, and for the two to three for which the last view is fresh.
        let wrong = times.of(Opinion::Suspect, HeardVerdict::Closed);
        let expected = if place == 0 { 11_700..13_100 } else { 0..1 };
        assert!(expected.contains(&wrong.as_millis()), "{place}: {wrong:?}");
    }
    let left = rig.all[0].participant.take().unwrap();
    let reader = left.reader();
    left.leave().await;
    let times = reader.status().opinion_times;
    rig.run(1000 * MS).await;
    assert_eq!(reader.status().opinion_times, times, "it has left");
}
