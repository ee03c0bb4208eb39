//! The derivation of settings from flags, environment, file and defaults, of which the earlier one wins. Everything
//! is checked here, before anything starts.

mod coordination;
mod instance;
mod load;
mod system;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use experiment::bounds::{self, range};
use experiment::faults::Plan;
use experiment::fleet::UNHEALTHY_AT;
use experiment::policy::Policy;
use experiment::scenario::{
    Fleet, InstanceSettings, Mode, Scenario, Written, WrittenEngine, WrittenNetwork,
};
use experiment::values::check_patience;
use telemetry::LogFormat;

use crate::cli::{
    CommonArgs, ObservingArgs, SamplingArgs, ServingArgs, TogetherArgs, UnreliableArgs,
};
use crate::failure::Failure;
use crate::faults;
use crate::settings::{
    Address, Alone, BaseUrl, DiscoverySettings, File, Named, Observing, Serving, Span, Text,
    Together, Unreliable, UnreliableAlone,
};
use coordination::Asked;
pub(crate) use instance::instance_alone;
use instance::{check_name, place};
pub(crate) use load::load_alone;
pub(crate) use system::{Lab, Place};

/// The longest run, some 32 years: the clock of the machine has an end.
const LONGEST_RUN: Duration = Duration::from_secs(1_000_000_000);
/// The port of the unreliable service.
const UNRELIABLE_PORT: u16 = 9000;
/// The port of the lab's page.
const PAGE_PORT: u16 = 8080;
/// Names that are no instances'.
const SERVICES: [&str; 2] = ["unreliable", "lab"];
/// The instances that have a port of their own.
const PORTS: [(&str, u16); 3] = [("A", 8001), ("B", 8002), ("C", 8003)];
/// The lengths that a scenario may have.
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
const CALL_TIMEOUT: Span = Span(Duration::from_secs(1));
/// Everything ends within three seconds: one service alone, or all of them one after another. Spans, log and
/// last words come after that, and a busy machine is late.
const DRAIN_TIME_ALONE: Duration = Duration::from_secs(2);
pub(crate) const DRAIN_TIME_TOGETHER: Duration = Duration::from_millis(900);
/// Idle connections are cheap; this is what one service is willing to remember.
const MAX_CONNECTIONS: usize = 16_384;

/// Settles the default run: a scenario like any other, which flags, environment and file say in parts, at the
/// addresses that they say.
pub(crate) fn together(args: &TogetherArgs, seed: u64) -> Result<Together, Failure> {
    let file = File::read(args.common.config.as_deref())?;
    let seed = args.common.seed.or(file.seed).unwrap_or(seed);
    let names = instance_names(&file, &args.listen)?;
    let duration = duration(&args.common, &file)?;
    let asked = Asked::of(args.coordination.clone(), &file)?;
    let lab = lab(args, &file, &names, &asked)?;
    let written = Written {
        policy: Policy::default(),
        title: "the default run".to_owned(),
        seed,
        // A run that goes on until it is ended is a scenario of a day, of which people watch the beginning.
        duration: Span(duration.map_or(LONGEST, |span| span.0.clamp(SHORTEST, LONGEST))),
        unhealthy_at: UNHEALTHY_AT,
        expectations: Vec::new(),
        fleet: Fleet {
            size: None,
            instances: Some(names),
            call_timeout: args.call_timeout.unwrap_or(CALL_TIMEOUT),
            mode: Mode::Auto,
        },
        breaker: args.breaker.over(file.breaker),
        instance: own_settings(args, &file),
        load: load::load_together(args.rate, &file)?,
        faults: plan(args.faults.as_deref(), args.common.seed, seed)?
            .written()
            .clone(),
        coordination: asked.written(),
        network: WrittenNetwork::default(),
        engine: WrittenEngine::default(),
    };
    let scenario = Scenario::try_from(written).map_err(Failure::usage)?;
    for (name, place) in &lab.instances {
        if let Some(node) = place.gossip {
            let rules = scenario.fleet_settings();
            coordination::check_node(name, node, (rules, &lab.seeds))?;
        }
    }
    Ok(lab.perform(&scenario, duration))
}

