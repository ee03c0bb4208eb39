//! Coordination on the page: what its rows, cards and log show is what each instance says of its fleet.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use end_to_end::{Client, FREE_PORTS, Process, Redis, eventually};
use serde_json::{Value, json};

use crate::browser::Browser;

/// A fleet that opens, probes and closes within a second, and is alone a second after its engine has gone.
const QUICK: &str = r#"
[breaker]
consecutive_failures = 15
failure_rate_threshold = "off"
open_for = "300ms"
backoff_factor = 1.0
max_open_for = "300ms"
probe_successes = 1

[coordination]
suspicion_run = 3
heartbeat = "200ms"
stale_after = "1s"
member_for = "1s"
localised_after = "500ms"
stagger = "200ms"
verdict_for = "60s"
"#;
const HEALTHY: &str = r#"{"phases": [{"name": "healthy"}]}"#;
const DOWN: &str = r#"{"phases": [{"name": "down", "failure_ratio": 1}]}"#;
/// An outage for one caller only.
const CUT_OFF: &str = r#"{"rules": {"link": {"match": {"caller": ["A"]}, "effects": [{"reset": {}}]}},
                          "phases": [{"name": "A is cut off", "rules": ["link"]}]}"#;

/// A lab whose instances decide together, and a browser that shows it.
struct Together {
    _lab: Process,
    browser: Browser,
    instances: Vec<Client>,
    downstream: Client,
    settings: PathBuf,
}

impl Together {
    async fn start(name: &str, flags: &[&str]) -> Self {
        let name = format!("breaker-lab-page-{name}-{}.toml", std::process::id());
        let settings = std::env::temp_dir().join(name);
        std::fs::write(&settings, QUICK).unwrap();
        let own = ["--plain", "--seed", "7", "--rate", "120", "--config"];
        let file = [settings.to_str().unwrap()];
        let all = [&FREE_PORTS, &own[..], &file, flags].concat();
        let lab = Process::start(&all);
        let browser = Browser::at(&lab.url("  lab ").await).await;
        browser.until("lab.store && lab.store.end > 1").await;
        let mut instances = Vec::new();
        for name in ["A", "B", "C"] {
            instances.push(Client::new(lab.url(&format!("instance {name}")).await));
        }
        let downstream = Client::new(lab.url("unreliable service").await);
        Self {
            _lab: lab,
            browser,
            instances,
            downstream,
            settings,
        }
    }

    async fn plan(&self, plan: &str) {
        let reply = self.downstream.put("/faults", plan).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }

    /// How the page shows an instance, as far as it stays the same while nothing happens.
    async fn shown(&self, place: usize) -> Value {
        let script = format!(
            "const it = lab.store.fleet.standing({place}, lab.store.end); \
             return [it.up, it.opinion, it.verdict, it.epoch, it.votes.voters, it.votes.suspects, it.votes.need, \
                     it.stage, it.apart, it.localised, it.order, it.counted.vetoes, it.counted.adoptions, \
                     it.counted.fallbacks, it.counted.succeeded, it.counted.failed, it.counted.void]"
        );
        self.browser.js(&script).await
    }

