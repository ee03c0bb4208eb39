//! The travel of news: lost pushes, clocks that show anything, commands, and who counts (I13, I15, I17, 12).

use fusebox_fleet::{Mode, Order};

use crate::breaker::State;
use crate::plan::{Fault, Plan, ms};
use crate::world::World;

#[test]
fn without_any_push_views_converge_within_a_heartbeat() {
    let mut plan = Plan::quiet(Mode::Quorum, 6).outage(2000, 8000);
    plan.pushes_are_lost = true;
    plan.longest_delay = ms(20);
    // A heartbeat comes up to a tenth late, and there are two ways of up to 20 ms.
    let late = ms(1100) + ms(40) + ms(1);

    let mut world = World::new(plan);
    let mut changes = vec![(ms(0), world.era())];
    for step in 1..15_000 {
        world.run_to(ms(step));
        if world.era() != changes.last().unwrap().1 {
            changes.push((world.now, world.era()));
        }
        let Some((_, known)) = changes.iter().rev().find(|(at, _)| *at + late <= world.now) else {
            continue;
        };
        for (of, node) in world.nodes.iter().enumerate() {
            let view = node
                .member
                .as_ref()
                .unwrap()
                .view()
                .expect("I13: a fresh view");
            assert!(view.era.epoch >= known.epoch, "I13: {step}: instance {of}");
        }
    }
    assert!(
        changes.len() >= 3,
        "the fleet opened and closed: {changes:?}"
    );
}

#[test]
fn what_the_clocks_show_makes_no_difference() {
    let run = |shows: i64| {
        let mut plan = Plan::quiet(Mode::Quorum, 4).outage(2000, 8000);
        plan.clocks = vec![1000, 50_000, shows];
        let mut world = World::new(plan);
        world.run_to(ms(15_000));
        // Tickets hold times of the instance's own clock, which nobody else reads.
        let log: Vec<_> = world
            .log
            .iter()
            .filter(|line| !line.contains("sent_at"))
            .cloned()
            .collect();
        (
            log,
            world
                .nodes
                .iter()
                .map(|node| node.calls)
                .collect::<Vec<_>>(),
        )
    };

    let usual = run(52_000);

    assert!(usual.0.iter().any(|line| line.contains("Hold")));
    assert_eq!(run(90_000_000), usual, "I15");
}

#[test]
fn a_clock_that_steps_while_held_takes_nobody_out_of_the_fleet() {
    let plan = Plan::quiet(Mode::Quorum, 4)
        .outage(2000, 8000)
        .at(4000, Fault::ClockStep { of: 1, by: -10_000 })
        .at(5000, Fault::ClockStep { of: 2, by: 10_000 });

    let mut world = World::new(plan);
    for step in 4000..8000 {
        world.run_to(ms(step));
        let members = world.ledger.peek(world.now).members.len();
        assert_eq!(members, 4, "I15: at {step} ms");
    }
    world.run_to(ms(8000) + ms(4000) + ms(2200) + ms(1000));
    assert!(world.all_closed(), "I15");
}

#[test]
fn a_fleet_that_shrinks_from_twenty_to_three_can_still_open() {
    let mut plan = Plan::quiet(Mode::Quorum, 20);
    for of in 3..20 {
        let fault = if of % 2 == 0 {
            Fault::Leave { of }
        } else {
            Fault::Crash { of }
        };
        plan = plan.at(2000, fault);
    }
    let plan = plan.at(6000, Fault::Service { up: false });

    let mut world = World::new(plan);
    world.run_to(ms(1900));
    assert_eq!(world.ledger.view(world.now).votes.voters, 20);
    world.run_to(ms(2000) + world.plan.settings.member_for() + ms(1100));
    assert_eq!(world.ledger.view(world.now).votes.voters, 3, "I17");

    world.run_to(ms(7000));
    assert!(world.verdict().is_open(), "I17");
}

#[test]
fn an_operators_order_reaches_every_instance_within_a_heartbeat_and_outlives_a_flush() {
    let mut plan = Plan::quiet(Mode::Quorum, 5)
        .at(2000, Fault::Order(Order::ForceOpen))
        .at(5000, Fault::Flush)
        .at(7000, Fault::Crash { of: 4 })
        .at(7500, Fault::Start { of: 4 })
        .at(12_000, Fault::Order(Order::Automatic));
    plan.pushes_are_lost = true;
    let forced = |world: &World| {
        world
            .nodes
            .iter()
            .all(|node| node.breaker.state == State::Forced)
    };

    let mut world = World::new(plan);
    world.run_to(ms(3150));
    assert!(forced(&world));
    world.run_to(ms(6990));
    assert!(forced(&world), "after the flush");
    // The name of the crashed process is free after its membership; then the new one hears the order.
    world.run_to(ms(11_500));
    assert!(forced(&world), "the newcomer");
    world.run_to(ms(13_150));
    assert!(world.all_closed());
}

#[test]
fn an_instance_that_fails_alone_is_told_so_and_opens_nobody_else() {
    let plan = Plan::quiet(Mode::Quorum, 5).at(2000, Fault::Path { of: 3, up: false });

    let mut world = World::new(plan);
    world.run_to(ms(20_000));

    assert_eq!(world.watch.holds, 0);
    let told: Vec<_> = world
        .nodes
        .iter()
        .map(|node| node.member.as_ref().unwrap().is_localised())
        .collect();
    assert_eq!(told, [false, false, false, true, false]);
    let others = world.nodes.iter().enumerate().filter(|(of, _)| *of != 3);
    assert!(others.into_iter().all(|(_, node)| node.calls.rejected == 0));
}
