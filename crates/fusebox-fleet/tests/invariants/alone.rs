//! Instances without the fleet, or with one that can decide nothing: each behaves as if alone (I2, I3, I12).

use std::sync::Arc;

use fusebox_fleet::{Mode, Overlay};

use crate::plan::{Fault, Plan, ms, rough, settings};
use crate::world::World;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn an_engine_that_is_away_changes_nothing_any_more_after_stale_after(
        plan in rough(&[Mode::Quorum, Mode::Pooled, Mode::Advisory]), from in 0_u32..15_000
    ) {
        let mut plan = plan;
        plan.faults.retain(|(_, fault)| !matches!(
            fault,
            Fault::Engine { .. } | Fault::ClockStep { .. } | Fault::Start { .. }
        ));
        // Late messages are still on their way when the engine has gone.
        let plan = plan.at(from, Fault::Engine { up: false });
        let alone_from = ms(from) + plan.settings.stale_after() + ms(1);

        let world = World::run(plan);

        for (at, of) in &world.watch.breaker_actions {
            prop_assert!(*at < alone_from, "I2: instance {of} at {at:?}, alone from {alone_from:?}");
        }
        for node in &world.nodes {
            if let Some(member) = &node.member {
                prop_assert_eq!(member.overlay(), Overlay::None);
            }
        }
    }

    #[test]
    fn one_instance_or_a_need_that_cannot_be_reached_is_the_same_as_local(
        plan in rough(&[Mode::Quorum, Mode::Advisory]), single in any::<bool>()
    ) {
        let mut plan = plan;
        plan.faults.retain(|(_, fault)| !matches!(fault, Fault::Order(_)));
        if single {
            plan.instances = 1;
            plan.faults.retain(|(_, fault)| match fault {
                Fault::Path { of, .. } | Fault::Link { of, .. } | Fault::Crash { of }
                | Fault::Start { of } | Fault::Reset { of } | Fault::Leave { of } | Fault::ClockStep { of, .. } => *of == 0,
                _ => true,
            });
        } else {
            let mode = plan.settings.mode();
            plan.settings = Arc::new(settings(mode).minimum_votes(7).build().unwrap());
        }

        let world = World::run(plan);

        prop_assert_eq!(&world.watch.breaker_actions, &vec![], "I3");
    }
}

#[test]
fn held_instances_go_on_alone_when_the_engine_dies_and_nobody_stays_frozen() {
    let plan = Plan::quiet(Mode::Quorum, 5)
        .outage(2000, 9000)
        .at(4000, Fault::Engine { up: false });

    let mut world = World::new(plan);
    world.run_to(ms(4000));
    assert!(
        world
            .nodes
            .iter()
            .all(|node| node.member.as_ref().unwrap().overlay().is_held())
    );

    world.run_to(ms(12_000));
    assert!(world.all_closed());
}

#[test]
fn a_flushed_engine_closes_nobody_at_once() {
    let plan = Plan::quiet(Mode::Quorum, 5)
        .outage(2000, 30_000)
        .at(4000, Fault::Flush);

    let mut world = World::new(plan);
    world.run_to(ms(4000));
    let permitted =
        |world: &World| -> u64 { world.nodes.iter().map(|node| node.calls.permitted).sum() };
    let before = permitted(&world);
    world.run_to(ms(5500));

    // Each may have tried its own half-open probe, and no more.
    assert!(
        permitted(&world) - before <= 10,
        "{}",
        permitted(&world) - before
    );
}
