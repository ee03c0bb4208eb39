//! The whole system in one process: a scenario, at the addresses that the lab gives its parts.

use std::collections::BTreeMap;

use experiment::scenario::Scenario;

use super::{PAGE_PORT, UNRELIABLE_PORT, loopback, own_port};
use crate::settings::{
    Address, BaseUrl, Coordinating, DiscoverySettings, Engine, GossipPlace, Instance, Observing,
    Serving, Span, Staging, Together, Unreliable,
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
    /// Where instances tell each other what they see, if they do; where the scenario says, if this does not.
    pub(crate) engine: Option<Engine>,
    /// Nodes that are asked first, where they gossip.
    pub(crate) seeds: Vec<String>,
    pub(crate) ready_unless_localised: bool,
    /// Whether each run has an engine of its own, with the network and the faults of its scenario.
    pub(crate) is_staged: bool,
}

/// Where one instance is, and whom it calls.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) listen: Address,
    pub(crate) downstream: BaseUrl,
    pub(crate) gossip: Option<GossipPlace>,
}

impl Lab {
    /// The usual addresses, for runs of scenarios over this engine, or over that of each scenario.
    pub(crate) fn usual(observing: Observing, serving: Serving, engine: Option<Engine>) -> Self {
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
            engine,
            seeds: Vec::new(),
            ready_unless_localised: false,
            is_staged: true,
        }
    }

    fn place(&self, name: &str, engine: &Engine) -> Place {
        let usual = || Place {
            listen: own_port(name).unwrap_or_else(|| loopback(0)),
            downstream: BaseUrl::of(self.unreliable.0),
            // Those of one run know each other.
            gossip: matches!(engine, Engine::Gossip).then(GossipPlace::anywhere),
        };
        self.instances.get(name).cloned().unwrap_or_else(usual)
    }

    fn engine_for(&self, scenario: &Scenario) -> Engine {
        let engine = self.engine.clone();
        engine.unwrap_or_else(|| scenario.coordination().engine.into())
    }

    /// What the instances of a scenario tell each other, over the engine that the lab has for it.
    fn coordinating(&self, scenario: &Scenario) -> Coordinating {
        let engine = self.engine_for(scenario);
        Coordinating {
            gossip_seeds: self.seeds.clone(),
            ready_unless_localised: self.ready_unless_localised,
            staging: if self.is_staged {
                Staging::of(scenario)
            } else {
                Staging::Standing
            },
            ..Coordinating::of(scenario, engine)
        }
    }

    /// The system that performs a scenario, until somebody ends it or until `duration` is over.
    pub(crate) fn perform(&self, scenario: &Scenario, duration: Option<Span>) -> Together {
        let engine = self.engine_for(scenario);
        let names = scenario.instances().iter().enumerate();
        let instances = names.map(|(place, name)| {
            let here = self.place(name, &engine);
            let settled = Instance {
                listen: here.listen,
                downstream: here.downstream,
                gossip: here.gossip,
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
            coordinating: self.coordinating(scenario),
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
