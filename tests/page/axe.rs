//! Hindrances that axe-core finds on the page: none that is serious, in any of its states.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use end_to_end::{Client, repository};
use serde_json::json;

use super::{flapping, flapping_with, page};
use crate::browser::Browser;

static RULES: OnceLock<String> = OnceLock::new();

/// The library, fetched by the lock file when it is not there.
fn rules() -> &'static str {
    RULES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe");
        let file = folder.join("node_modules/axe-core/axe.min.js");
        if !file.exists() {
            let script = repository().join("scripts/axe.sh");
            let fetched = Command::new(script).arg(&folder).status();
            let fetched = fetched.expect("a shell runs scripts/axe.sh");
            assert!(
                fetched.success(),
                "npm fetches axe-core (Debian's package npm)"
            );
        }
        std::fs::read_to_string(file).expect("axe-core has a file of its own")
    })
}

/// What is serious or critical, each with the places where it was found.
async fn found(browser: &Browser) -> Vec<String> {
    let known = browser.js("return Boolean(globalThis.axe)").await;
    if known != json!(true) {
        browser.js(rules()).await;
    }
    let found = browser
        .js(
            "return axe.run(document, { resultTypes: ['violations'] }).then((it) => it.violations \
               .filter((one) => ['serious', 'critical'].includes(one.impact)) \
               .map((one) => `${one.id}: ${one.nodes.map((node) => node.target).join(', ')}`))",
        )
        .await;
    let found = found.as_array().expect("a list").iter();
    found
        .map(|one| one.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// What the page can be in besides live, how it gets there, and how it comes back.
const STATES: [(&str, &str, &str); 5] = [
    ("paused", "lab.view.pause(1)", "lab.view.resume()"),
    (
        "table",
        "document.querySelector('#show-table').click()",
        "document.querySelector('#hide-table').click()",
    ),
    (
        "help",
        "document.querySelector('#show-help').click()",
        "document.querySelector('#close-help').click()",
    ),
    (
        "filtered to nothing",
        "const it = document.querySelector('#log input'); it.value = '?'; it.dispatchEvent(new Event('input'))",
        "const it = document.querySelector('#log input'); it.value = ''; it.dispatchEvent(new Event('input'))",
    ),
    (
        "an order refused",
        "const it = document.querySelector('input.rate'); it.value = 'x'; document.querySelector('[data-order=rate]').click()",
        "",
    ),
];

/// Looks at each state of the page, at three widths, in both themes.
async fn hinders_nobody(browser: &Browser) {
    for theme in ["light", "dark"] {
        for size in [[1280, 800], [768, 1024], [390, 844]] {
            browser.window(size, theme, "no-preference").await;
            let found = found(browser).await;
            assert_eq!(found, Vec::<String>::new(), "{theme}, {size:?}");
        }
        browser.window([1280, 800], theme, "no-preference").await;
        for (state, enter, leave) in STATES {
            browser.js(enter).await;
            let found = found(browser).await;
            assert_eq!(found, Vec::<String>::new(), "{theme}, {state}");
            browser.js(leave).await;
        }
    }
}

#[tokio::test]
async fn nothing_serious_hinders_anybody_in_any_state_of_the_page() {
    let lab = flapping();
    let (browser, _) = page(&lab).await;
    browser.until("lab.store.changes.length >= 3").await;
    // What is unnamed is found, so the rules do run.
    browser
        .js("document.body.insertAdjacentHTML('beforeend', '<button id=unnamed></button>')")
        .await;
    assert_eq!(found(&browser).await, ["button-name: #unnamed"]);
    browser
        .js("document.querySelector('#unnamed').remove()")
        .await;

    hinders_nobody(&browser).await;
    browser.quit().await;
}

#[tokio::test]
async fn nothing_serious_hinders_anybody_where_instances_decide_together() {
    let lab = flapping_with(&["--coordination", "quorum"]);
    let (browser, url) = page(&lab).await;
    browser.until("lab.store.fleet.suspected[0].length").await;
    // Every look that a card can have.
    let lab_itself = Client::new(url);
    for (path, body) in [
        (
            "/api/instances/A/breaker/mode",
            r#"{"mode": "metrics_only"}"#,
        ),
        ("/api/instances/B/breaker/mode", r#"{"mode": "disabled"}"#),
    ] {
        let reply = lab_itself.send("PUT", path, &[], body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    let reply = lab_itself
        .send("POST", "/api/instances/C/stop", &[], "")
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    browser
        .until("[...document.querySelectorAll('.card')].map((it) => it.dataset.state).join() === 'metrics_only,disabled,stopped'")
        .await;

    hinders_nobody(&browser).await;
    browser.quit().await;
}
