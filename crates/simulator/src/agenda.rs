//! The agenda: pending events, ordered by time and then by the order in which they were made.
//!
//! An event is one word of 128 bits: nanoseconds, number, place. So comparing two events is one comparison, and the
//! structure holds no pointers. Arrivals are not in it: they come in order, and the loop merges them in.
//!
//! Time is cut into ticks of 65 µs. Each of the next 4,096 ticks, a quarter of a second, has a bucket, which is
//! sorted only when its time has come. Later events wait in a heap. So an event costs the same whether ten or a
//! million are pending, as long as few of them fall into one tick, and the order does not depend on the bucket. The
//! exception is the first tick that has events, which is kept as a sorted list. Adding an event to that tick costs
//! one step for each of its events that is due sooner; adding one to an earlier tick costs one step for each of its
//! events.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Events by (time, number).
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    /// The events of the earliest tick that has any, the next event last. Empty only when nothing is pending.
    first: Vec<u128>,
    first_tick: u64,
    /// The tick of the event that was taken last; nothing is due before it.
    past: u64,
    buckets: Buckets,
    /// Events that were too late for a bucket when they were added.
    later: BinaryHeap<Reverse<u128>>,
    made: u32,
}

/// A tick is 2 to this power of nanoseconds long.
const TICK: u32 = 16;

impl Agenda {
    /// Adds an event at `at`; `what` says what is due.
    pub(crate) fn add(&mut self, at: u64, what: u32) {
        let event = u128::from(at) << 64 | u128::from(self.made) << 32 | u128::from(what);
        self.made = self.made.wrapping_add(1);
        let tick = self.tick_of(event);
        if self.first.is_empty() {
            self.first_tick = tick;
            self.first.push(event);
        } else if tick > self.first_tick {
            self.keep(tick, event);
        } else if tick == self.first_tick {
            let later = self.first.iter().rev().take_while(|it| **it < event);
            let place = self.first.len() - later.count();
            self.first.insert(place, event);
        } else {
            self.put_back();
            self.first_tick = tick;
            self.first.push(event);
        }
    }

    /// When the next event is due; `u64::MAX` if there is none.
    pub(crate) fn next_at(&self) -> u64 {
        self.first.last().map_or(u64::MAX, |event| time_of(*event))
    }

    /// The events due up to `until`, in no particular order, except those of the first tick that has events and those
    /// in the heap. It serves to prefetch the memory that events will need.
    pub(crate) fn ahead(&self, until: u64) -> impl Iterator<Item = u32> {
        let last = until >> TICK;
        let mut tick = self.first_tick;
        let ticks = std::iter::from_fn(move || {
            tick = self.buckets.first_from(tick + 1)?;
            (tick <= last).then_some(tick)
        });
        ticks.flat_map(|tick| self.buckets.of(tick)).map(what_of)
    }

    /// The next event: its time, and what is due.
    pub(crate) fn next(&mut self) -> Option<(u64, u32)> {
        let event = self.first.pop()?;
        self.past = self.first_tick;
        if self.first.is_empty() {
            self.turn();
        }
        Some((time_of(event), what_of(event)))
    }

    /// Makes the earliest tick that has events the first.
    fn turn(&mut self) {
        let bucket = self.buckets.first_from(self.past);
        let later = self.later.peek().map(|it| self.tick_of(it.0));
        let Some(tick) = bucket.into_iter().chain(later).min() else {
            return;
        };
        self.first_tick = tick;
        if bucket == Some(tick) {
            self.buckets.empty_into(tick, &mut self.first);
        }
        if later == Some(tick) {
            while let Some(next) = self.later.peek().copied()
                && self.tick_of(next.0) == tick
            {
                self.later.pop();
                self.first.push(next.0);
            }
        }
        if self.first.len() > 1 {
            self.first.sort_unstable_by(|one, other| other.cmp(one));
        }
    }

    /// Makes another tick the first one that has events.
    fn put_back(&mut self) {
        for place in 0..self.first.len() {
            self.keep(self.first_tick, self.first[place]);
        }
        self.first.clear();
    }

    fn keep(&mut self, tick: u64, event: u128) {
        if tick - self.past < Buckets::NUMBER {
            self.buckets.add(tick, event);
        } else {
            self.later.push(Reverse(event));
        }
    }

    fn tick_of(&self, event: u128) -> u64 {
        (time_of(event) >> TICK).max(self.past)
    }
}

fn time_of(event: u128) -> u64 {
    (event >> 64) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "the lowest 32 bits")]
fn what_of(event: u128) -> u32 {
    event as u32
}

/// Buckets of events, each a list; a bit says which of them have events.
#[derive(Clone, Debug)]
struct Buckets {
    /// The head of each bucket's list.
    heads: Vec<u32>,
    full: [u64; 64],
    /// Which words of `full` have a bit set.
    any: u64,
    /// Events, each with the place of the next one in its list.
    events: Vec<(u128, u32)>,
    /// The list of free places.
    free: u32,
}

