//! Settles what instances tell each other. A setting that could do nothing is refused.

use experiment::breaker_settings::BreakerSettings;
use experiment::scenario::{Coordination, CoordinationMode};
use fusebox_fleet::Settings;

use super::loopback;
use crate::cli::CoordinationArgs;
use crate::cli::as_given;
use crate::failure::Failure;
use crate::settings::{Address, Coordinating, Engine, File, GossipPlace, Span, Staging};

/// The ports on which the nodes of A, B and C gossip.
const GOSSIP_PORTS: [(&str, u16); 3] = [("A", 7281), ("B", 7282), ("C", 7283)];

/// What is asked for, and whether anybody needs it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) coordination: Coordination<Engine>,
    pub(super) seeds: Option<Vec<String>>,
    pub(super) ready_unless_localised: bool,
}

impl Asked {
    /// # Errors
    ///
    /// A setting that does nothing without a mode, or with this engine.
    pub(super) fn of(args: CoordinationArgs, file: &File) -> Result<Self, Failure> {
        let engine = args.engine.engine;
        let given = engine.as_ref().map(|engine| as_given("--engine", engine));
        let mut coordination = file.coordination.clone();
        coordination.mode = args.coordination.unwrap_or(coordination.mode);
        coordination.engine = engine.unwrap_or(coordination.engine);
        let seeds = args.gossip_seeds.or_else(|| file.gossip_seeds.clone());
        let ready = args.ready_unless_localised || file.ready_unless_localised == Some(true);
        let written =
            (!coordination.engine.is_memory()).then(|| format!("engine = {}", coordination.engine));
        let useless = given
            .or(written)
            .or_else(|| seeds.as_ref().map(|_| "gossip_seeds".to_owned()))
            .or_else(|| ready.then(|| "ready_unless_localised".to_owned()));
        if coordination.mode.is_local()
            && let Some(what) = useless
        {
            return Err(Failure::usage(format!(
                "{what} has no effect while each instance decides for itself: add --coordination quorum, or \
                 leave it out"
            )));
        }
        if let (Some(_), false) = (&seeds, is_gossip(&coordination.engine)) {
            return Err(Failure::usage(format!(
                "gossip_seeds has no effect with the engine {}: write --engine gossip, or leave gossip_seeds out",
                coordination.engine
            )));
        }
        Ok(Self {
            coordination,
            seeds,
            ready_unless_localised: ready,
        })
    }

    pub(super) fn mode(&self) -> CoordinationMode {
        self.coordination.mode
    }

    /// The same as a scenario says it, whose engine is in the process that performs it.
    pub(super) fn written(&self) -> Coordination {
        self.coordination
            .clone()
            .with_engine(experiment::scenario::EngineKind::Memory)
    }

    /// What one instance alone tells others in a fleet with these breakers.
    pub(super) fn alone(
        self,
        breaker: &BreakerSettings,
        call_timeout: Span,
    ) -> Result<Option<Coordinating>, Failure> {
        let mode = self.mode();
        if mode.is_local() {
            return Ok(None);
        }
        if self.coordination.engine.is_memory() {
            return Err(Failure::usage(format!(
                "coordination mode {mode} needs an engine that other processes can reach, and memory serves \
                 only this process: write --engine redis://127.0.0.1:6379 or --engine gossip, or run all \
                 instances in one process with breaker-lab --coordination {mode}"
            )));
        }
        let rules = self.coordination.settings(breaker, call_timeout);
        let rules = rules.map_err(Failure::usage)?;
        let usual = || GOSSIP_PORTS.map(|(_, port)| loopback(port).to_string());
        let seeds = match (self.seeds, is_gossip(&self.coordination.engine)) {
            (None, true) => usual().to_vec(),
            (seeds, _) => seeds.unwrap_or_default(),
        };
        Ok(Some(Coordinating {
            gossip_seeds: seeds,
            ready_unless_localised: self.ready_unless_localised,
            coordination: self.coordination,
            rules,
            staging: Staging::Standing,
            followed: (*breaker, call_timeout),
        }))
    }
}

/// Where an instance gossips, if instances do.
pub(super) fn gossip_place(
    name: &str,
    engine: &Engine,
    asked: (Option<Address>, Option<Address>),
) -> Result<Option<GossipPlace>, Failure> {
    let (listen, advertise) = asked;
    if !is_gossip(engine) {
        let useless = listen.map(|it| format!("gossip_listen = {it}"));
        let useless = useless.or_else(|| advertise.map(|it| format!("gossip_advertise = {it}")));
        return match useless {
            Some(what) => Err(Failure::usage(format!(
                "{what} of instance {name} has no effect with the engine {engine}: write --engine gossip, or \
                 leave it out"
            ))),
            None => Ok(None),
        };
    }
    let known = GOSSIP_PORTS.iter().find(|(known, _)| *known == name);
    let usual = loopback(known.map_or(0, |(_, port)| *port));
    Ok(Some(GossipPlace {
        listen: listen.unwrap_or(usual),
        advertise,
        chosen: listen.is_some(),
    }))
}

/// Refuses a node that could not be, before anything starts. A port that is still to be found stands in for itself.
pub(super) fn check_node(
    name: &str,
    place: GossipPlace,
    (rules, seeds): (&Settings, &[String]),
) -> Result<(), Failure> {
    let fixed = |address: Address| match address.0.port() {
        0 => Address((address.0.ip(), 1).into()),
        _ => address,
    };
    let place = GossipPlace {
        listen: fixed(place.listen),
        ..place
    };
    let checked = place.node(name, rules, seeds);
    checked.map_err(|what| Failure::usage(format!("instance {name}: {what}")))?;
    Ok(())
}

fn is_gossip(engine: &Engine) -> bool {
    matches!(engine, Engine::Gossip)
}
