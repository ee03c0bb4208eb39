//! A fleet of a hundred on the page: groups by state, unfolded one after the other, and no transition lost.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::made_up::{MadeUp, Server};

const HUNDRED: MadeUp = MadeUp {
    instances: 100,
    hz: 5,
    live: true,
};

#[tokio::test]
async fn a_hundred_instances_are_groups_by_state_that_unfold() {
    let server = Server::start(HUNDRED).await;
    let browser = Browser::at(&server.url).await;
    browser
        .until("lab.store && lab.store.changes.length > 50")
        .await;

    browser.js("lab.view.pause(lab.store.end)").await;
    browser
        .until("lab.layout.rows.length === 3 && lab.layout.at === lab.view.at")
        .await;
    let groups = browser
        .js(
            "const at = lab.view.at; return lab.layout.rows.map((row) => [row.name, row.of.length, \
             row.of.every((one) => row.states.includes(lab.store.state(one, at)))])",
        )
        .await;
    let groups = groups.as_array().unwrap();
    let of = |group: &Value| group[1].as_u64().unwrap();
    assert_eq!(groups.iter().map(of).sum::<u64>(), 100, "{groups:?}");
    assert!(groups.iter().all(|group| group[2] == true), "{groups:?}");
    assert!(of(&groups[0]) > 0 && of(&groups[2]) > 0, "{groups:?}");
    let card = "return [...document.querySelectorAll('.card:not([hidden])')].map((it) => \
                [it.querySelector('.name').textContent, it.textContent.includes(' of 100')])";
    let cards = browser.js(card).await;
    assert_eq!(cards.as_array().map(Vec::len), Some(3), "{cards}");
    assert_eq!(cards[0], json!(["open", true]));

    let filled = groups.iter().filter(|group| of(group) > 0);
    for group in filled {
        browser.press("Enter").await;
        let unfolded = browser
            .js("return [lab.unfolded.name, lab.unfolded.of.length]")
            .await;
        assert_eq!((&unfolded[0], &unfolded[1]), (&group[0], &group[1]));
        let rows = format!("lab.layout.rows.length === {}", of(group));
        browser.until(&rows).await;
    }
    browser.press("Enter").await;
    browser
        .until("lab.unfolded === null && lab.layout.rows.length === 3")
        .await;

    browser.press("Space").await;
    browser
        .until("lab.view.live && lab.store.end > lab.view.span / 10")
        .await;
    assert_eq!(browser.js("return lab.store.missed").await, json!(0));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
