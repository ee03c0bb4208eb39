//! The settings in force, the engines that carry them, and what was in force before.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use experiment::coordination::UsedEngine;
use experiment::scenario::{Coordination, CoordinationMode};
use experiment::values::Span;
use fusebox_fleet::{Fingerprint, Mode, Settings};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::super::change::stated;
use super::super::engines::Engines;
use crate::settings::{Coordinating, Engine};

/// How instances decide now, and how they have decided.
pub(super) struct Force {
    pub(super) settings: Coordinating,
    /// None where each instance decides alone.
    pub(super) engines: Option<Arc<Engines>>,
    /// From when on the faults of an engine of a scenario count.
    pub(super) began: Instant,
    /// What was in force at the start, and each change: never empty.
    pub(super) changes: Vec<Changed>,
    /// How often the engine has given way to another one, also where nothing that is shown is different.
    pub(super) replaced: usize,
    pub(super) is_over: bool,
}

/// From an instant on the instances have decided so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// On the clock of the breakers.
    pub(crate) at: Duration,
    pub(crate) mode: Mode,
    /// Where the ledger is; nowhere in local mode.
    pub(crate) engine: Option<UsedEngine>,
    /// The mark of the settings by which they vote.
    pub(crate) rules: Fingerprint,
    /// What is different, in words; nothing at the start.
    pub(crate) different: String,
}

/// How the instances decide, as `GET /api/coordination` shows it and `PUT` takes it.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    mode: CoordinationMode,
    /// The engine, or the one that the next mode will have.
    engine: Engine,
    /// All settings in force; none where each instance decides alone.
    settings: Option<Map<String, Value>>,
    /// Those that somebody has stated. The others follow the breakers, or are the usual ones.
    stated: Map<String, Value>,
}

impl Force {
    /// What is in force from the start on: `at` on the clock of the breakers, and `began` on that of engines.
    pub(super) fn new(
        settings: Coordinating,
        engines: Option<Arc<Engines>>,
        (at, began): (Duration, Instant),
    ) -> Self {
        Self {
            changes: vec![Changed::to(
                &settings,
                engines.as_deref(),
                at,
                String::new(),
            )],
            settings,
            engines,
            began,
            replaced: 0,
            is_over: false,
        }
    }

    /// Something else is in force. Returns the engines before.
    pub(super) fn change(
        &mut self,
        settings: Coordinating,
        engines: Option<Arc<Engines>>,
        (at, began): (Duration, Instant),
    ) -> Option<Arc<Engines>> {
        let different = different(&self.settings, &settings);
        // A scenario may want what is so already.
        if !different.is_empty() {
            let changed = Changed::to(&settings, engines.as_deref(), at, different);
            self.changes.push(changed);
        }
        self.settings = settings;
        self.began = began;
        self.replaced += 1;
        std::mem::replace(&mut self.engines, engines)
    }
}

impl Changed {
    /// The kind of engine: `memory`, `redis` or `gossip`; none in local mode.
    pub(crate) fn engine_kind(&self) -> Option<&'static str> {
        self.engine.map(|engine| match engine {
            UsedEngine::Memory => "memory",
            UsedEngine::Redis => "redis",
            UsedEngine::Gossip => "gossip",
        })
    }

    fn to(
        settings: &Coordinating,
        engines: Option<&Engines>,
        at: Duration,
        different: String,
    ) -> Self {
        Self {
            at,
            mode: settings.coordination.mode.0,
            engine: engines.map(Engines::used),
            rules: settings.rules.fingerprint(),
            different,
        }
    }
}

/// What an operator would see that is different: mode and engine, or else the settings; of these what was stated rather
/// than what follows from it.
fn different(before: &Coordinating, after: &Coordinating) -> String {
    let (old, new) = (&before.coordination, &after.coordination);
    if new.mode.is_local() {
        let was = if old.mode.is_local() { "" } else { "local" };
        return was.to_owned();
    }
    if old.mode != new.mode || old.engine != new.engine {
        let faults = if before.staging.has_faults() && !after.staging.has_faults() {
            ", without the faults of the scenario"
        } else {
            ""
        };
        return format!("{}, engine {}{faults}", new.mode, new.engine);
    }
    let rules = [in_force(&before.rules), in_force(&after.rules)];
    let mut keys = differing(&[stated(old), stated(new)]);
    // Who follows other breakers may have any other setting.
    if keys.is_empty() || before.followed != after.followed {
        keys.extend(differing(&rules));
        keys.sort();
        keys.dedup();
    }
    let [_, rules] = &rules;
    let settings = keys.iter().map(|key| match rules.get(key) {
        Some(Value::String(text)) => format!("{key} {text}"),
        Some(value) => format!("{key} {value}"),
        None => format!("{key} as usual"),
    });
    settings.collect::<Vec<_>>().join(", ")
}

/// The keys that have another value in one of the two, or none.
fn differing([one, other]: &[Map<String, Value>; 2]) -> Vec<String> {
    let all: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let differing = all
        .into_iter()
        .filter(|key| one.get(*key) != other.get(*key));
    differing.cloned().collect()
}

impl Coordinating {
    /// Whether the instances decide by this as by the other.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        self.coordination == other.coordination && self.rules == other.rules
    }
}

impl View {
    pub(super) fn of(force: &Force) -> Self {
        let coordination = &force.settings.coordination;
        let mut stated = stated(coordination);
        stated.remove("mode");
        Self {
            mode: coordination.mode,
            engine: coordination.engine.clone(),
            settings: (!coordination.mode.is_local()).then(|| in_force(&force.settings.rules)),
            stated,
        }
    }
}

/// All settings by which instances decide, under the names that they are written by.
fn in_force(rules: &Settings) -> Map<String, Value> {
    let written = Coordination::<()> {
        mode: CoordinationMode(rules.mode()),
        engine: (),
        fleet_size: None,
        heartbeat: Some(Span(rules.heartbeat())),
        stale_after: Some(Span(rules.stale_after())),
        member_for: Some(Span(rules.member_for())),
        engine_timeout: Some(Span(rules.engine_timeout())),
        suspicion_run: Some(rules.suspicion_run()),
        opinion_for: Some(Span(rules.opinion_for())),
        quorum_share: Some(rules.quorum_share().as_f64()),
        minimum_votes: Some(rules.minimum_votes()),
        localised_after: Some(Span(rules.localised_after())),
        open_for: Some(Span(rules.open_for())),
        backoff_factor: Some(rules.backoff_factor()),
        jitter: Some(rules.jitter()),
        probe_timeout: Some(Span(rules.probe_timeout())),
        minimum_gap: Some(Span(rules.minimum_gap())),
        longest_gap: Some(Span(rules.longest_gap())),
        longest_lease: Some(Span(rules.longest_lease())),
        probes_to_close: Some(rules.probes_to_close()),
        ask_within: Some(Span(rules.ask_within())),
        stagger: Some(Span(rules.stagger())),
        verdict_for: Some(Span(rules.verdict_for())),
        pool_window: Some(rules.pool_window()),
        pool_windows: rules.pool_windows(),
        pool_threshold: Some(rules.pool_threshold().as_f64()),
        pool_batch: Some(Span(rules.pool_batch())),
        pool_keep: Some(Span(rules.pool_keep())),
    };
    let Ok(Value::Object(mut written)) = serde_json::to_value(written) else {
        unreachable!("settings are an object with keys of text")
    };
    written.remove("mode");
    written.remove("engine");
    written
}
