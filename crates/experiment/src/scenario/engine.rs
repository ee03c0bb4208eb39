//! The engine of a simulated fleet: how fast it works, and when it is frozen, gone, emptied or set back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::coordination::EngineKind;
use super::network::period;
use crate::values::Span;

/// Redis answers some 70,000 reports per second on one core.
const SERVICE_TIME: Duration = Duration::from_micros(15);
/// With more, the engine would be slower than the timeouts of its instances.
const LONGEST_SERVICE: Duration = Duration::from_secs(10);
/// What a replica lacks by default.
const LOSES: Duration = Duration::from_secs(1);

/// The engine as it is written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenEngine {
    /// How long it works on one request; 15us by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_time: Option<Span>,
    /// What happens to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<WrittenEngineFault>,
}

/// What happens to an engine, as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenEngineFault {
    /// What happens.
    pub kind: EngineFaultKind,
    /// When it begins.
    pub from: Span,
    /// When it is over; the end of the run if it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
    /// What the replica that takes over lacks: the writes of this much time; 1s by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loses: Option<Span>,
}

/// What happens to an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineFaultKind {
    /// It stands still; requests wait for it.
    Freeze,
    /// It is gone, and empty when it comes back.
    Crash,
    /// Its store is emptied.
    Flush,
    /// It is gone, and a replica takes over that lacks the last writes.
    Failover,
}

/// The checked plan of an engine.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EnginePlan {
    /// How long it works on one request.
    pub service_time: Duration,
    /// What happens to it, in order of time.
    pub faults: Vec<EngineFault>,
}

/// Something that happens to an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EngineFault {
    /// What happens.
    pub kind: EngineFaultKind,
    /// When it begins.
    pub from: Duration,
    /// When it is over; at once for a flush.
    pub until: Duration,
    /// What the replica of a failover lacks.
    pub loses: Duration,
}

impl Default for EnginePlan {
    fn default() -> Self {
        Self {
            service_time: SERVICE_TIME,
            faults: Vec::new(),
        }
    }
}

impl EnginePlan {
    /// # Errors
    ///
    /// The key, its value and what is allowed.
    pub(super) fn of(
        written: &WrittenEngine,
        kind: EngineKind,
        duration: Duration,
    ) -> Result<Self, String> {
        if kind.is_gossip() && *written != WrittenEngine::default() {
            return Err(
                "engine: instances that gossip have no engine that could be slow or fail: leave [engine] \
                 out, or write coordination.engine = \"memory\""
                    .to_owned(),
            );
        }
        let service_time = written.service_time.unwrap_or(Span(SERVICE_TIME));
        if service_time.0 > LONGEST_SERVICE {
            return Err(format!(
                "engine.service_time: {service_time} is not allowed: it must be at most {}",
                Span(LONGEST_SERVICE)
            ));
        }
        let faults = written.faults.iter().enumerate();
        let faults =
            faults.map(|(place, fault)| fault.checked(&format!("engine.faults.{place}"), duration));
        let mut faults: Vec<EngineFault> = faults.collect::<Result<_, _>>()?;
        faults.sort_by_key(|fault| fault.from);
        if let Some(two) = faults.windows(2).find(|two| two[0].until > two[1].from) {
            return Err(format!(
                "engine.faults: the fault from {} is not allowed, because the fault from {} is not over: \
                 write a later from",
                Span(two[1].from),
                Span(two[0].from)
            ));
        }
        Ok(Self {
            service_time: service_time.0,
            faults,
        })
    }
}

impl WrittenEngineFault {
    fn checked(&self, key: &str, duration: Duration) -> Result<EngineFault, String> {
        let (from, mut until) = period(key, self.from, self.until, duration)?;
        if self.kind == EngineFaultKind::Flush {
            if let Some(until) = self.until {
                return Err(format!(
                    "{key}.until: {until} is not allowed: a flush takes no time; leave it out"
                ));
            }
            until = from;
        }
        if let Some(loses) = self.loses
            && self.kind != EngineFaultKind::Failover
        {
            return Err(format!(
                "{key}.loses: {loses} is not allowed: only a failover loses the last writes; leave it out"
            ));
        }
        Ok(EngineFault {
            kind: self.kind,
            from,
            until,
            loses: self.loses.map_or(LOSES, |it| it.0),
        })
    }
}
