//! The rows that a viewer gets, as JSON has them.
//!
//! Names are a letter long and rows have no names at all: ten ticks a second are sent to each viewer.
//!
//! | name | what it holds |
//! |---|---|
//! | `t` | seconds since the start of the run |
//! | `i` | for each instance `[ok, failed, fast_failed, timed_out, calls, failures, in_a_row]`: answers since the last tick, and the window and failures in a row now |
//! | `x` | transitions `[number, instance, at_s, from, to, cause, generation, calls, failures, slow, in_a_row, open_for_s]` |
//! | `p` | the truth `[at_s, p_fail]` of all instances, or `[at_s, p_fail, [instance, …]]` |
//! | `f` | phases of the fault plan that begin, `[from_s, name]` |
//! | `m` | marks `[at_s, kind, text]` |
//! | `c` | how an instance stands in its fleet ([`Standing`]), where that has changed |
//! | `e` | what happened to an instance in its fleet, `[number, at_s, instance, kind, detail]` |
//! | `s` | settings of a breaker from then on, `[at_s, instance, rules, settings]`, as in `hello` |
//! | `o` | an instance that is stopped or started, `[at_s, instance, running]` |
//! | `g` | how the instances decide from then on, `[at_s, mode, engine]` |
//! | `r` | what is asked of the load from then on, `[at_s, rate, paused]` |
//! | `l` | a second that is over, `[second, [[p50_ms, p99_ms], …]]` |

use experiment::fleet::Change;
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use super::source::{
    CoordinationStep, LoadStep, PhaseStart, Row, SecondLatencies, SettingsStep, TruthStep, TurnStep,
};
use super::standing::{NumberedNote, Standing};

/// What is new since the last tick.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Tick<'a> {
    pub(super) t: f64,
    pub(super) i: &'a [Row],
    #[serde(flatten)]
    pub(super) news: News<'a>,
}

/// What happened in a span of time.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct News<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) x: Vec<&'a Numbered>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) p: Vec<&'a TruthStep>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) f: Vec<&'a PhaseStart>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) m: Vec<&'a Mark>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) l: Vec<&'a SecondLatencies>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) c: Vec<&'a Standing>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) e: Vec<&'a NumberedNote>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) s: Vec<&'a SettingsStep>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) o: Vec<&'a TurnStep>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) r: Vec<&'a LoadStep>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) g: Vec<&'a CoordinationStep>,
}

/// A transition with its number in the run, from 1, and the place of its instance.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) instance: usize,
    pub(super) change: Change,
}

impl Serialize for Numbered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let change = &self.change;
        let mut row = serializer.serialize_seq(Some(12))?;
        row.serialize_element(&self.number)?;
        row.serialize_element(&self.instance)?;
        row.serialize_element(&change.at_s)?;
        row.serialize_element(change.from.as_str())?;
        row.serialize_element(change.to.as_str())?;
        row.serialize_element(change.cause.as_str())?;
        row.serialize_element(&change.number)?;
        row.serialize_element(&change.window.calls)?;
        row.serialize_element(&change.window.failures)?;
        row.serialize_element(&change.window.slow)?;
        row.serialize_element(&change.window.consecutive_failures)?;
        row.serialize_element(&change.open_for_s)?;
        row.end()
    }
}

impl Serialize for TruthStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.of.is_empty() {
            (self.at_s, self.p_fail).serialize(serializer)
        } else {
            (self.at_s, self.p_fail, &self.of).serialize(serializer)
        }
    }
}

/// Something that somebody did. Written down it is `[at_s, kind, text]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Mark(pub(super) f64, pub(super) &'static str, pub(super) String);

/// Written down it is `[at_s, rate, paused]`.
impl Serialize for LoadStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.at_s, self.load.rate, self.load.paused).serialize(serializer)
    }
}

impl Serialize for CoordinationStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.at_s, self.mode, self.engine).serialize(serializer)
    }
}

impl Serialize for SettingsStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.at_s, self.instance, &self.rules, &self.settings).serialize(serializer)
    }
}
