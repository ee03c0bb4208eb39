//! The task that carries shares between a node and the gossip of `chitchat`.
//!
//! Only this task waits for the lock of `chitchat`; verbs touch the node alone and finish at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chitchat::transport::Transport;
use chitchat::{Chitchat, ChitchatHandle, ChitchatId, NodeState, spawn_chitchat};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::process::{Process, State};
use super::settings::GossipSettings;
use crate::engine::gossip_node::{Letter, Node, NodeId, Sign};

/// How long a node whose gossip has ended waits before it begins again.
const RESTART: Duration = Duration::from_secs(1);

/// The key by which a node knows that it has the state of another.
const MARK: &str = "fusebox";

/// The prefix of a breaker's name in the keys of gossip.
const PREFIX: &str = "b/";

/// What verbs and the driver share.
pub(super) struct Shared {
    began: Instant,
    process: Mutex<Process>,
    wake: Notify,
    /// Whether the others have to be told now, instead of with the next exchange.
    tells_all: AtomicBool,
    unread: AtomicU64,
}

impl Shared {
    pub(super) fn new(settings: &GossipSettings) -> Self {
        Self {
            began: Instant::now(),
            process: Mutex::new(Process::new(Duration::ZERO, settings)),
            wake: Notify::new(),
            tells_all: AtomicBool::new(false),
            unread: AtomicU64::new(0),
        }
    }

    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Tells every other node at once what this one has to say.
    pub(super) fn tell_all(&self) {
        self.tells_all.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn unread(&self) -> u64 {
        self.unread.load(Ordering::Relaxed)
    }
}

/// Drives one node.
pub(super) struct Driver {
    settings: GossipSettings,
    transport: Box<dyn Transport>,
    shared: Arc<Shared>,
    /// How often gossip had to begin again.
    restarts: u64,
}

impl Driver {
    pub(super) fn new(
        settings: GossipSettings,
        transport: Box<dyn Transport>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            settings,
            transport,
            shared,
            restarts: 0,
        }
    }

    /// Opens the socket and begins to gossip.
    pub(super) async fn begin(&self) -> Result<ChitchatHandle, String> {
        let config = self.settings.config(self.restarts);
        let mark = vec![(MARK.to_owned(), "1".to_owned())];
        let handle = spawn_chitchat(config, mark, self.transport.as_ref())
            .await
            .map_err(|error| format!("{error:#}"))?;
        let shared = Arc::clone(&self.shared);
        let me = handle.chitchat_id().clone();
        handle
            .with_chitchat(|chitchat| {
                let (shared, me) = (Arc::clone(&shared), me.clone());
                chitchat
                    .subscribe_event("", move |change| {
                        if *change.node != me {
                            shared.wake();
                        }
                    })
                    .forever();
            })
            .await;
        Ok(handle)
    }

    /// Gossips until it is dropped. If gossip ends, it begins again.
    pub(super) async fn run(mut self, mut handle: ChitchatHandle) {
        loop {
            let reason = self.carry(&handle).await;
            drop(handle);
            self.shared.process().set_state(State::Down(reason));
            handle = loop {
                sleep(RESTART).await;
                self.restarts += 1;
                match self.begin().await {
                    Ok(handle) => break handle,
                    Err(reason) => self.shared.process().set_state(State::Down(reason)),
                }
            };
            let mut process = self.shared.process();
            process.step(Node::say_all_again);
            process.set_state(State::Up);
        }
    }

    /// Carries shares until gossip ends, and returns the reason.
    async fn carry(&self, handle: &ChitchatHandle) -> String {
        let mut seen = BTreeMap::new();
        let mut tick = interval(self.settings.interval());
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ended = handle.termination_watcher();
        tokio::pin!(ended);
        loop {
            self.exchange(handle, &mut seen).await;
            tokio::select! {
                _ = tick.tick() => {}
                () = self.shared.wake.notified() => {}
                end = &mut ended => {
                    return match end {
                        Ok(()) => "gossip has stopped".to_owned(),
                        Err(error) => format!("gossip has stopped: {error:#}"),
                    };
                }
            }
        }
    }

    async fn exchange(&self, handle: &ChitchatHandle, seen: &mut BTreeMap<ChitchatId, (u64, u64)>) {
        if self.shared.process().step(Node::reads_again) {
            seen.clear();
        }
        let (signs, letters) = handle.with_chitchat(|chitchat| read(chitchat, seen)).await;
        let said = {
            let now = self.shared.now();
            let mut process = self.shared.process();
            let unread = process.hear(now, &signs, letters);
            self.shared.unread.fetch_add(unread, Ordering::Relaxed);
            process.letters(now)
        };
        if !said.is_empty() {
            handle
                .with_chitchat(|chitchat| {
                    let own = chitchat.self_node_state();
                    for (key, text) in &said {
                        own.set(format!("{PREFIX}{key}"), text);
                    }
                })
                .await;
        }
        // Partner: the store in `tell_all`.
        if self.shared.tells_all.swap(false, Ordering::Acquire) {
            for other in handle.with_chitchat(others).await {
                // Gossip that has ended is seen by `carry`.
                let _ = handle.gossip(other);
            }
        }
    }
}

/// The addresses of all other nodes that gossip knows of.
fn others(chitchat: &mut Chitchat) -> Vec<SocketAddr> {
    let me = chitchat.self_chitchat_id();
    let nodes = chitchat.node_states().keys().filter(|node| *node != me);
    nodes.map(|node| node.gossip_advertise_addr).collect()
}

/// What gossip says of all other nodes, and the shares that have changed since the last look.
fn read(
    chitchat: &mut Chitchat,
    seen: &mut BTreeMap<ChitchatId, (u64, u64)>,
) -> (Vec<Sign>, Vec<Letter>) {
    let me = chitchat.self_chitchat_id().clone();
    let (mut signs, mut letters) = (Vec::new(), Vec::new());
    for (node, state) in chitchat.node_states() {
        if *node == me {
            continue;
        }
        signs.push(Sign {
            node: named(node),
            heartbeat: state.heartbeat().into(),
            has_state: state.get(MARK).is_some(),
        });
        let known = seen.entry(node.clone()).or_default();
        let newest = (state.last_gc_version(), state.max_version());
        if *known != newest {
            // A state that was reset is read from its beginning.
            let from = if newest.0 == known.0 { known.1 } else { 0 };
            letters.extend(changed(node, state, from));
            *known = newest;
        }
    }
    seen.retain(|node, _| chitchat.node_states().contains_key(node));
    (signs, letters)
}

fn named(node: &ChitchatId) -> NodeId {
    let name: &str = node.node_id.as_ref();
    NodeId::new(name, node.generation_id, node.gossip_advertise_addr)
}

fn changed(node: &ChitchatId, state: &NodeState, from: u64) -> impl Iterator<Item = Letter> {
    state
        .iter_prefix(PREFIX)
        .filter(move |(_, value)| value.version > from)
        .filter_map(move |(key, value)| {
            Some(Letter {
                node: named(node),
                key: key.strip_prefix(PREFIX)?.to_owned(),
                text: value.value.clone(),
            })
        })
}
