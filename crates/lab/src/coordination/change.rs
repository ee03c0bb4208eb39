//! A change of how instances decide, as an operator writes it: a mode, an engine, or single settings.
//!
//! What is not stated stays as it is; a setting that is null follows the breakers again, as they are now. All of it is
//! checked by the rules of a settings file before anything is done.

use experiment::reading::{nearest, parse_json};
use experiment::scenario::Coordination;
use fusebox_fleet::Evidence;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::settings::{BreakerSettings, Coordinating, Engine, Staging};

const EXAMPLE: &str = "write an object such as {\"mode\": \"quorum\"}";

/// A change of how instances decide.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// Without user and password an engine could not be read again, so it is not among the rest.
    engine: Option<Engine>,
    stated: Map<String, Value>,
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Value::deserialize(deserializer)?;
        Self::of(written).map_err(D::Error::custom)
    }
}

impl Change {
    fn of(written: Value) -> Result<Self, String> {
        let Value::Object(mut stated) = written else {
            return Err(format!("{written} is not allowed: {EXAMPLE}"));
        };
        if stated.is_empty() {
            return Err(format!("nothing is set: {EXAMPLE}"));
        }
        let nulls = stated.iter().filter(|(_, value)| value.is_null());
        for (key, _) in nulls {
            check_null(key)?;
        }
        let engine = stated.remove("engine").map(engine).transpose()?;
        let without_nulls = stated.iter().filter(|(_, value)| !value.is_null());
        let without_nulls = without_nulls.map(|(key, value)| (key.clone(), value.clone()));
        read(without_nulls.collect())?;
        Ok(Self { engine, stated })
    }

    /// What is in force after it, among so many instances with these breakers.
    ///
    /// # Errors
    ///
    /// The setting that is wrong, its value and what is allowed.
    pub(super) fn over(
        self,
        before: &Coordinating,
        breakers: &[BreakerSettings],
    ) -> Result<Coordinating, String> {
        let followed = self.followed(before, breakers);
        let mut stated = stated(&before.coordination);
        for (key, value) in self.stated {
            if value.is_null() {
                stated.remove(&key);
            } else {
                stated.insert(key, value);
            }
        }
        let asked = self.engine.as_ref();
        let asked = asked.filter(|engine| !engine.is_memory());
        let coordination = read(stated)?;
        if let (Some(engine), true) = (asked, coordination.mode.is_local()) {
            return Err(format!(
                "engine = {engine} has no effect while each instance decides for itself: write {{\"mode\": \
                 \"quorum\", \
                 \"engine\": \"{engine}\"}}, or leave it out"
            ));
        }
        let engine = self
            .engine
            .unwrap_or_else(|| before.coordination.engine.clone());
        let coordination = coordination.with_engine(engine);
        check_mode(&coordination)?;
        check_votes(&coordination, breakers.len())?;
        let rules = coordination.settings(&followed, before.followed.1)?;
        let stays = coordination.engine == before.coordination.engine
            && !coordination.mode.is_local()
            && !before.is_local();
        // The network and the faults of a scenario are those of its engine, as long as anybody decides over that.
        let staging = if stays {
            before.staging.clone()
        } else {
            Staging::Standing
        };
        Ok(Coordinating {
            coordination,
            rules,
            staging,
            followed: (followed, before.followed.1),
            ..before.clone()
        })
    }

    /// The breakers' settings that rules follow: those of the breakers now where no rules were in force, and for a setting
    /// that is null. All others stay. Where the breakers differ, the settings that were followed before are followed.
    fn followed(&self, before: &Coordinating, breakers: &[BreakerSettings]) -> BreakerSettings {
        let mut followed = before.followed.0;
        let now = match breakers {
            [first, rest @ ..] if rest.iter().all(|one| one == first) => *first,
            _ => return followed,
        };
        if before.is_local() {
            return now;
        }
        for (key, _) in self.stated.iter().filter(|(_, value)| value.is_null()) {
            match key.as_str() {
                "open_for" => followed.open_for = now.open_for,
                "backoff_factor" => followed.backoff_factor = now.backoff_factor,
                "jitter" => followed.jitter = now.jitter,
                "longest_gap" => followed.max_open_for = now.max_open_for,
                "pool_window" => followed.window_calls = now.window_calls,
                "pool_threshold" => followed.failure_rate_threshold = now.failure_rate_threshold,
                "suspicion_run" => {
                    followed.window_calls = now.window_calls;
                    followed.minimum_calls = now.minimum_calls;
                    followed.failure_rate_threshold = now.failure_rate_threshold;
                    followed.consecutive_failures = now.consecutive_failures;
                }
                _ => {}
            }
        }
        followed
    }
}

/// What was stated of a mode and its settings, under their names.
pub(super) fn stated(coordination: &Coordination<Engine>) -> Map<String, Value> {
    let written = serde_json::to_value(coordination);
    let Ok(Value::Object(mut stated)) = written else {
        unreachable!("settings are an object with keys of text")
    };
    stated.remove("engine");
    stated
}

/// A mode and settings, without the engine.
fn read(stated: Map<String, Value>) -> Result<Coordination<Engine>, String> {
    parse_json(Value::Object(stated).to_string().as_bytes())
}

/// What cannot be read is not shown: there may be a password in it.
fn engine(written: Value) -> Result<Engine, String> {
    match written {
        Value::String(text) => text.parse().map_err(|why| format!("engine: {why}")),
        _ => Err(
            "engine: write memory, gossip, or the address of a server, such as \"redis://127.0.0.1:6379\""
                .to_owned(),
        ),
    }
}

/// A setting can follow the breakers again; a mode and an engine follow nothing.
fn check_null(key: &str) -> Result<(), String> {
    let known = Coordination::SETTINGS;
    if known.contains(&key) {
        return Ok(());
    }
    if ["mode", "engine"].contains(&key) {
        return Err(format!(
            "{key} = null is not allowed: write a value, or leave the key out"
        ));
    }
    let hint = match nearest(key, known.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => EXAMPLE.to_owned(),
    };
    Err(format!("`{key}` is not known; {hint}"))
}

fn check_mode(coordination: &Coordination<Engine>) -> Result<(), String> {
    let mode = coordination.mode.0;
    let counts = mode.dials().evidence == Evidence::Counts;
    if counts && matches!(coordination.engine, Engine::Gossip) {
        return Err(format!(
            "mode = {mode} is not allowed with engine = gossip, which does not merge counts of calls: write quorum or \
             advisory, or \"engine\": \"memory\""
        ));
    }
    Ok(())
}

/// How many instances there are is known here.
fn check_votes(coordination: &Coordination<Engine>, instances: usize) -> Result<(), String> {
    match coordination.minimum_votes {
        Some(votes) if u64::from(votes) > instances as u64 && !coordination.mode.is_local() => {
            Err(format!(
                "coordination.minimum_votes = {votes} is not allowed: it must be at most {instances}, the instances of \
                 this lab, or the fleet can never open"
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
pub(super) mod tests;
