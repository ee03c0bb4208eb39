//! The look-up of host names by the system, a few at a time.
//!
//! The system's look-up blocks a thread while a name server is silent. The number of such threads is bounded, and
//! scrapes need them too: with one thread for each call, a silent name server would stop `/metrics`. So the others
//! wait for their turn, without a thread and no longer than their call waits. A caller of several hosts has one
//! [`Names`] for each, so that an unanswered name delays no call to another host.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::shortage::Unresolved;

/// Look-ups that are under way at once.
const AT_ONCE: usize = 8;

type LookUp = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// Finds the addresses of hosts. Clones share their turns.
#[derive(Clone)]
pub(crate) struct Names {
    turns: Arc<Semaphore>,
    look_up: Arc<LookUp>,
}

impl Names {
    /// As the system knows them.
    pub(crate) fn of_system() -> Self {
        Self::looked_up_by(|host, port| Ok((host, port).to_socket_addrs()?.collect()))
    }

    /// Of which nobody knows one, and nobody says so.
    #[cfg(test)]
    pub(crate) fn silent() -> Self {
        let mut names = Self::looked_up_by(|_, _| Err(io::ErrorKind::NotFound.into()));
        names.turns = Arc::new(Semaphore::new(0));
        names
    }

    fn looked_up_by(
        look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            look_up: Arc::new(look_up),
        }
    }

    /// The addresses of `host`, with this port.
    ///
    /// # Errors
    ///
    /// What the system says, marked so that it is not taken for a failure of the host.
    pub(crate) async fn find(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Unresolved> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![(ip, port).into()]);
        }
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let (look_up, host) = (Arc::clone(&self.look_up), host.to_owned());
        // The turn is over when the look-up is, also where nobody waits for it any more.
        let found = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            look_up(&host, port)
        });
        match found.await {
            Ok(found) => found.map_err(Unresolved),
            Err(broken) => Err(Unresolved(io::Error::other(broken))),
        }
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::task::{JoinSet, spawn_blocking};
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn an_address_is_no_name() {
        let names = Names::looked_up_by(|_, _| panic!("nobody is asked"));

        for (host, address) in [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80")] {
            let found = names.find(host, 80).await.unwrap();

            assert_eq!(found, [address.parse().unwrap()]);
        }
    }

    #[tokio::test]
    async fn a_silent_name_server_holds_few_threads_and_nobody_longer_than_they_wait() {
        let (tell, look_ups) = mpsc::channel();
        let (answer, silent) = mpsc::channel::<()>();
        let silent = Mutex::new(silent);
        let names = Names::looked_up_by(move |_, _| {
            tell.send(()).unwrap();
            let silent = silent
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let _ = silent.recv();
            Err(io::Error::other("no answer"))
        });

        let mut calls = JoinSet::new();
        for _ in 0..1000 {
            let names = names.clone();
            let patience = Duration::from_millis(20);
            calls.spawn(async move { timeout(patience, names.find("silent.test", 80)).await });
        }
        let ended = calls.join_all().await;

        assert!(
            ended.iter().all(Result::is_err),
            "each waits for its own time"
        );
        // There is a thread left to count them, and it has time to see all that have begun.
        let looked_up = spawn_blocking(move || {
            let next = || look_ups.recv_timeout(Duration::from_secs(60)).ok();
            let begun = std::iter::from_fn(next).take(AT_ONCE).count();
            begun + look_ups.try_iter().count()
        });
        let looked_up = timeout(Duration::from_secs(60), looked_up)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(looked_up, AT_ONCE, "one thread for each turn");
        drop(answer);
    }
}
