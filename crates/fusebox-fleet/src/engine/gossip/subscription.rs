//! A reader of the views that a node pushes.

use tokio::sync::watch;

use crate::engine::{Answer, Events};
use crate::view::View;

/// Holds one view. A newer view takes its place, so a slow reader costs nothing.
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
