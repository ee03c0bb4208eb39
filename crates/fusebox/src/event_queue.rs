//! A bounded queue of events that no listener has been told yet.
//!
//! A listener that is slow or hangs must not make memory grow. Frequent events (rejections, late
//! outcomes) get half of the places, so that they cannot push out a transition.

use std::collections::VecDeque;

use crate::event::{Event, Interest};

/// The most events that may wait.
const PLACES: usize = 1024;

#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    waiting: VecDeque<Event>,
    /// The events that some listener wants.
    wanted: Interest,
    lost: u64,
}

impl EventQueue {
    pub(crate) fn push(&mut self, event: Event) {
        self.push_within(PLACES, event);
    }

    /// Adds an event of a frequent kind.
    pub(crate) fn push_minor(&mut self, event: Event) {
        if self.wanted == Interest::Everything {
            self.push_within(PLACES / 2, event);
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        self.waiting.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn want(&mut self, interest: Interest) {
        self.wanted = interest;
    }

    pub(crate) fn wanted(&self) -> Interest {
        self.wanted
    }

    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    fn push_within(&mut self, places: usize, event: Event) {
        if self.waiting.len() < places {
            self.waiting.push_back(event);
        } else {
            self.lost += 1;
        }
    }
}
