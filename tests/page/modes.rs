//! Modes that change while the lab runs, as the page shows them: now, before, and to a page that is opened later.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use end_to_end::{Client, FREE_PORTS, Process};
use serde_json::json;

use crate::browser::Browser;

const IN_A_FLEET: &str = "!document.querySelector('#fleet').hidden \
    && document.querySelector('#fleet .line').textContent.endsWith('engine (memory) heard by 3 of 3') \
    && document.querySelector('.role').textContent !== '' \
    && document.querySelector('.ballot').textContent.startsWith('fleet closed')";
const ALONE: &str = "document.querySelector('#fleet').hidden \
    && document.querySelector('.role').textContent === '' \
    && document.querySelector('.ballot').textContent === ''";

/// What the page says at the instant before a decision took the place of the one before.
async fn just_before(browser: &Browser, decision: usize, is_so: &str) {
    let script = format!("lab.view.pause(lab.store.decisions[{decision}].at - 0.05)");
    browser.js(&script).await;
    browser.until(is_so).await;
}

#[tokio::test]
async fn a_page_shows_each_mode_while_it_is_in_force_and_when_it_goes_back_to_it() {
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
    let (lab, browser) = (Client::new(url.clone()), Browser::at(&url).await);
    browser.until("lab.store && lab.store.end > 1").await;
    browser.until(ALONE).await;
    let three = "lab.store.fleetAt(lab.store.end)?.view(lab.store.end)?.votes.voters === 3";

    browser
        .js("const modes = document.querySelector('select.modes'); \
             modes.value = 'quorum'; \
             modes.dispatchEvent(new Event('change', { bubbles: true }))")
        .await;
    let line = browser
        .js("return document.querySelector('#curl code').textContent")
        .await;
    let line = line.as_str().unwrap().to_owned();
    assert!(
        line.ends_with(r#"/api/coordination -d '{"mode":"quorum"}'"#),
        "{line}"
    );
    browser
        .js("document.querySelector('[data-order=mode]').click()")
        .await;
    browser
        .until("lab.store.marks.some((it) => it.text === 'coordination: quorum, engine memory')")
        .await;
    browser.until(three).await;
    browser.until(IN_A_FLEET).await;

    // Somebody else orders this.
    let reply = lab.put("/api/coordination", r#"{"mode": "pooled"}"#).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    browser
        .until("lab.store.coordinationAt(lab.store.end)?.mode === 'pooled'")
        .await;
    browser
        .until("document.querySelector('.modes').value === 'pooled'")
        .await;
    browser.until(three).await;
    browser.until(IN_A_FLEET).await;
    let reply = lab.put("/api/coordination", r#"{"mode": "local"}"#).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    browser
        .until("lab.store.fleetAt(lab.store.end) === null")
        .await;
    browser.until(ALONE).await;

    let modes = "return lab.store.decisions.map((it) => [it.mode, it.engine])";
    let expected = json!([
        ["local", null],
        ["quorum", "memory"],
        ["pooled", "memory"],
        ["local", null]
    ]);
    assert_eq!(browser.js(modes).await, expected);
    just_before(&browser, 3, IN_A_FLEET).await;
    just_before(&browser, 2, IN_A_FLEET).await;
    just_before(&browser, 1, ALONE).await;
    browser.js("lab.view.resume()").await;
    browser.until(ALONE).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.quit().await;

    let later = Browser::at(&url).await;
    later.until("lab.store?.decisions.length === 4").await;
    assert_eq!(later.js(modes).await, expected);
    later.until(ALONE).await;
    just_before(&later, 3, IN_A_FLEET).await;
    just_before(&later, 1, ALONE).await;
    let missed = "return [lab.store.missed, lab.store.fleet.missed]";
    assert_eq!(later.js(missed).await, json!([0, 0]));
    assert_eq!(later.complaints().await, Vec::<String>::new());
    later.quit().await;
}
