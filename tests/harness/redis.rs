//! A Redis server of one test: Debian's `redis-server` on a free port of its own, which keeps nothing and ends with
//! the test.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::LIMIT;

/// How often it is looked at while it starts.
const STEP: Duration = Duration::from_millis(10);

/// A Redis server.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    options: Vec<String>,
    process: Option<Child>,
}

impl Redis {
    /// A server that runs, with these options as on its command line.
    ///
    /// # Panics
    /// If it cannot be started; the message says which package it is in.
    pub fn start(options: &[&str]) -> Self {
        let mut server = Self::to_be(options);
        server.begin();
        server
    }

    /// A server that does not run yet: nothing answers at its address.
    ///
    /// # Panics
    /// If no port is free.
    pub fn to_be(options: &[&str]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        Self {
            port: free.expect("a port is free").port(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            process: None,
        }
    }

    /// Starts it, empty.
    ///
    /// # Panics
    /// If it cannot be started, or runs.
    pub fn begin(&mut self) {
        assert!(self.process.is_none(), "it runs");
        let process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = process.unwrap_or_else(|error| {
            panic!("redis-server cannot be run ({error}): apt-get install redis-server")
        });
        let process = self.process.insert(process);
        let mut waited = Duration::ZERO;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = process.try_wait().expect("it can be asked");
            assert!(
                ended.is_none(),
                "redis-server ended: {ended:?}, {:?}",
                self.options
            );
            assert!(waited < LIMIT, "redis-server does not start");
            std::thread::sleep(STEP);
            waited += STEP;
        }
    }

    /// Ends it as a power cut does: `kill -9`.
    ///
    /// # Panics
    /// If it does not run.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().expect("it can be ended");
        process.wait().expect("it has ended");
    }

    /// Its address without a password.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Addresses on which nothing listens for datagrams.
///
/// # Panics
/// If no port is free.
pub fn free_udp<const N: usize>() -> [String; N] {
    let sockets = [(); N].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a port is free"));
    sockets.map(|socket| socket.local_addr().expect("it has an address").to_string())
}
