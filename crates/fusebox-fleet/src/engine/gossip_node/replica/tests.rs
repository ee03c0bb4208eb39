//! Tests of a replica: what it decides from what it has heard.

use proptest::prelude::*;

use super::*;
use crate::engine::gossip_node::roster::Sign;
use crate::engine::gossip_node::share::Share;
use crate::message::{Acquire, Lease, ProbeResult, Settlement};
use crate::mode::Mode;

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);
const TURN: Duration = Duration::from_secs(1);

fn node(number: usize) -> NodeId {
    let port = 7000 + u16::try_from(number).unwrap();
    NodeId::new(&format!("n{number}"), 1, ([10, 0, 0, 1], port).into())
}

/// Copies of one fleet, each with an instance of its own.
struct World {
    now: Duration,
    replicas: Vec<Replica>,
    rosters: Vec<Roster>,
    heartbeat: u64,
    settings: Arc<Settings>,
    seen: Vec<Option<crate::view::Era>>,
    sequence: u64,
    leases: Vec<Option<Lease>>,
}

impl World {
    fn new(nodes: usize) -> Self {
        let settings = Settings::builder(Mode::Quorum)
            .probe_timeout(200 * MS)
            .build();
        let roster = |me| Roster::new(me, (Duration::ZERO, 3 * S), (S, true));
        let replica = || Replica::new(Incarnation::new(7), Revision::new(0), TURN);
        let mut world = Self {
            now: Duration::ZERO,
            replicas: (0..nodes).map(|_| replica()).collect(),
            rosters: (0..nodes).map(|me| roster(node(me).address())).collect(),
            heartbeat: 0,
            settings: Arc::new(settings.unwrap()),
            seen: vec![None; nodes],
            sequence: 0,
            leases: vec![None; nodes],
        };
        world.hear_all();
        world.pass(MS);
        world
    }

