//! The ring of the last ticks, each rendered once for all viewers.
//!
//! A viewer is a position in the ring. A slow viewer costs nothing: the ring goes on, and a viewer that falls behind
//! it gets all of it at once.

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};

/// For how many seconds ticks are kept.
const SECONDS: usize = 60;

/// The last ticks, as they are sent.
#[derive(Debug)]
pub(super) struct Ring {
    run: String,
    most: usize,
    ticks: VecDeque<Tick>,
    /// The number of the next tick. The first tick has number 1.
    next: u64,
}

/// One tick: its second, and its event with the JSON inside.
#[derive(Debug)]
struct Tick {
    second: u64,
    event: Bytes,
    json: Bytes,
}

/// The news for a viewer at some position.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The viewer has seen everything.
    None,
    /// The ticks since.
    Ticks(Bytes),
    /// All ticks of the ring: the viewer was behind it, or is new.
    History(Bytes),
}

impl Ring {
    /// Makes a ring for ticks that come `hz` times a second, in the run of this name.
    pub(super) fn new(run: &str, hz: u32) -> Self {
        Self {
            run: run.to_owned(),
            most: SECONDS * hz as usize,
            ticks: VecDeque::new(),
            next: 1,
        }
    }

    /// Adds a tick that was in this second.
    pub(super) fn push(&mut self, second: u64, json: &[u8]) {
        let (event, json) = event(&self.run, self.next, "tick", json);
        if self.ticks.len() == self.most {
            self.ticks.pop_front();
        }
        self.ticks.push_back(Tick {
            second,
            event,
            json,
        });
        self.next += 1;
    }

    /// The number of the next tick.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The news for a viewer that waits for tick number `position`. A position that never existed counts as behind.
    pub(super) fn after(&self, position: u64) -> News {
        let first = self.next - self.ticks.len() as u64;
        if position == self.next {
            return News::None;
        }
        let skipped = position.checked_sub(first).filter(|_| position < self.next);
        let Some(skipped) = skipped.and_then(|it| usize::try_from(it).ok()) else {
            return News::History(self.history());
        };
        let mut new = self.ticks.range(skipped..);
        if let (Some(tick), 1) = (new.next_back(), self.ticks.len() - skipped) {
            return News::Ticks(tick.event.clone());
        }
        let mut events = BytesMut::new();
        for tick in self.ticks.range(skipped..) {
            events.extend_from_slice(&tick.event);
        }
        News::Ticks(events.freeze())
    }

    /// `{"from": …, "ticks": […]}`: earlier data is at `/api/history`. Because that counts by the second, the ticks
    /// begin with a whole second.
    fn history(&self) -> Bytes {
        let is_whole = self.next == self.ticks.len() as u64 + 1;
        let first = self.ticks.front().map_or(0, |tick| tick.second);
        let begins = |tick: &Tick| is_whole || tick.second > first;
        let from = self.ticks.iter().find(|tick| begins(tick));
        let from = from.filter(|_| !is_whole).map_or(0, |tick| tick.second);
        let mut json = BytesMut::new();
        json.extend_from_slice(format!("{{\"from\":{from},\"ticks\":[").as_bytes());
        let kept = self.ticks.iter().filter(|tick| begins(tick));
        for (place, tick) in kept.enumerate() {
            if place > 0 {
                json.put_u8(b',');
            }
            json.extend_from_slice(&tick.json);
        }
        json.extend_from_slice(b"]}");
        event(&self.run, self.next - 1, "history", &json).0
    }
}

/// An event of a server-sent stream, and its data.
pub(super) fn event(run: &str, number: u64, name: &str, json: &[u8]) -> (Bytes, Bytes) {
    let head = format!("id: {run}-{number}\nevent: {name}\ndata: ");
    let mut event = BytesMut::with_capacity(head.len() + json.len() + 2);
    event.extend_from_slice(head.as_bytes());
    event.extend_from_slice(json);
    event.extend_from_slice(b"\n\n");
    let event = event.freeze();
    let data = event.slice(head.len()..head.len() + json.len());
    (event, data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(ticks: u32) -> Ring {
        let mut ring = Ring::new("run", 1);
        for number in 1..=ticks {
            ring.push(u64::from(number) / 2, number.to_string().as_bytes());
        }
        ring
    }

    fn text(bytes: &Bytes) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_viewer_gets_the_ticks_since_his_position_once() {
        let ring = ring(3);

        assert_eq!(ring.after(4), News::None);
        let News::Ticks(last) = ring.after(3) else {
            panic!("the third tick is new");
        };
        assert_eq!(text(&last), "id: run-3\nevent: tick\ndata: 3\n\n");
        let News::Ticks(two) = ring.after(2) else {
            panic!("two ticks are new");
        };
        assert_eq!(text(&two).matches("event: tick").count(), 2);
    }

    #[test]
    fn a_viewer_behind_the_ring_or_of_another_run_gets_all_of_it_from_a_whole_second_on() {
        let ring = ring(100);
        // The first one, 41, is the second half of its second.
        let all: Vec<String> = (42..=100).map(|number| number.to_string()).collect();
        let all = format!("{{\"from\":21,\"ticks\":[{}]}}", all.join(","));
        let expected = format!("id: run-100\nevent: history\ndata: {all}\n\n");

        for position in [0, 1, 40, 102, u64::MAX] {
            let News::History(history) = ring.after(position) else {
                panic!("{position} is behind");
            };
            assert_eq!(text(&history), expected, "{position}");
        }
        assert!(matches!(ring.after(41), News::Ticks(_)));
    }

    #[test]
    fn history_of_a_run_that_has_just_begun_begins_with_it() {
        let News::History(history) = ring(2).after(0) else {
            panic!("nobody has seen anything");
        };

        assert!(text(&history).contains("{\"from\":0,\"ticks\":[1,2]}"));
    }
}
