//! An instance that is stopped and started, as the page's modules tell it of a run that is made up.

use serde_json::json;

use crate::browser::Browser;
use crate::made_up::{MadeUp, Server};

/// Opens at 1, is stopped from 2 to 4, opens at 5 and again at 7 and 9, each time after a probe.
const RUN: &str = "
    const [{ Store }, { Phenomena }, { nextChange }, { why, sinceWords }] = await Promise.all(
      ['store', 'phenomena', 'timeline', 'clock'].map((name) => import(`/page/${name}.js`)));
    const store = new Store(lab.store.hello);
    const phenomena = new Phenomena(store);
    const row = (number, at, from, to, cause) => [number, 0, at, from, to, cause, 1, 9, 9, 0, 9, 1];
    store.apply({ x: [
      row(1, 1, 'closed', 'open', 'consecutive'), row(2, 3.9, 'open', 'closed', 'manual'),
      row(3, 5, 'closed', 'open', 'consecutive'), row(4, 6, 'open', 'half_open', 'fleet_probe'),
      row(5, 7, 'half_open', 'open', 'fleet_probe_succeeded'), row(6, 8, 'open', 'half_open', 'wait_elapsed'),
      row(7, 9, 'half_open', 'open', 'probe_failed'),
    ], o: [[2, 0, false], [4, 0, true]] });
";

async fn told(script: &str) -> serde_json::Value {
    let server = Server::start(MadeUp {
        instances: 3,
        hz: 5,
        live: false,
    })
    .await;
    let browser = Browser::at(&server.url).await;
    browser.until("lab.store").await;
    let told = browser.js(&format!("{RUN} return {script}")).await;
    browser.quit().await;
    told
}

#[tokio::test]
async fn keys_go_past_the_time_in_which_an_instance_was_stopped() {
    let found = told(
        "[[4.5, -1], [2.5, -1], [1.5, 1], [4.5, 1], [0.5, -1], [9.5, 1]]\
         .map(([at, way]) => nextChange(store, at, way))",
    )
    .await;
    assert_eq!(found, json!([0, 0, 2, 2, -1, -1]));
}

#[tokio::test]
async fn why_and_since_when_an_instance_is_stopped_or_works_again_is_its_operator() {
    let found = told(
        "[0.5, 1.5, 3, 4.5].map((at) => [sinceWords(store, 0, at), why(store, 0, at, 'none yet')])",
    )
    .await;
    assert_eq!(
        found,
        json!([
            ["the start", "none yet"],
            ["0:01.000, for 0.5 s", "9 failures in a row"],
            ["0:02.000, for 1.0 s", "an operator stopped it"],
            ["0:04.000, for 0.5 s", "an operator started it"],
        ])
    );
}

#[tokio::test]
async fn a_breaker_that_opens_again_for_its_fleet_does_not_flap() {
    let found = told("[7.5, 9.5].map((at) => phenomena.flaps.until(at).count)").await;
    assert_eq!(found, json!([0, 1]));
}

#[tokio::test]
async fn what_was_before_the_page_opened_is_not_told_as_news() {
    let found = told(
        "(await (async () => {\
           const { Voice } = await import('/page/table.js');\
           const said = [];\
           const voice = new Voice((it) => said.push(it), () => true);\
           const counts = [];\
           const hear = (now) => { voice.hear(now); counts.push(said.length); };\
           const late = new Store(lab.store.hello);\
           voice.begin(late);\
           hear(1);\
           late.apply({ x: [row(1, 1, 'closed', 'open', 'consecutive')] });\
           hear(2);\
           voice.known();\
           hear(3);\
           late.apply({ x: [row(2, 2, 'open', 'half_open', 'wait_elapsed')] });\
           hear(4);\
           return counts;\
         })())",
    )
    .await;
    assert_eq!(found, json!([0, 0, 0, 1]));
}

#[tokio::test]
async fn an_instance_that_has_left_does_not_speak_for_its_fleet() {
    let found = told(
        "(await (async () => {\
           const { Fleet } = await import('/page/fleet.js');\
           const fleet = new Fleet(3);\
           const row = (instance, at, apart, epoch) => [instance, at, 1, 1, 'fine', null, apart, 0, null,\
             ['closed', epoch, 1, 3, 0, 2, null], [0, 0, 0, 0, 0, 0]];\
           [[0, 1, null, 9], [1, 1, null, 1], [2, 1, null, 1], [0, 2, 'left', 9]].forEach((it) => fleet.stand(row(...it)));\
           return [1.5, 2.5].map((at) => fleet.view(at)).map((it) => [it.epoch, it.heard, it.there]);\
         })())",
    )
    .await;
    assert_eq!(found, json!([[9, 3, 3], [1, 2, 2]]));
}

/// What is open, of how many, and where the line of their majority is: half a pixel apart at most from a third higher.
#[tokio::test]
async fn the_majority_is_one_of_those_that_work() {
    let found = told(
        "(await (async () => {\
           store.apply({ o: [[2.5, 1, false]] });\
           const [{ Board }, { drawTimeline }] = await Promise.all(\
             ['draw', 'timeline'].map((name) => import(`/page/${name}.js`)));\
           const board = new Board(document.querySelector('#timeline'), () => {});\
           const { context } = board;\
           const own = { fillText: context.fillText, setLineDash: context.setLineDash, moveTo: context.moveTo };\
           let [texts, lines, dashed] = [[], [], false];\
           context.fillText = (...all) => { texts.push(all[0]); own.fillText.apply(context, all); };\
           context.setLineDash = (dash) => { dashed = dash.join() === '4,3'; own.setLineDash.call(context, dash); };\
           context.moveTo = (x, y) => { if (dashed) lines.push(y); own.moveTo.call(context, x, y); };\
           return [1.5, 2.2, 3].map((at) => {\
             [texts, lines] = [[], []];\
             drawTimeline(board, store, { from: 0, to: 10, at, live: false }, null);\
             return [texts.filter((it) => it.startsWith('open ') && it.includes(' of ')), lines];\
           });\
         })())",
    )
    .await;
    let said: Vec<_> = (0..3).map(|place| found[place][0].clone()).collect();
    assert_eq!(
        said,
        [
            json!(["open 1 of 3"]),
            json!(["open 0 of 2"]),
            json!(["open 0 of 1"])
        ]
    );
    let line = |place: usize| found[place][1][0].as_f64().unwrap();
    assert_eq!(found[0][1].as_array().map(Vec::len), Some(1), "{found}");
    // Two of three, two of two, one of one.
    assert!((line(0) - line(1)).abs() < 0.1, "{found}");
    assert!((6.0..8.0).contains(&(line(2) - line(1))), "{found}");
}
