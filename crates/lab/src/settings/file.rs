//! The settings file: TOML, with every key optional; an unknown key is refused with the nearest known one.

use std::collections::BTreeMap;
use std::path::Path;

use experiment::load::WrittenProfile;
use experiment::reading::parse_toml;
use experiment::scenario::Coordination;
use experiment::values::optional_share;
use serde::Deserialize;
use telemetry::LogFormat;
use telemetry::trace::Protocol;

use super::engine::Engine;
use super::values::{Address, BaseUrl, Span, Text, Token};
use crate::failure::Failure;
use crate::file;
use experiment::breaker_settings::BreakerSettings;

/// A settings file, as far as it says anything.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct File {
    pub(crate) seed: Option<u64>,
    pub(crate) duration: Option<Span>,
    pub(crate) max_connections: Option<usize>,
    pub(crate) control_token: Option<Token>,
    pub(crate) otlp_endpoint: Option<BaseUrl>,
    pub(crate) otlp_protocol: Option<Text<Protocol>>,
    #[serde(deserialize_with = "optional_share")]
    pub(crate) trace_ratio: Option<f64>,
    pub(crate) log_format: Option<Text<LogFormat>>,
    /// Nodes that instances ask first which gossip.
    pub(crate) gossip_seeds: Option<Vec<String>>,
    pub(crate) ready_unless_localised: Option<bool>,
    /// What instances tell each other.
    pub(crate) coordination: Coordination<Engine>,
    pub(crate) lab: PageFile,
    /// The breakers of all instances.
    pub(crate) breaker: BreakerSettings,
    pub(crate) instance: BTreeMap<String, InstanceFile>,
    pub(crate) unreliable: UnreliableFile,
    pub(crate) load: WrittenProfile,
}

/// What one instance does differently.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct InstanceFile {
    pub(crate) listen: Option<Address>,
    pub(crate) downstream: Option<BaseUrl>,
    pub(crate) call_timeout: Option<Span>,
    pub(crate) gossip_listen: Option<Address>,
    pub(crate) gossip_advertise: Option<Address>,
    pub(crate) breaker: BreakerSettings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PageFile {
    pub(crate) listen: Option<Address>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UnreliableFile {
    pub(crate) listen: Option<Address>,
    pub(crate) control_listen: Option<Address>,
}

impl File {
    /// Reads the file at `path`, or an empty one when there is no path.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let shown = path.display();
        let text = file::read_text(path, file::WRITTEN_BY_HAND)
            .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
        Self::parse(&text).map_err(|what| Failure::usage(format!("{shown}:{what}")))
    }

    fn parse(text: &str) -> Result<Self, String> {
        parse_toml(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_names_line_column_and_the_nearest_known_key() {
        let text = "seed = 1\n[instance.B.breaker]\n  consecutive_failure = 3\n";

        let error = File::parse(text).unwrap_err();

        assert_eq!(
            error,
            "3:3: instance.B.breaker: unknown key `consecutive_failure`; did you mean `consecutive_failures`?",
        );
    }

    #[test]
    fn a_key_like_no_other_gets_the_whole_list() {
        let error = File::parse("[load]\nzzz = 1\n").unwrap_err();

        assert_eq!(
            error,
            "2:1: load: unknown key `zzz`; known keys are: rate, process, shape, connections, choose, keys, \
             key_skew, timeout, retries, max_connections, queue, path, lateness_limit, shed_limit"
        );
    }

    #[test]
    fn values_of_the_wrong_kind_are_refused_at_their_place() {
        let error = File::parse("[breaker]\nopen_for = \"soon\"\n").unwrap_err();
        assert!(
            error.starts_with("2:12: breaker.open_for: `soon` is not a duration"),
            "{error}"
        );

        let error = File::parse("[breaker]\nconsecutive_failures = -1\n").unwrap_err();
        assert!(error.starts_with("2:24: "), "{error}");
    }
}
