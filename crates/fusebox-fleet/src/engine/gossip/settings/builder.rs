//! The builder of a node's settings, which checks them together.

use std::net::SocketAddr;
use std::time::Duration;

use super::GossipSettings;
use crate::engine::gossip_node::NodeSettings;
use crate::mode::Evidence;
use crate::name::InstanceId;
use crate::settings::{InvalidSetting, Settings, SettingsError};
use crate::span::Span;

const MINUTE: Duration = Duration::from_secs(60);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const LONGEST_CLUSTER: usize = 64;

/// Collects the settings of a node; [`build`](Self::build) checks them together.
#[derive(Clone, Debug)]
#[must_use]
pub struct GossipBuilder {
    name: String,
    listen: String,
    cluster: String,
    advertise: Option<String>,
    seeds: Vec<String>,
    interval: Option<Duration>,
    suspicion: f64,
    forget_dead_after: Option<Duration>,
    generation: Option<u64>,
    fleet: Settings,
}

impl GossipBuilder {
    pub(super) fn new(name: &str, listen: &str, fleet: &Settings) -> Self {
        Self {
            name: name.to_owned(),
            listen: listen.to_owned(),
            cluster: "fusebox".to_owned(),
            advertise: None,
            seeds: Vec::new(),
            interval: None,
            suspicion: 8.0,
            forget_dead_after: None,
            generation: None,
            fleet: fleet.clone(),
        }
    }

    /// Sets the name of the cluster, from 1 to 64 visible ASCII characters. Nodes of different clusters do not hear
    /// each other. Default `fusebox`.
    pub fn cluster(mut self, name: &str) -> Self {
        name.clone_into(&mut self.cluster);
        self
    }

    /// Sets the address by which other nodes reach this one. Default: the one it listens on, which may then not be
    /// `0.0.0.0` or `[::]`.
    pub fn advertise(mut self, address: &str) -> Self {
        self.advertise = Some(address.to_owned());
        self
    }

