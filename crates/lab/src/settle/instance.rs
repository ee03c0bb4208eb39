//! The derivation of one instance's settings: its address, its downstream, its breaker, and what it tells others.

use std::collections::BTreeMap;

use experiment::scenario::{Mode, is_instance_name};

use super::coordination::{self, Asked};
use super::{
    CALL_TIMEOUT, DRAIN_TIME_ALONE, Place, UNRELIABLE_PORT, duration, loopback, observing,
    own_port, patience, serving,
};
use crate::cli::InstanceArgs;
use crate::failure::Failure;
use crate::settings::{Address, Alone, BaseUrl, File, Instance, InstanceAlone, InstanceFile};

/// Settles one instance alone.
pub(crate) fn instance_alone(
    args: InstanceArgs,
    seed: u64,
) -> Result<Alone<InstanceAlone>, Failure> {
    let file = File::read(args.common.config.as_deref())?;
    let seed = args.common.seed.or(file.seed).unwrap_or(seed);
    let asked = Asked::of(args.coordination, &file)?;
    let flags = InstanceFile {
        listen: args.listen,
        downstream: args.downstream,
        call_timeout: args.call_timeout,
        gossip_listen: args.gossip.gossip_listen,
        gossip_advertise: args.gossip.gossip_advertise,
        breaker: args.breaker,
    };
    // The rules are those of the fleet: what only this instance's section says does not count.
    let breaker = flags.breaker.over(file.breaker).settled();
    let call_timeout = flags.call_timeout.unwrap_or(CALL_TIMEOUT);
    let instance = instance(&args.name, flags, (&file, &asked), seed)?;
    let coordinating = asked.alone(&breaker, call_timeout)?;
    if let (Some(node), Some(together)) = (instance.gossip, &coordinating) {
        coordination::check_node(&args.name, node, (&together.rules, &together.gossip_seeds))?;
    }
    let part = InstanceAlone {
        instance: BTreeMap::from([(args.name.clone(), instance)]),
        name: args.name,
        coordinating,
    };
    let serving = serving(args.serving, &file, DRAIN_TIME_ALONE)?;
    Ok(Alone {
        seed,
        duration: duration(&args.common, &file)?,
        observing: observing(args.observing, None, &file)?,
        serving: Some(serving),
        part,
    })
}

fn instance(
    name: &str,
    flags: InstanceFile,
    (file, asked): (&File, &Asked),
    seed: u64,
) -> Result<Instance, Failure> {
    check_name(name)?;
    let section = file.instance.get(name).cloned().unwrap_or_default();
    let nodes = (
        flags.gossip_listen.or(section.gossip_listen),
        flags.gossip_advertise.or(section.gossip_advertise),
    );
    let gossip = coordination::gossip_place(name, &asked.coordination.engine, nodes)?;
    let downstream = flags.downstream.or(section.downstream);
    let downstream = downstream.unwrap_or_else(|| BaseUrl::of(loopback(UNRELIABLE_PORT).0));
    let place = place(name, flags.listen.or(section.listen), downstream)?;
    let breaker = flags
        .breaker
        .over(section.breaker)
        .over(file.breaker)
        .settled();
    let breaker = asked.coordination.breaker(breaker);
    let config = breaker
        .config(seed)
        .map_err(|error| Failure::usage(format!("breaker of instance {name}: {error}")))?;
    let call_timeout = flags.call_timeout.or(section.call_timeout);
    Ok(Instance {
        listen: place.listen,
        downstream: place.downstream,
        call_timeout: patience("call_timeout", call_timeout.unwrap_or(CALL_TIMEOUT))?,
        gossip,
        breaker,
        config,
        mode: Mode::Auto,
    })
}

/// Where an instance is: at an address of its own, and not its own downstream.
pub(super) fn place(
    name: &str,
    listen: Option<Address>,
    downstream: BaseUrl,
) -> Result<Place, Failure> {
    check_name(name)?;
    let listen = listen.or(own_port(name)).ok_or_else(|| {
        Failure::usage(format!(
            "instance {name} has no default port, unlike A, B and C: choose one with --listen \
             127.0.0.1:PORT or `listen` in [instance.{name}]"
        ))
    })?;
    if downstream.leads_to(listen.0) {
        return Err(Failure::usage(format!(
            "instance {name} listens on {listen} and would be its own downstream, {downstream}: every call \
             would call itself again; choose another address with --downstream or --listen"
        )));
    }
    Ok(Place {
        listen,
        downstream,
        gossip: None,
    })
}

pub(super) fn check_name(name: &str) -> Result<(), Failure> {
    if is_instance_name(name) {
        Ok(())
    } else {
        Err(Failure::usage(format!(
            "instance name `{name}` is not allowed: it must be 1 to 32 letters, digits, - and _"
        )))
    }
}