/// The end of a list.
const END: u32 = u32::MAX;

impl Default for Buckets {
    fn default() -> Self {
        Self {
            heads: vec![END; 64 * 64],
            full: [0; 64],
            any: 0,
            events: Vec::new(),
            free: END,
        }
    }
}

impl Buckets {
    const NUMBER: u64 = 64 * 64;

    /// The bucket of a tick.
    fn place(tick: u64) -> usize {
        usize::try_from(tick % Self::NUMBER).unwrap_or_default()
    }

    fn add(&mut self, tick: u64, event: u128) {
        let place = Self::place(tick);
        let entry = (event, self.heads[place]);
        self.heads[place] = if let Some(free) = self.events.get_mut(self.free as usize) {
            let place = self.free;
            self.free = free.1;
            *free = entry;
            place
        } else {
            self.events.push(entry);
            u32::try_from(self.events.len() - 1).expect("memory ends first")
        };
        self.full[place / 64] |= 1 << (place % 64);
        self.any |= 1 << (place / 64);
    }

    /// The earliest tick from this one on that has events.
    fn first_from(&self, tick: u64) -> Option<u64> {
        let begin = Self::place(tick);
        let word = begin / 64;
        let here = self.full[word] & u64::MAX << (begin % 64);
        let place = if here == 0 {
            // The words after it, and finally the bits before it.
            let after = (word + 1) % 64;
            let turned = self
                .any
                .rotate_right(u32::try_from(after).unwrap_or_default());
            if turned == 0 {
                return None;
            }
            let word = (after + turned.trailing_zeros() as usize) % 64;
            word * 64 + self.full[word].trailing_zeros() as usize
        } else {
            word * 64 + here.trailing_zeros() as usize
        };
        let ahead = (place + 64 * 64 - begin) % (64 * 64);
        Some(tick + ahead as u64)
    }

    /// The events of a tick.
    fn of(&self, tick: u64) -> impl Iterator<Item = u128> {
        let entry = |place: u32| self.events.get(place as usize);
        let list =
            std::iter::successors(entry(self.heads[Self::place(tick)]), move |it| entry(it.1));
        list.map(|(event, _)| *event)
    }

    /// Moves the events of a tick.
    fn empty_into(&mut self, tick: u64, all: &mut Vec<u128>) {
        let place = Self::place(tick);
        let mut next = std::mem::replace(&mut self.heads[place], END);
        while let Some(entry) = self.events.get_mut(next as usize) {
            all.push(entry.0);
            let own = next;
            next = std::mem::replace(&mut entry.1, self.free);
            self.free = own;
        }
        self.full[place / 64] &= !(1 << (place % 64));
        if self.full[place / 64] == 0 {
            self.any &= !(1 << (place / 64));
        }
    }
}

#[cfg(test)]
mod tests {
    use experiment::chance::Draw;

    use super::*;

    #[test]
    fn events_come_by_time_and_then_in_the_order_of_their_making() {
        let mut agenda = Agenda::default();
        let mut expected = Vec::new();
        for number in 0..5_000_u32 {
            let at = u64::from(number.wrapping_mul(2_654_435_761) % 300);
            agenda.add(at, number);
            expected.push((at, number));
        }
        expected.sort_by_key(|(at, _)| *at);

        let found: Vec<_> = std::iter::from_fn(|| agenda.next()).collect();

        assert_eq!(found, expected);
        assert_eq!(agenda.next_at(), u64::MAX);
    }

    /// The same as in a plain list, however far apart events are and whenever they are added.
    #[test]
    fn events_that_are_added_meanwhile_come_in_the_same_order_whatever_bucket_they_lie_in() {
        for seed in 0..40 {
            let luck = |step: u64, purpose: &str| Draw::new(seed).with(purpose).number(step).bits();
            let mut agenda = Agenda::default();
            let mut pending: Vec<(u64, u32)> = Vec::new();
            let mut now = 0;
            for step in 0..3_000 {
                let pops = luck(step, "kind") % 100 < 40 + step / 60;
                if pops && let Some(event) = agenda.next() {
                    let least = pending.iter().min().copied().unwrap();
                    assert_eq!(event, least, "seed {seed}, step {step}");
                    pending.retain(|it| *it != event);
                    now = event.0;
                } else {
                    // From a nanosecond to a minute ahead, some at the present instant.
                    let delay = luck(step, "delay") >> (28 + luck(step, "range") % 36);
                    let what = u32::try_from(step).unwrap();
                    agenda.add(now + delay, what);
                    pending.push((now + delay, what));
                }
                let next = pending.iter().min().map_or(u64::MAX, |it| it.0);
                assert_eq!(agenda.next_at(), next, "seed {seed}, step {step}");
            }
        }
    }
}
