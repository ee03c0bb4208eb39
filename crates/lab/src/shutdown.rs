//! The end of a run: on Ctrl-C, on SIGTERM, when the time is up, or when its reader is gone.
//!
//! Signals have a thread of their own: services may be so busy that a task beside them would notice a signal only
//! after a long time. That thread ends the process if it is still there when the promised time is nearly over.

use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::print;

/// Everything ends within this time after the request, whatever hangs: three seconds are promised, and a busy machine
/// is late.
const END_TIME: Duration = Duration::from_secs(2);
/// The time after that at which the process is ended, whatever it is doing.
const PATIENCE: Duration = Duration::from_millis(2700);
/// The time for the last message about that.
const LAST_WORD: Duration = Duration::from_millis(50);
/// The time for the last spans to leave, however long the services took.
pub(crate) const LEAST_FLUSH_TIME: Duration = Duration::from_millis(300);

/// When the end was requested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    began: Instant,
}

impl Ending {
    /// The process ends by itself, now.
    pub(crate) fn now() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// The time that is left for the last steps.
    pub(crate) fn time_left(&self) -> Duration {
        END_TIME
            .saturating_sub(self.began.elapsed())
            .max(LEAST_FLUSH_TIME)
    }
}

/// Tells its [`Shutdown`]s to stop, once.
#[derive(Debug)]
pub(crate) struct Stop {
    sender: watch::Sender<bool>,
}

/// Waits for the order to stop. Clones wait for the same order.
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

/// The importance of a run's reader on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// The run exists to be read: it ends when the reader has gone away, as with `| head -5`.
    Needed,
    /// A service, which goes on without a reader.
    Welcome,
}

/// Returns at Ctrl-C, at SIGTERM, after `limit`, or when a required reader has gone away. A second signal ends the
/// process at once.
pub(crate) async fn end_of_run(limit: Option<Duration>, readers: Readers) -> Ending {
    let mut told = listen(obey);
    tokio::select! {
        _ = told.changed() => {}
        () = after(limit) => {}
        () = print::reader_left(), if readers == Readers::Needed => {}
    }
    Ending::now()
}

/// Returns in the same cases for work that may take its time to keep what is done, because nobody waits for its
/// services. Only a second signal ends the process at once.
pub(crate) async fn asked_to_end() {
    let mut told = listen(async |tell| {
        let mut signals = Signals::new();
        signals.next().await;
        tell.send_replace(());
        signals.next().await;
        std::process::exit(130);
    });
    tokio::select! {
        _ = told.changed() => {}
        () = print::reader_left() => {}
    }
}

/// Listens to signals on a thread of its own, and passes on when the first one came.
fn listen(obey: impl AsyncFnOnce(&watch::Sender<()>) + Send + 'static) -> watch::Receiver<()> {
    let (tell, told) = watch::channel(());
    let signals = thread::Builder::new().name("signals".to_owned());
    let listening = signals.spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("signals can be listened to");
        runtime.block_on(obey(&tell));
    });
    listening.expect("signals can be listened to");
    told
}

/// Reports the first signal. Ends the process at the second one, or when the end does not come in time.
async fn obey(tell: &watch::Sender<()>) {
    let mut signals = Signals::new();
    signals.next().await;
    print::hurry(Instant::now() + END_TIME);
    tell.send_replace(());
    tokio::select! {
        () = signals.next() => std::process::exit(130),
        () = sleep(PATIENCE) => {}
    }
    print::error("breaker-lab: the shutdown took too long: unfinished work is lost");
    sleep(LAST_WORD).await;
    std::process::exit(1);
}

async fn after(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

/// The signals that ask for the end.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

        Self {
            interrupt: signal(SignalKind::interrupt()).expect("SIGINT can be handled"),
            terminate: signal(SignalKind::terminate()).expect("SIGTERM can be handled"),
        }
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C, where there are no signals.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        tokio::signal::ctrl_c()
            .await
            .expect("Ctrl-C can be handled");
    }
}
