//! The plan of a world: its size, its network, and faults at their times.

use fusebox_fleet::{Mode, Order, Settings, SettingsBuilder};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

use crate::breaker::TRIPS_AFTER;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    Service {
        up: bool,
    },
    Path {
        of: usize,
        up: bool,
    },
    Link {
        of: usize,
        up: bool,
    },
    Crash {
        of: usize,
    },
    Start {
        of: usize,
    },
    Leave {
        of: usize,
    },
    Engine {
        up: bool,
    },
    /// The engine forgets everything.
    Flush,
    /// The engine fails over to a copy that is half a second old.
    FailOver,
    /// The clock of one instance steps by this many milliseconds.
    ClockStep {
        of: usize,
        by: i64,
    },
    Order(Order),
    /// An operator resets the breaker of one instance.
    Reset {
        of: usize,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) settings: Arc<Settings>,
    pub(crate) instances: usize,
    /// One message in this many is lost or repeated; none with zero.
    pub(crate) loses_one_in: u32,
    pub(crate) repeats_one_in: u32,
    pub(crate) pushes_are_lost: bool,
    pub(crate) longest_delay: Duration,
    pub(crate) call_every: Duration,
    /// Whether a member hears of the end of a call before it hears what the breaker came to by that: as in the host,
    /// which reads its breaker now and then. In the simulator it hears the breaker first.
    pub(crate) ends_first: bool,
    /// What the instances' clocks show beside the world's, in milliseconds.
    pub(crate) clocks: Vec<i64>,
    pub(crate) faults: Vec<(Duration, Fault)>,
    pub(crate) lasts: Duration,
}

pub(crate) const MS: Duration = Duration::from_millis(1);

pub(crate) fn ms(milliseconds: u32) -> Duration {
    milliseconds * MS
}

pub(crate) fn settings(mode: Mode) -> SettingsBuilder {
    Settings::builder(mode)
        .suspicion_run(3)
        .opinion_for(ms(10_000))
        .open_for(ms(1000))
        .probe_timeout(ms(200))
        .minimum_gap(ms(100))
        .longest_gap(ms(4000))
        .stagger(ms(1000))
}

impl Plan {
    /// A lossless world in which nothing happens.
    pub(crate) fn quiet(mode: Mode, instances: usize) -> Self {
        Self {
            seed: 1,
            settings: Arc::new(settings(mode).build().expect("valid settings")),
            instances,
            loses_one_in: 0,
            repeats_one_in: 0,
            pushes_are_lost: false,
            longest_delay: ms(5),
            call_every: ms(50),
            ends_first: false,
            clocks: Vec::new(),
            faults: Vec::new(),
            lasts: ms(30_000),
        }
    }

    pub(crate) fn at(mut self, time: u32, fault: Fault) -> Self {
        self.faults.push((ms(time), fault));
        self
    }

    pub(crate) fn outage(self, from: u32, to: u32) -> Self {
        self.at(from, Fault::Service { up: false })
            .at(to, Fault::Service { up: true })
    }

    /// Whether exactly one ledger has ruled, and every clock ran evenly.
    pub(crate) fn is_orderly(&self) -> bool {
        !self.faults.iter().any(|(_, fault)| {
            matches!(
                fault,
                Fault::Flush | Fault::FailOver | Fault::ClockStep { .. }
            )
        })
    }
}

fn fault(instances: usize) -> impl Strategy<Value = Fault> {
    let of = 0..instances;
    prop_oneof![
        4 => any::<bool>().prop_map(|up| Fault::Service { up }),
        2 => (of.clone(), any::<bool>()).prop_map(|(of, up)| Fault::Path { of, up }),
        2 => (of.clone(), any::<bool>()).prop_map(|(of, up)| Fault::Link { of, up }),
        1 => of.clone().prop_map(|of| Fault::Crash { of }),
        1 => of.clone().prop_map(|of| Fault::Start { of }),
        1 => of.clone().prop_map(|of| Fault::Reset { of }),
        1 => of.clone().prop_map(|of| Fault::Leave { of }),
        1 => any::<bool>().prop_map(|up| Fault::Engine { up }),
        1 => Just(Fault::Flush),
        1 => Just(Fault::FailOver),
        1 => (of, -8000_i64..8000).prop_map(|(of, by)| Fault::ClockStep { of, by }),
        1 => prop_oneof![Just(Order::ForceOpen), Just(Order::Automatic)].prop_map(Fault::Order),
    ]
}

/// Random worlds in which everything goes wrong.
pub(crate) fn rough(modes: &'static [Mode]) -> impl Strategy<Value = Plan> {
    let world = (1_usize..7, prop::sample::select(modes), any::<u64>());
    world.prop_flat_map(|(instances, mode, seed)| {
        let faults = prop::collection::vec((0_u32..20_000, fault(instances)), 0..14);
        let network = (0_u32..12, 0_u32..6, 1_u32..400, any::<bool>());
        // With the last of these every breaker trips by itself as soon as its instance suspects anything.
        let run = prop::sample::select(&[3, 3, TRIPS_AFTER][..]);
        let times = (10_u32..400, run, any::<bool>());
        (faults, network, times).prop_map(
            move |(faults, network, (call_every, run, ends_first))| {
                let (loses_one_in, repeats_one_in, longest_delay, pushes_are_lost) = network;
                let mut plan = Plan {
                    seed,
                    settings: Arc::new(
                        settings(mode)
                            .suspicion_run(run)
                            .build()
                            .expect("valid settings"),
                    ),
                    // One in one would lose all.
                    loses_one_in: if loses_one_in == 1 { 2 } else { loses_one_in },
                    repeats_one_in,
                    pushes_are_lost,
                    longest_delay: ms(longest_delay),
                    call_every: ms(call_every),
                    ends_first,
                    lasts: ms(22_000),
                    ..Plan::quiet(mode, instances)
                }
                .at(2000, Fault::Service { up: false });
                plan.faults
                    .extend(faults.into_iter().map(|(time, fault)| (ms(time), fault)));
                plan
            },
        )
    })
}
