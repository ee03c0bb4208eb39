//! A viewer of the page: a position in the feed, and the body of an answer that lasts as long as the viewer watches.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::unfold;
use tokio::sync::watch;

use super::feed::{Feed, MOST_VIEWERS};
use super::ring::News;
use crate::shutdown::Shutdown;

/// One viewer, which counts as one until it is dropped.
#[derive(Debug)]
pub(super) struct Viewer {
    feed: Arc<Feed>,
    position: u64,
    news: watch::Receiver<u64>,
    shutdown: Shutdown,
    greeted: bool,
}

impl Viewer {
    /// A viewer that has seen the event with the id `last`, if any; `None` if there are too many viewers already.
    pub(super) fn of(feed: &Arc<Feed>, last: Option<&str>, shutdown: &Shutdown) -> Option<Self> {
        let viewer = Self {
            position: last.map_or(0, |last| feed.position(last)),
            news: feed.news(),
            feed: Arc::clone(feed),
            shutdown: shutdown.clone(),
            greeted: false,
        };
        // It is counted before the limit is checked: a refused viewer is dropped again.
        (feed.viewers().fetch_add(1, Ordering::Relaxed) < MOST_VIEWERS).then_some(viewer)
    }

    /// All events from here on, until the shutdown begins.
    pub(super) fn body(self) -> Body {
        Body::from_stream(unfold(self, async |mut viewer| {
            let events = viewer.next().await?;
            Some((Ok::<_, Infallible>(events), viewer))
        }))
    }

    /// The next events; `None` at the end. Events that are not read meanwhile are not kept for this viewer.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(self.feed.hello());
        }
        loop {
            self.news.mark_unchanged();
            let (news, position) = self.feed.after(self.position);
            self.position = position;
            match news {
                News::Ticks(events) | News::History(events) => return Some(events),
                News::None => {}
            }
            tokio::select! {
                biased;
                () = self.shutdown.begun() => return None,
                changed = self.news.changed() => changed.ok()?,
            }
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.feed.viewers().fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
