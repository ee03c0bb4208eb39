//! The end of a run: on Ctrl-C, on SIGTERM, when the time is up, or when nobody reads it any more.
//!
//! Signals have a thread of their own: services may be so busy with what others ask of them that a task beside
//! them would not learn of a signal for a long time. That thread ends the process, should it still be there when
//! the promised time is nearly over.

use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::print;

/// Everything ends within this time after it was asked for, whoever hangs: three seconds are promised, and a busy
/// machine is late.
const END_TIME: Duration = Duration::from_secs(2);
/// When the process is ended after that, whatever it is busy with.
const PATIENCE: Duration = Duration::from_millis(2700);
/// How long it may take to say so.
const LAST_WORD: Duration = Duration::from_millis(50);
/// How long the last spans may take to leave, however long the services took.
pub(crate) const LEAST_FLUSH_TIME: Duration = Duration::from_millis(300);

/// When the end was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    began: Instant,
}

impl Ending {
    /// It ends by itself, now.
    pub(crate) fn now() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// The time that is left for the last things.
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

/// What a run is to whoever reads its standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// The run is there to be read: it ends when the reader has gone away, as of `| head -5`.
    Needed,
    /// A service: it goes on.
    Welcome,
}

/// Returns at Ctrl-C, at SIGTERM, after `limit`, or when a reader who is needed has gone away. A second
/// signal ends the process at once.
pub(crate) async fn end_of_run(limit: Option<Duration>, readers: Readers) -> Ending {
    let mut told = listen(obey);
    tokio::select! {
        _ = told.changed() => {}
        () = after(limit) => {}
        () = print::reader_left(), if readers == Readers::Needed => {}
    }
    Ending::now()
}

/// The same for work that may take its time to keep what is done: nobody waits for its services. Only a second signal
/// ends the process at once.
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

/// Listens to signals on a thread of its own, and hands on when the first one came.
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

/// Tells of the first signal. Ends the process at the second one, or when the end does not come in time.
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
