//! The invariants of coordination, on members and a ledger in a small world that loses, repeats and delays
//! messages, whose processes crash and whose clocks step. The numbers are those of the design.

mod breaker;
mod node;
mod plan;
mod watch;
mod wire;
mod world;

mod alone;
mod news;
mod recovery;

use fusebox_fleet::Mode;
use plan::rough;
use proptest::prelude::*;
use world::World;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// I1, I4, I5, I6, I10, I11, I14, I16: see `watch.rs`. I7: when all is well again, all breakers close.
    #[test]
    fn whatever_goes_wrong_the_invariants_hold_and_the_fleet_recovers(
        plan in rough(&[Mode::Quorum, Mode::Quorum, Mode::Pooled, Mode::Advisory, Mode::AnyOpen])
    ) {
        let mut world = World::run(plan);
        world.heal();
        let healed = world.now;

        world.run_to(healed + plan::ms(25_000));

        let states: Vec<_> = world.nodes.iter().map(|node| node.breaker.state).collect();
        prop_assert!(world.all_closed(), "I7: {states:?}, {:?}", world.verdict());
        // Nobody follows an open verdict any more, so it has ended, too.
        prop_assert!(!world.verdict().is_open(), "I7: {:?}", world.ledger.peek(world.now));
    }
}
