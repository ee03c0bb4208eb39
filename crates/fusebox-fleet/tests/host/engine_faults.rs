//! Engines that misbehave: no caller notices, and nothing stays open or closed because of it.

use std::sync::atomic::Ordering;

use fusebox::{HoldStage, State};
use fusebox_fleet::Mode;
use fusebox_fleet::host::{Apart, FallbackReason, FleetEvent};
use tokio::time::Instant;

use crate::rig::{ALONE_AND_WELL, MS, Rig, settings};
use crate::scripted::Conduct;

/// What the breaker of the first instance is when its engine goes mad.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Closed,
    Held,
    Probing,
    Turn,
    OwnOpen,
}

async fn at(moment: Moment) -> Rig {
    let mut rig = Rig::begun().await;
    match moment {
        Moment::Closed => {}
        Moment::Held => {
            rig.set_well(false);
            rig.until_stage(HoldStage::Held).await;
        }
        Moment::Probing => {
            rig.set_well(false);
            rig.until_stage(HoldStage::Held).await;
            rig.all[0].hangs = true;
            rig.until_stage(HoldStage::Probing).await;
        }
        Moment::Turn => {
            rig.set_well(false);
            rig.until_stage(HoldStage::Held).await;
            rig.set_well(true);
            rig.until_stage(HoldStage::Turn).await;
        }
        Moment::OwnOpen => {
            rig.all[0].is_well = false;
            let is_open = |rig: &Rig| rig.states()[0] == State::Open;
            assert!(rig.run_until(2000 * MS, is_open).await);
            assert_eq!(rig.stages()[0], None);
        }
    }
    rig
}

fn fell_back(event: &FleetEvent) -> bool {
    let reason = FallbackReason::Stale;
    *event == FleetEvent::FellBack { reason }
}

/// A test of its own for each moment, so that they run side by side.
macro_rules! at_each_moment {
    ($($well:ident, $sick:ident: $moment:ident,)+) => {$(
        #[tokio::test(start_paused = true)]
        async fn $well() {
            a_well_downstream_is_called_again(Moment::$moment).await;
        }

        #[tokio::test(start_paused = true)]
        async fn $sick() {
            a_sick_downstream_is_left_alone(Moment::$moment).await;
        }
    )+};
}

at_each_moment! {
    a_mad_engine_of_a_closed_breaker_changes_nothing, a_mad_engine_keeps_no_breaker_closed: Closed,
    a_mad_engine_holds_no_breaker, a_held_breaker_without_an_engine_goes_on_open: Held,
    a_mad_engine_ends_no_probe_for_ever, a_failed_probe_without_an_engine_opens: Probing,
    a_mad_engine_takes_no_turn_away, a_turn_without_an_engine_trips_by_its_own_rules: Turn,
    a_mad_engine_keeps_no_breaker_open, an_own_open_breaker_without_an_engine_stays_so: OwnOpen,
}

async fn a_well_downstream_is_called_again(moment: Moment) {
    for conduct in Conduct::FAULTS {
        let mut rig = at(moment).await;
        rig.engines(conduct);
        rig.set_well(true);
        rig.all[0].hangs = false;

        rig.run(ALONE_AND_WELL).await;

        let case = format!("{conduct:?} while {moment:?}");
        assert_eq!(rig.states(), [State::Closed; 3], "{case}");
        assert_eq!(rig.stages(), [None; 3], "{case}");
        let status = rig.all[0].status();
        assert_eq!(
            (status.apart, status.is_fresh),
            (Some(Apart::Stale), false),
            "{case}"
        );
        assert!(!status.engine_up && status.trouble.is_some(), "{case}");
        assert_eq!(rig.all[0].told(fell_back), 1, "{case}: it is said once");
        assert_eq!(status.tally.fallbacks(FallbackReason::Stale), 1, "{case}");
    }
}

