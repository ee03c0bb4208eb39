//! Coordination in one process, for which nothing has to be installed.

use end_to_end::{Client, FREE_PORTS, Process, eventually};

use crate::{File, QUICKER, fleet};

/// The lab with these flags, its instances and its downstream.
async fn lab(flags: &[&str]) -> (Process, [Client; 3], Client) {
    let arguments = [
        &FREE_PORTS[..],
        &["--plain", "--seed", "1", "--rate", "120"],
        flags,
    ]
    .concat();
    let lab = Process::start(&arguments);
    let client = async |who: &str| Client::new(lab.url(who).await);
    let instances = [
        client("instance A").await,
        client("instance B").await,
        client("instance C").await,
    ];
    let downstream = client("unreliable service").await;
    (lab, instances, downstream)
}

const HEALTHY: &str = r#"{"phases": [{"name": "healthy"}]}"#;
/// A probe lasts long enough to be seen.
const DOWN: &str = r#"{"phases": [{"name": "down", "failure_ratio": 1, "latency": "150ms"}]}"#;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, from calm to calm")]
async fn instances_open_on_a_quorum_and_close_again_and_every_page_says_why() {
    let file = File::new("one", QUICKER);
    let flags = ["--coordination", "quorum", "--config", file.path()];
    let (lab, instances, downstream) = lab(&flags).await;
    assert_eq!(downstream.put("/faults", HEALTHY).await.status, 200);
    eventually("all three vote", async || {
        let seen = fleet(&instances[1]).await;
        (seen["votes"]["voters"] == 3 && seen["verdict"] == "closed").then_some(())
    })
    .await;
    assert!(
        lab.lines()
            .iter()
            .any(|line| line.contains("quorum, engine memory"))
    );
    let shown = fleet(&instances[0]).await;
    assert_eq!(
        (&shown["mode"], &shown["opinion"]),
        (&"quorum".into(), &"fine".into())
    );
    assert_eq!(shown["engine"]["kind"], "memory");
    assert_eq!(
        (&shown["engine"]["reachable"], &shown["votes"]["need"]),
        (&true.into(), &2.into())
    );
    assert!(
        shown["apart"].is_null() && shown["overlay"].is_null(),
        "{shown}"
    );

    assert_eq!(downstream.put("/faults", DOWN).await.status, 200);
    let opened = eventually("the fleet is open, and somebody is held", async || {
        for instance in &instances {
            let breaker = instance.get("/breaker").await.json();
            let fleet = &breaker["fleet"];
            if fleet["verdict"] == "open" && fleet["overlay"] == "held" {
                return Some(breaker);
            }
        }
        None
    })
    .await;
    assert_eq!(opened["state"], "open", "{opened:#}");
    assert_eq!(opened["fleet"]["opinion"], "suspect", "{opened:#}");
    assert!(
        opened["fleet"]["votes"]["suspects"].as_u64() >= Some(2),
        "{opened:#}"
    );
    let causes: Vec<_> = opened["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["cause"].clone())
        .collect();
    assert!(causes.contains(&"fleet".into()), "{causes:?}");
    eventually("somebody probes, and another one says who", async || {
        for (name, instance) in ["A", "B", "C"].into_iter().zip(&instances) {
            let seen = fleet(instance).await;
            if seen["prober"].as_str().is_some_and(|prober| prober != name) {
                return Some(());
            }
        }
        None
    })
    .await;

    assert_eq!(downstream.put("/faults", HEALTHY).await.status, 200);
    eventually("all are closed again, and so is the fleet", async || {
        for instance in &instances {
            let breaker = instance.get("/breaker").await.json();
            if breaker["state"] != "closed" || breaker["fleet"]["verdict"] != "closed" {
                return None;
            }
        }
        Some(())
    })
    .await;
}

#[tokio::test]
async fn without_a_mode_each_instance_decides_alone() {
    let (_lab, instances, _) = lab(&[]).await;
    let breaker = instances[0].get("/breaker").await.json();

    assert!(breaker["fleet"].is_null(), "{breaker:#}");

    let reply = instances[0]
        .put("/fleet/mode", r#"{"mode": "forced_open"}"#)
        .await;
    assert_eq!(reply.status, 409, "{}", reply.body);
    assert_eq!(reply.json()["error"]["code"], "no_fleet");
}

#[tokio::test]
async fn a_failure_of_one_instance_alone_makes_it_unready_if_that_is_asked_for() {
    let file = File::new("localised", QUICKER);
    let flags = [
        "--coordination",
        "quorum",
        "--config",
        file.path(),
        "--ready-unless-localised",
    ];
    let (lab, [a, b, _], downstream) = lab(&flags).await;
    let plan = r#"{"rules": {"link": {"match": {"caller": ["A"]}, "effects": [{"reset": {}}]}},
                   "phases": [{"name": "A is cut off", "rules": ["link"]}]}"#;
    let accepted = downstream.put("/faults", plan).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);

    let unready = eventually("A is not ready", async || {
        let reply = a.get("/readyz").await;
        (reply.status == 503).then_some(reply)
    })
    .await;
    let error = &unready.json()["error"];
    assert_eq!(error["code"], "localised_failure", "{error}");
    let said = error["message"].as_str().unwrap();
    assert!(said.contains("2 of 3 instances"), "{said}");
    assert_eq!(b.get("/readyz").await.status, 200);
    assert_eq!(fleet(&a).await["localised_failure"], true);
    let told = crate::logged(&lab, "localised failure");
    assert!(told[0].contains(r#"instance="A""#), "{told:?}");

    assert_eq!(downstream.put("/faults", HEALTHY).await.status, 200);
    eventually("A is ready again", async || {
        (a.get("/readyz").await.status == 200).then_some(())
    })
    .await;
}