fn lab(args: &TogetherArgs, file: &File, names: &[String], asked: &Asked) -> Result<Lab, Failure> {
    let listen = |name: &str| {
        let given = args.listen.iter().rfind(|listen| listen.name == name);
        given.map(|listen| listen.value)
    };
    let unreliable = listen("unreliable")
        .or(file.unreliable.listen)
        .unwrap_or_else(|| loopback(UNRELIABLE_PORT));
    let control = file
        .unreliable
        .control_listen
        .unwrap_or_else(|| loopback(0));
    let mut instances = BTreeMap::new();
    for name in names {
        let section = file.instance.get(name);
        let listen = listen(name).or(section.and_then(|section| section.listen));
        let downstream = section.and_then(|section| section.downstream.clone());
        let downstream = downstream.unwrap_or_else(|| BaseUrl::of(unreliable.0));
        let mut place = place(name, listen, downstream)?;
        let nodes = (
            section.and_then(|section| section.gossip_listen),
            section.and_then(|section| section.gossip_advertise),
        );
        place.gossip = coordination::gossip_place(name, &asked.coordination.engine, nodes)?;
        instances.insert(name.clone(), place);
    }
    let page = listen("lab").or(file.lab.listen);
    let places = instances.iter().map(|(name, one)| (&**name, one.listen));
    let others = [
        ("unreliable", unreliable),
        ("the control of unreliable", control),
    ];
    let chosen_page = page.map(|page| ("lab", page));
    distinct(&places.chain(others).chain(chosen_page).collect::<Vec<_>>())?;
    Ok(Lab {
        observing: observing(args.observing.clone(), Some(args.sampling), file)?,
        serving: serving(args.serving.clone(), file, DRAIN_TIME_TOGETHER)?,
        page: DiscoverySettings {
            listen: page.unwrap_or_else(|| loopback(PAGE_PORT)),
            chosen: page.is_some(),
        },
        unreliable,
        control,
        instances,
        engine: Some(asked.coordination.engine.clone()),
        seeds: asked.seeds.clone().unwrap_or_default(),
        ready_unless_localised: asked.ready_unless_localised,
        is_staged: false,
    })
}

/// What single instances do differently: flags win over their sections, too.
fn own_settings(args: &TogetherArgs, file: &File) -> BTreeMap<String, InstanceSettings> {
    let own = file.instance.iter().map(|(name, section)| {
        let settings = InstanceSettings {
            call_timeout: args.call_timeout.or(section.call_timeout),
            breaker: args.breaker.over(section.breaker),
            ..InstanceSettings::default()
        };
        (name.clone(), settings)
    });
    own.collect()
}

/// Settles the unreliable service alone.
pub(crate) fn unreliable_alone(
    args: UnreliableArgs,
    seed: u64,
) -> Result<Alone<UnreliableAlone>, Failure> {
    let file = File::read(args.common.config.as_deref())?;
    let seed = args.common.seed.or(file.seed).unwrap_or(seed);
    let listen = args.listen.or(file.unreliable.listen);
    let unreliable = Unreliable {
        listen: listen.unwrap_or_else(|| loopback(UNRELIABLE_PORT)),
        control_listen: args
            .control_listen
            .or(file.unreliable.control_listen)
            .unwrap_or_else(|| loopback(0)),
        plan: plan(args.faults.as_deref(), args.common.seed, seed)?,
    };
    distinct(&[
        ("unreliable", unreliable.listen),
        ("its control", unreliable.control_listen),
    ])?;
    let serving = serving(args.serving, &file, DRAIN_TIME_ALONE)?;
    Ok(Alone {
        seed,
        duration: duration(&args.common, &file)?,
        observing: observing(args.observing, None, &file)?,
        serving: Some(serving),
        part: UnreliableAlone { unreliable },
    })
}

/// What is not set stays open: `OTEL_*` variables may have a word.
pub(crate) fn observing(
    args: ObservingArgs,
    sampling: Option<SamplingArgs>,
    file: &File,
) -> Result<Observing, Failure> {
    // Where no traces begin, there is nothing to sample: services follow their callers.
    let ratio = sampling.and_then(|sampling| sampling.trace_ratio.or(file.trace_ratio));
    if let Some(ratio) = ratio.or(file.trace_ratio) {
        range("trace_ratio", ratio, 0.0..=1.0, "").map_err(Failure::usage)?;
    }
    let format = args.log_format.or(file.log_format);
    Ok(Observing {
        otlp_endpoint: args.otlp_endpoint.or_else(|| file.otlp_endpoint.clone()),
        otlp_protocol: args.otlp_protocol.or(file.otlp_protocol),
        trace_ratio: ratio,
        log_format: format.unwrap_or(Text(LogFormat::default())),
    })
}

