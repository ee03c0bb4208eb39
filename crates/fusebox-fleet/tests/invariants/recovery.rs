//! The recovery of a fleet: crashed probers, probers with a broken path, healthy instances beside some that are cut
//! off, and turns (I1, I7, I8, I9).

use fusebox_fleet::Mode;

use crate::breaker::{State, TRIPS_AFTER};
use crate::plan::{Fault, Plan, ms};
use crate::world::World;

/// When the last breaker has closed after `from`, to the millisecond.
fn closed_at(world: &mut World, from: u32, latest: u32) -> u32 {
    for step in from..latest {
        world.run_to(ms(step));
        if world.all_closed() {
            return step;
        }
    }
    let states: Vec<_> = world.nodes.iter().map(|node| node.breaker.state).collect();
    panic!("still {states:?} after {latest} ms");
}

#[test]
fn the_fleet_opens_on_a_few_votes_and_probes_one_at_a_time() {
    let plan = Plan::quiet(Mode::Quorum, 10).outage(2000, 12_000);

    let mut world = World::new(plan);
    world.run_to(ms(2500));
    assert!(
        world
            .nodes
            .iter()
            .all(|node| node.breaker.state == State::Held)
    );
    let failed = |world: &World| -> u64 { world.nodes.iter().map(|node| node.calls.failed).sum() };
    assert!(
        failed(&world) < 60,
        "10 breakers alone lose at least 100: {}",
        failed(&world)
    );

    world.run_to(ms(12_000));
    let probes = world.watch.grants;
    // At least two probe timeouts, 400 ms, lie between two of them; ten breakers alone make about fifty.
    assert!((10..=25).contains(&probes), "{probes} probes in 10 s");
}

#[test]
fn a_healthy_instance_is_not_opened_by_the_others() {
    let mut plan = Plan::quiet(Mode::Quorum, 10);
    for of in 0..6 {
        plan = plan.at(2000, Fault::Path { of, up: false });
    }

    let world = World::run(plan);

    for node in &world.nodes[6..] {
        assert_eq!(node.calls.rejected_by_fleet, 0, "I1");
        assert_eq!(node.calls.failed, 0);
    }
    assert!(world.watch.vetoes >= 4);
}

#[test]
fn everybody_closes_within_the_bound_after_the_service_is_well() {
    for seed in 1..60 {
        let mut plan = Plan::quiet(Mode::Quorum, 5).outage(2000, 9000);
        plan.seed = seed;
        let (gap, lease, call, stagger, margin) = (4000, 1200, 75, 1000, 100);

        let mut world = World::new(plan);
        world.run_to(ms(8999));
        let closed = closed_at(&mut world, 9000, 20_000);

        assert!(
            closed <= 9000 + gap + lease + 2 * call + stagger + margin,
            "I7: seed {seed}: {closed}"
        );
    }
}

#[test]
fn a_prober_that_crashes_delays_the_recovery_by_a_lease_at_most() {
    let mut tried = 0;
    for seed in 1..40 {
        let mut plan = Plan::quiet(Mode::Quorum, 5).outage(2000, 5000);
        plan.seed = seed;
        plan.call_every = ms(400);
        let mut world = World::new(plan.clone());
        // To the moment of the first lease after the service is well.
        world.run_to(ms(5000));
        let mut step = 5000;
        let prober = loop {
            step += 1;
            world.run_to(ms(step));
            if let Some(prober) = world.ledger.peek(world.now).prober {
                break prober;
            }
            assert!(step <= 12_000, "nobody probes");
        };
        let of: usize = prober.instance.as_str()[1..].parse().unwrap();
        // The timeout of a call, and three intervals between calls, which are 600 ms at most.
        let lease = 200 + 3 * 600;

        let mut crashed = World::new(plan.at(step, Fault::Crash { of }));
        crashed.run_to(ms(step + lease + 1200));
        tried += 1;

        // A call of another held instance, 600 ms at most, and the wait for its own next one.
        let closed = !crashed.verdict().is_open();
        assert!(closed, "I8: seed {seed}: {of} crashed at {step}");
    }
    assert_eq!(tried, 39);
}

#[test]
fn a_prober_whose_own_path_is_broken_cannot_keep_the_fleet_open() {
    for seed in 1..40 {
        let mut plan = Plan::quiet(Mode::Quorum, 5)
            .outage(2000, 6000)
            .at(2000, Fault::Path { of: 0, up: false });
        plan.seed = seed;

        let mut world = World::new(plan);
        world.run_to(ms(6000 + 4000 + 4000 + 1200));

        // At most the longest gap until a probe, which the bad one may have, and one gap more.
        assert!(!world.verdict().is_open(), "I9: seed {seed}");
        for node in &world.nodes[1..] {
            assert!(
                matches!(node.breaker.state, State::Closed | State::Turn { .. }),
                "I9: seed {seed}"
            );
        }
    }
}

/// Every breaker trips by itself with the tenth failure, which is when its instance begins to suspect. Alone each would
/// find the recovery after up to a second; the first gap of ten is 400 ms, two timeouts of a probe, and grows with each
/// probe that fails, as the breakers' own open periods would.
#[test]
fn breakers_that_all_tripped_by_themselves_probe_for_the_fleet_one_at_a_time() {
    for seed in 1..40 {
        let mut plan = Plan::quiet(Mode::Quorum, 10).outage(2000, 3600);
        let settings = crate::plan::settings(Mode::Quorum).suspicion_run(TRIPS_AFTER);
        plan.settings = std::sync::Arc::new(settings.build().unwrap());
        plan.seed = seed;

        let mut world = World::new(plan);
        world.run_to(ms(3600));

        assert_eq!(
            world.watch.holds, 0,
            "seed {seed}: all tripped by themselves"
        );
        assert!(world.watch.lent >= 1, "seed {seed}");
        let lent = world.watch.lent;
        world.run_to(ms(3600 + 800 + 200));
        assert!(world.watch.lent > lent, "seed {seed}");
        assert!(!world.verdict().is_open(), "seed {seed}");
    }
}

#[test]
fn instances_close_by_turns_and_not_together() {
    let plan = Plan::quiet(Mode::Quorum, 20).outage(2000, 6000);

    let mut world = World::new(plan);
    let mut closed = Vec::new();
    for step in 6000..14_000 {
        world.run_to(ms(step));
        closed.push(
            world
                .nodes
                .iter()
                .filter(|node| node.breaker.state == State::Closed)
                .count(),
        );
        if world.all_closed() {
            break;
        }
    }

    let most = closed
        .windows(100)
        .map(|hundred| hundred[99] - hundred[0])
        .max()
        .unwrap();
    assert!(most <= 8, "{most} of 20 closed within 100 ms of a second");
}

#[test]
fn the_closing_does_not_reopen_by_its_own_old_votes() {
    let mut reopened = 0;
    for seed in 1..40 {
        let mut plan = Plan::quiet(Mode::Quorum, 6).outage(2000, 7000);
        plan.seed = seed;
        plan.longest_delay = ms(200);
        plan.repeats_one_in = 3;
        let world = World::run(plan);
        reopened += u32::from(world.era().epoch.get() > 2);
    }
    assert_eq!(reopened, 0);
}