async fn a_sick_downstream_is_left_alone(moment: Moment) {
    for conduct in Conduct::FAULTS {
        let mut rig = at(moment).await;
        rig.engines(conduct);
        rig.set_well(false);
        rig.all[0].hangs = false;
        rig.run(ALONE_AND_WELL).await;
        let failed: u32 = rig.all.iter().map(|one| one.failed).sum();

        rig.run(5000 * MS).await;

        let case = format!("{conduct:?} while {moment:?}");
        let more = rig.all.iter().map(|one| one.failed).sum::<u32>() - failed;
        // One probe per open period and breaker, or ten failures until it opens.
        assert!(
            more <= 3 * (10 + 6),
            "{case}: {more} failures in five seconds"
        );
        assert!(
            rig.states().iter().all(|state| *state != State::Closed),
            "{case}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn one_report_is_under_way_at_a_time_and_a_slow_engine_is_asked_no_more_than_its_timeout_allows()
 {
    for conduct in [Conduct::Silent, Conduct::Slow] {
        let mut rig = Rig::begun().await;
        rig.engines(conduct);
        let engine = std::sync::Arc::clone(&rig.all[0].engine);
        let asked = engine.asked.load(Ordering::Relaxed);
        // An opinion that changes all the time wants to be told all the time.
        for _ in 0..50 {
            rig.set_well(false);
            rig.run(80 * MS).await;
            rig.set_well(true);
            rig.run(120 * MS).await;
        }

        assert_eq!(
            engine.most_reports.load(Ordering::Relaxed),
            1,
            "{conduct:?}"
        );
        let asked = engine.asked.load(Ordering::Relaxed) - asked;
        assert!(
            asked <= 10_000 / 250 + 1,
            "{conduct:?}: {asked} in ten seconds"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_not_there_at_the_start_is_said_once_and_joined_later() {
    for conduct in Conduct::FAULTS {
        let mut rig = Rig::apart();
        rig.engines(conduct);
        for one in &mut rig.all {
            one.join(settings(Mode::Quorum).build().unwrap());
        }
        assert_eq!(rig.all[0].status().apart, Some(Apart::Joining));
        rig.run(30_000 * MS).await;
        assert_eq!(rig.all[0].told(|_| true), 1, "{conduct:?}");
        assert_eq!(rig.all[0].told(fell_back), 1, "{conduct:?}");
        assert_eq!(rig.all[0].status().apart, Some(Apart::Stale), "{conduct:?}");

        rig.engines(Conduct::Well);
        rig.run(1500 * MS).await;
        assert_eq!(
            rig.all[0].told(|event| *event == FleetEvent::Rejoined),
            1,
            "{conduct:?}"
        );
        assert_eq!(rig.all[0].status().apart, None, "{conduct:?}");
        assert_eq!(rig.all[0].status().trouble, None, "{conduct:?}");
        // The stream of views is requested again within half a minute.
        rig.run(31_000 * MS).await;
        rig.set_well(false);
        rig.run(300 * MS).await;
        assert!(rig.stages().iter().flatten().count() >= 2, "{conduct:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_lies_holds_no_longer_than_a_verdict_is_kept() {
    let soon = || {
        settings(Mode::Quorum)
            .longest_gap(1000 * MS)
            .verdict_for(10_000 * MS)
            .build()
            .unwrap()
    };
    let limit = soon().verdict_for();
    assert!(limit <= 10_000 * MS);
    let mut rig = Rig::apart();
    rig.all.iter_mut().for_each(|one| one.join(soon()));
    rig.run(2000 * MS).await;
    rig.set_well(false);
    rig.until_stage(HoldStage::Held).await;
    rig.engines(Conduct::Lies);
    rig.set_well(true);
    let began = Instant::now();

    let is_free = |rig: &Rig| rig.stages() == [None; 3];
    assert!(rig.run_until(limit + 100 * MS, is_free).await);
    // Without waiting for the view to become stale: the last open period is the instance's own, with its jitter.
    let is_closed = |rig: &Rig| rig.states() == [State::Closed; 3];
    assert!(rig.run_until(1300 * MS, is_closed).await);

    assert!(
        began.elapsed() + 1000 * MS >= limit,
        "a true verdict is followed as long"
    );
    let status = rig.all[0].status();
    assert_eq!(status.tally.fallbacks(FallbackReason::HeldTooLong), 1);
    rig.run(10_000 * MS).await;
    assert_eq!(rig.states(), [State::Closed; 3], "and it is not held again");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_forgets_closes_nobody_in_a_mass_and_is_followed_again() {
    let mut rig = Rig::begun().await;
    rig.set_well(false);
    rig.until_stage(HoldStage::Held).await;
    rig.engines(Conduct::Silent);
    rig.run(3100 * MS).await;
    assert_eq!(rig.stages(), [None; 3]);
    assert!(rig.states().iter().all(|state| *state != State::Closed));

    rig.engines(Conduct::Well);
    rig.set_well(true);
    rig.run(8000 * MS).await;
    assert_eq!(rig.states(), [State::Closed; 3]);
    assert!(rig.all.iter().all(|one| one.status().apart.is_none()));
}

#[tokio::test(start_paused = true)]
async fn what_came_of_a_probe_is_told_again_until_the_engine_has_it_or_the_lease_has_ended() {
    let mut rig = Rig::begun().await;
    rig.set_well(false);
    rig.until_stage(HoldStage::Held).await;
    for one in &rig.all {
        one.engine.loses_settlements.store(2, Ordering::Relaxed);
    }
    rig.set_well(true);
    rig.until_stage(HoldStage::Turn).await;

    let leased = |event: &FleetEvent| matches!(event, FleetEvent::Leased { .. });
    let given: usize = rig.all.iter().map(|one| one.told(leased)).sum();
    assert_eq!(given, 1, "the first probe closed the fleet");

    // One that is always lost is not told for ever.
    for one in &rig.all {
        one.engine.loses_settlements.store(1000, Ordering::Relaxed);
    }
    rig.run(2000 * MS).await;
    rig.set_well(false);
    rig.until_stage(HoldStage::Probing).await;
    rig.set_well(true);
    rig.run(3000 * MS).await;
    let lost = |rig: &Rig| {
        let left =
            |one: &crate::rig::Instance| one.engine.loses_settlements.load(Ordering::Relaxed);
        3000 - rig.all.iter().map(left).sum::<usize>()
    };
    assert!((1..60).contains(&lost(&rig)), "{} settlements", lost(&rig));
}
