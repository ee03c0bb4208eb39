//! The structures that could hold the simulator's events, by how many are pending: its own wheel of buckets, the
//! standard library's heap, and a 4-ary heap.
//!
//! Each step takes the next event and adds one, 4 to 12 ms later; a tenth of them a second later, as timeouts are.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use benches::now;
use experiment::chance::stream;
use rand::Rng;

#[path = "../../crates/simulator/src/agenda.rs"]
#[expect(
    unused_imports,
    dead_code,
    reason = "its tests run with its own crate, and nothing is read ahead here"
)]
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
    println!("| events pending | the simulator's wheel | `BinaryHeap` | heap of four children |");
    println!("|---:|---:|---:|---:|");
    for pending in PENDING {
        println!(
            "| {pending} | {:.0} ns | {:.0} ns | {:.0} ns |",
            step::<Agenda>(pending),
            step::<Binary>(pending),
            step::<Four>(pending)
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

/// A heap of four children: these share a cache line.
#[derive(Default)]
struct Four {
    heap: Vec<u128>,
    made: u32,
}

const WIDTH: usize = 4;

impl Events for Four {
    fn add(&mut self, at: u64, what: u32) {
        let event = packed(at, self.made, what);
        self.made += 1;
        let mut place = self.heap.len();
        self.heap.push(event);
        while place > 0 {
            let above = (place - 1) / WIDTH;
            if self.heap[above] <= event {
                break;
            }
            self.heap[place] = self.heap[above];
            place = above;
        }
        self.heap[place] = event;
    }

    fn next(&mut self) -> (u64, u32) {
        let first = self.heap[0];
        let last = self.heap.pop().expect("one is pending");
        let length = self.heap.len();
        if length > 0 {
            let mut place = 0;
            loop {
                let first_child = place * WIDTH + 1;
                if first_child >= length {
                    break;
                }
                let children = &self.heap[first_child..length.min(first_child + WIDTH)];
                let (mut earliest, mut at) = (children[0], 0);
                for (number, next) in children.iter().enumerate().skip(1) {
                    if *next < earliest {
                        (earliest, at) = (*next, number);
                    }
                }
                if last <= earliest {
                    break;
                }
                self.heap[place] = earliest;
                place = first_child + at;
            }
            self.heap[place] = last;
        }
        unpacked(first)
    }
}

fn packed(at: u64, made: u32, what: u32) -> u128 {
    u128::from(at) << 64 | u128::from(made) << 32 | u128::from(what)
}

#[expect(clippy::cast_possible_truncation, reason = "parts of an event")]
fn unpacked(event: u128) -> (u64, u32) {
    ((event >> 64) as u64, event as u32)
}
