//! How instances decide, changed while they work: looked for at each instance, and in what the page is told.

use end_to_end::{Client, Process, Redis, empty_folder, eventually, text};
use serde_json::{Value, json};

use crate::Lab;

const DOWN: &str = r#"{"phases": [{"name": "down", "failure_ratio": 1}]}"#;
const ADOPTED: &str = "circuit_breaker_fleet_adoptions_total";
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
            assert!(
                reply.body.contains("PUT /api/coordination"),
                "{}",
                reply.body
            );
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

    goes_to_a_quorum(&lab).await;
    lab.done("PUT", "/api/faults", DOWN).await;
    goes_to_pooled_counts_while_open(&lab).await;
    lab.decide(r#"{"mode": "local"}"#).await;
    lab.all_alone().await;
    eventually("the page's state is that of each alone", async || {
        lab.state().await["coordination"].is_null().then_some(())
    })
    .await;
    lab.done("DELETE", "/api/faults", "").await;
    lab.all_are("closed").await;

    let said = lab.process.lines();
    let is_said = |text: &str| said.iter().any(|line| line.ends_with(text));
    assert!(
        is_said("  coordination: pooled, engine memory"),
        "{said:#?}"
    );
    lab.marked("coordination: pooled, engine memory").await;
    lab.marked("coordination: local").await;
    what_was_decided_is_told(&lab).await;
}

async fn goes_to_a_quorum(lab: &Lab) {
    let said = lab.decide(QUORUM).await;
    assert_eq!(said["settings"]["heartbeat"], "200ms");
    assert_eq!(
        said["settings"]["open_for"], "500ms",
        "that of the breakers"
    );
    assert_eq!(
        said["stated"],
        json!({"suspicion_run": 3, "heartbeat": "200ms"})
    );
    lab.all_in("quorum").await;
    lab.marked("coordination: quorum, engine memory").await;
    let together = lab.state().await["coordination"].clone();
    assert_eq!(together, json!({"mode": "quorum", "engine": "memory"}));
}

/// The downstream fails meanwhile.
async fn goes_to_pooled_counts_while_open(lab: &Lab) {
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
    assert_eq!(
        said["settings"]["heartbeat"], "200ms",
        "what is not stated stays"
    );
    for place in 0..3 {
        assert_eq!(lab.fleet(place).await["mode"], "pooled");
    }
    assert!(lab.counted(ADOPTED, &[]).await >= adopted, "it goes on");
    let info = lab.counted("circuit_breaker_fleet_info", &["mode=\"pooled\""]);
    assert_eq!(info.await.to_string(), "3");
    // Nobody holds them any more: each probes by itself, and waits on.
    for instance in &lab.instances {
        eventually("it probes by itself", async || {
            let breaker = instance.get("/breaker").await.json();
            let probed = breaker["trips"]["probe_failed"].as_u64() > Some(0);
            probed.then_some(())
        })
        .await;
    }
    lab.all_are("open").await;
}

async fn what_was_decided_is_told(lab: &Lab) {
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
            "has no effect while each instance decides for itself",
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
    let out = empty_folder(env!("CARGO_TARGET_TMPDIR"), "played");
    let out = text(&out);
    let flags = ["--plain", "--set", "duration=10min", "--out", out];
    let process = Process::start(&[&["run", "total-outage"], &flags[..]].concat());
    let api = Client::new(process.url("  lab ").await);
    api.alive().await;
    let one = Client::new(process.url("instance i1").await);
    let play = async |name: &str| {
        let path = format!("/api/scenarios/{name}");
        let reply = api.send("POST", &path, &[], String::new()).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        api.get("/api/coordination").await.json()
    };
    let fleet = async || one.get("/breaker").await.json()["fleet"].clone();

    // Its engine is lost from the 15th second of the scenario on, in which the breakers are open.
    let said = play("engine-lost-while-open").await;
    assert_eq!(said["mode"], "quorum");
    eventually("all know each other", async || {
        (fleet().await["votes"]["voters"] == 10).then_some(())
    })
    .await;
    eventually("its engine is lost", async || {
        (fleet().await["engine"]["reachable"] == false).then_some(())
    })
    .await;

    // Its engine is there again with the next scenario.
    play("one-bad-instance").await;
    eventually("all hear the engine of this one", async || {
        let fleet = fleet().await;
        let is_heard = fleet["engine"]["reachable"] == true && fleet["votes"]["voters"] == 10;
        is_heard.then_some(())
    })
    .await;
    let reply = api.put("/api/coordination", r#"{"mode": "local"}"#).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(fleet().await, Value::Null);

    let said = play("total-outage").await;
    assert_eq!(said["mode"], "quorum");
    assert_ne!(fleet().await, Value::Null);
}

#[tokio::test]
async fn a_scenario_of_instances_that_decide_alone_ends_a_fleet() {
    let lab = lab(&["--coordination", "quorum"]).await;
    lab.all_in("quorum").await;

    lab.done("POST", "/api/scenarios/flapping", "").await;

    let said = lab.api.get("/api/coordination").await.json();
    assert_eq!(said["mode"], "local", "{said}");
    lab.all_alone().await;
}
