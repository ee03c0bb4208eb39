//! How instances decide, changed while they work: looked for at each instance, and in what the page is told.

use end_to_end::{Redis, eventually};
use serde_json::{Value, json};

use crate::Lab;

const DOWN: &str = r#"{"phases": [{"name": "down", "failure_ratio": 1}]}"#;
const QUORUM: &str = r#"{"mode": "quorum", "suspicion_run": 3, "heartbeat": "200ms"}"#;
/// Breakers that are quick, and whose fleet is quicker.
const BREAKERS: [&str; 6] = [
    "--consecutive-failures",
    "8",
    "--open-for",
    "500ms",
    "--probe-successes",
    "1",
];

async fn lab(flags: &[&str]) -> Lab {
    let own = ["--rate", "150", "--faults", "preset:calm"];
    Lab::start(&[&own[..], &BREAKERS, flags].concat()).await
}

impl Lab {
    async fn decide(&self, change: &str) -> Value {
        self.done("PUT", "/api/coordination", change).await
    }

    async fn fleet(&self, place: usize) -> Value {
        self.instances[place].get("/breaker").await.json()["fleet"].clone()
    }

    /// Waits until all instances are in a fleet of this mode, and know each other.
    async fn all_in(&self, mode: &str) {
        for place in 0..self.instances.len() {
            eventually(&format!("{mode}, three voters"), async || {
                let fleet = self.fleet(place).await;
                let is_in = fleet["mode"] == mode && fleet["votes"]["voters"] == 3;
                is_in.then_some(())
            })
            .await;
        }
    }

    async fn all_are(&self, state: &str) {
        for instance in &self.instances {
            eventually(&format!("all are {state}"), async || {
                (instance.state().await == state).then_some(())
            })
            .await;
        }
    }

    /// A sum over all instances.
    async fn counted(&self, name: &str, labels: &[&str]) -> f64 {
        let mut sum = 0.0;
        for instance in &self.instances {
            sum += instance.metrics().await.sum(name, labels);
        }
        sum
    }

