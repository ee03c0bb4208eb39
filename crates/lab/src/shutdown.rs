//! When does everything stop? On Ctrl-C, on SIGTERM, or when the time is up.

use std::time::Duration;

use tokio::sync::watch;

/// Tells its [`Shutdown`]s to stop, once.
#[derive(Debug)]
pub(crate) struct Stop {
    sender: watch::Sender<bool>,
}

/// Waits to be told to stop. Clones wait for the same word.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    receiver: watch::Receiver<bool>,
}

impl Stop {
    pub(crate) fn new() -> (Self, Shutdown) {
        let (sender, receiver) = watch::channel(false);
        (Self { sender }, Shutdown { receiver })
    }

    /// Begins the shutdown.
    pub(crate) fn begin(&self) {
        self.sender.send_replace(true);
    }
}

impl Shutdown {
    /// Returns once the shutdown has begun.
    pub(crate) async fn begun(&mut self) {
        // A stop that is gone can say no more: that is a shutdown too.
        let _ = self.receiver.wait_for(|begun| *begun).await;
    }
}

/// Returns at Ctrl-C, at SIGTERM, or after `limit`. A second signal then ends the process at once.
pub(crate) async fn end_of_run(limit: Option<Duration>) {
    tokio::select! {
        () = signal() => {}
        () = after(limit) => {}
    }
    tokio::spawn(async {
        signal().await;
        std::process::exit(130);
    });
}

async fn after(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be handled");
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be handled");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    tokio::signal::ctrl_c()
        .await
        .expect("Ctrl-C can be handled");
}