    /// The same, as the instance says it.
    async fn said(&self, place: usize) -> Value {
        let fleet = self.instances[place].get("/breaker").await.json()["fleet"].clone();
        let fallbacks: u64 = fleet["fallbacks"]
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_u64)
            .sum();
        json!([
            fleet["engine"]["reachable"],
            fleet["opinion"],
            fleet["verdict"],
            fleet["epoch"],
            fleet["votes"]["voters"],
            fleet["votes"]["suspects"],
            fleet["votes"]["need"],
            fleet["overlay"],
            fleet["apart"]["reason"],
            fleet["localised_failure"],
            fleet["order"],
            fleet["vetoes"],
            fleet["adoptions"],
            fallbacks,
            fleet["leases"]["succeeded"],
            fleet["leases"]["failed"],
            fleet["leases"]["void"],
        ])
    }

    /// Waits until the page shows of each instance what it says of itself.
    async fn agree(&self) {
        for place in 0..self.instances.len() {
            eventually("the page shows what the instance says", async || {
                (self.shown(place).await == self.said(place).await).then_some(())
            })
            .await;
        }
    }

    /// The sum of a counter of all instances.
    async fn counted(&self, name: &str, labels: &[&str]) -> f64 {
        let mut sum = 0.0;
        for instance in &self.instances {
            sum += instance.metrics().await.sum(name, labels);
        }
        sum
    }

    /// How many transitions of this cause the page has.
    async fn caused(&self, condition: &str) -> f64 {
        let script = format!(
            "let count = 0; for (let at = 0; at < lab.store.changes.length; at++) {{ \
               const it = lab.store.change(at); if ({condition}) count++; }} return count"
        );
        self.browser.js(&script).await.as_f64().unwrap()
    }

    /// How many signs of a kind the rows have.
    async fn signs(&self, kind: usize) -> f64 {
        let script = format!(
            "return lab.store.fleet.signs.reduce((sum, it) => \
             sum + it.kind.subarray(0, it.length).filter((kind) => kind === {kind}).length, 0)"
        );
        self.browser.js(&script).await.as_f64().unwrap()
    }

    /// Signs and causes are those that the services count, and none is missing.
    async fn signs_are_counted(&self) {
        let adopted = self
            .counted("circuit_breaker_fleet_adoptions_total", &[])
            .await;
        let vetoed = self
            .counted("circuit_breaker_fleet_vetoes_total", &[])
            .await;
        let mut leased = 0.0;
        for outcome in ["succeeded", "failed", "void"] {
            let label = format!("outcome=\"{outcome}\"");
            leased += self
                .counted("circuit_breaker_fleet_leases_total", &[&label])
                .await;
        }
        assert!(adopted > 0.0 && leased > 0.0, "{adopted} {leased}");
        let signs = [
            self.signs(0).await,
            self.signs(1).await,
            self.signs(2).await,
        ];
        assert_eq!(json!(signs), json!([adopted, vetoed, leased]));
        for cause in fusebox::Cause::TRIPS {
            let label = format!("rule=\"{cause}\"");
            let trips = self.counted("circuit_breaker_trips_total", &[&label]).await;
            let opened = format!("it.cause === '{cause}' && it.to === 1 && it.from !== 1");
            assert_eq!(json!(self.caused(&opened).await), json!(trips), "{cause}");
        }
        let missed = "return [lab.store.missed, lab.store.fleet.missed]";
        assert_eq!(self.browser.js(missed).await, json!([0, 0]));
    }

    async fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector('{selector}').textContent");
        self.browser.js(&script).await.as_str().unwrap().to_owned()
    }
}

impl Drop for Together {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.settings);
    }
}

#[tokio::test]
async fn rows_cards_and_log_show_what_each_instance_says_of_its_fleet() {
    let fleet = Together::start("rows", &["--coordination", "quorum"]).await;
    let browser = &fleet.browser;
    fleet.plan(HEALTHY).await;
    browser
        .until("lab.store.fleet.view(lab.store.end)?.votes.voters === 3")
        .await;
    fleet.agree().await;

    fleet.plan(CUT_OFF).await;
    browser
        .until("lab.store.fleet.standing(0, lab.store.end).localised")
        .await;
    browser
        .until(
            "document.querySelector('.role').textContent === 'localised failure: most others are fine'",
        )
        .await;
    browser
        .until("lab.store.fleet.suspected[0].length > 0")
        .await;
    browser
        .until(
            "document.querySelector('#log ol').textContent.includes('A has a localised failure')",
        )
        .await;

    fleet.plan(DOWN).await;
    browser
        .until("lab.store.fleet.view(lab.store.end).verdict === 'open'")
        .await;
    // Whoever probes at an instant is seen by luck, because a probe takes milliseconds; events are exact.
    browser
        .until(
            "Array.from({ length: lab.store.fleet.notes.length }, (_, at) => lab.store.fleet.noteAt(at)) \
               .some((note) => note.kind === 'leased')",
        )
        .await;
    browser
        .until(
            "document.querySelector('#fleet .line').textContent.startsWith('quorum over memory · open, epoch ')",
        )
        .await;

    fleet.plan(HEALTHY).await;
    let calm = "lab.store.fleet.view(lab.store.end).verdict === 'closed' \
                && lab.store.names.every((_, one) => lab.store.state(one, lab.store.end) === 0)";
    browser.until(calm).await;
    fleet.agree().await;
    says_who_closes(browser).await;
    says_all_in_the_table(browser).await;
    let line = fleet.text("#fleet .line").await;
    assert!(line.ends_with("engine heard by 3 of 3"), "{line}");

    fleet.signs_are_counted().await;
    let complaints = browser.complaints().await;
    assert_eq!(complaints, Vec::<String>::new());
}

