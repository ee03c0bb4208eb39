//! One reader of the views that a node tells of its own accord.

use tokio::sync::watch;

use crate::engine::{Answer, Events};
use crate::view::View;

/// Holds one view: a newer one takes its place, so that a slow reader costs nothing.
pub(super) struct Subscription {
    pub(super) views: watch::Receiver<Option<View>>,
}

impl Events for Subscription {
    fn next(&mut self) -> Answer<'_, Option<View>> {
        Box::pin(async {
            loop {
                self.views.changed().await.ok()?;
                let view = *self.views.borrow_and_update();
                if view.is_some() {
                    return view;
                }
            }
        })
    }
}
