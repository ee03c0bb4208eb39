//! The page by keyboard alone: everything is reached, focus is seen, and keys do what the help says.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{flapping, page};
use crate::browser::Browser;

/// Whatever can be operated, by what tells it apart: all that is seen, enabled and not in the list of transitions,
/// which is one stop.
const OPERABLE: &str = "const name = (it) => it.id || it.dataset.order || it.getAttribute('aria-label') || it.className \
    || it.textContent; const seen = (it) => it.checkVisibility() && !it.closest('dialog');";

async fn focused(browser: &Browser) -> Value {
    browser
        .js(&format!(
            "{OPERABLE} const it = document.activeElement; const style = getComputedStyle(it); \
             return [name(it), it.tagName, Number.parseFloat(style.outlineWidth), style.outlineStyle]"
        ))
        .await
}

#[tokio::test]
async fn tab_reaches_every_control_and_its_focus_is_seen() {
    let lab = flapping();
    let (browser, _) = page(&lab).await;
    browser.until("lab.store.changes.length >= 6").await;
    // Nothing comes and goes while the tour lasts.
    browser.js("lab.view.pause(lab.store.end)").await;
    let wanted = browser
        .js(&format!(
            "{OPERABLE} const all = document.querySelectorAll('button, select, input, #charts, #log ol'); \
             return [...all].filter((it) => seen(it) && !it.disabled && !it.closest('ol button')).map(name)"
        ))
        .await;
    let wanted: Vec<&str> = wanted
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(wanted.len() >= 18, "{wanted:?}");

    browser.js("document.activeElement.blur()").await;
    let mut reached = BTreeSet::new();
    for _ in 0..wanted.len() + 8 {
        browser.strike("Tab", "Tab", "").await;
        let at = focused(&browser).await;
        if at[1] != "BODY" {
            assert!(at[2].as_f64() >= Some(2.0) && at[3] != "none", "{at}");
        }
        reached.insert(at[0].as_str().unwrap_or_default().to_owned());
    }

    for one in wanted {
        assert!(reached.contains(one), "{one}: {reached:?}");
    }
    browser.quit().await;
}

/// Gives the focus to the charts.
const FOCUS: &str = "document.querySelector('#charts').focus()";

#[tokio::test]
async fn keys_do_what_the_help_says_and_can_be_switched_off() {
    let lab = flapping();
    let (browser, url) = page(&lab).await;
    browser.until("lab.store.changes.length >= 6").await;
    let is = async |what: &str| {
        let script = format!("return Boolean({what})");
        assert_eq!(browser.js(&script).await, json!(true), "{what}");
    };

    // Nobody has to look for the charts first.
    is("document.activeElement === document.body").await;
    browser.strike("Space", " ", " ").await;
    is("!lab.view.live").await;
    browser.js(FOCUS).await;
    browser
        .js("globalThis.before = { span: lab.view.span, at: lab.view.at }")
        .await;
    browser.strike("KeyW", "w", "w").await;
    is("lab.view.span < before.span").await;
    browser.strike("KeyS", "s", "s").await;
    is("Math.abs(lab.view.span - before.span) < 0.01").await;
    browser.strike("KeyA", "a", "a").await;
    is("lab.view.at < before.at").await;
    browser.strike("Home", "Home", "").await;
    is("lab.view.at === 0").await;
    // The first occurrence is reached from before it, too.
    is("lab.phenomena.apart.first !== null").await;
    browser.strike("Digit1", "1", "1").await;
    is("lab.view.at === lab.phenomena.apart.first.at").await;
    browser.strike("Home", "Home", "").await;
    is("lab.view.at === 0").await;
    browser.strike("KeyD", "d", "d").await;
    is("lab.view.at > 0").await;
    browser.strike("ArrowLeft", "ArrowLeft", "").await;
    browser.strike("ArrowRight", "ArrowRight", "").await;
    is("document.querySelector('#said').textContent.includes(' at 0:')").await;
    browser.strike("End", "End", "").await;
    is("lab.view.live").await;

    // The table has the keys, too, and gives the focus back.
    browser.strike("KeyT", "t", "t").await;
    is("document.activeElement.id === 'table'").await;
    browser.strike("Space", " ", " ").await;
    is("!lab.view.live").await;
    browser.strike("Escape", "Escape", "").await;
    is("lab.view.live").await;
    browser.strike("KeyT", "t", "t").await;
    is("document.activeElement.id === 'charts' && document.querySelector('#table').hidden").await;
    browser.strike("Slash", "/", "/").await;
    is("document.activeElement.type === 'search'").await;
    browser.strike("KeyT", "t", "t").await;
    is("document.activeElement.value === 't' && document.querySelector('#table').hidden").await;

    browser.js(FOCUS).await;
    browser.strike("Slash", "?", "?").await;
    is("document.querySelector('#help').open").await;
    browser.js("document.querySelector('#keys').click()").await;
    browser.strike("Escape", "Escape", "").await;
    is("!document.querySelector('#help').open").await;
    for _ in 0..2 {
        browser.js(FOCUS).await;
        browser.strike("Space", " ", " ").await;
        is("lab.view.live").await;
        // The choice is kept.
        browser.go(&url).await;
        browser.until("lab.store && lab.store.end > 1").await;
    }
    browser.quit().await;
}

#[tokio::test]
async fn the_list_of_transitions_is_one_stop_and_arrows_go_through_it() {
    let lab = flapping();
    let (browser, _) = page(&lab).await;
    browser.until("lab.store.changes.length >= 6").await;
    browser.js("lab.view.pause(lab.store.end)").await;
    browser
        .until("document.querySelectorAll('#log li').length >= 6")
        .await;
    browser
        .js("document.querySelector('#log ol').focus()")
        .await;

    for _ in 0..3 {
        browser.strike("ArrowDown", "ArrowDown", "").await;
    }
    browser.strike("ArrowUp", "ArrowUp", "").await;
    let place = "[...document.querySelectorAll('#log li button')].indexOf(document.activeElement)";
    assert_eq!(browser.js(&format!("return {place}")).await, json!(1));
    browser
        .js("globalThis.aimed = Number(document.activeElement.dataset.at)")
        .await;
    browser.strike("Enter", "Enter", "\r").await;

    browser.until("lab.view.at === aimed").await;
    browser.quit().await;
}
