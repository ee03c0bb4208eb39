//! The book of orders of a run: all marks, settings and loads that the page was told, for the result.

use experiment::orders::{LoadInForce, OrderMark, OrderSource, Orders};

use super::source::Moment;
use super::wire::Mark;

/// The orders so far.
#[derive(Clone, Debug, Default)]
pub(super) struct OrderBook(Orders);

impl OrderBook {
    /// Takes in a mark.
    pub(super) fn mark(&mut self, Mark(at_s, kind, text): &Mark, source: OrderSource) {
        self.0.mark(OrderMark {
            at_s: *at_s,
            kind: (*kind).to_owned(),
            text: text.clone(),
            source,
        });
    }

    /// Takes in what a look has found to be in force.
    pub(super) fn keep(&mut self, moment: &Moment) {
        for step in &moment.settings {
            self.0.set(step.at_s, step.instance, step.settings);
        }
        for step in &moment.loads {
            let load = LoadInForce(step.at_s, step.load.rate, step.load.paused);
            self.0.ask(load);
        }
    }

    /// The orders, with those that no look has found yet.
    pub(super) fn with(&self, waiting: &[Mark]) -> Orders {
        let mut all = self.clone();
        for mark in waiting {
            all.mark(mark, OrderSource::Lab);
        }
        all.0.marks.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        all.0
    }
}
