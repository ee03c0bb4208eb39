//! The listeners of each channel, and the newest view that came over it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::reply;
use crate::view::View;

/// The channels that have listeners.
pub(super) struct News {
    channels: Mutex<BTreeMap<String, Channel>>,
    /// Changes with the standing of a channel.
    settled: watch::Sender<()>,
}

/// One channel. It has room for one view. A newer view takes its place, so a slow reader costs nothing.
struct Channel {
    views: watch::Sender<Option<View>>,
    standing: Standing,
}

/// The standing of a channel with the present connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The server has not been asked yet.
    Wanted,
    /// The server tells what happens.
    Subscribed,
    /// The server refuses.
    Refused,
}

impl News {
    pub(super) fn new() -> Self {
        Self {
            channels: Mutex::default(),
            settled: watch::Sender::new(()),
        }
    }

    /// Adds a listener, and returns whether the server has to be asked.
    pub(super) fn listen(&self, channel: &str) -> (watch::Receiver<Option<View>>, bool) {
        let mut channels = self.lock();
        channels.retain(|_, channel| channel.views.receiver_count() > 0);
        let room = channels
            .entry(channel.to_owned())
            .or_insert_with(|| Channel {
                views: watch::Sender::new(None),
                standing: Standing::Wanted,
            });
        (room.views.subscribe(), room.standing == Standing::Wanted)
    }

    /// Resets all channels, because a new connection knows none.
    pub(super) fn begin_again(&self) {
        let mut channels = self.lock();
        channels.retain(|_, channel| channel.views.receiver_count() > 0);
        for channel in channels.values_mut() {
            channel.standing = Standing::Wanted;
        }
    }

    /// The channels with this standing.
    pub(super) fn with(&self, standing: Standing) -> Vec<String> {
        let channels = self.lock();
        let found = channels
            .iter()
            .filter(|(_, channel)| channel.standing == standing);
        found.map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn settle(&self, channel: &str, standing: Standing) {
        if let Some(room) = self.lock().get_mut(channel) {
            room.standing = standing;
        }
        self.settled.send_replace(());
    }

    /// Returns when the server has been asked for the channel, so that nothing that is done from then on is missed.
    pub(super) async fn asked(&self, channel: &str) {
        let mut settled = self.settled.subscribe();
        while self
            .lock()
            .get(channel)
            .is_some_and(|room| room.standing == Standing::Wanted)
        {
            if settled.changed().await.is_err() {
                return;
            }
        }
    }

    /// Leaves a view for all listeners. A view that makes no sense is dropped: the next report brings another.
    pub(super) fn tell(&self, channel: &[u8], text: &[u8]) {
        let (Ok(channel), Ok(text)) = (std::str::from_utf8(channel), std::str::from_utf8(text))
        else {
            return;
        };
        let Ok(view) = reply::Words::of(text).view() else {
            return;
        };
        if let Some(room) = self.lock().get(channel) {
            room.views.send_replace(Some(view));
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
