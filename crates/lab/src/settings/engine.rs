//! The engine that carries what instances tell each other, as it is written: `memory`, `gossip`, or the address of a
//! Redis server.

use std::fmt;
use std::str::FromStr;

use experiment::coordination::UsedEngine;
use experiment::reading::nearest;
use experiment::scenario::EngineKind;
use fusebox_fleet::engine::redis::Address as RedisAddress;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

use super::values::as_text;
use crate::secrets::{HIDDEN, without_passwords};

/// What addresses of encrypted connections begin with.
const ENCRYPTED: [&str; 2] = ["rediss", "valkeys"];

/// Where the ledger of a fleet is kept.
///
/// A user and a password in an address are sent, but shown nowhere: whoever prints it gets [`HIDDEN`] in their
/// place.
#[derive(Clone, Default)]
pub(crate) enum Engine {
    /// In this process.
    #[default]
    Memory,
    /// Nowhere: instances gossip.
    Gossip,
    /// On a Redis or Valkey server.
    Redis(Box<Server>),
}

/// A server, by an address that was checked.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) address: RedisAddress,
    shown: String,
    /// As it was written, with user and password: it tells one server from another and is shown nowhere.
    written: String,
}

impl PartialEq for Engine {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Redis(one), Self::Redis(other)) => one.written == other.written,
            _ => self.kind() == other.kind(),
        }
    }
}

impl Engine {
    /// Whether one process alone can use it.
    pub(crate) fn is_memory(&self) -> bool {
        matches!(self, Self::Memory)
    }

    /// The word for pages and results.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Gossip => "gossip",
            Self::Redis(_) => "redis",
        }
    }

    /// The same, as results have it.
    pub(crate) fn used(&self) -> UsedEngine {
        match self {
            Self::Memory => UsedEngine::Memory,
            Self::Gossip => UsedEngine::Gossip,
            Self::Redis(_) => UsedEngine::Redis,
        }
    }
}

impl From<EngineKind> for Engine {
    fn from(kind: EngineKind) -> Self {
        if kind.is_gossip() {
            Self::Gossip
        } else {
            Self::Memory
        }
    }
}

impl FromStr for Engine {
    type Err = String;

    /// What cannot be read is not shown: nobody knows where in it the password is.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "memory" => return Ok(Self::Memory),
            "gossip" => return Ok(Self::Gossip),
            _ => {}
        }
        if !text.contains("://") {
            // What is not one of these misspelt may be a password that came to the wrong place.
            let is_word = text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_lowercase());
            let what = match nearest(text, ["memory", "gossip", "redis", "valkey"]) {
                Some(_) if is_word => format!("`{text}` is not an engine"),
                _ => "the value (not shown) is not an engine".to_owned(),
            };
            return Err(format!(
                "{what}: write memory, gossip, or the address of a server, such as redis://127.0.0.1:6379"
            ));
        }
        let scheme = text.split("://").next().unwrap_or_default();
        if ENCRYPTED.contains(&scheme) && cfg!(not(feature = "redis-tls")) {
            return Err(format!(
                "{scheme}:// needs a build with encryption: write cargo run --release --features redis-tls, or \
                 redis://"
            ));
        }
        let address = text.parse::<RedisAddress>().map_err(|error| {
            let refusal = with_plain_example(&error.to_string());
            format!("{refusal}; or write memory or gossip")
        })?;
        let shown = shown(text).ok_or(
            "the user and the password of the engine's address were left out when it was printed: write them \
             again",
        )?;
        let written = text.to_owned();
        Ok(Self::Redis(Box::new(Server {
            address,
            shown,
            written,
        })))
    }
}

/// A refusal whose example has no user and password: they would be hidden like those of anybody.
fn with_plain_example(refusal: &str) -> String {
    refusal.replace("redis://user:password@host:6379/0", "redis://HOST:6379/0")
}

/// The address with [`HIDDEN`] for its user and password; none if they are hidden already.
fn shown(text: &str) -> Option<String> {
    let mut url: reqwest::Url = text.parse().ok()?;
    if url.username() == HIDDEN {
        return None;
    }
    if !url.username().is_empty() || url.password().is_some() {
        url.set_username(HIDDEN).ok()?;
        url.set_password(Some(HIDDEN)).ok()?;
    }
    Some(without_passwords(url.as_str()))
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory | Self::Gossip => f.write_str(self.kind()),
            Self::Redis(server) => f.write_str(&server.shown),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Engine({self})")
    }
}

as_text!(Engine);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_a_word_or_an_address() {
        for (text, kind) in [
            ("memory", "memory"),
            ("gossip", "gossip"),
            ("redis://127.0.0.1:6379", "redis"),
            ("redis://cache.internal/2?timeout=100ms", "redis"),
            ("valkey://cache.internal", "redis"),
        ] {
            let engine: Engine = text.parse().unwrap();
            assert_eq!(engine.kind(), kind, "{text}");
            assert_eq!(
                engine.to_string(),
                text,
                "what is printed can be given back"
            );
        }
    }

    #[test]
    fn what_is_no_engine_is_refused_with_what_to_write_and_without_a_password() {
        for (text, said) in [
            (
                "reddis",
                "`reddis` is not an engine: write memory, gossip, or",
            ),
            ("127.0.0.1:6379", "redis://127.0.0.1:6379"),
            ("lab:hunter2@127.0.0.1:6379", "write memory, gossip, or"),
            ("http://lab:hunter2@127.0.0.1", "the scheme of"),
            ("hunter2", "the value (not shown) is not an engine"),
            ("redis:hunter2", "the value (not shown) is not an engine"),
            ("hunter2://127.0.0.1", "the scheme of"),
            ("redis://127.0.0.1/hunter2", "the database of"),
            ("redis://127.0.0.1?timeout=hunter2", "the timeout of"),
            ("redis://lab:hunter2@", "cannot be read"),
            ("redis://lab:hun/ter2@127.0.0.1", "cannot be read"),
            ("redis://lab:hunter2@127.0.0.1:99999", "cannot be read"),
            (
                "redis://lab:hunter2@127.0.0.1/?tls=1",
                "an option that is not",
            ),
            ("redis://127.0.0.1/?hunter2", "an option that is not"),
            ("redis://REDACTED:REDACTED@h", "write them again"),
        ] {
            let refusal = text.parse::<Engine>().unwrap_err();
            assert!(refusal.contains(said), "{text}: {refusal}");
            assert!(!refusal.contains("hun"), "{text}: {refusal}");
        }
    }

    #[test]
    fn an_encrypted_address_needs_a_build_with_encryption() {
        let read = "rediss://cache.internal".parse::<Engine>();
        if cfg!(feature = "redis-tls") {
            assert_eq!(read.unwrap().kind(), "redis");
        } else {
            let refusal = read.unwrap_err();
            assert!(refusal.contains("--features redis-tls"), "{refusal}");
        }
    }

    #[test]
    fn an_address_is_shown_without_user_and_password() {
        for text in [
            "redis://lab:hunter2@cache:1/2?prefix=p",
            "redis://:hunter2@cache:1/2?prefix=p",
            "redis://hunter2@cache:1/2?prefix=p",
        ] {
            let engine: Engine = text.parse().unwrap();
            let shown = "redis://REDACTED:REDACTED@cache:1/2?prefix=p";
            assert_eq!(engine.to_string(), shown);
            assert_eq!(format!("{engine:?}"), format!("Engine({shown})"));
        }
    }
}
