//! Members that lead real breakers: three instances, the engine in memory, and a manual clock.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use fusebox::{Breaker, Config, Events, Interest, ManualClock, State, Verdict};
use fusebox_fleet::bind::{self, Bound};
use fusebox_fleet::{
    Action, Epoch, Event, Incarnation, InstanceId, Ledger, Member, Mode, Order, Overlay, Sender,
    Session, Settings,
};

const MS: Duration = Duration::from_millis(1);

struct Instance {
    member: Member,
    bound: Bound,
    transitions: Events,
    failed: u32,
    probes: u32,
}

struct Fleet {
    clock: ManualClock,
    ledger: Ledger,
    instances: Vec<Instance>,
    engine: bool,
    told: Epoch,
    well: [bool; 3],
    random: fastrand::Rng,
}

impl Fleet {
    fn new() -> Self {
        Self::of(3, 1000 * MS)
    }

    /// Breakers that trip at the tenth failure in a row and stay open for this long; instances suspect after this
    /// many failures.
    fn of(suspicion_run: u32, open_for: Duration) -> Self {
        let clock = ManualClock::new();
        let config = Config::builder()
            .without_failure_rate()
            .consecutive_failures(10)
            .open_for(open_for)
            .jitter(0.0)
            .build()
            .unwrap();
        let settings = Settings::builder(Mode::Quorum)
            .suspicion_run(suspicion_run)
            .open_for(open_for)
            .probe_timeout(200 * MS)
            .stagger(500 * MS)
            .build()
            .unwrap();
        let settings = Arc::new(settings);
        let instances = ["a", "b", "c"].map(|name| {
            let breaker = Breaker::with_clock(name, config.clone(), clock.clone());
            let sender = Sender::new(InstanceId::new(name).unwrap(), Session::new(1));
            Instance {
                member: Member::new(sender, Arc::clone(&settings)),
                transitions: breaker.events(Interest::Changes, 1000),
                bound: Bound::new(breaker),
                failed: 0,
                probes: 0,
            }
        });
        Self {
            clock,
            ledger: Ledger::new(Incarnation::new(1)),
            instances: instances.into(),
            engine: true,
            told: Epoch::new(0),
            well: [true; 3],
            random: fastrand::Rng::with_seed(1),
        }
    }

    /// One call per instance every 20 ms.
    fn run(&mut self, time: Duration) {
        for _ in 0..time.as_millis() / 20 {
            self.clock.advance(20 * MS);
            for of in 0..3 {
                self.call(of);
                self.tell(of, Event::Tick);
            }
            let now = fusebox::Clock::now(&self.clock);
            let view = self.ledger.view(now);
            if self.engine && self.told != view.era.epoch {
                self.told = view.era.epoch;
                (0..3).for_each(|of| self.tell(of, Event::Pushed(view)));
            }
        }
    }

    fn call(&mut self, of: usize) {
        let instance = &mut self.instances[of];
        let breaker = instance.bound.breaker().clone();
        let event = match breaker.try_acquire() {
            Ok(permit) => {
                let state = permit.state();
                instance.probes += u32::from(state == State::HalfOpen);
                let verdict = if self.well[of] {
                    Verdict::Success
                } else {
                    instance.failed += 1;
                    Verdict::Failure { retry_after: None }
                };
                bind::finished(state, permit.end(verdict))
            }
            Err(rejected) => bind::rejected(rejected.reason),
        };
        if let Some(event) = event {
            self.tell(of, event);
        }
    }

    fn tell(&mut self, of: usize, event: Event) {
        let now = fusebox::Clock::now(&self.clock);
        let instance = &mut self.instances[of];
        instance.bound.breaker().poll_transitions();
        let mut events = vec![event];
        loop {
            while let Some(fusebox::Event::Transition(transition)) = instance.transitions.try_next()
            {
                events.extend(instance.bound.heard(&transition));
            }
            let Some(event) = events.pop() else { break };
            let random = &mut self.random;
            for action in instance.member.handle(now, event, &mut || random.f64()) {
                events.extend(instance.bound.apply(&action));
                if !self.engine {
                    continue;
                }
                match action {
                    Action::Report(ticket, report) => {
                        let answer = self.ledger.report(now, &report);
                        events.push(Event::Reported { ticket, answer });
                    }
                    Action::Acquire(ticket, ask) => {
                        let answer = self.ledger.acquire(now, &ask);
                        events.push(Event::Acquired { ticket, answer });
                    }
                    Action::Settle(settlement) => {
                        let settled = self.ledger.settle(now, &settlement);
                        events.extend(settled.map(Event::Pushed));
                    }
                    _ => {}
                }
            }
        }
    }

