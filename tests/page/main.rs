//! The live page in a real browser: what it shows is what the services say, and nothing comes from elsewhere.

mod access;
mod axe;
mod browser;
mod controls;
mod coordination;
mod costs;
mod divergence;
mod family;
mod foreign;
mod groups;
mod hour;
mod keyboard;
mod layout;
mod made_up;
mod marks;
mod modes;
mod opened;
mod pictures;
mod report;
mod retold;
mod stopped;
mod stream;
mod viewer;

use std::time::Duration;

use browser::Browser;
use end_to_end::{Client, FREE_PORTS, Process, Signal, eventually};
use serde_json::{Value, json};
use tokio::time::Instant;

/// A lab whose downstream is half well, so that breakers flap.
fn flapping() -> Process {
    flapping_with(&[])
}

fn flapping_with(more: &[&str]) -> Process {
    let flags = ["--plain", "--seed", "7", "--faults", "preset:flapping"];
    Process::start(&[&FREE_PORTS, &flags[..], more].concat())
}

async fn page(lab: &Process) -> (Browser, String) {
    let url = lab.url("  lab ").await;
    let browser = Browser::at(&url).await;
    browser.until("lab.store && lab.store.end > 1").await;
    (browser, url)
}

#[tokio::test]
async fn the_page_complains_about_nothing_and_asks_nobody_else() {
    let lab = flapping();
    let (browser, url) = page(&lab).await;

    browser.until("lab.store.changes.length >= 6").await;
    for (width, theme) in [(1280, "light"), (768, "dark"), (390, "light")] {
        browser.emulate(width, theme).await;
        let wider = browser
            .js("return document.documentElement.scrollWidth - innerWidth")
            .await;
        assert!(
            wider.as_i64() <= Some(0),
            "{width}: {wider} pixels too wide"
        );
    }

    let complaints = browser.complaints().await;
    assert_eq!(complaints, Vec::<String>::new());
    let asked = browser
        .js("return performance.getEntriesByType('resource').map((it) => it.name)")
        .await;
    let asked = asked.as_array().unwrap();
    assert!(asked.len() > 15, "{asked:?}");
    let own = |name: &Value| name.as_str().unwrap().starts_with(&format!("{url}/"));
    assert!(asked.iter().all(own), "{asked:?}");
    browser.quit().await;
}

