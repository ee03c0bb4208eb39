//! The host of members, which makes the breakers of a service take part in a fleet.
//!
//! A [`Host`] is one instance: its name, its engine, and the listeners to what happens. It makes a breaker a
//! [`Participant`]: a task of its own wakes the member, carries messages to the engine, and carries out the member's
//! actions. Calls go through the breaker as before, by any of its methods, and nothing is added to their path.
//! Instead, the task reads the breaker's counters every [few milliseconds](HostBuilder::listen_every). All keys of
//! one host report at the same instants, so that an engine can take them as one request.
//!
//! Callers never notice what the engine does. If it is silent, slow, answers nonsense or panics, the participant is
//! alone after `stale_after`, and joins again by itself. When the participant is dropped, or its task ends in any
//! way, nothing of the fleet stays in the breaker.
//!
//! The host needs a tokio runtime with time enabled, which runs as long as the participant lives. An engine that
//! blocks its thread delays other work on that thread, as any future does.
//!
//! # Examples
//! ```
//! use fusebox::{Breaker, Config};
//! use fusebox_fleet::engine::memory::Memory;
//! use fusebox_fleet::host::{FleetEvent, Host};
//! use fusebox_fleet::{BreakerKey, InstanceId, Mode, Settings};
//! use std::{sync::Arc, time::Duration};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Arc::new(Memory::new()); // an engine on a server for more than one process
//! let host = Host::builder(InstanceId::new("checkout-1")?, engine)
//!     .listener(|key: &BreakerKey, event: &FleetEvent| println!("{key}: {event:?}"))
//!     .build();
//!
//! let breaker = Breaker::new("inventory", Config::default());
//! let settings = Settings::builder(Mode::Quorum)
//!     .suspicion_run_for(10) // failures that trip the breaker
//!     .open_for(Duration::from_secs(5)) // of the breaker
//!     .probe_timeout(Duration::from_secs(1)) // of a call
//!     .build()?;
//! let participant = host.join(BreakerKey::new("inventory")?, breaker.clone(), settings)?;
//!
//! breaker.try_acquire()?.success(); // as ever
//! assert!(participant.status().is_in());
//! participant.leave().await;
//! # Ok(())
//! # }
//! ```

mod caught_panic;
mod driver;
mod errand;
mod fleet_engine;
mod fleet_event;
mod hearing;
mod input;
mod line;
mod opinion_times;
mod participant;
mod rhythm;
mod runtime_clock;
mod shared;
mod soundness;
mod status;
mod subscription;
mod tally;
mod task_memory;

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusebox::Breaker;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::Instant;

pub use fleet_engine::FleetEngine;
pub use fleet_event::{FleetEvent, FleetListener};
pub use opinion_times::{HeardVerdict, OpinionTimes};
pub use participant::Participant;
pub use runtime_clock::RuntimeClock;
pub use status::{Apart, Reader, Status};
pub use tally::{Direction, FallbackReason, LeaseOutcome, MessageKind, Tally};

use crate::bind::Bound;
use crate::member::Member;
use crate::message::Sender;
use crate::name::{BreakerKey, InstanceId, Session};
use crate::settings::Settings;
use driver::Driver;
use rhythm::Rhythm;
use shared::Shared;
use status::Board;

/// How many messages may wait for a busy task.
const INBOX: usize = 16;

/// One instance of a fleet, with what all its breakers have in common. Clones are the same instance.
#[derive(Clone)]
pub struct Host {
    shared: Arc<Shared>,
}

impl Host {
    /// Makes an instance of this name, unique in its fleet, on this engine.
    pub fn new(instance: InstanceId, engine: Arc<dyn FleetEngine>) -> Self {
        Self::builder(instance, engine).build()
    }

    /// Returns a builder for such an instance, with more to set.
    pub fn builder(instance: InstanceId, engine: Arc<dyn FleetEngine>) -> HostBuilder {
        HostBuilder {
            instance,
            engine,
            listener: None,
            listen_every: Duration::from_millis(10),
            random: fastrand::Rng::new(),
        }
    }

    /// Makes a breaker take part until the participant is dropped or [leaves](Participant::leave). The breaker starts
    /// alone and joins as soon as the engine answers.
    ///
    /// # Errors
    /// [`JoinError::KeyInUse`] if a breaker of this host already takes part under this key. [`JoinError::NoRuntime`]
    /// outside of a tokio runtime.
    pub fn join(
        &self,
        key: BreakerKey,
        breaker: Breaker,
        settings: impl Into<Arc<Settings>>,
    ) -> Result<Participant, JoinError> {
        let runtime = Handle::try_current().map_err(|_| JoinError::NoRuntime)?;
        if !self.shared.keys().insert(key.clone()) {
            return Err(JoinError::KeyInUse { key });
        }
        let settings = settings.into();
        let rules = (settings.mode(), settings.stale_after());
        let engine_timeout = settings.engine_timeout();
        let board = Arc::new(Board::new(key, Instant::now(), rules));
        let member = Member::new(self.shared.sender.clone(), settings);
        let (post, inbox) = mpsc::channel(INBOX);
        let driver = Driver::new(
            (Arc::clone(&self.shared), Arc::clone(&board)),
            (Bound::new(breaker.clone()), member),
            (post.clone(), inbox),
        );
        Ok(Participant {
            host: Arc::clone(&self.shared),
            board,
            breaker,
            post,
            task: Some(runtime.spawn(driver.run())),
            engine_timeout,
        })
    }

    /// Returns the instance's name.
    pub fn instance(&self) -> &InstanceId {
        &self.shared.sender.instance
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("sender", &self.shared.sender)
            .finish_non_exhaustive()
    }
}

/// Collects the settings of a host.
#[must_use]
pub struct HostBuilder {
    instance: InstanceId,
    engine: Arc<dyn FleetEngine>,
    listener: Option<Arc<dyn FleetListener>>,
    listen_every: Duration,
    random: fastrand::Rng,
}

impl HostBuilder {
    /// Sets a listener to what happens to the participants. Default: none.
    pub fn listener(mut self, listener: impl FleetListener + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Sets how often the breakers' counters are read, which delays an opinion by at most that time. Default 10 ms,
    /// at least 1 ms. Each reading takes about a microsecond of processor time per breaker.
    pub fn listen_every(mut self, period: Duration) -> Self {
        self.listen_every = period.max(Duration::from_millis(1));
        self
    }

    /// Draws all random numbers, the instance's session included, from this seed. Default: a random seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.random = fastrand::Rng::with_seed(seed);
        self
    }

    /// Makes the host, which does nothing until a breaker joins.
    pub fn build(mut self) -> Host {
        let session = Session::new(self.random.u64(..));
        Host {
            shared: Arc::new(Shared {
                engine: self.engine,
                sender: Sender::new(self.instance, session),
                listener: self.listener,
                listen_every: self.listen_every,
                random: Mutex::new(self.random),
                rhythm: Rhythm::default(),
                keys: Mutex::default(),
            }),
        }
    }
}

impl fmt::Debug for HostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostBuilder")
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}

/// The reason why a breaker cannot take part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinError {
    /// A breaker of the same host already takes part under this key.
    KeyInUse {
        /// The key.
        key: BreakerKey,
    },
    /// There is no tokio runtime to run the task.
    NoRuntime,
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyInUse { key } => write!(
                f,
                "a breaker of this host takes part as `{key}` already: give each breaker its own key"
            ),
            Self::NoRuntime => {
                f.write_str("there is no runtime: call this within a runtime of tokio")
            }
        }
    }
}

impl Error for JoinError {}

#[cfg(test)]
mod tests;
