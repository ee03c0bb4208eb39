//! Orders to instances that decide together.

use end_to_end::eventually;
use serde_json::Value;

use crate::Lab;

const QUORUM: [&str; 4] = ["--coordination", "quorum", "--faults", "preset:calm"];

async fn voters(lab: &Lab, place: usize) -> Value {
    lab.instances[place].get("/breaker").await.json()["fleet"]["votes"]["voters"].clone()
}

#[tokio::test]
async fn a_stopped_instance_leaves_its_fleet_and_joins_it_again() {
    let lab = Lab::start(&QUORUM).await;
    let are = async |place: usize, number: u32| {
        eventually(&format!("{number} voters"), async || {
            (voters(&lab, place).await == number).then_some(())
        })
        .await;
    };
    are(0, 3).await;

    lab.done("POST", "/api/instances/B/stop", "").await;
    are(0, 2).await;

    lab.done("POST", "/api/instances/B/start", "").await;
    are(0, 3).await;
    are(1, 3).await;
    let fleet = lab.instances[1].get("/breaker").await.json()["fleet"].clone();
    assert_eq!(fleet["apart"], Value::Null, "{fleet}");
    let up = lab.instances[1].metrics().await;
    let up = up.sum("circuit_breaker_fleet_engine_up", &[]);
    assert_eq!(up.to_string(), "1");
}

#[tokio::test]
async fn an_order_to_the_fleet_goes_through_an_instance_that_works() {
    let lab = Lab::start(&QUORUM).await;
    eventually("all have joined", async || {
        (voters(&lab, 2).await == 3).then_some(())
    })
    .await;
    lab.done("POST", "/api/instances/A/stop", "").await;

    lab.done("PUT", "/api/fleet/mode", r#"{"mode": "forced_open"}"#)
        .await;

    for place in [1, 2] {
        eventually("both obey", async || {
            (lab.instances[place].state().await == "forced_open").then_some(())
        })
        .await;
    }
    lab.marked("fleet: forced open").await;
    lab.done("PUT", "/api/fleet/mode", r#"{"mode": "auto"}"#)
        .await;
    eventually("both are free again", async || {
        (lab.instances[2].state().await == "closed").then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_a_fleet_an_order_to_it_is_refused() {
    let lab = Lab::start(&[]).await;

    let (status, message) = lab
        .refused("PUT", "/api/fleet/mode", r#"{"mode": "auto"}"#)
        .await;

    assert_eq!(status, 409);
    assert!(message.contains("--coordination"), "{message}");
}