#[tokio::test]
async fn the_timeline_has_exactly_the_transitions_that_metrics_count() {
    let lab = flapping();
    let (browser, url) = page(&lab).await;
    browser.until("lab.store.changes.length >= 12").await;
    // An operator's opening is one as well.
    for (method, path, body) in [
        (
            "PUT",
            "/api/instances/B/breaker/mode",
            r#"{"mode": "forced_open"}"#,
        ),
        (
            "PUT",
            "/api/instances/B/breaker/mode",
            r#"{"mode": "auto"}"#,
        ),
    ] {
        let reply = Client::new(url.clone()).send(method, path, &[], body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    // Without faults the breakers come to rest.
    let calm = Client::new(url)
        .send("DELETE", "/api/faults", &[], "")
        .await;
    assert_eq!(calm.status, 200, "{}", calm.body);
    browser
        .until("lab.store.names.every((_, one) => lab.store.state(one, lab.store.end) === 0)")
        .await;

    let mut all = 0.0;
    for (place, name) in ["A", "B", "C"].iter().enumerate() {
        let instance = Client::new(lab.url(&format!("instance {name}")).await);
        for (from, to) in [
            ("closed", "open"),
            ("open", "half_open"),
            ("half_open", "open"),
            ("half_open", "closed"),
        ] {
            let [source, target] = [format!("from=\"{from}\""), format!("to=\"{to}\"")];
            let counted = instance.metrics().await;
            let counted = counted.sum("circuit_breaker_transitions_total", &[&source, &target]);
            let shown = format!(
                "const words = ['closed', 'open', 'half_open']; let shown = 0; \
                 for (let at = 0; at < lab.store.changes.length; at++) {{ \
                   const it = lab.store.change(at); \
                   if (it.instance === {place} && words[it.from] === '{from}' && words[it.to] === '{to}') shown++; \
                 }} return shown"
            );
            let shown = browser.js(&shown).await;
            assert_eq!(shown.as_f64(), Some(counted), "{name}: {from} -> {to}");
            all += counted;
        }
        for cause in fusebox::Cause::TRIPS {
            let rule = format!("rule=\"{cause}\"");
            let counted = instance.metrics().await;
            let counted = counted.sum("circuit_breaker_trips_total", &[&rule]);
            let shown = browser.js(&opened(place, cause.as_str())).await;
            assert_eq!(shown.as_f64(), Some(counted), "{name}: {cause}");
        }
    }
    assert!(all >= 12.0, "{all}");
    assert_eq!(browser.js("return lab.store.missed").await, json!(0));
    browser.quit().await;
}

/// How often the page saw an instance open for a cause.
fn opened(place: usize, cause: &str) -> String {
    format!(
        "let opened = 0; for (let at = 0; at < lab.store.changes.length; at++) {{ \
           const it = lab.store.change(at); const opens = it.to === 3 || (it.to === 1 && it.from !== 1); \
           if (it.instance === {place} && it.cause === '{cause}' && opens) opened++; \
         }} return opened"
    )
}

#[tokio::test]
async fn each_control_does_what_it_says_and_leaves_a_mark() {
    let lab = flapping();
    let (browser, _) = page(&lab).await;
    let instance = Client::new(lab.url("instance B").await);
    let downstream = Client::new(lab.url("unreliable service").await);
    let click = async |order: &str, of: &str| {
        browser
            .js(&format!(
                "const button = document.querySelector('[data-order={order}]'); \
                 const select = button.closest('fieldset').querySelector('.instances'); \
                 if (select) select.value = '{of}'; button.click()"
            ))
            .await;
    };
    let is = async |state: &str| {
        eventually(state, async || {
            (instance.state().await == state).then_some(())
        })
        .await;
    };

    click("heal", "").await;
    browser.until("lab.store.marks.length === 1").await;
    click("force", "B").await;
    is("forced_open").await;
    browser
        .until("lab.store.state(1, lab.store.end) === 3")
        .await;
    click("auto", "B").await;
    is("closed").await;
    click("break", "").await;
    eventually("the downstream is down", async || {
        let plan = downstream.get("/faults").await.json();
        (plan["phases"][0]["name"] == "down").then_some(())
    })
    .await;
    browser.until("lab.store.marks.length === 4").await;

    let marks = browser
        .js("return lab.store.marks.map((it) => it.text)")
        .await;
    assert_eq!(
        marks,
        json!([
            "faults cleared",
            "B: forced open",
            "B: auto",
            "faults: down"
        ])
    );
    let line = browser
        .js("return document.querySelector('#curl code').textContent")
        .await;
    let line = line.as_str().unwrap();
    assert!(line.starts_with("curl -X PUT http://127.0.0.1:"), "{line}");
    browser.quit().await;
}

#[tokio::test]
async fn the_screen_travels_in_time_by_keys_and_links() {
    let lab = flapping();
    let (browser, url) = page(&lab).await;
    browser.until("lab.store.changes.length >= 6").await;

    browser.press("ArrowLeft").await;
    let at = browser
        .js("return [lab.view.live, lab.view.at, location.hash]")
        .await;
    assert_eq!(
        at[0],
        json!(false),
        "the screen stands still at a transition"
    );
    let exact = "lab.store.changes.at.slice(0, lab.store.changes.length).includes(lab.view.at)";
    browser.until(exact).await;
    browser
        .until("document.querySelector('#said').textContent.includes(' at 0:')")
        .await;
    browser.press("Space").await;
    browser.until("lab.view.live && location.hash === ''").await;
    browser.press("Digit1").await;
    browser
        .until("!lab.view.live && lab.view.at === lab.phenomena.apart.first.at")
        .await;

    let elsewhere = Browser::at(&format!("{url}/#t=1.25&span=5")).await;
    elsewhere.until("lab.store && !lab.view.live").await;
    let seen = elsewhere
        .js("return [lab.view.at, lab.view.span, document.querySelector('#clock').textContent]")
        .await;
    assert_eq!(seen, json!([1.25, 5, "0:01.2"]));
    elsewhere.quit().await;
    browser.quit().await;
}

#[tokio::test]
async fn a_page_that_watches_does_not_delay_the_end_and_finds_the_lab_that_is_started_again() {
    let lab = flapping();
    let (browser, url) = page(&lab).await;

    let asked = Instant::now();
    lab.signal(Signal::Terminate);
    let ended = lab.ended(Duration::from_secs(20)).await;
    assert!(ended.status.success(), "{ended:#?}");
    assert!(
        asked.elapsed() < Duration::from_secs(3),
        "{:?}",
        asked.elapsed()
    );

    let changes = browser.js("return lab.store.changes.length").await;
    let _lab = stream::again(&url);
    browser
        .until("!document.querySelector('#restarted').hidden")
        .await;
    browser.until("lab.waiting.end > 1").await;
    let before = browser.js("return lab.store.run").await;
    let kept = browser.js("return lab.store.changes.length").await;
    assert_eq!(kept, changes, "the old run stays as it was");
    browser
        .js("document.querySelector('#show-new').click()")
        .await;
    browser.until("lab.store.end > 1 && lab.view.live").await;
    assert_ne!(browser.js("return lab.store.run").await, before);
    browser.quit().await;
}
