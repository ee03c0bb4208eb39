//! The chunks in which the memory of the page keeps rows of one kind: a copy shares them, and costs next to nothing.
//!
//! A reader of an hour takes a copy under the lock and reads it without the lock. Rows that are added meanwhile go to
//! a chunk of their own: at most one chunk is copied while a reader is at work.

use std::collections::VecDeque;
use std::sync::Arc;

/// The number of rows in a chunk.
const CHUNK: usize = 128;

/// Rows of one kind in the order in which they came. Clones share their common rows.
#[derive(Clone, Debug)]
pub(super) struct Chunks<T> {
    shared: VecDeque<Arc<Vec<T>>>,
    rows: usize,
    most: usize,
}

impl<T: Clone> Chunks<T> {
    /// Makes space for `most` rows, and for less than a chunk more: the oldest chunk is dropped as a whole.
    pub(super) fn new(most: usize) -> Self {
        Self {
            shared: VecDeque::new(),
            rows: 0,
            most,
        }
    }

    /// Adds rows, and drops the oldest to make space.
    pub(super) fn extend(&mut self, more: &[T]) {
        for row in more {
            self.push(row.clone());
        }
    }

    /// Adds one row, and drops the oldest to make space.
    pub(super) fn push(&mut self, row: T) {
        if let Some(last) = self.shared.back_mut().filter(|last| last.len() < CHUNK) {
            Arc::make_mut(last).push(row);
        } else {
            let mut chunk = Vec::with_capacity(CHUNK);
            chunk.push(row);
            self.shared.push_back(Arc::new(chunk));
        }
        self.rows += 1;
        if let Some(first) = self.shared.front()
            && self.rows - first.len() >= self.most
        {
            self.rows -= first.len();
            self.shared.pop_front();
        }
    }

    /// All rows, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.shared.iter().flat_map(|chunk| chunk.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(all: &Chunks<usize>) -> Vec<usize> {
        all.iter().copied().collect()
    }

    #[test]
    fn the_newest_are_kept_and_the_oldest_give_way_a_chunk_at_once() {
        let mut all = Chunks::new(1000);
        for row in 0..10_000 {
            all.push(row);
            let kept = of(&all);
            let least = 1000.min(row + 1);
            assert!((least..1000 + CHUNK).contains(&kept.len()), "{row}");
            assert_eq!(kept.last(), Some(&row));
            assert!(kept.is_sorted(), "{row}");
        }
    }

    #[test]
    fn a_copy_shares_its_chunks_and_sees_nothing_of_what_is_added_later() {
        let mut all = Chunks::new(1000);
        all.extend(&(0..=CHUNK * 3).collect::<Vec<_>>());

        let copy = all.clone();
        all.push(7);

        assert_eq!(of(&copy).len(), CHUNK * 3 + 1);
        assert_eq!(of(&all).len(), CHUNK * 3 + 2);
        let shared = all.shared.iter().zip(&copy.shared);
        let shared = shared.filter(|(one, other)| Arc::ptr_eq(one, other));
        assert_eq!(shared.count(), 3, "all but the last one");
    }
}
