//! An operator's orders to a whole fleet, over a real Redis.

use end_to_end::{Client, Process, Redis, Signal, System, eventually, healthy};

use crate::{File, QUICKER, fleet, quorum_on};

#[tokio::test]
async fn an_order_reaches_every_instance_survives_the_one_who_gave_it_and_is_taken_back() {
    let mut server = Redis::start(&[]);
    let file = File::new("orders", QUICKER);
    let url = server.url();
    let flags = quorum_on(&url, &file);
    let mut system = System::start(&healthy(), &flags).await;
    eventually("all have joined", async || {
        for place in 0..3 {
            if fleet(system.instance(place)).await["engine"]["reachable"] != true {
                return None;
            }
        }
        Some(())
    })
    .await;

    let reply = system
        .instance(0)
        .put("/fleet/mode", r#"{"mode": "forced_open"}"#)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json()["state"], "forced_open");
    for place in [1, 2] {
        is_state(system.instance(place), "forced_open").await;
        let seen = fleet(system.instance(place)).await;
        assert_eq!(
            (&seen["order"], &seen["apart"]["reason"]),
            (&"forced_open".into(), &"operator".into())
        );
        assert_eq!(system.instance(place).get("/call").await.status, 503);
    }

    // The one who was asked dies without a word; who comes new obeys all the same.
    let (_, _, process) = system.instances.remove(0);
    process.signal(Signal::Kill);
    let base = [
        "instance",
        "D",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        system.downstream.base(),
    ];
    let newcomer = Process::start(&[&base[..], &flags].concat());
    let d = Client::new(newcomer.url("instance D").await);
    is_state(&d, "forced_open").await;

    // It outlives the engine, too: an instance that has heard it brings it back to one that is empty.
    server.kill();
    is_reachable(&d, false).await;
    assert_eq!(d.state().await, "forced_open");
    server.begin();
    is_reachable(&d, true).await;
    is_reachable(system.instance(0), true).await;
    is_state(&d, "forced_open").await;
    assert_eq!(system.instance(0).state().await, "forced_open");

    let reply = d.put("/fleet/mode", r#"{"mode": "disabled"}"#).await;
    assert_eq!(reply.json()["state"], "disabled", "{}", reply.body);
    is_state(system.instance(0), "disabled").await;
    let reply = d.put("/fleet/mode", r#""auto""#).await;
    assert_eq!(reply.json()["state"], "closed", "{}", reply.body);
    for place in [0, 1] {
        is_state(system.instance(place), "closed").await;
        assert_eq!(system.instance(place).get("/call").await.status, 200);
    }
}

async fn is_state(instance: &Client, state: &str) {
    eventually(&format!("{} is {state}", instance.base()), async || {
        (instance.get("/breaker").await.json()["state"] == state).then_some(())
    })
    .await;
}

async fn is_reachable(instance: &Client, reachable: bool) {
    eventually(
        &format!("the engine is reachable: {reachable}"),
        async || {
            let engine = fleet(instance).await["engine"].clone();
            (engine["reachable"] == reachable).then_some(())
        },
    )
    .await;
}

#[tokio::test]
async fn an_order_is_guarded_as_other_control_routes_and_refused_where_it_makes_no_sense() {
    let away = Redis::to_be(&[]);
    let url = away.url();
    let flags = ["--coordination", "quorum", "--engine", &url];
    let system = System::with_instances(&["A"], &healthy(), &flags).await;
    let instance = system.instance(0);

    let foreign = [("origin", "http://elsewhere.example")];
    let reply = instance
        .send("PUT", "/fleet/mode", &foreign, r#"{"mode": "auto"}"#)
        .await;
    assert_eq!(reply.status, 403, "{}", reply.body);
    let reply = instance
        .put("/fleet/mode", r#"{"mode": "metrics_only"}"#)
        .await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert!(
        reply.body.contains("`auto`, `forced_open` or `disabled`"),
        "{}",
        reply.body
    );
    // It is unknown whether an order without an answer is in force.
    let reply = instance
        .put("/fleet/mode", r#"{"mode": "forced_open"}"#)
        .await;
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert_eq!(
        reply.json()["error"]["code"],
        "engine_unavailable",
        "{}",
        reply.body
    );
    assert_eq!(
        instance.get("/call").await.status,
        200,
        "its breaker goes on"
    );
}