    /// All nodes live.
    fn hear_all(&mut self) {
        self.heartbeat += 1;
        for me in 0..self.rosters.len() {
            let signs: Vec<_> = (0..self.rosters.len())
                .filter(|other| *other != me)
                .map(|other| Sign {
                    node: node(other),
                    heartbeat: self.heartbeat,
                    has_state: true,
                })
                .collect();
            self.rosters[me].see(self.now, &signs);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.hear_all();
        for me in 0..self.replicas.len() {
            let at = Moment {
                now: self.now,
                roster: &self.rosters[me],
            };
            self.replicas[me].reconsider(at);
        }
    }

    fn sender(me: usize) -> Sender {
        let session = Session::new(u64::try_from(me).unwrap());
        Sender::new(InstanceId::new(&format!("i{me}")).unwrap(), session)
    }

    fn on<T>(&mut self, me: usize, step: impl FnOnce(&mut Replica, Moment<'_>) -> T) -> T {
        let at = Moment {
            now: self.now,
            roster: &self.rosters[me],
        };
        step(&mut self.replicas[me], at)
    }

    fn say(&mut self, me: usize, opinion: Opinion) -> View {
        self.sequence += 1;
        let mut report = Report::new(Self::sender(me), opinion, Arc::clone(&self.settings));
        report.sequence = Sequence::new(self.sequence);
        report.seen = self.seen[me];
        let view = self
            .on(me, |replica, at| replica.report(at, &report))
            .unwrap();
        self.seen[me] = Some(view.era);
        view
    }

    fn acquire(&mut self, me: usize) -> bool {
        let era = self.replicas[me].round.era();
        let ask = Acquire::new(Self::sender(me), era, 1500 * MS);
        let lease = self.on(me, |replica, at| replica.acquire(at, &ask)).ok();
        self.leases[me] = lease.or(self.leases[me]);
        lease.is_some()
    }

    fn settle(&mut self, me: usize, result: ProbeResult) {
        if let Some(lease) = self.leases[me].take() {
            let settlement = Settlement::new(Self::sender(me), lease.token, result);
            let _ = self.on(me, |replica, at| replica.settle(at, &settlement));
        }
    }

    fn share(&self, from: usize) -> Share {
        let text = self.replicas[from].share(self.now).write();
        Share::read(&text).unwrap()
    }

    fn deliver(&mut self, from: usize, to: usize, share: Share) {
        if from != to {
            let now = self.now;
            self.on(to, |replica, at| {
                replica.merge(now, &node(from), share);
                replica.reconsider(at);
            });
        }
    }

    /// Everything reaches everybody.
    fn exchange(&mut self) {
        for _ in 0..3 {
            for from in 0..self.replicas.len() {
                for to in 0..self.replicas.len() {
                    let share = self.share(from);
                    self.deliver(from, to, share);
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Say(usize, Opinion),
    Acquire(usize),
    Settle(usize, ProbeResult),
    Order(usize, Order),
    Send(usize, usize),
    Late(usize, usize, usize),
    Pass(u64),
}

fn step(nodes: usize) -> impl Strategy<Value = Step> {
    let opinion = prop_oneof![
        1 => Just(Opinion::Idle),
        2 => Just(Opinion::Fine),
        4 => Just(Opinion::Suspect)
    ];
    let result = prop_oneof![Just(ProbeResult::Failed), Just(ProbeResult::Succeeded)];
    let order = prop_oneof![Just(Order::Automatic), Just(Order::ForceOpen)];
    prop_oneof![
        6 => (0..nodes, opinion).prop_map(|(me, opinion)| Step::Say(me, opinion)),
        3 => (0..nodes).prop_map(Step::Acquire),
        3 => (0..nodes, result).prop_map(|(me, result)| Step::Settle(me, result)),
        1 => (0..nodes, order).prop_map(|(me, order)| Step::Order(me, order)),
        8 => (0..nodes, 0..nodes).prop_map(|(from, to)| Step::Send(from, to)),
        3 => (0..nodes, 0..nodes, 0..50_usize).prop_map(|(of, to, age)| Step::Late(of, to, age)),
        4 => (1..1500_u64).prop_map(Step::Pass),
    ]
}

impl World {
    fn run(&mut self, steps: Vec<Step>) {
        let mut sent: Vec<(usize, Share)> = Vec::new();
        for step in steps {
            let before: Vec<_> = self
                .replicas
                .iter()
                .map(|replica| replica.round.clone())
                .collect();
            match step {
                Step::Say(me, opinion) => drop(self.say(me, opinion)),
                Step::Acquire(me) => drop(self.acquire(me)),
                Step::Settle(me, result) => self.settle(me, result),
                Step::Order(me, order) => {
                    let number = CommandNumber::new(u64::try_from(me).unwrap());
                    self.on(me, |replica, at| replica.order(at, number, order));
                }
                Step::Send(from, to) => {
                    let share = self.share(from);
                    sent.push((from, share.clone()));
                    self.deliver(from, to, share);
                }
                // Gossip brings the shares of one node in order; copies would bear it otherwise, too.
                Step::Late(of, to, age) => {
                    if let Some((from, share)) = sent.get(age).filter(|(from, _)| *from == of) {
                        self.deliver(*from, to, share.clone());
                    }
                }
                Step::Pass(millis) => self.pass(MS * u32::try_from(millis).unwrap()),
            }
            for (replica, before) in self.replicas.iter().zip(before) {
                assert!(
                    replica.round >= before,
                    "{:?} after {before:?}",
                    replica.round
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_lost_or_late_all_copies_agree_once_everything_is_heard(
        steps in proptest::collection::vec(step(4), 0..120)
    ) {
        let mut world = World::new(4);
        world.run(steps);
        world.exchange();

        let first = &world.replicas[0];
        for replica in &world.replicas {
            prop_assert_eq!(&replica.round, &first.round);
            prop_assert_eq!(replica.command.number, first.command.number);
        }
        let votes: Vec<_> = (0..4)
            .map(|me| world.on(me, |replica, at| {
                let ballot = replica.ballot(at);
                ballot.iter().map(|(instance, vote)| (instance.to_string(), vote.opinion)).collect::<Vec<_>>()
            }))
            .collect();
        for known in &votes {
            prop_assert_eq!(known, &votes[0]);
        }
    }

    #[test]
    fn copies_that_hear_each_other_at_once_have_one_prober(
        askers in proptest::collection::vec((0..4_usize, 1..800_u64), 1..60)
    ) {
        let mut world = World::new(4);
        for me in 0..4 {
            world.say(me, Opinion::Suspect);
            world.exchange();
        }
        for (me, wait) in askers {
            for other in 0..4 {
                world.say(other, Opinion::Suspect);
            }
            world.acquire(me);
            world.exchange();
            for replica in &world.replicas {
                prop_assert!(replica.alive_claims(world.now).count() <= 1);
            }
            world.pass(MS * u32::try_from(wait).unwrap());
        }
    }
}

#[test]
fn a_lease_that_is_said_again_does_not_last_longer() {
    let mut world = World::new(2);
    world.say(0, Opinion::Suspect);
    world.say(1, Opinion::Suspect);
    world.exchange();
    let prober = loop {
        world.pass(100 * MS);
        if let Some(prober) = (0..2).find(|me| world.acquire(*me)) {
            break prober;
        }
        world.say(0, Opinion::Suspect);
        world.say(1, Opinion::Suspect);
        world.exchange();
    };
    let given = world.now;
    let said = world.share(prober);
    while world.now < given + 1500 * MS {
        world.deliver(prober, 1 - prober, said.clone());
        world.pass(100 * MS);
    }

    let now = world.now;
    assert_eq!(world.replicas[1 - prober].alive_claims(now).count(), 0);
}

#[test]
fn a_merged_count_is_refused_though_the_node_was_built_for_another_mode() {
    let mut world = World::new(1);
    world.settings = Arc::new(Settings::builder(Mode::Pooled).build().unwrap());
    let report = Report::new(World::sender(0), Opinion::Fine, Arc::clone(&world.settings));
    let refused = world.on(0, |replica, at| replica.report(at, &report));

    assert_eq!(refused, Err(NotCounted::Unavailable(COUNTS)));
}

#[test]
fn a_node_keeps_at_most_128_instances_of_a_breaker() {
    let mut world = World::new(1);
    let mut report = |number: usize| {
        let report = Report::new(
            World::sender(number),
            Opinion::Fine,
            Arc::clone(&world.settings),
        );
        let at = Moment {
            now: world.now,
            roster: &world.rosters[0],
        };
        world.replicas[0].report(at, &report)
    };
    for number in 0..MOST {
        report(number).unwrap();
    }

    assert_eq!(report(MOST), Err(NotCounted::Unavailable(CROWDED)));
}

/// A node that has just heard of another one, and has not seen it live.
fn newcomer() -> World {
    let mut world = World::new(2);
    let me = node(0).address();
    world.rosters[0] = Roster::new(me, (world.now, 3 * S), (S, true));
    world.heartbeat = 0;
    world.hear_all();
    assert!(world.rosters[0].has_joined(world.now) && !world.rosters[0].is_ready());
    world
}

#[test]
fn a_node_that_does_not_know_its_fleet_yet_opens_nothing() {
    let mut world = newcomer();
    world.say(0, Opinion::Suspect);
    let report = Report::new(
        World::sender(5),
        Opinion::Suspect,
        Arc::clone(&world.settings),
    );
    let view = world.on(0, |replica, at| replica.report(at, &report));
    assert!(!view.unwrap().verdict.is_open());

    world.pass(MS); // the other one is seen to live
    assert!(world.replicas[0].round.is_open());
}

#[test]
fn a_node_that_does_not_know_its_fleet_yet_forgets_nothing() {
    let mut world = newcomer();
    let later = world.replicas[0].round.turned().era();
    let mut report = Report::new(World::sender(0), Opinion::Fine, Arc::clone(&world.settings));
    report.seen = Some(later);
    let refused = world.on(0, |replica, at| replica.report(at, &report));
    assert_eq!(refused, Err(NotCounted::Unavailable(BEHIND)));

    world.pass(MS);
    let view = world
        .on(0, |replica, at| replica.report(at, &report))
        .unwrap();
    assert_eq!(view.era.incarnation, later.incarnation.next());
}

#[test]
fn votes_by_other_rules_are_not_counted() {
    let mut world = World::new(2);
    world.say(0, Opinion::Suspect);
    let mut share = world.share(0);
    let other = Settings::builder(Mode::Quorum).stagger(S).build().unwrap();
    share.entries[0].rules = other.fingerprint();
    world.say(1, Opinion::Suspect);
    world.deliver(0, 1, share);

    let view = world.on(1, |replica, at| replica.view(at));
    assert_eq!((view.votes.voters, view.votes.suspects), (1, 1));
    assert!(!view.verdict.is_open());
}
