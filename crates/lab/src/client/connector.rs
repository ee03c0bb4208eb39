//! New connections to the downstream.

use std::sync::atomic::{AtomicBool, Ordering};

use hyper_util::rt::TokioIo;
use reqwest::Url;
use tokio::net::TcpStream;

use super::{BoxError, Heard, InTurns, Names};

/// Connects to one host, and has what comes read in turns and noted.
#[derive(Debug)]
pub(super) struct Connector {
    names: Names,
    host: String,
    port: u16,
}

/// Whether the address of a host is being looked up: until it is found, nobody has been called.
#[derive(Debug, Default)]
pub(crate) struct LookingUp(AtomicBool);

impl LookingUp {
    pub(crate) fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, is: bool) {
        self.0.store(is, Ordering::Relaxed);
    }
}

impl Connector {
    /// Of a URL, only the host and the port matter: a name and a password in it are kept out of logs.
    pub(super) fn new(names: Names, url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        // An address of version 6 stands in brackets in a URL, and nowhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Self {
            names,
            host: host.to_owned(),
            port: url.port_or_known_default().unwrap_or(80),
        }
    }

    pub(super) async fn connect(&self, looking_up: &LookingUp) -> Result<TokioIo<Heard>, BoxError> {
        looking_up.set(true);
        let addresses = self.names.find(&self.host, self.port).await;
        looking_up.set(false);
        let stream = TcpStream::connect(&*addresses?).await?;
        stream.set_nodelay(true)?;
        Ok(TokioIo::new(Heard::new(InTurns::new(stream))))
    }
}