fn duration(common: &CommonArgs, file: &File) -> Result<Option<Span>, Failure> {
    let Some(span) = common.duration.or(file.duration) else {
        return Ok(None);
    };
    if span.0 > LONGEST_RUN {
        let message = format!(
            "duration = {span} is not allowed: it must be at most {}s; leave it out to run until Ctrl-C",
            LONGEST_RUN.as_secs()
        );
        return Err(Failure::usage(message));
    }
    above_zero("duration", span).map(Some)
}

/// A, B, C and what else the file has a section for.
fn instance_names(file: &File, listen: &[Named<Address>]) -> Result<Vec<String>, Failure> {
    let mut names: Vec<String> = PORTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let known = |names: &[String], name: &str| names.iter().any(|known| known == name);
    for name in file.instance.keys() {
        if SERVICES.contains(&&**name) {
            return Err(Failure::usage(format!(
                "instance name `{name}` is not allowed: it is the name of another service"
            )));
        }
        if !known(&names, name) {
            names.push(name.clone());
        }
    }
    for (place, Named { name, .. }) in listen.iter().enumerate() {
        if listen[..place].iter().any(|other| other.name == *name) {
            return Err(Failure::usage(format!(
                "--listen {name} is given twice: leave one of the two out"
            )));
        }
        if !SERVICES.contains(&&**name) && !known(&names, name) {
            return Err(Failure::usage(format!(
                "--listen {name}=…: there is no service `{name}`; there are {}, unreliable, and lab for the \
                 live page",
                names.join(", ")
            )));
        }
    }
    Ok(names)
}

pub(crate) fn serving(
    args: ServingArgs,
    file: &File,
    drain_time: Duration,
) -> Result<Serving, Failure> {
    let max_connections = args.max_connections.or(file.max_connections);
    let max_connections = max_connections.unwrap_or(MAX_CONNECTIONS);
    range("max_connections", max_connections, 1..=1_000_000, "").map_err(Failure::usage)?;
    let control_token = args.control_token.or_else(|| file.control_token.clone());
    Ok(Serving {
        max_connections,
        control_token,
        drain_time,
    })
}

/// The plan of a file, or the default one. A seed that was asked for is the plan's, too.
fn plan(path: Option<&Path>, asked: Option<u64>, seed: u64) -> Result<Plan, Failure> {
    let Some(path) = path else {
        return Ok(Plan::schedule(seed));
    };
    let plan = faults::read_plan(path)?;
    Ok(match asked {
        Some(seed) => plan.with_seed(seed),
        None => plan,
    })
}

/// Refuses two services on one port before either has it, and says which two.
fn distinct(places: &[(&str, Address)]) -> Result<(), Failure> {
    for (place, (name, address)) in places.iter().enumerate() {
        let (ip, port) = (address.0.ip(), address.0.port());
        let meets = |other: &SocketAddr| {
            port != 0
                && other.port() == port
                && (other.ip() == ip || ip.is_unspecified() || other.ip().is_unspecified())
        };
        if let Some((other, _)) = places[..place].iter().find(|(_, other)| meets(&other.0)) {
            return Err(Failure::usage(format!(
                "{other} and {name} cannot both listen on port {port}, {address}: choose another address \
                 for one of them with --listen NAME=HOST:PORT or `listen` in the settings file"
            )));
        }
    }
    Ok(())
}

fn patience(field: &str, span: Span) -> Result<Span, Failure> {
    check_patience(field, span).map_err(Failure::usage)?;
    Ok(span)
}

fn above_zero(field: &str, span: Span) -> Result<Span, Failure> {
    bounds::above_zero(field, span).map_err(Failure::usage)?;
    Ok(span)
}

/// The port that A, B and C have.
fn own_port(name: &str) -> Option<Address> {
    let known = PORTS.iter().find(|(known, _)| *known == name);
    known.map(|(_, port)| loopback(*port))
}

fn loopback(port: u16) -> Address {
    Address(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}
