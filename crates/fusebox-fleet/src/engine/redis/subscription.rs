//! A listener to a channel, which keeps the connection alive while it waits.

use std::sync::{Arc, Weak};

use tokio::sync::watch;

use super::link::Link;
use crate::engine::{Answer, Events};
use crate::view::View;

/// One listener.
pub(super) struct Subscription {
    link: Weak<Link>,
    views: watch::Receiver<Option<View>>,
}

impl Subscription {
    pub(super) fn new(link: &Arc<Link>, views: watch::Receiver<Option<View>>) -> Self {
        Self {
            link: Arc::downgrade(link),
            views,
        }
    }
}

impl Events for Subscription {
    fn next(&mut self) -> Answer<'_, Option<View>> {
        Box::pin(async {
            if let Some(link) = self.link.upgrade() {
                link.keep();
            }
            loop {
                self.views.changed().await.ok()?;
                if let Some(view) = *self.views.borrow_and_update() {
                    return Some(view);
                }
            }
        })
    }
}
