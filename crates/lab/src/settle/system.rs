//! The whole system in one process: a scenario, at the addresses that the lab gives its parts.

use std::collections::BTreeMap;

use experiment::scenario::Scenario;

use super::{PAGE_PORT, UNRELIABLE_PORT, loopback, own_port};
use crate::settings::{
    Address, BaseUrl, DiscoverySettings, Instance, Observing, Serving, Span, Together, Unreliable,
};

/// What the lab adds to a scenario to run it live: where its parts listen, and what is told about the run.
#[derive(Clone, Debug)]
pub(crate) struct Lab {
    pub(crate) observing: Observing,
    pub(crate) serving: Serving,
    pub(crate) page: DiscoverySettings,
    pub(crate) unreliable: Address,
    pub(crate) control: Address,
    /// Instances that are not named here listen on their usual port, or on any.
    pub(crate) instances: BTreeMap<String, Place>,
}

/// Where one instance is, and whom it calls.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) listen: Address,
    pub(crate) downstream: BaseUrl,
}

impl Lab {
    /// The usual addresses.
    pub(crate) fn usual(observing: Observing, serving: Serving) -> Self {
        Self {
            observing,
            serving,
            page: DiscoverySettings {
                listen: loopback(PAGE_PORT),
                chosen: false,
            },
            unreliable: loopback(UNRELIABLE_PORT),
            control: loopback(0),
            instances: BTreeMap::new(),
        }
    }

    fn place(&self, name: &str) -> Place {
        let usual = || Place {
            listen: own_port(name).unwrap_or_else(|| loopback(0)),
            downstream: BaseUrl::of(self.unreliable.0),
        };
        self.instances.get(name).cloned().unwrap_or_else(usual)
    }

    /// The system that performs a scenario, until somebody ends it or until `duration` is over.
    pub(crate) fn perform(&self, scenario: &Scenario, duration: Option<Span>) -> Together {
        let names = scenario.instances().iter().enumerate();
        let instances = names.map(|(place, name)| {
            let Place { listen, downstream } = self.place(name);
            let settled = Instance {
                listen,
                downstream,
                call_timeout: scenario.call_timeout_of(name),
                breaker: scenario.breaker_of(name),
                config: scenario.config_of(place),
                mode: scenario.mode_of(name),
            };
            (name.clone(), settled)
        });
        Together {
            seed: scenario.seed(),
            duration,
            observing: self.observing.clone(),
            serving: self.serving.clone(),
            lab: self.page.clone(),
            unreliable: Unreliable {
                listen: self.unreliable,
                control_listen: self.control,
                plan: scenario.faults().clone(),
            },
            load: scenario.load().clone(),
            instance: instances.collect(),
        }
    }
}
