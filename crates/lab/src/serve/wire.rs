//! The way of a handler below HTTP: the connection's wire, which can be cut.
//!
//! A fault is decided per request, but a reset affects a connection. Each connection of a service that asked for it
//! has a [`Wire`] in the extensions of its requests; a handler that cuts it never answers.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};

/// The ways in which a connection ends without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// With a reset.
    Reset,
    /// With these bytes, whatever they are, and an orderly close.
    Say(Bytes),
}

/// The connection below a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    cut: Mutex<Option<Cut>>,
    told: Notify,
}

impl Wire {
    /// Cuts the connection. The caller is dropped with it.
    pub(crate) async fn cut(&self, how: Cut) -> Infallible {
        *self
            .shared
            .cut
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(how);
        self.shared.told.notify_one();
        std::future::pending().await
    }

    /// Returns once a handler has cut the connection.
    pub(super) async fn is_cut(&self) -> Cut {
        loop {
            let cut = self
                .shared
                .cut
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            match cut {
                Some(cut) => return cut,
                None => self.shared.told.notified().await,
            }
        }
    }
}

/// Ends a connection as a handler ordered, whether or not the client still listens.
pub(super) async fn end(mut stream: TcpStream, how: Cut) {
    match how {
        Cut::Reset => {
            let _ = stream.set_zero_linger();
        }
        Cut::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
    }
}

/// Whether a service listens. While it does not, its connections are closed and new ones refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// It listens.
    Open,
    /// It does not listen.
    Closed,
}

/// The ability of a service to act below HTTP.
#[derive(Clone, Debug)]
pub(crate) enum Below {
    /// Nothing unusual.
    Nothing,
    /// Handlers can cut connections, and the port opens and closes.
    Faults(watch::Receiver<Door>),
}

impl Below {
    /// Returns when the port has opened or closed.
    pub(super) async fn changed(&mut self) -> Door {
        if let Self::Faults(door) = self
            && door.changed().await.is_ok()
        {
            return *door.borrow_and_update();
        }
        std::future::pending().await
    }

    /// A wire for a new connection.
    pub(super) fn wire(&self) -> Option<Wire> {
        match self {
            Self::Nothing => None,
            Self::Faults(_) => Some(Wire::default()),
        }
    }
}