    fn states(&self) -> Vec<State> {
        let state = |one: &Instance| one.bound.breaker().state();
        self.instances.iter().map(state).collect()
    }

    fn held(&self) -> usize {
        let is_held = |one: &&Instance| one.member.overlay().is_held();
        self.instances.iter().filter(is_held).count()
    }
}

#[test]
fn real_breakers_open_together_probe_one_at_a_time_and_close() {
    let mut fleet = Fleet::new();
    fleet.run(2000 * MS);
    fleet.well = [false; 3];
    fleet.run(2000 * MS);
    assert_eq!(fleet.held(), 3);
    let probes: u32 = fleet.instances.iter().map(|one| one.probes).sum();
    assert!((1..=3).contains(&probes), "{probes} probes");
    let sooner = fleet.instances.iter().filter(|one| one.failed < 10).count();
    assert!(sooner >= 2, "they did not wait for their own evidence");

    fleet.well = [true; 3];
    fleet.run(5000 * MS);
    assert_eq!(fleet.states(), [State::Closed; 3]);
    assert!(
        fleet
            .instances
            .iter()
            .all(|one| one.member.overlay() == Overlay::None)
    );
}

#[test]
fn a_healthy_breaker_stays_closed_beside_an_open_fleet() {
    let mut fleet = Fleet::new();
    fleet.run(2000 * MS);
    fleet.well = [true, false, false];
    fleet.run(3000 * MS);

    assert_eq!(fleet.states()[0], State::Closed);
    assert_eq!(fleet.held(), 2);
}

#[test]
fn real_breakers_that_all_tripped_by_themselves_lend_the_fleet_their_probes() {
    let mut fleet = Fleet::of(10, 30_000 * MS);
    fleet.run(2000 * MS);
    fleet.well = [false; 3];
    fleet.run(11_000 * MS);
    assert_eq!((fleet.held(), fleet.states()), (0, vec![State::Open; 3]));
    let probes = |fleet: &Fleet| -> u32 { fleet.instances.iter().map(|one| one.probes).sum() };
    assert_eq!(probes(&fleet), 1, "a third of an open period has passed");
    let openings = fleet
        .instances
        .iter()
        .map(|one| one.bound.breaker().snapshot().openings);
    assert_eq!(openings.sum::<u32>(), 4, "whose probe failed waits longer");

    fleet.well = [true; 3];
    // Its next probe comes two thirds of a period later; alone they would wait for 20 s and more.
    fleet.run(20_000 * MS);
    assert_eq!(fleet.states(), [State::Closed; 3]);
    assert_eq!(
        probes(&fleet),
        4,
        "one for the fleet, and each closes by its own"
    );
}

#[test]
fn a_breaker_whose_open_period_an_operator_prolonged_takes_no_lease_from_others() {
    let mut fleet = Fleet::of(10, 5000 * MS);
    fleet.run(2000 * MS);
    fleet.well = [false; 3];
    fleet.run(2000 * MS);
    fleet.first().open_for(60_000 * MS);

    let mut probers = Vec::new();
    for _ in 0..100 {
        fleet.run(200 * MS);
        let prober = fleet.ledger.peek(fusebox::Clock::now(&fleet.clock)).prober;
        probers.extend(prober.map(|prober| prober.instance.to_string()));
    }
    let by_it = probers.iter().filter(|name| *name == "a").count();
    // One lapses, which is granted before it turns out that nothing can be lent.
    assert!(by_it <= 7, "{probers:?}");

    fleet.well = [true; 3];
    fleet.run(70_000 * MS);
    assert_eq!(fleet.states(), [State::Closed; 3]);
}

#[test]
fn without_the_engine_held_breakers_recover_alone() {
    let mut fleet = Fleet::new();
    fleet.run(2000 * MS);
    fleet.well = [false; 3];
    fleet.run(1500 * MS);
    fleet.engine = false;
    fleet.well = [true; 3];
    assert_eq!(fleet.held(), 3);

    fleet.run(3000 * MS + 1200 * MS + 100 * MS);

    assert_eq!(fleet.states(), [State::Closed; 3]);
    assert_eq!(fleet.held(), 0);
}

