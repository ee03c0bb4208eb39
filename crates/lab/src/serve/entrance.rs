//! The socket on which connections arrive, unless the port is closed on purpose.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::Instant;

use super::wire::Door;
use crate::failure::Failure;
use crate::notice::Notice;

/// How many connections the kernel keeps until they are accepted.
const BACKLOG: u32 = 4096;

/// Makes a socket that listens; nothing is accepted yet.
#[derive(Debug)]
pub(crate) struct Listening {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// Listens on `address` for the service `who`. `flag` tells the user how to choose another address.
pub(crate) fn listen(address: SocketAddr, who: &str, flag: &str) -> Result<Listening, Failure> {
    let bound =
        bind(address).map_err(|error| Failure::usage(refusal(address, who, flag, &error)))?;
    let address = bound
        .local_addr()
        .map_err(|error| Failure::runtime(error.to_string()))?;
    Ok(Listening {
        listener: bound,
        address,
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // On Windows this would let two processes share a port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn refusal(address: SocketAddr, who: &str, flag: &str, error: &io::Error) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {port} on {} is in use, so {who} cannot listen there; another breaker-lab may be running \
             (`ss -ltnp 'sport = :{port}'` shows the process): stop it, or choose another port with {flag}",
            address.ip(),
        ),
        _ => {
            format!("{who} cannot listen on {address}: {error}; choose another address with {flag}")
        }
    }
}

/// The source of connections, while the port is open.
pub(super) struct Entrance {
    address: SocketAddr,
    door: Door,
    listener: Option<TcpListener>,
    /// For the log: another process has the port.
    taken: Notice,
}

impl Entrance {
    pub(super) fn new(listening: Listening) -> Self {
        Self {
            address: listening.address,
            door: Door::Open,
            listener: Some(listening.listener),
            taken: Notice::default(),
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn set(&mut self, door: Door) {
        self.door = door;
        if door == Door::Closed {
            self.listener = None;
        }
        self.mend();
    }

    /// Listens again if that has not succeeded yet: another process may have taken the port.
    pub(super) fn mend(&mut self) {
        if self.door == Door::Open && self.listener.is_none() {
            match bind(self.address) {
                Ok(listener) => self.listener = Some(listener),
                Err(error) => {
                    if let Some(times) = self.taken.happens(Instant::now()) {
                        let address = self.address;
                        tracing::warn!(%error, %address, times, "cannot listen again yet");
                    }
                }
            }
        }
    }

    pub(super) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        match &self.listener {
            Some(listener) => listener.accept().await,
            None => std::future::pending().await,
        }
    }
}
