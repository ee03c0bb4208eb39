//! The peers, as their documentation says.

mod failsafe;
mod recloser;
mod tower_resilience;

use std::time::Duration;

pub(crate) use failsafe::Failsafe;
pub(crate) use recloser::Recloser;
pub(crate) use tower_resilience::TowerResilience;

/// How long breakers are open here, and how long a slow call takes.
pub(crate) const MOMENT: Duration = Duration::from_millis(20);
