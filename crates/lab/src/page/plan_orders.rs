//! Orders that change the fault plan: one at a time, so that the mark of each change bears the name of its order.
//!
//! An order that has begun is carried out, also when whoever gave it goes away. A name whose change does not come is
//! taken back, whatever becomes of the order; or else each later mark would bear the name of the order before.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use axum::http::StatusCode;
use axum::response::Response;

use super::Feed;
use super::feed::{Expected, Setting};
use crate::serve::error;

/// Takes orders that change the fault plan. Clones take turns with each other.
#[derive(Clone, Debug)]
pub(super) struct PlanOrders {
    feed: Arc<Feed>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// The name of the change that one order makes.
#[derive(Debug)]
pub(super) struct Naming {
    feed: Arc<Feed>,
    expected: OnceLock<Expected>,
    comes: AtomicBool,
}

impl PlanOrders {
    /// For what `feed` shows.
    pub(super) fn new(feed: &Arc<Feed>) -> Self {
        Self {
            feed: Arc::clone(feed),
            turn: Arc::default(),
        }
    }

    /// Carries out an order, which names its change before it makes it. Call it within a runtime.
    pub(super) async fn carry_out<F>(
        &self,
        order: impl FnOnce(Arc<Naming>) -> F + Send + 'static,
    ) -> Response
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let it = self.clone();
        let done = tokio::spawn(async move {
            let _turn = it.turn.lock().await;
            let naming = Arc::new(Naming {
                feed: it.feed,
                expected: OnceLock::new(),
                comes: AtomicBool::new(false),
            });
            let answer = order(Arc::clone(&naming)).await;
            let comes = answer.status().is_success();
            naming.comes.store(comes, Ordering::Relaxed);
            answer
        });
        done.await.unwrap_or_else(|broken| {
            let message = format!("the order failed half way: {broken}");
            error(StatusCode::SERVICE_UNAVAILABLE, "failed", &message)
        })
    }
}

impl Naming {
    /// The next change of the plan is that of this order.
    pub(super) fn expect(&self, text: String) {
        let _ = self.expected.set(self.feed.expect_plan(text));
    }

    /// The settings of all instances change by this order as long as the answer is held.
    pub(super) fn sets(&self) -> Setting {
        self.feed.sets(None)
    }
}

impl Drop for Naming {
    fn drop(&mut self) {
        let comes = self.comes.load(Ordering::Relaxed);
        if let Some(change) = self.expected.get().filter(|_| !comes) {
            self.feed.expect_no_more(*change);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::super::feed::tests::{feed, look};
    use super::*;
    use crate::page::{Moment, PlanStep};
    use crate::unreliable::PlanChange;

    fn answer(status: StatusCode) -> Response {
        let mut answer = Response::default();
        *answer.status_mut() = status;
        answer
    }

    /// What the mark of a change is called now.
    fn called(feed: &Feed) -> String {
        feed.note(&Moment {
            plans: vec![PlanStep {
                at_s: 0.5,
                change: PlanChange::Ordered,
            }],
            ..look(1000)
        });
        feed.orders().marks.pop().unwrap().text
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_fails_or_breaks_or_that_nobody_waits_for_leaves_its_name_to_no_other() {
        for (how, named) in [("refused", false), ("broken", false), ("done", true)] {
            let feed = feed();
            let orders = PlanOrders::new(&feed);
            let order = move |naming: Arc<Naming>| async move {
                naming.expect("its own".to_owned());
                sleep(Duration::from_secs(1)).await;
                assert!(how != "broken");
                let is_done = how == "done";
                answer(if is_done {
                    StatusCode::OK
                } else {
                    StatusCode::BAD_GATEWAY
                })
            };

            {
                let mut gone = std::pin::pin!(orders.carry_out(order));
                assert!(futures_util::poll!(gone.as_mut()).is_pending());
            }
            sleep(Duration::from_secs(2)).await;

            let wanted = if named {
                "its own"
            } else {
                "fault plan changed"
            };
            assert_eq!(called(&feed), wanted, "{how}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn two_orders_at_once_take_turns() {
        let feed = feed();
        let orders = PlanOrders::new(&feed);
        let busy = Arc::new(AtomicBool::new(false));
        let order = |text: &'static str| {
            let busy = Arc::clone(&busy);
            move |naming: Arc<Naming>| async move {
                naming.expect(text.to_owned());
                assert!(
                    !busy.swap(true, Ordering::Relaxed),
                    "the other one is under way"
                );
                sleep(Duration::from_secs(1)).await;
                busy.store(false, Ordering::Relaxed);
                answer(StatusCode::OK)
            }
        };

        let (one, other) = tokio::join!(
            orders.carry_out(order("one")),
            orders.carry_out(order("other"))
        );

        assert!(one.status().is_success() && other.status().is_success());
    }
}
