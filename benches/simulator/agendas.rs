//! Structures that could keep the simulator's events, by how many are pending: its own heap of four children, the
//! standard library's heap, and a wheel of buckets that are sorted when their time comes.
//!
//! Each step takes the next event and adds one, 4 to 12 ms later; a tenth of them a second later, as timeouts are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use benches::now;
use experiment::chance::stream;
use rand::Rng;

#[path = "../../crates/simulator/src/agenda.rs"]
#[expect(unused_imports, reason = "its tests run with its own crate")]
mod agenda;

use agenda::Agenda;

/// How many events are pending.
const PENDING: [u32; 6] = [10, 100, 1_000, 10_000, 100_000, 1_000_000];
const STEPS: u32 = 2_000_000;

/// A structure under test.
trait Events: Default {
    fn add(&mut self, at: u64, what: u32);
    fn next(&mut self) -> (u64, u32);
}

#[expect(clippy::print_stdout, reason = "the report")]
pub(crate) fn report() {
    println!("| events pending | heap of four children | `BinaryHeap` | wheel of buckets |");
    println!("|---:|---:|---:|---:|");
    for pending in PENDING {
        println!(
            "| {pending} | {:.0} ns | {:.0} ns | {:.0} ns |",
            step::<Agenda>(pending),
            step::<Binary>(pending),
            step::<Wheel>(pending)
        );
    }
}

/// Nanoseconds per step, of the fastest of three rounds.
fn step<E: Events>(pending: u32) -> f64 {
    let rounds = (0..3).map(|_| {
        let mut luck = stream(1, "delays");
        let mut delay = move || {
            let bits = luck.next_u64();
            let short = 4_000_000 + (bits >> 32) * 8_000_000 / (1 << 32);
            if bits.is_multiple_of(10) {
                1_000_000_000
            } else {
                short
            }
        };
        let mut events = E::default();
        for what in 0..pending {
            events.add(delay(), what);
        }
        let began = now();
        for _ in 0..STEPS {
            let (at, what) = events.next();
            events.add(at + delay(), what);
        }
        black_box(&events);
        began.elapsed().as_secs_f64() * 1e9 / f64::from(STEPS)
    });
    rounds.fold(f64::INFINITY, f64::min)
}

impl Events for Agenda {
    fn add(&mut self, at: u64, what: u32) {
        Self::add(self, at, what);
    }

    fn next(&mut self) -> (u64, u32) {
        black_box(self.next_at());
        Self::next(self).expect("one is pending")
    }
}

/// The heap of the standard library, with the same packed events.
#[derive(Default)]
struct Binary {
    heap: BinaryHeap<Reverse<u128>>,
    made: u32,
}

impl Events for Binary {
    fn add(&mut self, at: u64, what: u32) {
        self.heap.push(Reverse(packed(at, self.made, what)));
        self.made += 1;
    }

    fn next(&mut self) -> (u64, u32) {
        let Reverse(event) = self.heap.pop().expect("one is pending");
        unpacked(event)
    }
}

/// Buckets of 65 µs for the next half second, and a heap for what is later.
struct Wheel {
    buckets: Vec<Vec<u128>>,
    /// Which buckets have events, by bit.
    full: Vec<u64>,
    /// The bucket of the present, sorted, the next event at its end.
    present: Vec<u128>,
    tick: u64,
    later: BinaryHeap<Reverse<u128>>,
    made: u32,
}

const TICK: u32 = 16;
const BUCKETS: u64 = 8192;

impl Default for Wheel {
    fn default() -> Self {
        let buckets = usize::try_from(BUCKETS).expect("it is small");
        Self {
            buckets: vec![Vec::new(); buckets],
            full: vec![0; buckets / 64],
            present: Vec::new(),
            tick: 0,
            later: BinaryHeap::new(),
            made: 0,
        }
    }
}

impl Wheel {
    fn keep(&mut self, event: u128) {
        let tick = unpacked(event).0 >> TICK;
        if tick <= self.tick {
            let place = self.present.partition_point(|other| *other > event);
            self.present.insert(place, event);
        } else if tick < self.tick + BUCKETS {
            let place = (tick % BUCKETS) as usize;
            self.buckets[place].push(event);
            self.full[place / 64] |= 1 << (place % 64);
        } else {
            self.later.push(Reverse(event));
        }
    }

    /// Turns to the next bucket that has events.
    fn turn(&mut self) {
        let next = (self.tick + 1..self.tick + BUCKETS).find(|tick| {
            let place = (tick % BUCKETS) as usize;
            self.full[place / 64] >> (place % 64) & 1 == 1
        });
        let later = self
            .later
            .peek()
            .map(|Reverse(event)| unpacked(*event).0 >> TICK);
        self.tick = next.into_iter().chain(later).min().expect("one is pending");
        let place = (self.tick % BUCKETS) as usize;
        self.full[place / 64] &= !(1 << (place % 64));
        std::mem::swap(&mut self.present, &mut self.buckets[place]);
        self.present.sort_unstable_by(|one, other| other.cmp(one));
        while let Some(Reverse(event)) = self.later.peek().copied()
            && unpacked(event).0 >> TICK < self.tick + BUCKETS
        {
            self.later.pop();
            self.keep(event);
        }
    }
}

impl Events for Wheel {
    fn add(&mut self, at: u64, what: u32) {
        let event = packed(at, self.made, what);
        self.made += 1;
        self.keep(event);
    }

    fn next(&mut self) -> (u64, u32) {
        while self.present.is_empty() {
            self.turn();
        }
        unpacked(self.present.pop().expect("it has been filled"))
    }
}

fn packed(at: u64, made: u32, what: u32) -> u128 {
    u128::from(at) << 64 | u128::from(made) << 32 | u128::from(what)
}

#[expect(clippy::cast_possible_truncation, reason = "parts of an event")]
fn unpacked(event: u128) -> (u64, u32) {
    ((event >> 64) as u64, event as u32)
}
