//! Everything about a ledger at one instant, for a page or an operator.

use std::time::Duration;

use crate::name::InstanceId;
use crate::opinion::Opinion;
use crate::settings::Fingerprint;
use crate::view::View;

/// The members of a fleet, their opinions, and the prober.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// The view that instances are told.
    pub view: View,
    /// The fingerprint of the settings by which the fleet votes; `None` before the first report.
    pub rules: Option<Fingerprint>,
    /// The instances that were heard lately, by name.
    pub members: Vec<Standpoint>,
    /// The holder of the lease.
    pub prober: Option<Prober>,
    /// How many probes in a row have failed since the fleet opened.
    pub failed_probes: u32,
}

/// One instance and its opinion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standpoint {
    /// The name of the instance.
    pub instance: InstanceId,
    /// Its opinion, as the ledger counts it.
    pub opinion: Opinion,
    /// How long it still counts without another report.
    pub lapses_in: Duration,
}

/// The holder of the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prober {
    /// The name of the instance.
    pub instance: InstanceId,
    /// How long the lease lasts at most.
    pub remaining: Duration,
}
