//! The growth of a circuit that is one of very many: it takes more memory when threads meet in it.

use std::sync::Arc;

use super::Circuit;
use crate::clock::TimeSource;
use crate::config::Config;
use crate::event::Event;
use crate::gate::Word;
use crate::rejected::Rejected;
use crate::stripe::Stripes;

impl Circuit {
    /// A circuit that takes more memory for counting only when threads meet in it.
    pub(crate) fn one_of_many(name: Arc<str>, config: Arc<Config>, clock: TimeSource) -> Self {
        let stripes = match config.stripes {
            None => Stripes::on_demand(),
            wanted => Stripes::new(wanted),
        };
        Self::counting_in(stripes, name, config, clock)
    }

    /// How many places the threads that use this circuit are spread over.
    #[inline]
    pub(crate) fn spread(&self) -> usize {
        self.gate.stripes().spread()
    }

    /// Gives threads that meet here more places to count in.
    #[cold]
    pub(crate) fn spread_threads(&self) {
        // Within a step, which shows callers that there are more.
        self.change(|_, _| self.gate.stripes().grow());
    }

    /// Counts a rejection that listeners are told of, or where threads are spread.
    #[inline(never)]
    pub(super) fn reject_watched_or_spread(&self, word: Word, rejected: Rejected) {
        self.gate.stripe(word).count_rejection(rejected.reason);
        if word.has(Word::WATCHED) {
            self.announce(Event::Rejected(rejected));
        }
    }
}
