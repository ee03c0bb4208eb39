//! Settled settings of coordination: the rules, and the engine.

use std::net::Ipv4Addr;
use std::sync::Arc;

use experiment::scenario::{Coordination, EnginePlan, Network, Scenario, Written};
use fusebox_fleet::Settings;
use fusebox_fleet::engine::gossip::GossipSettings;
use serde::Serialize;

use super::engine::Engine;
use super::{Address, BreakerSettings, Span};

/// How the instances of one process decide, and what they need to decide together if they do.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Coordinating {
    /// Nodes that are asked first, for instances that gossip.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) gossip_seeds: Vec<String>,
    /// Whether a localised failure makes an instance unready.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) ready_unless_localised: bool,
    pub(crate) coordination: Coordination<Engine>,
    #[serde(skip)]
    pub(crate) rules: Arc<Settings>,
    #[serde(skip)]
    pub(crate) staging: Staging,
    /// The breakers and the call timeout that rules follow where they are not stated.
    #[serde(skip)]
    pub(crate) followed: (BreakerSettings, Span),
}

impl Coordinating {
    /// How the instances of a scenario decide, over this engine, which is there as long as the system runs.
    pub(crate) fn of(scenario: &Scenario, engine: Engine) -> Self {
        let written = Written::from(scenario.clone());
        Self {
            gossip_seeds: Vec::new(),
            ready_unless_localised: false,
            coordination: written.coordination.with_engine(engine),
            rules: Arc::clone(scenario.fleet_settings()),
            staging: Staging::Standing,
            followed: (written.breaker.settled(), written.fleet.call_timeout),
        }
    }

    /// Whether each instance decides for itself.
    pub(crate) fn is_local(&self) -> bool {
        self.coordination.mode.is_local()
    }
}

/// Whether the engine is what a scenario makes of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Staging {
    /// The engine is there as long as the system runs, and others may use it.
    Standing,
    /// It is for this run alone; in this process it has the network and the faults of the scenario.
    Staged {
        seed: u64,
        network: Network,
        plan: EnginePlan,
    },
}

impl Staging {
    /// The engine of this scenario alone.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        Self::Staged {
            seed: scenario.seed(),
            network: scenario.network().clone(),
            plan: scenario.engine().clone(),
        }
    }

    /// Whether messages are lost, or anything happens to the engine.
    pub(crate) fn has_faults(&self) -> bool {
        match self {
            Self::Standing => false,
            Self::Staged { network, plan, .. } => !network.only_delays() || !plan.faults.is_empty(),
        }
    }
}

/// Where the node of one instance gossips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct GossipPlace {
    /// Where it listens; port 0 is any that is free.
    #[serde(rename = "gossip_listen")]
    pub(crate) listen: Address,
    /// Where others reach it, if that is another address.
    #[serde(rename = "gossip_advertise", skip_serializing_if = "Option::is_none")]
    pub(crate) advertise: Option<Address>,
    /// Whether the user chose the address. One that nobody chose may be taken.
    #[serde(skip)]
    pub(crate) chosen: bool,
}

impl GossipPlace {
    /// Any free port of this machine.
    pub(crate) fn anywhere() -> Self {
        Self {
            listen: Address((Ipv4Addr::LOCALHOST, 0).into()),
            advertise: None,
            chosen: false,
        }
    }

    /// The settings of the node at this place, which asks these first.
    ///
    /// # Errors
    ///
    /// What is wrong with them, and what is allowed.
    pub(crate) fn node(
        self,
        name: &str,
        rules: &Settings,
        seeds: &[String],
    ) -> Result<GossipSettings, String> {
        let listen = self.listen.to_string();
        let mut builder = GossipSettings::builder(name, &listen, rules).seeds(seeds);
        if let Some(advertise) = self.advertise {
            builder = builder.advertise(&advertise.to_string());
        }
        builder.build().map_err(|error| {
            let faults = error.faults().iter();
            let faults: Vec<String> = faults.map(|it| named(&it.to_string())).collect();
            faults.join("; ")
        })
    }
}

/// A fault under the lab's own names of the settings.
fn named(fault: &str) -> String {
    for (theirs, ours) in [
        ("listen = ", "gossip_listen = "),
        ("advertise = ", "gossip_advertise = "),
        ("seeds = ", "gossip_seeds = "),
        ("mode = ", "coordination.mode = "),
    ] {
        if let Some(rest) = fault.strip_prefix(theirs) {
            return format!("{ours}{rest}");
        }
    }
    fault.to_owned()
}
