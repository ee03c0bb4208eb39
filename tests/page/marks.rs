//! The marks of orders on the axis and in the log, as the page's modules tell them of a run that is made up.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::made_up::{MadeUp, Server};

async fn told(script: &str) -> Value {
    let run = MadeUp {
        instances: 3,
        hz: 5,
        live: false,
    };
    let server = Server::start(run).await;
    let browser = Browser::at(&server.url).await;
    browser.until("lab.store").await;
    let told = browser.js(script).await;
    browser.quit().await;
    told
}

#[tokio::test]
async fn marks_that_would_hide_each_other_stand_beside_each_other() {
    let places = told(
        "const { markPlaces } = await import('/page/draw.js'); \
         const axis = { from: 0, to: 60, x: (at) => 10 * at }; \
         const of = (all) => markPlaces(all.map((at) => ({ at })), axis); \
         return [of([1, 1.01, 1.09, 5]), of([1, 2]), of(Array(9).fill(1)), of([-1, 61])]",
    )
    .await;
    assert_eq!(places[0], json!([10, 12, 14, 50]));
    assert_eq!(places[1], json!([10, 20]));
    // Never far from where they belong.
    assert_eq!(places[2], json!([10, 12, 14, 16, 16, 16, 16, 16, 16]));
    assert_eq!(places[3], json!([]));
}

#[tokio::test]
async fn a_mark_that_is_told_late_takes_its_place_and_one_that_is_told_again_is_known() {
    let marks = told(
        "const { store } = lab; \
         store.apply({ m: [[1, 'operator', 'B: reset'], [2, 'plan', 'preset calm']] }); \
         store.apply({ m: [[1.5, 'plan', 'faults: down'], [1, 'operator', 'B: reset'], [2, 'operator', 'load paused']] }); \
         return store.marks.map((it) => [it.at, it.text])",
    )
    .await;
    let expected = json!([
        [1, "B: reset"],
        [1.5, "faults: down"],
        [2, "preset calm"],
        [2, "load paused"]
    ]);
    assert_eq!(marks, expected);
}

#[tokio::test]
async fn the_log_lists_orders_between_transitions() {
    let lines = told(
        "const { store, view } = lab; \
         const open = [1, 0, 1.5, 'closed', 'open', 'consecutive', 1, 9, 9, 0, 9, 1]; \
         store.apply({ t: 3, i: [0, 1, 2].map(() => [1, 0, 0, 0, 9, 0, 0]), x: [open], \
           m: [[2, 'plan', 'preset calm'], [2.5, 'over', 'fault plan is over']] }); \
         view.reach(store.end); view.pause(2.75); \
         await new Promise((done) => setTimeout(done, 400)); \
         const lines = () => [...document.querySelectorAll('#log li')].map((it) => it.textContent); \
         const all = lines(); \
         const filter = document.querySelector('#log input'); \
         filter.value = 'order'; filter.dispatchEvent(new Event('input')); \
         return [all, lines(), document.querySelector('#log .count').textContent]",
    )
    .await;
    assert_eq!(
        lines[0],
        json!([
            "┊0:02.5fault plan is over",
            "┊0:02.0order: preset calm",
            "█0:01.5I00 opened: 9 failures in a row; for 1.0 s"
        ])
    );
    assert_eq!(lines[1], json!(["┊0:02.0order: preset calm"]));
    assert_eq!(lines[2], json!("1 transition"));
}