    /// No instance says anything of a fleet.
    async fn all_alone(&self) {
        for place in 0..self.instances.len() {
            assert_eq!(self.fleet(place).await, Value::Null);
            let shown = self.instances[place].get("/metrics").await.body;
            assert!(!shown.contains("circuit_breaker_fleet_"), "{shown}");
            let reply = self.instances[place]
                .put("/fleet/mode", r#"{"mode": "auto"}"#)
                .await;
            assert_eq!(reply.status, 409, "{}", reply.body);
            assert!(reply.body.contains("PUT /api/coordination"), "{}", reply.body);
            let ready = self.instances[place].get("/readyz").await;
            assert_eq!(ready.status, 200, "{}", ready.body);
        }
    }
}

#[tokio::test]
async fn a_lab_goes_from_deciding_alone_to_a_quorum_to_pooled_counts_and_back_under_a_fault() {
    let lab = lab(&[]).await;
    let alone = lab.api.get("/api/coordination").await.json();
    assert_eq!(
        alone,
        json!({"mode": "local", "engine": "memory", "settings": null, "stated": {}})
    );
    lab.all_alone().await;

    let said = lab.decide(QUORUM).await;
    assert_eq!(said["settings"]["heartbeat"], "200ms");
    assert_eq!(said["settings"]["open_for"], "500ms", "that of the breakers");
    assert_eq!(said["stated"], json!({"suspicion_run": 3, "heartbeat": "200ms"}));
    lab.all_in("quorum").await;
    lab.marked("coordination: quorum, engine memory").await;
    let together = lab.state().await["coordination"].clone();
    assert_eq!(together, json!({"mode": "quorum", "engine": "memory"}));

    lab.done("PUT", "/api/faults", DOWN).await;
    const ADOPTED: &str = "circuit_breaker_fleet_adoptions_total";
    eventually("the fleet opens those that have not", async || {
        (lab.counted(ADOPTED, &[]).await > 0.0).then_some(())
    })
    .await;
    eventually("the verdict is open", async || {
        (lab.fleet(2).await["verdict"] == "open").then_some(())
    })
    .await;
    let adopted = lab.counted(ADOPTED, &[]).await;

    let said = lab.decide(r#"{"mode": "pooled"}"#).await;
    assert_eq!(said["mode"], "pooled");
    assert_eq!(said["settings"]["heartbeat"], "200ms", "what is not stated stays");
    for place in 0..3 {
        assert_eq!(lab.fleet(place).await["mode"], "pooled");
    }
    assert!(lab.counted(ADOPTED, &[]).await >= adopted, "it goes on");
    let info = ["mode=\"pooled\""];
    assert_eq!(
        lab.counted("circuit_breaker_fleet_info", &info).await.to_string(),
        "3"
    );
    eventually("the new fleet opens as well", async || {
        (lab.fleet(0).await["verdict"] == "open").then_some(())
    })
    .await;

    lab.decide(r#"{"mode": "local"}"#).await;
    lab.all_alone().await;
    assert_eq!(lab.state().await["coordination"], Value::Null);
    lab.done("DELETE", "/api/faults", "").await;
    lab.all_are("closed").await;

    lab.marked("coordination: pooled, engine memory").await;
    lab.marked("coordination: local").await;
    let history = lab.api.get("/api/history").await.json();
    let decisions = history["g"].as_array().unwrap();
    let decided: Vec<Value> = decisions.iter().map(|it| json!([it[1], it[2]])).collect();
    assert_eq!(
        json!(decided),
        json!([
            ["local", null],
            ["quorum", "memory"],
            ["pooled", "memory"],
            ["local", null]
        ])
    );
    let left = history["e"].as_array().unwrap().iter();
    let left = left.filter(|note| note[3] == "left").count();
    assert_eq!(left, 6, "three from each fleet");
}

#[tokio::test]
async fn instances_that_began_together_can_gossip_and_go_on_alone() {
    let lab = lab(&["--coordination", "quorum"]).await;
    lab.all_in("quorum").await;

    let said = lab
        .decide(r#"{"engine": "gossip", "mode": "advisory", "heartbeat": "200ms"}"#)
        .await;
    assert_eq!(said["engine"], "gossip");
    lab.all_in("advisory").await;
    assert_eq!(lab.fleet(0).await["engine"]["kind"], "gossip");
    lab.marked("coordination: advisory, engine gossip").await;

    let said = lab.decide(r#"{"heartbeat": "300ms"}"#).await;
    assert_eq!(said["engine"], "gossip");
    lab.all_in("advisory").await;
    lab.marked("coordination: heartbeat 300ms").await;

    lab.decide(r#"{"mode": "local"}"#).await;
    lab.all_alone().await;
}

#[tokio::test]
async fn a_server_is_gone_over_to_once_it_answers_and_not_before() {
    let mut server = Redis::start(&[]);
    let lab = lab(&["--coordination", "quorum"]).await;
    lab.all_in("quorum").await;
    let over = json!({"mode": "pooled", "engine": server.url()}).to_string();

    server.kill();
    let (status, said) = lab.refused("PUT", "/api/coordination", &over).await;
    assert_eq!(status, 503, "{said}");
    assert!(said.contains("does not answer"), "{said}");
    let now = lab.api.get("/api/coordination").await.json();
    assert_eq!(
        (&now["mode"], &now["engine"]),
        (&json!("quorum"), &json!("memory"))
    );
    lab.all_in("quorum").await;

    server.begin();
    lab.decide(&over).await;
    lab.all_in("pooled").await;
    assert_eq!(lab.fleet(1).await["engine"]["kind"], "redis");
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_changes() {
    let lab = lab(&["--coordination", "quorum"]).await;
    let before = lab.api.get("/api/coordination").await.json();

    for (change, status, said) in [
        ("{}", 400, "nothing is set"),
        (r#"{"mode": "quorumm"}"#, 400, "did you mean `quorum`?"),
        (r#"{"heartbeet": "1s"}"#, 400, "did you mean `heartbeat`?"),
        (r#"{"heartbeat": 1}"#, 400, "heartbeat"),
        (
            r#"{"minimum_votes": 4}"#,
            400,
            "minimum_votes = 4 is not allowed",
        ),
        (
            r#"{"mode": "pooled", "engine": "gossip"}"#,
            400,
            "write quorum or advisory",
        ),
        (
            r#"{"mode": "local", "engine": "gossip"}"#,
            400,
            "does nothing where each instance decides for itself",
        ),
        (r#"{"engine": "reddis"}"#, 400, "`reddis` is not an engine"),
        (
            r#"{"mode": "pooled-naive"}"#,
            409,
            "start the lab with --coordination pooled-naive",
        ),
    ] {
        let (answered, message) = lab.refused("PUT", "/api/coordination", change).await;
        assert_eq!(answered, status, "{change}: {message}");
        assert!(message.contains(said), "{change}: {message}");
    }

    assert_eq!(lab.api.get("/api/coordination").await.json(), before);
    let history = lab.api.get("/api/history").await.json();
    assert_eq!(history["g"].as_array().unwrap().len(), 1);
    assert!(history.get("m").is_none(), "{history}");
}

#[tokio::test]
async fn a_scenario_brings_its_way_to_decide_and_the_next_one_its_own() {
    let lab = lab(&[]).await;

    lab.done("POST", "/api/scenarios/gedcb-votes", "").await;
    let said = lab.api.get("/api/coordination").await.json();
    assert_ne!(said["mode"], "local", "{said}");
    assert_ne!(lab.fleet(0).await, Value::Null);

    lab.done("POST", "/api/scenarios/flapping", "").await;
    let said = lab.api.get("/api/coordination").await.json();
    assert_eq!(said["mode"], "local", "{said}");
    lab.all_alone().await;
}
