//! Everything about a ledger at one instant, for a page or an operator.

use std::time::Duration;

use crate::name::InstanceId;
use crate::opinion::Opinion;
use crate::settings::Fingerprint;
use crate::view::View;

/// Who is in the fleet, who thinks what, and who probes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// What instances are told.
    pub view: View,
    /// The settings by which the fleet votes; none before the first report.
    pub rules: Option<Fingerprint>,
    /// The instances that have been heard lately, by name.
    pub members: Vec<Standpoint>,
    /// Who has the lease.
    pub prober: Option<Prober>,
    /// How many probes in a row have failed since the fleet opened.
    pub failed_probes: u32,
}

/// What one instance thinks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standpoint {
    /// The instance.
    pub instance: InstanceId,
    /// What it thinks, as the ledger counts it.
    pub opinion: Opinion,
    /// How long it counts without another report.
    pub lapses_in: Duration,
}

/// Who has the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prober {
    /// The instance.
    pub instance: InstanceId,
    /// When the lease ends at the latest.
    pub remaining: Duration,
}