/// A card says of an instance that waits for its turn that it closes, and not that it probes.
async fn says_who_closes(browser: &Browser) {
    let turn = "const { fleet } = lab.store; globalThis.turns = lab.store.names.flatMap((_, one) => { \
                  const all = fleet.standings[one]; \
                  return [...Array(all.length).keys()].filter((at) => fleet.words.word(all.stage[at]) === 'turn') \
                    .map((at) => [one, all.at[at]]); }); \
                lab.view.pause(turns.at(-1)[1] + 0.001); return turns.length > 0";
    assert_eq!(browser.js(turn).await, json!(true));
    let says = "document.querySelectorAll('.card .wait')[turns.at(-1)[0]].textContent.startsWith('closes ')";
    browser.until(says).await;
}

/// The table names the mode, and has the part, the verdict and the counts of each instance.
async fn says_all_in_the_table(browser: &Browser) {
    browser
        .js("document.querySelector('#show-table').click(); lab.view.resume()")
        .await;
    let says = "document.querySelector('#table caption').textContent.includes('quorum over memory · closed, epoch ') \
         && [...document.querySelectorAll('#table tbody tr')].every((row) => \
              /^closed in epoch \\d+: 0 of 3 suspect, need 2$/.test(row.cells[8].textContent) && row.cells[7].textContent !== '') \
         && document.querySelector('#table tbody').textContent.includes('verdict')";
    browser.until(says).await;
    browser
        .js("document.querySelector('#hide-table').click()")
        .await;
}

#[tokio::test]
async fn an_engine_that_is_lost_and_found_again_is_seen_in_its_lane_and_in_the_log() {
    let mut server = Redis::start(&[]);
    let url = server.url();
    let fleet = Together::start("engine", &["--coordination", "quorum", "--engine", &url]).await;
    let browser = &fleet.browser;
    let heard = |count: u32| format!("lab.store.fleet.view(lab.store.end).heard === {count}");
    browser.until(&heard(3)).await;
    fleet.plan(DOWN).await;
    browser
        .until("lab.store.fleet.view(lab.store.end).verdict === 'open'")
        .await;

    server.kill();
    browser.until(&heard(0)).await;
    browser
        .until(
            "document.querySelector('#fleet .line').textContent.includes(' · no verdict is heard')",
        )
        .await;
    browser
        .until("document.querySelector('#log ol').textContent.includes('goes on alone')")
        .await;
    assert!(fleet.caused("it.cause === 'engine_lost'").await > 0.0);

    server.begin();
    browser.until(&heard(3)).await;
    fleet.plan(HEALTHY).await;
    browser
        .until("lab.store.names.every((_, one) => lab.store.state(one, lab.store.end) === 0)")
        .await;
    fleet.agree().await;
}

#[tokio::test]
async fn where_each_instance_decides_alone_nothing_is_said_of_a_fleet() {
    let fleet = Together::start("alone", &[]).await;

    let seen = fleet
        .browser
        .js(
            "return [lab.store.fleet, document.querySelector('#fleet').hidden, \
             document.querySelector('.role').textContent, lab.layout.rows.length]",
        )
        .await;

    assert_eq!(seen, json!([null, true, "", 3]));
    let history = fleet
        .browser
        .js("return fetch('/api/history').then((it) => it.text())")
        .await;
    let history: Value = serde_json::from_str(history.as_str().unwrap()).unwrap();
    assert!(history.get("c").is_none() && history.get("e").is_none());
}
