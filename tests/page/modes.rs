//! Modes that change while the lab runs, as the page shows them: now, before, and to a page that is opened later.

use end_to_end::{Client, FREE_PORTS, Process, eventually};
use serde_json::{Value, json};

use crate::browser::Browser;

const ALONE: &str = "(document.querySelector('#fleet').hidden \
      || document.querySelector('#fleet .line').textContent === 'local · each instance decides alone') \
    && document.querySelector('.role').textContent === '' \
    && document.querySelector('.ballot').textContent === ''";
const THREE: &str = "lab.store.fleetAt(lab.store.end)?.view(lab.store.end)?.votes.voters === 3";
const DECIDED: &str = "return lab.store.decisions.all.map((it) => [it.mode, it.engine])";

/// What the page says where three instances decide in a mode, and none of them suspects the downstream.
fn in_a_fleet(mode: &str) -> String {
    format!(
        "!document.querySelector('#fleet').hidden \
         && document.querySelector('#fleet .line').textContent.startsWith('{mode} over memory · closed') \
         && document.querySelector('#fleet .line').textContent.endsWith('engine heard by 3 of 3') \
         && document.querySelector('.role').textContent !== '' \
         && document.querySelector('.ballot').textContent.startsWith('hears closed')"
    )
}

/// A lab in which each instance decides alone, and its address.
async fn started() -> (Process, String) {
    let own = [
        "--plain",
        "--seed",
        "7",
        "--rate",
        "60",
        "--faults",
        "preset:calm",
    ];
    let process = Process::start(&[&FREE_PORTS[..], &own].concat());
    let url = process.url("  lab ").await;
    (process, url)
}

/// Chooses a mode and an engine on the control, and returns its line of `curl`.
async fn choose(browser: &Browser, mode: &str, engine: &str) -> String {
    for (field, value) in [("select.modes", mode), ("input.engine", engine)] {
        let script = format!(
            "const field = document.querySelector('{field}'); field.value = '{value}'; \
             field.dispatchEvent(new Event('change', {{ bubbles: true }}))"
        );
        browser.js(&script).await;
    }
    let line = "return document.querySelector('#curl code').textContent";
    let line = browser.js(line).await;
    line.as_str().unwrap_or_default().to_owned()
}

async fn press(browser: &Browser) {
    let script = "document.querySelector('[data-order=mode]').click()";
    browser.js(script).await;
}

async fn marked(browser: &Browser, text: &str) {
    let script = format!("lab.store.marks.some((it) => it.text === '{text}')");
    browser.until(&script).await;
}

/// What the page says at the instant before a decision took the place of the one before.
async fn just_before(browser: &Browser, decision: usize, is_so: &str) {
    let script = format!("lab.view.pause(lab.store.decisions.all[{decision}].at - 0.05)");
    browser.js(&script).await;
    browser.until(is_so).await;
}

/// Whether all instances have heard of three voters since they have decided in this mode.
fn knows_all(history: &Value, mode: &str) -> bool {
    let all = |key: &str| {
        history[key]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
    };
    let Some(decided) = all("g").next_back().filter(|it| it[1] == mode) else {
        return false;
    };
    (0..3).all(|place| {
        let stands = all("c").rfind(|it| it[0] == place);
        let known = stands.filter(|it| it[1].as_f64() > decided[0].as_f64() && it[9][3] == 3);
        // The page looks a moment before the next decision.
        let now = all("ticks").next_back().and_then(|tick| tick["t"].as_f64());
        known.is_some_and(|it| now > it[1].as_f64().map(|at| at + 0.2))
    })
}

/// Somebody else orders a mode.
async fn order(lab: &Client, mode: &str) {
    let body = json!({ "mode": mode }).to_string();
    let reply = lab.put("/api/coordination", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn a_page_shows_each_mode_while_it_is_in_force_and_when_it_goes_back_to_it() {
    let (_process, url) = started().await;
    let (lab, browser) = (Client::new(url.clone()), Browser::at(&url).await);
    browser.until("lab.store && lab.store.end > 1").await;
    browser.until(ALONE).await;

    let line = choose(&browser, "quorum", "").await;
    let order_of_it = r#"/api/coordination -d '{"mode":"quorum"}'"#;
    assert!(line.ends_with(order_of_it), "{line}");
    press(&browser).await;
    marked(&browser, "coordination: quorum, engine memory").await;
    browser.until(THREE).await;
    browser.until(&in_a_fleet("quorum")).await;

    order(&lab, "pooled").await;
    let is_pooled = "lab.store.decisions.at(lab.store.end)?.mode === 'pooled'";
    browser.until(is_pooled).await;
    let is_chosen = "document.querySelector('.modes').value === 'pooled'";
    browser.until(is_chosen).await;
    browser.until(THREE).await;
    browser.until(&in_a_fleet("pooled")).await;
    order(&lab, "local").await;
    browser
        .until("lab.store.fleetAt(lab.store.end) === null")
        .await;
    browser.until(ALONE).await;
    just_before(&browser, 3, &in_a_fleet("pooled")).await;
    just_before(&browser, 2, &in_a_fleet("quorum")).await;
    just_before(&browser, 1, ALONE).await;
    browser.js("lab.view.resume()").await;
    browser.until(ALONE).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.quit().await;
}

#[tokio::test]
async fn a_page_that_is_opened_later_knows_the_modes_before() {
    let (_process, url) = started().await;
    let lab = Client::new(url.clone());
    lab.alive().await;
    for mode in ["quorum", "pooled"] {
        order(&lab, mode).await;
        eventually("all know each other in this mode", async || {
            knows_all(&lab.get("/api/history").await.json(), mode).then_some(())
        })
        .await;
    }
    order(&lab, "local").await;

    let later = Browser::at(&url).await;
    later.until("lab.store?.decisions.all.length === 4").await;
    let expected = json!([
        ["local", null],
        ["quorum", "memory"],
        ["pooled", "memory"],
        ["local", null]
    ]);
    assert_eq!(later.js(DECIDED).await, expected);
    later.until(ALONE).await;
    just_before(&later, 3, &in_a_fleet("pooled")).await;
    just_before(&later, 1, ALONE).await;
    let missed = "return [lab.store.missed, lab.store.fleet.missed]";
    assert_eq!(later.js(missed).await, json!([0, 0]));
    assert_eq!(later.complaints().await, Vec::<String>::new());
    later.quit().await;
}

#[tokio::test]
async fn a_mode_goes_over_another_engine_and_a_refusal_says_what_to_write() {
    let (_process, url) = started().await;
    let browser = Browser::at(&url).await;
    browser.until("lab.store && lab.store.end > 1").await;

    let line = choose(&browser, "advisory", "gossip").await;
    assert!(
        line.ends_with(r#"{"mode":"advisory","engine":"gossip"}'"#),
        "{line}"
    );
    press(&browser).await;
    marked(&browser, "coordination: advisory, engine gossip").await;
    browser.until(THREE).await;

    choose(&browser, "pooled", "gossip").await;
    press(&browser).await;
    browser
        .until("document.querySelector('#order').textContent.includes('write quorum or advisory')")
        .await;
    browser.quit().await;
}
