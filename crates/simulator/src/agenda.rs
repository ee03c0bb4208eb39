//! The agenda: events that are due, ordered by time and then by the order in which they were made.
//!
//! An event is one word of 128 bits: nanoseconds, number, place. So comparing two is one comparison, and
//! the structure holds no pointers. Arrivals are not in it: they come in order and are merged by the loop.

/// Events by (time, number).
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    heap: Vec<u128>,
    made: u32,
}

/// Children of a node of the heap: four of them share a cache line.
const WIDTH: usize = 4;

impl Agenda {
    /// Something is due at `at`; `what` says what.
    pub(crate) fn add(&mut self, at: u64, what: u32) {
        let event = u128::from(at) << 64 | u128::from(self.made) << 32 | u128::from(what);
        self.made = self.made.wrapping_add(1);
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

    /// When the next event is due; `u64::MAX` when there is none.
    pub(crate) fn next_at(&self) -> u64 {
        self.heap.first().map_or(u64::MAX, |event| time_of(*event))
    }

    /// The next event: when, and what.
    pub(crate) fn next(&mut self) -> Option<(u64, u32)> {
        let first = *self.heap.first()?;
        let last = self.heap.pop()?;
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
        #[expect(clippy::cast_possible_truncation, reason = "the lowest 32 bits")]
        let what = first as u32;
        Some((time_of(first), what))
    }
}

fn time_of(event: u128) -> u64 {
    (event >> 64) as u64
}

#[cfg(test)]
mod tests {
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
}
