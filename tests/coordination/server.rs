//! A Redis that is absent at first, that refuses, or that already knows the name.

use end_to_end::{Process, Redis, Signal, System, eventually, healthy};

use crate::{File, QUICKER, fleet, logged, quorum_on};

#[tokio::test]
async fn an_engine_that_is_not_there_at_the_start_is_told_once_and_joined_when_it_comes() {
    let mut server = Redis::to_be(&[]);
    let file = File::new("later", QUICKER);
    let url = server.url();
    let flags = quorum_on(&url, &file);
    let system = System::with_instances(&["A", "B"], &healthy(), &flags).await;
    let (_, a, process) = &system.instances[0];

    let seen = eventually("A says that it is alone", async || {
        let seen = fleet(a).await;
        (seen["apart"]["reason"] == "stale").then_some(seen)
    })
    .await;
    assert_eq!(seen["engine"]["reachable"], false, "{seen}");
    assert!(
        seen["engine"]["unreachable_since"].as_f64() > Some(1e9),
        "{seen}"
    );
    let trouble = seen["engine"]["trouble"].as_str().unwrap_or_default();
    assert!(
        trouble.contains("no connection") || trouble.contains("no answer"),
        "{trouble}"
    );
    assert_eq!(a.get("/call").await.status, 200, "no caller minds");
    assert_eq!(a.get("/readyz").await.status, 200);
    // It goes on trying, and says it once.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(
        logged(process, "decides alone: its fleet is not heard").len(),
        1
    );

    server.begin();
    for place in [0, 1] {
        eventually("both have joined", async || {
            let seen = fleet(system.instance(place)).await;
            (seen["engine"]["reachable"] == true && seen["apart"].is_null()).then_some(())
        })
        .await;
    }
    assert_eq!(logged(process, "has rejoined its fleet").len(), 1);
    assert_eq!(
        logged(process, "decides alone: its fleet is not heard").len(),
        1
    );
}

#[tokio::test]
async fn a_wrong_password_leaves_the_instance_alone_and_is_named() {
    let server = Redis::start(&["--requirepass", "hunter2"]);
    let file = File::new("password", QUICKER);
    let url = format!("redis://:hunter3@{}", server.address());
    let flags = quorum_on(&url, &file);
    let system = System::with_instances(&["A"], &healthy(), &flags).await;
    let (_, a, process) = &system.instances[0];

    let seen = eventually("A says why", async || {
        let seen = fleet(a).await;
        (seen["apart"]["reason"] == "stale").then_some(seen)
    })
    .await;

    let trouble = seen["engine"]["trouble"].as_str().unwrap_or_default();
    assert!(
        trouble.contains("does not accept the user or the password"),
        "{trouble}"
    );
    assert_eq!(a.get("/call").await.status, 200);
    let told = eventually("a line of the log", async || {
        logged(process, "decides alone").into_iter().next()
    })
    .await;
    assert!(
        told.contains("does not accept the user or the password"),
        "{told}"
    );
}

#[tokio::test]
async fn the_second_instance_of_a_name_is_refused_says_so_and_goes_on_alone() {
    let server = Redis::start(&[]);
    let file = File::new("names", QUICKER);
    let url = server.url();
    let flags = quorum_on(&url, &file);
    let mut system = System::with_instances(&["A", "B"], &healthy(), &flags).await;
    eventually("A and B have joined", async || {
        let seen = [
            fleet(system.instance(0)).await,
            fleet(system.instance(1)).await,
        ];
        seen.iter()
            .all(|it| it["engine"]["reachable"] == true)
            .then_some(())
    })
    .await;

    let base = ["instance", "A", "--listen", "127.0.0.1:0", "--downstream"];
    let downstream = [system.downstream.base()];
    let second = Process::start(&[&base[..], &downstream, &flags].concat());
    let other = end_to_end::Client::new(second.url("instance A").await);
    let seen = eventually("the second A is refused", async || {
        let seen = fleet(&other).await;
        (seen["apart"]["reason"] == "name_taken").then_some(seen)
    })
    .await;

    let said = seen["apart"]["message"].as_str().unwrap_or_default();
    assert!(said.contains("its own name"), "{said}");
    let told = eventually("a line of the log", async || {
        logged(&second, "its fleet refuses this instance")
            .into_iter()
            .next()
    })
    .await;
    assert!(
        told.contains("ERROR") && told.contains("its own name"),
        "{told}"
    );
    assert_eq!(other.get("/call").await.status, 200, "it goes on");
    let order = r#"{"mode": "forced_open"}"#;
    let answer = other.put("/fleet/mode", order).await;
    assert_eq!(answer.status, 409, "it would order others and not obey");
    assert!(
        fleet(system.instance(0)).await["apart"].is_null(),
        "the first one stays"
    );

    // Once the first one has left, the name is free.
    let (_, _, first) = system.instances.remove(0);
    first.signal(Signal::Terminate);
    eventually("the second A is in", async || {
        fleet(&other).await["apart"].is_null().then_some(())
    })
    .await;
}
