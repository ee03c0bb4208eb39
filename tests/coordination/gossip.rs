//! Three processes that gossip, with nothing else running.

use end_to_end::{Client, Process, Signal, System, always_failing, eventually, free_udp, healthy};

use crate::{Calls, File, QUICKER, fleet, put};

/// An instance that finds the others by these seeds.
async fn gossiping(
    name: &str,
    node: Option<&String>,
    seeds: &str,
    file: &File,
    system: &System,
) -> (Client, Process) {
    let downstream = ["--downstream", system.downstream.base()];
    let place = ["--listen", "127.0.0.1:0", "--config", file.path()];
    let part = ["--coordination", "quorum", "--engine", "gossip"];
    let mut flags = vec!["instance", name, "--gossip-seeds", seeds];
    flags.extend(downstream.iter().chain(&place).chain(&part));
    if let Some(node) = node {
        flags.extend(["--gossip-listen", node.as_str()]);
    }
    let process = Process::start(&flags);
    let client = Client::new(process.url("instance").await);
    (client, process)
}

#[tokio::test]
async fn three_processes_that_gossip_open_and_close_together_and_forget_who_dies() {
    let nodes = free_udp::<2>();
    let file = File::new("gossip", QUICKER);
    let seeds = nodes.join(",");
    let mut system = System::with_instances(&[], &healthy(), &[]).await;
    // D says no port of its own: any free one will do, as it is found by those that it asks.
    for (name, node) in [("A", Some(&nodes[0])), ("B", Some(&nodes[1])), ("D", None)] {
        let (client, process) = gossiping(name, node, &seeds, &file, &system).await;
        system.instances.push((name.to_owned(), client, process));
    }
    let _calls = Calls::to(&system);
    all(&system, "three vote", |breaker| {
        breaker["fleet"]["votes"]["voters"] == 3
    })
    .await;
    let engine = fleet(system.instance(1)).await["engine"].clone();
    assert_eq!(
        (&engine["kind"], &engine["address"]),
        (&"gossip".into(), &nodes[1].as_str().into())
    );

    put(&system, &always_failing()).await;
    all(&system, "the fleet is open", |breaker| {
        breaker["fleet"]["verdict"] == "open" && breaker["state"] != "closed"
    })
    .await;
    put(&system, &healthy()).await;
    all(&system, "all are closed again", |breaker| {
        breaker["fleet"]["verdict"] == "closed" && breaker["state"] == "closed"
    })
    .await;

    let (_, _, killed) = system.instances.remove(2);
    killed.signal(Signal::Kill);
    all(&system, "two vote", |breaker| {
        breaker["fleet"]["votes"]["voters"] == 2
    })
    .await;

    // It takes a second to tell the others that one leaves; the end of a process is still within three.
    let (_, _, left) = system.instances.remove(1);
    left.signal(Signal::Terminate);
    let ended = left.ended(end_to_end::LIMIT).await;
    assert!(ended.status.success(), "{ended:#?}");
    all(&system, "one votes", |breaker| {
        breaker["fleet"]["votes"]["voters"] == 1
    })
    .await;
}

async fn all(system: &System, what: &str, is: impl Fn(&serde_json::Value) -> bool) {
    eventually(what, async || {
        for (_, client, _) in &system.instances {
            if !is(&client.get("/breaker").await.json()) {
                return None;
            }
        }
        Some(())
    })
    .await;
}
