//! Tests of changes of how instances decide while they work.

mod rig;
mod scenarios;

use std::sync::Weak;
use std::time::Duration;

use experiment::scenario::Coordination;
use fusebox::State;
use fusebox_fleet::{Opinion, Order};

use super::super::NotOrdered;
use super::super::change::tests::local;
use super::*;
use crate::settings::{Address, GossipPlace};
use rig::{QUORUM, Rig};

#[tokio::test(start_paused = true)]
async fn all_instances_go_over_to_another_mode_and_back_to_deciding_alone() {
    let rig = Rig::alone();
    assert_eq!(rig.standing(), []);

    for (change, mode) in [
        (QUORUM, Mode::Quorum),
        (r#"{"mode": "pooled"}"#, Mode::Pooled),
        (r#"{"mode": "advisory"}"#, Mode::Advisory),
    ] {
        rig.change(change).await.unwrap();
        rig.call(true);
        rig.settle().await;
        assert_eq!(rig.standing(), [(mode, 3); 3]);
        let rules = rig.coordinator.settings().rules;
        assert_eq!((rules.mode(), rules.suspicion_run()), (mode, 3));
    }
    rig.change(r#"{"mode": "local"}"#).await.unwrap();

    assert_eq!(rig.standing(), []);
    assert_eq!(rig.coordinator.described(), None);
    let modes = rig.coordinator.changes().into_iter().map(|it| it.mode);
    assert_eq!(
        modes.collect::<Vec<_>>(),
        [
            Mode::Local,
            Mode::Quorum,
            Mode::Pooled,
            Mode::Advisory,
            Mode::Local
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_its_fleet_held_is_open_by_itself_and_its_next_call_decides() {
    for change in [
        r#"{"mode": "local"}"#,
        r#"{"mode": "pooled"}"#,
        r#"{"heartbeat": "2s"}"#,
    ] {
        for is_well in [true, false] {
            let rig = Rig::deciding(QUORUM).await;
            rig.until_held().await;

            rig.change(change).await.unwrap();

            for breaker in &rig.breakers {
                let snapshot = breaker.snapshot();
                assert_eq!(snapshot.hold, None, "{change}");
                assert_ne!(snapshot.state, State::Closed, "{change}");
            }
            // Whatever this call comes to, the breaker follows its own rules then.
            rig.call(is_well);
            let wanted = if is_well { State::Closed } else { State::Open };
            assert_eq!(rig.states(), [wanted; 3], "{change}");
            for breaker in &rig.breakers {
                assert_eq!(breaker.snapshot().hold, None, "{change}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_call_a_breaker_that_was_held_does_not_stay_open_for_ever() {
    let rig = Rig::deciding(QUORUM).await;
    rig.until_held().await;

    rig.change(r#"{"mode": "local"}"#).await.unwrap();
    for breaker in &rig.breakers {
        breaker.poll_transitions();
    }

    assert_eq!(rig.states(), [State::HalfOpen; 3]);
}

#[tokio::test(start_paused = true)]
async fn an_order_to_the_fleet_ends_with_it() {
    let rig = Rig::deciding(QUORUM).await;
    let part = rig.seats[0].part().unwrap();
    part.order(Order::ForceOpen).await.unwrap();
    rig.settle().await;
    assert_eq!(rig.states(), [State::ForcedOpen; 3]);

    rig.change(r#"{"mode": "pooled"}"#).await.unwrap();
    rig.settle().await;

    assert_eq!(rig.states(), [State::Closed; 3]);
    assert_eq!(
        part.order(Order::ForceOpen).await,
        Err(NotOrdered::Left),
        "who has left orders nobody"
    );
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_does_not_answer_leaves_the_old_one_in_force() {
    let rig = Rig::deciding(QUORUM).await;
    rig.until_held().await;
    let before = rig.coordinator.settings().rules;
    let sent = rig.sent();

    for nobody in ["redis://127.0.0.1:1", "redis://lab:hunter2@127.0.0.1:1"] {
        let change = format!(r#"{{"mode": "pooled", "engine": "{nobody}"}}"#);
        let Err(Unchanged::Unavailable(said)) = rig.change(&change).await else {
            panic!("nobody answers at {nobody}");
        };
        assert!(said.contains("does not answer"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }

    assert!(Arc::ptr_eq(&rig.coordinator.settings().rules, &before));
    assert_eq!(rig.coordinator.changes().len(), 2, "the start and quorum");
    for breaker in &rig.breakers {
        assert!(breaker.snapshot().hold.is_some(), "nobody has left");
    }
    assert!(rig.sent() >= sent && sent > Some(0.0));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_begun_lets_the_instances_decide_as_before() {
    let rig = Rig::deciding(QUORUM).await;
    let settings = local(Coordination::default());

    let begin = || Err("a plan that is not taken".to_owned());
    let said = rig.coordinator.begin_anew(|_| settings, begin).await;
    rig.call(true);
    rig.settle().await;

    let why = "a plan that is not taken".to_owned();
    assert_eq!(said, Err(Unchanged::Conflict(why)));
    assert_eq!(rig.standing(), [(Mode::Quorum, 3); 3]);
    assert_eq!(rig.coordinator.changes().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn twenty_changes_leave_no_task_no_member_and_no_engine_behind() {
    let rig = Rig::deciding(QUORUM).await;
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let (before, mut engines) = (tasks(), Vec::<Weak<Engines>>::new());

    for change in 0..20 {
        let engine = rig.coordinator.lock().engines.as_ref().map(Arc::downgrade);
        engines.extend(engine);
        let mode = ["local", "pooled", "advisory", "quorum"][change % 4];
        let change = format!(r#"{{"mode": "{mode}"}}"#);
        rig.change(&change).await.unwrap();
    }
    rig.call(true);
    rig.settle().await;

    assert_eq!(engines.len(), 15);
    assert!(engines.iter().all(|engine| engine.strong_count() == 0));
    assert_eq!(tasks(), before);
    assert_eq!(rig.standing(), [(Mode::Quorum, 3); 3]);
}

#[tokio::test(start_paused = true)]
async fn counters_go_on_through_all_fleets_and_are_not_there_in_between() {
    let rig = Rig::deciding(QUORUM).await;
    let mut before = rig.sent().unwrap();
    assert!(before > 0.0);

    for change in [r#"{"mode": "local"}"#, r#"{"mode": "pooled"}"#, QUORUM] {
        rig.change(change).await.unwrap();
        let shown = rig.sent();
        assert_eq!(shown.is_none(), change.contains("local"), "{change}");
        if let Some(now) = shown {
            assert!(now >= before, "{change}: {now} after {before}");
            before = now;
        }
    }
    rig.settle().await;
    assert!(rig.sent().unwrap() > before);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_stopped_joins_what_is_in_force_when_it_works_again() {
    let rig = Rig::deciding(QUORUM).await;

    rig.seats[1].go().await;
    rig.change(r#"{"mode": "pooled"}"#).await.unwrap();
    rig.call(true);
    rig.settle().await;
    assert_eq!(rig.standing(), [(Mode::Pooled, 2); 2]);

    rig.seats[1].enter();
    rig.call(true);
    rig.settle().await;
    assert_eq!(rig.standing(), [(Mode::Pooled, 3); 3]);
    let opinions = rig.statuses().into_iter().flatten().map(|it| it.opinion);
    assert!(opinions.into_iter().all(|it| it == Opinion::Fine));

    rig.seats[1].go().await;
    rig.change(r#"{"mode": "local"}"#).await.unwrap();
    rig.seats[1].enter();
    assert_eq!(rig.standing(), []);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_nobody_waits_for_is_carried_out_and_the_next_one_follows_it() {
    let rig = Rig::deciding(QUORUM).await;

    {
        let mut gone = std::pin::pin!(rig.change(r#"{"mode": "pooled"}"#));
        let asked = futures_util::poll!(gone.as_mut());
        assert!(asked.is_pending(), "it takes a moment to leave");
    }
    let (one, other) = tokio::join!(
        rig.change(r#"{"heartbeat": "2s"}"#),
        rig.change(r#"{"mode": "advisory"}"#)
    );
    rig.settle().await;

    assert_eq!((one, other), (Ok(()), Ok(())));
    let changes = rig.coordinator.changes();
    let modes: Vec<Mode> = changes.iter().map(|it| it.mode).collect();
    assert_eq!(
        modes[1..],
        [Mode::Quorum, Mode::Pooled, Mode::Pooled, Mode::Advisory]
    );
    assert_eq!(changes[3].different, "heartbeat 2s");
    let rules = rig.coordinator.settings().rules;
    assert_eq!(rules.heartbeat(), Duration::from_secs(2));
    assert!(changes.windows(2).all(|pair| pair[0].at <= pair[1].at));
}

#[tokio::test(start_paused = true)]
async fn nothing_changes_where_it_is_so_already_or_the_lab_ends() {
    let rig = Rig::deciding(QUORUM).await;
    let part = rig.seats[0].part().unwrap();

    rig.change(r#"{"mode": "quorum"}"#).await.unwrap();
    assert!(Arc::ptr_eq(&rig.seats[0].part().unwrap(), &part));
    let own_trips = rig.change(r#"{"mode": "pooled-naive"}"#).await;
    assert!(matches!(own_trips, Err(Unchanged::Conflict(_))));

    rig.coordinator.end();
    let said = rig.change(r#"{"mode": "local"}"#).await;
    assert_eq!(said, Err(Unchanged::LabEnds));
    assert_eq!(rig.standing().len(), 3);
}

#[tokio::test]
async fn nodes_on_chosen_ports_end_before_others_take_these() {
    let sockets = [(); 3].map(|()| std::net::UdpSocket::bind("127.0.0.1:0").unwrap());
    let nodes = sockets.each_ref().map(|socket| {
        Some(GossipPlace {
            listen: Address(socket.local_addr().unwrap()),
            advertise: None,
            chosen: true,
        })
    });
    drop(sockets);
    let rig = Rig::at(nodes);
    let gossip = r#"{"mode": "quorum", "engine": "gossip"}"#;

    rig.change(gossip).await.unwrap();
    let described = rig.coordinator.described().unwrap();
    let Err(Unchanged::Conflict(said)) = rig.change(r#"{"heartbeat": "2s"}"#).await else {
        panic!("the ports are taken");
    };

    let port = nodes[0].unwrap().listen.to_string();
    assert!(said.contains(&port) && said.contains("local"), "{said}");
    assert_eq!(rig.coordinator.described(), Some(described.clone()));
    rig.change(r#"{"mode": "local"}"#).await.unwrap();
    rig.change(gossip).await.unwrap();
    assert_eq!(rig.coordinator.described(), Some(described));
}
