//! Works: pieces of work that the downstream does, and the calls that wait for them.
//!
//! The downstream numbers its work consecutively, so a queue of slots with the number of its first is enough to find
//! the call. Work goes on after its call has gone, so work that has begun has slots of its own.

use std::collections::VecDeque;

use experiment::overload::WorkId;

/// Work whose call has gone, or that has been done.
const NONE: u32 = u32::MAX;

/// The calls that wait for work, by its number.
#[derive(Debug, Default)]
pub(crate) struct Works {
    first: u64,
    calls: VecDeque<u32>,
    begun: Vec<WorkId>,
    free: Vec<u32>,
}

impl Works {
    /// Work is begun; its place is to be given back to [`done`](Self::done).
    pub(crate) fn begin(&mut self, id: WorkId) -> u32 {
        if let Some(place) = self.free.pop() {
            self.begun[place as usize] = id;
            return place;
        }
        self.begun.push(id);
        u32::try_from(self.begun.len() - 1).expect("there are fewer workers")
    }

    /// The work that was begun with this place, which is done.
    pub(crate) fn done(&mut self, place: u32) -> WorkId {
        self.free.push(place);
        self.begun[place as usize]
    }

    /// The call at `place` waits for this work, which is newer than all others.
    pub(crate) fn add(&mut self, id: WorkId, place: u32) {
        if self.calls.is_empty() {
            self.first = id.0;
        }
        while self.first + (self.calls.len() as u64) < id.0 {
            self.calls.push_back(NONE);
        }
        self.calls.push_back(place);
    }

    /// The call that waits for this work, which it does no longer.
    pub(crate) fn take(&mut self, id: WorkId) -> Option<u32> {
        let place = usize::try_from(id.0.checked_sub(self.first)?).ok()?;
        let call = std::mem::replace(self.calls.get_mut(place)?, NONE);
        while self.calls.front() == Some(&NONE) {
            self.calls.pop_front();
            self.first += 1;
        }
        (call != NONE).then_some(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_gets_its_own_work_whatever_the_order() {
        let mut works = Works::default();
        for (id, place) in [(3, 7), (4, 8), (9, 1)] {
            works.add(WorkId(id), place);
        }
        assert_eq!(works.take(WorkId(4)), Some(8));
        assert_eq!(works.take(WorkId(4)), None);
        assert_eq!(works.take(WorkId(6)), None);
        assert_eq!(works.take(WorkId(3)), Some(7));
        assert_eq!(works.calls.len(), 1, "nothing is kept of what is done");
        assert_eq!(works.take(WorkId(9)), Some(1));
        works.add(WorkId(20), 2);
        assert_eq!(works.take(WorkId(20)), Some(2));
    }
}
