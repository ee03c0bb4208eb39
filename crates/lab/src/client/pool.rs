//! The connections to one service that are kept for the next request.
//!
//! The most recently used connection is used first, so that few are kept warm. Idle connections are not driven:
//! [`Pool::sweep`], which runs at regular intervals, closes those that have been idle for too many sweeps.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use super::driven_connection::Driven;

/// Sweeps that an idle connection survives. Two seconds at the pace of an instance: shorter than a service
/// keeps an idle connection, so that no request meets one that is closing.
pub(super) const SWEEPS: u64 = 40;

/// Idle connections.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Mutex<Idle>,
}

#[derive(Debug, Default)]
struct Idle {
    sweeps: u64,
    /// The one that was used last at the end, each with the number of sweeps before it.
    connections: VecDeque<(u64, Driven)>,
}

impl Pool {
    /// A connection that has not been closed, as far as is known.
    pub(super) async fn take(&self) -> Option<Driven> {
        loop {
            let (_, mut connection) = self.lock().connections.pop_back()?;
            let closed = poll_fn(|cx| Poll::Ready(connection.drive(cx).is_ready()));
            if !closed.await {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection on which all has been said.
    pub(super) fn keep(&self, connection: Driven) {
        if connection.is_done() {
            return;
        }
        let mut idle = self.lock();
        let sweeps = idle.sweeps;
        idle.connections.push_back((sweeps, connection));
    }

    /// Ends what has been idle for too long.
    pub(super) fn sweep(&self) {
        let mut ended = Vec::new();
        let mut idle = self.lock();
        idle.sweeps += 1;
        while let Some((since, _)) = idle.connections.front()
            && since + SWEEPS < idle.sweeps
        {
            ended.extend(idle.connections.pop_front());
        }
        drop(idle);
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