    /// Sets the nodes that are asked first, as addresses or host names with a port. A few nodes that are alive are
    /// enough; names are resolved again every minute. The list may contain the node's own address, so that all nodes
    /// can have the same list. Default none: for the first node of a fleet, or the only one.
    pub fn seeds<S: Into<String>>(mut self, seeds: impl IntoIterator<Item = S>) -> Self {
        self.seeds = seeds.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how often the node exchanges what it knows with up to three others, from 1 ms to a third of the
    /// heartbeat. Default a quarter of the heartbeat: a change reaches a fleet of 200 within a heartbeat.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Sets the threshold of the failure detector by which a node chooses its partners for gossip, from 1 to 32. A
    /// lower threshold takes slow nodes for dead sooner. Default 8. Whether an instance counts depends on the fleet's
    /// `member_for`, not on this.
    pub fn suspicion(mut self, phi: f64) -> Self {
        self.suspicion = phi;
        self
    }

    /// Sets how long a dead node is remembered and tried again: at least ten times `member_for`, up to a year. Nodes
    /// that are apart for longer find each other only by their seeds. Default 10 min, or that minimum if it is
    /// longer.
    pub fn forget_dead_after(mut self, time: Duration) -> Self {
        self.forget_dead_after = Some(time);
        self
    }

    /// Sets the number of this life of the node, which must be higher than those before. Default the Unix time in
    /// milliseconds.
    pub fn generation(mut self, number: u64) -> Self {
        self.generation = Some(number);
        self
    }

    /// Checks all settings together and makes `GossipSettings` of them.
    ///
    /// # Errors
    /// [`SettingsError`] lists every setting that is out of range or contradicts another, with the allowed values. It
    /// also refuses a fleet whose mode merges counts of calls, which gossip does not.
    pub fn build(self) -> Result<GossipSettings, SettingsError> {
        let mut faults = Vec::new();
        let mut refuse = |field, value: String, allowed: String| {
            faults.push(InvalidSetting {
                field,
                value,
                allowed,
            });
        };
        self.check_names(&mut refuse);
        self.check_times(&mut refuse);
        let listen = address(&mut refuse, "listen", &self.listen);
        let advertise = match &self.advertise {
            Some(given) => address(&mut refuse, "advertise", given),
            None => listen,
        };
        if let Some(given) = advertise
            && given.ip().is_unspecified()
        {
            let allowed = "the address by which other nodes reach this one, such as 10.0.0.5:7280: \
                           a wildcard address reaches no node";
            refuse(
                "advertise",
                format!("{:?}", given.to_string()),
                allowed.to_owned(),
            );
        }
        let (Some(listen), Some(advertise), true) = (listen, advertise, faults.is_empty()) else {
            return Err(SettingsError::new(faults));
        };
        Ok(GossipSettings {
            interval: self.chosen_interval(),
            forget_dead_after: self.chosen_forget(),
            name: self.name,
            cluster: self.cluster,
            listen,
            advertise,
            seeds: self.seeds,
            suspicion: self.suspicion,
            generation: self.generation.unwrap_or_else(super::unix_ms),
            heartbeat: self.fleet.heartbeat(),
            member_for: self.fleet.member_for(),
        })
    }

    fn check_names(&self, refuse: &mut impl FnMut(&'static str, String, String)) {
        let mode = self.fleet.mode();
        if mode.dials().evidence == Evidence::Counts {
            let allowed = "quorum or advisory with this engine, which does not merge counts of calls; for \
                           merged counts use an engine on a server";
            refuse("mode", mode.to_string(), allowed.to_owned());
        }
        if InstanceId::new(&self.name).is_err() {
            let allowed = "from 1 to 128 visible ASCII characters";
            refuse("name", format!("{:?}", self.name), allowed.to_owned());
        }
        let is_name = (1..=LONGEST_CLUSTER).contains(&self.cluster.len())
            && self.cluster.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_name {
            let allowed = "from 1 to 64 visible ASCII characters";
            refuse("cluster", format!("{:?}", self.cluster), allowed.to_owned());
        }
        for seed in &self.seeds {
            if !is_seed(seed) {
                let allowed =
                    "an address or a host name with a port, such as checkout.internal:7280";
                refuse("seeds", format!("{seed:?}"), allowed.to_owned());
            }
        }
    }

    fn check_times(&self, refuse: &mut impl FnMut(&'static str, String, String)) {
        let heartbeat = self.fleet.heartbeat();
        let interval = self.chosen_interval();
        if interval < Duration::from_millis(1) || interval > heartbeat / 3 {
            let allowed = format!(
                "from 1ms to a third of the heartbeat ({}), or a change does not reach all \
                 instances within a heartbeat",
                Span(heartbeat)
            );
            refuse("interval", Span(interval).to_string(), allowed);
        }
        if !(1.0..=32.0).contains(&self.suspicion) {
            let allowed = "from 1 to 32".to_owned();
            refuse("suspicion", self.suspicion.to_string(), allowed);
        }
        let (forget, least) = (self.chosen_forget(), self.least_forget());
        if forget < least || forget > YEAR {
            let allowed = format!(
                "from ten times member_for ({}) to 365 days, or nodes that are apart for a moment do \
                 not find each other again",
                Span(least)
            );
            refuse("forget_dead_after", Span(forget).to_string(), allowed);
        }
    }

    fn chosen_interval(&self) -> Duration {
        self.interval
            .unwrap_or_else(|| NodeSettings::usual_interval(&self.fleet))
    }

    fn least_forget(&self) -> Duration {
        self.fleet.member_for().saturating_mul(10)
    }

    fn chosen_forget(&self) -> Duration {
        let usual = self.least_forget().max(MINUTE * 10);
        self.forget_dead_after.unwrap_or(usual)
    }
}

fn address(
    refuse: &mut impl FnMut(&'static str, String, String),
    field: &'static str,
    given: &str,
) -> Option<SocketAddr> {
    let address = given
        .parse()
        .ok()
        .filter(|address: &SocketAddr| address.port() != 0);
    if address.is_none() {
        let allowed = "an address with a port, such as 10.0.0.5:7280";
        refuse(field, format!("{given:?}"), allowed.to_owned());
    }
    address
}

fn is_seed(given: &str) -> bool {
    let (host, port) = given.rsplit_once(':').unwrap_or(("", ""));
    let has_port = port.parse().is_ok_and(|port: u16| port != 0);
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    has_port && (is_host || given.parse::<SocketAddr>().is_ok())
}
