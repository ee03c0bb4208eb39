//! The operation of a running lab: the orders to its instances, to its load, and to both together.
//!
//! Orders are checked as a whole before any of them is carried out. Faults, and orders to one breaker, go to the
//! services themselves.

mod playing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::coordination::{Change, Coordinator, Unchanged};
use crate::instance::Tuning;
use crate::instance_set::{InstanceSet, Unmoved};
use crate::load::{LoadChange, LoadControl};
use crate::settings::{BreakerSettings, Together};
use crate::unreliable::Running;

/// The parts that accept orders.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) crew: Arc<InstanceSet>,
    pub(crate) load: LoadControl,
    pub(crate) running: Arc<Running>,
    pub(crate) coordinator: Arc<Coordinator>,
    pub(crate) fixed: Fixed,
}

/// The settings that are fixed while the lab runs.
#[derive(Clone, Debug)]
pub(crate) struct Fixed {
    /// How long each instance waits for the downstream.
    pub(crate) waits: BTreeMap<String, Duration>,
    /// From which probability of failure on the downstream counts as unhealthy.
    pub(crate) unhealthy_at: f64,
}

impl Fixed {
    /// What these settings fix.
    pub(crate) fn of(settings: &Together, unhealthy_at: f64) -> Self {
        let waits = settings.instance.iter();
        Self {
            waits: waits
                .map(|(name, one)| (name.clone(), one.call_timeout.0))
                .collect(),
            unhealthy_at,
        }
    }
}

/// The reason why an order is not carried out, as a code and a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) why: Why,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// The kind of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The request is wrong in any case.
    Invalid,
    /// The request is about something that does not exist.
    Unknown,
    /// The request does not fit the present state.
    Conflict,
    /// An engine does not answer.
    Unavailable,
}

/// Whether an instance runs, after it was stopped or started.
#[derive(Debug, Serialize)]
pub(crate) struct RunStatus<'a> {
    instance: &'a str,
    running: bool,
}

impl Refused {
    fn new(why: Why, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            why,
            code,
            message: message.into(),
        }
    }
}

impl Operation {
    /// The place of the instance of this name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(crate) fn place_of(&self, name: &str) -> Result<usize, Refused> {
        self.crew.place_of(name).ok_or_else(|| {
            let names: Vec<&str> = self.crew.instances().map(|(name, _)| name).collect();
            let message = format!(
                "there is no instance `{name}`; there are {}",
                names.join(", ")
            );
            Refused::new(Why::Unknown, "no_such_instance", message)
        })
    }

    /// The place of an instance that works.
    ///
    /// # Errors
    ///
    /// If there is none of this name, or it is stopped.
    pub(crate) fn working(&self, name: &str) -> Result<usize, Refused> {
        let place = self.place_of(name)?;
        if self.crew.works(place) {
            return Ok(place);
        }
        let message = format!(
            "instance {name} is stopped: start it first with POST /api/instances/{name}/start"
        );
        Err(Refused::new(Why::Conflict, "stopped", message))
    }

    /// The first instance that works, to pass on an order to all.
    ///
    /// # Errors
    ///
    /// If all are stopped.
    pub(crate) fn any_working(&self) -> Result<&str, Refused> {
        let mut instances = self.crew.instances().enumerate();
        let found = instances.find(|(place, _)| self.crew.works(*place));
        found.map(|(_, (name, _))| name).ok_or_else(|| {
            let message =
                "all instances are stopped: start one first with POST /api/instances/NAME/start";
            Refused::new(Why::Conflict, "stopped", message)
        })
    }

    /// Stops an instance, and returns once it no longer listens.
    ///
    /// # Errors
    ///
    /// If there is none of this name, it is already stopped, or the lab ends.
    pub(crate) async fn stop<'a>(&self, name: &'a str) -> Result<RunStatus<'a>, Refused> {
        let place = self.place_of(name)?;
        let stopped = self.crew.stop(place).await;
        stopped.map_err(|why| unmoved(name, &why, "is already stopped"))?;
        Ok(RunStatus {
            instance: name,
            running: false,
        })
    }

    /// Starts an instance that was stopped, where it was before.
    ///
    /// # Errors
    ///
    /// If there is none of this name, it already works, its address is taken, or the lab ends.
    pub(crate) fn start<'a>(&self, name: &'a str) -> Result<RunStatus<'a>, Refused> {
        let place = self.place_of(name)?;
        let started = self.crew.start_again(place);
        started.map_err(|why| unmoved(name, &why, "is already running"))?;
        Ok(RunStatus {
            instance: name,
            running: true,
        })
    }

    /// The settings of all breakers, by the names of their instances.
    pub(crate) fn settings(&self) -> BTreeMap<&str, BreakerSettings> {
        let instances = self.crew.instances();
        let settings = instances.map(|(name, one)| (name, one.tuning().settings()));
        settings.collect()
    }

    /// Changes the stated settings of all breakers, or nothing.
    ///
    /// # Errors
    ///
    /// The wrong instance and setting, and what is allowed.
    pub(crate) fn change_settings(&self, change: BreakerSettings) -> Result<(), Refused> {
        let changed = Tuning::change_all(&self.tunings(), change);
        changed.map_err(|message| Refused::new(Why::Invalid, "invalid_settings", message))
    }

    /// Changes the load.
    ///
    /// # Errors
    ///
    /// What is wrong, and what is allowed.
    pub(crate) fn change_load(&self, change: LoadChange) -> Result<(), Refused> {
        let changed = self.load.change(change);
        changed.map_err(|message| Refused::new(Why::Invalid, "invalid_load", message))
    }

    /// Changes how the instances decide.
    ///
    /// # Errors
    ///
    /// Why nothing has changed.
    pub(crate) async fn change_coordination(&self, change: Change) -> Result<(), Refused> {
        let tunings = self.tunings();
        let breakers = move || tunings.iter().map(Tuning::settings).collect();
        let changed = self.coordinator.change(change, breakers).await;
        changed.map_err(Refused::from)
    }

    /// The settings of the breakers, in the order of their instances.
    pub(crate) fn tunings(&self) -> Vec<Tuning> {
        let instances = self.crew.instances();
        instances.map(|(_, one)| one.tuning().clone()).collect()
    }
}

impl From<Unchanged> for Refused {
    fn from(why: Unchanged) -> Self {
        let (why, code, message) = match why {
            Unchanged::Invalid(message) => (Why::Invalid, "invalid_coordination", message),
            Unchanged::Conflict(message) => (Why::Conflict, "not_now", message),
            Unchanged::Unavailable(message) => (Why::Unavailable, "engine_unavailable", message),
            Unchanged::LabEnds => (
                Why::Conflict,
                "lab_ends",
                "nothing can be changed: the lab is shutting down".to_owned(),
            ),
        };
        Self::new(why, code, message)
    }
}

fn unmoved(name: &str, why: &Unmoved, already: &str) -> Refused {
    let (code, what) = match why {
        Unmoved::Already => ("no_change", already.to_owned()),
        Unmoved::StillStopping => (
            "still_stopping",
            "is still finishing its answers: try again in a second".to_owned(),
        ),
        Unmoved::LabEnds => (
            "lab_ends",
            "cannot be changed: the lab is shutting down".to_owned(),
        ),
        Unmoved::NoAddress(failure) => ("no_address", format!("cannot be started: {failure}")),
    };
    Refused::new(Why::Conflict, code, format!("instance {name} {what}"))
}