#[test]
fn an_operator_wins_on_the_instance_and_orders_the_fleet() {
    let mut fleet = Fleet::new();
    fleet.run(2000 * MS);
    fleet.well = [false; 3];
    fleet.run(1500 * MS);
    assert_eq!(fleet.held(), 3);

    fleet.instances[0].bound.breaker().disable();
    fleet.run(500 * MS);
    assert_eq!(fleet.states()[0], State::Disabled);
    assert_eq!(fleet.instances[0].member.overlay(), Overlay::None);
    fleet.first().resume();

    let now = fusebox::Clock::now(&fleet.clock);
    fleet.ledger.order(now, Order::ForceOpen);
    fleet.run(1200 * MS);
    assert_eq!(fleet.states(), [State::ForcedOpen; 3]);
    let now = fusebox::Clock::now(&fleet.clock);
    fleet.ledger.order(now, Order::Automatic);
    fleet.well = [true; 3];
    fleet.run(1200 * MS);
    assert_eq!(fleet.states(), [State::Closed; 3]);
}

#[test]
fn a_breaker_that_an_operator_opened_is_no_vote() {
    let mut fleet = Fleet::new();
    fleet.run(2000 * MS);
    for one in &fleet.instances[..2] {
        one.bound.breaker().open();
    }
    fleet.run(900 * MS);

    let now = fusebox::Clock::now(&fleet.clock);
    assert_eq!(fleet.ledger.view(now).votes.suspects, 0);
    assert!(!fleet.ledger.view(now).verdict.is_open());
}

impl Fleet {
    /// An operator orders the whole fleet, and all have heard of it.
    fn order(&mut self, order: Order) {
        let now = fusebox::Clock::now(&self.clock);
        self.ledger.order(now, order);
        self.run(1200 * MS);
    }

    fn first(&self) -> &Breaker {
        self.instances[0].bound.breaker()
    }
}

#[test]
fn an_order_of_the_fleet_does_not_undo_what_an_operator_did_to_this_breaker() {
    let mut fleet = Fleet::new();
    fleet.run(1000 * MS);
    fleet.first().disable();

    fleet.order(Order::ForceOpen);
    assert_eq!(
        fleet.states(),
        [State::Disabled, State::ForcedOpen, State::ForcedOpen]
    );
    fleet.order(Order::Automatic);
    assert_eq!(
        fleet.states(),
        [State::Disabled, State::Closed, State::Closed]
    );
    fleet.first().resume();
    assert_eq!(fleet.states(), [State::Closed; 3]);
}

#[test]
fn the_end_of_an_order_leaves_what_an_operator_did_to_this_breaker_meanwhile() {
    for same_state in [false, true] {
        let mut fleet = Fleet::new();
        fleet.run(1000 * MS);
        fleet.order(Order::Disable);
        fleet.first().force_open();
        if same_state {
            fleet.first().disable();
        }
        let state = fleet.states()[0];

        fleet.order(Order::Automatic);

        assert_eq!(fleet.states(), [state, State::Closed, State::Closed]);
    }
}

#[test]
fn an_order_that_an_operator_took_back_on_this_breaker_is_obeyed_when_it_is_given_again() {
    let mut fleet = Fleet::new();
    fleet.run(1000 * MS);
    fleet.order(Order::ForceOpen);
    fleet.first().resume();
    fleet.run(3000 * MS);
    assert_eq!(
        fleet.states(),
        [State::Closed, State::ForcedOpen, State::ForcedOpen]
    );

    fleet.order(Order::ForceOpen);
    assert_eq!(fleet.states(), [State::ForcedOpen; 3]);
    fleet.order(Order::Disable);
    assert_eq!(fleet.states(), [State::Disabled; 3]);
    fleet.order(Order::Automatic);
    assert_eq!(fleet.states(), [State::Closed; 3]);
}

#[test]
fn an_order_repeated_to_decide_alone_changes_nothing_that_the_fleet_holds() {
    let mut fleet = Fleet::new();
    fleet.run(1000 * MS);
    fleet.well = [false; 3];
    fleet.run(1500 * MS);
    assert_eq!(fleet.held(), 3);
    let now = fusebox::Clock::now(&fleet.clock);

    fleet.ledger.order(now, Order::Automatic);
    fleet.run(200 * MS);

    assert_eq!(fleet.held(), 3);
}
