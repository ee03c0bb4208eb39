//! The builder of a registry.

use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crossbeam_utils::sync::ShardedLock;

use super::makers::Makers;
use super::settings::{InForce, Settings};
use super::table::Table;
use super::{Registry, Shared};
use crate::breaker::Breaker;
use crate::clock::{Clock, SystemClock, TimeSource, nanos};
use crate::config::Config;

pub(super) type Hook<K> = Box<dyn Fn(&K, &Breaker) + Send + Sync>;

/// Collects the settings of a [`Registry`]; made by [`Registry::builder`].
///
/// # Examples
/// Settings by key, and an operator's handle for all breakers:
/// ```
/// use fusebox::{Config, ManualControl, Registry, State};
/// use std::num::NonZeroUsize;
/// use std::time::Duration;
///
/// let usual = Config::default();
/// let touchy = Config::builder().consecutive_failures(2).build()?;
/// let control = ManualControl::new();
/// let members = control.clone();
/// let hosts: Registry<String> = Registry::builder(NonZeroUsize::new(1000).unwrap())
///     .config_with(move |host: &String| match host.as_str() {
///         "payments.example" => touchy.clone(),
///         _ => usual.clone(),
///     })
///     .on_create(move |_host, breaker| members.add(breaker))
///     .idle_for(Duration::from_secs(300))
///     .build();
///
/// let payments = hosts.get("payments.example")?;
/// assert_eq!(payments.config().consecutive_failures(), Some(2));
/// control.isolate();
/// assert_eq!(hosts.get("a.example")?.state(), State::ForcedOpen);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a description does nothing until it is built"]
pub struct RegistryBuilder<K> {
    capacity: NonZeroUsize,
    settings: InForce<K>,
    idle_for: Duration,
    time: TimeSource,
    hooks: Vec<Hook<K>>,
}

impl<K> RegistryBuilder<K> {
    /// A breaker that was asked for more recently than this is not evicted.
    const IDLE_FOR: Duration = Duration::from_secs(60);

    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        Self {
            capacity,
            settings: InForce::same(Arc::new(Config::default())),
            idle_for: Self::IDLE_FOR,
            time: TimeSource::of(SystemClock::new()),
            hooks: Vec::new(),
        }
    }

    /// Sets the settings of all breakers. Default: [`Config::default`]. A breaker begins with a
    /// single [stripe](crate::ConfigBuilder::stripes) unless the settings say otherwise, and gets
    /// one per processor when threads that use it at once get in each other's way.
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.settings = InForce::same(config.into());
        self
    }

    /// Sets the settings of each breaker by its key, instead of the same for all. `config` is
    /// called once for each breaker that is made, with no lock held. If many keys have the same
    /// settings, return clones of one `Arc<Config>`: that saves memory.
    pub fn config_with<C: Into<Arc<Config>>>(
        mut self,
        config: impl Fn(&K) -> C + Send + Sync + 'static,
    ) -> Self {
        self.settings = InForce::by_key(config);
        self
    }

    /// Sets for how long a key must not have been asked for before its breaker may be evicted.
    /// Default: one minute; with zero a breaker may be evicted at any time.
    pub fn idle_for(mut self, idle: Duration) -> Self {
        self.idle_for = idle;
        self
    }

    /// Sets the clock of the registry and its breakers. Default: [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.time = TimeSource::of(clock);
        self
    }

    /// Adds a hook that runs on each new breaker, for example to add listeners or to make it a
    /// member of a [`ManualControl`](crate::ManualControl). Several hooks run in the order in which
    /// they were added.
    ///
    /// A hook runs once for each breaker, before any caller gets it, with no lock held. Callers
    /// that ask for the same key wait meanwhile, so it should not take long. It must not ask the
    /// registry for keys: asking for its own key panics, and two hooks that ask for each other's
    /// key wait for ever. If a hook panics, the breaker is discarded and the panic reaches the
    /// caller that asked for the key. A breaker whose handle the hook keeps for good is never
    /// evicted.
    pub fn on_create(mut self, hook: impl Fn(&K, &Breaker) + Send + Sync + 'static) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// Makes the registry, which is empty at first.
    pub fn build(self) -> Registry<K> {
        Registry {
            shared: Arc::new(Shared {
                capacity: self.capacity,
                idle_for: nanos(self.idle_for),
                time: self.time,
                hooks: self.hooks,
                settings: Settings::new(self.settings),
                table: ShardedLock::new(Table::new()),
                makers: Mutex::new(Makers::new()),
                made: Condvar::new(),
            }),
        }
    }
}

impl<K> std::fmt::Debug for RegistryBuilder<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegistryBuilder")
            .field("capacity", &self.capacity)
            .field("idle_for", &self.idle_for)
            .finish_non_exhaustive()
    }
}
