//! Orders of settings that go through the lab, each with the time that it took: which changes are theirs.
//!
//! A breaker's settings can also be changed at its instance, and the journal of its settings does not say by whom.

use std::sync::Arc;

use experiment::orders::OrderSource;

use super::Feed;

/// By how much the end of an order may be taken too early, in seconds: a look takes time.
const LATE_S: f64 = 0.05;

/// Orders that are under way, and those that have ended since the last look.
#[derive(Debug, Default)]
pub(super) struct SettingOrders {
    orders: Vec<Order>,
    so_far: u64,
}

#[derive(Debug)]
struct Order {
    number: u64,
    /// None for all instances.
    instance: Option<String>,
    from_s: f64,
    /// Infinite while it is under way.
    until_s: f64,
}

/// An order of settings that is under way until this is dropped.
#[derive(Debug)]
pub(in crate::page) struct Setting {
    feed: Arc<Feed>,
    number: u64,
}

impl Feed {
    /// Says that settings of this instance, or of all, are ordered through the lab until what this returns is dropped.
    pub(in crate::page) fn sets(self: &Arc<Self>, instance: Option<&str>) -> Setting {
        let mut state = self.lock();
        let now_s = state.now_s();
        let number = state.setting.begin(instance, now_s);
        drop(state);
        let feed = Arc::clone(self);
        Setting { feed, number }
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        let mut state = self.feed.lock();
        let now_s = state.now_s();
        state.setting.end(self.number, now_s);
    }
}

impl SettingOrders {
    fn begin(&mut self, instance: Option<&str>, now_s: f64) -> u64 {
        self.so_far += 1;
        self.orders.push(Order {
            number: self.so_far,
            instance: instance.map(str::to_owned),
            from_s: now_s,
            until_s: f64::INFINITY,
        });
        self.so_far
    }

    fn end(&mut self, number: u64, now_s: f64) {
        let mut orders = self.orders.iter_mut();
        if let Some(order) = orders.find(|order| order.number == number) {
            order.until_s = now_s + LATE_S;
        }
    }

    /// Whose a change is that this instance's settings had at this instant.
    pub(super) fn source(&self, instance: &str, at_s: f64) -> OrderSource {
        let is_of = |order: &Order| {
            (order.from_s..=order.until_s).contains(&at_s)
                && order.instance.as_deref().is_none_or(|of| of == instance)
        };
        if self.orders.iter().any(is_of) {
            OrderSource::Lab
        } else {
            OrderSource::Seen
        }
    }

    /// Forgets the orders that had ended before: all that came of them has been seen.
    pub(super) fn forget_until(&mut self, seen_s: f64) {
        self.orders.retain(|order| order.until_s >= seen_s);
    }
}
