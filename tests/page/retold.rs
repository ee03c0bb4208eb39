//! A run that changed its mode, told at once as its history or row by row: the page knows the same of it.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::made_up::{MadeUp, Server};

/// A run of ten minutes: alone, in a quorum, alone again, pooled, and alone at the end. Its verdicts change every 7 s;
/// the instances leave the fleet a little after the decision.
const RUN: &str = "const g = [[0, 'local', null], [60, 'quorum', 'memory'], [300, 'local', null], \
      [360, 'pooled', 'redis'], [560, 'local', null]]; \
    const stands = (instance, at, epoch, left) => [instance, at, 1, left ? 0 : 1, 'fine', null, left ? 'left' : null, 0, \
      'auto', [epoch % 2 ? 'closed' : 'open', epoch, 10 * epoch, 3, epoch % 4, 2, null], [0, 0, 0, 0, 0, 0]]; \
    const c = []; \
    for (const [from, until] of [[60, 300], [360, 560]]) { \
      for (let at = from + 0.1, epoch = 1; at < until; at += 7, epoch += 1) { \
        for (const instance of [0, 1, 2]) c.push(stands(instance, at + instance / 10, epoch, false)); \
      } \
      for (const instance of [0, 1, 2]) c.push(stands(instance, until + 0.05, 50, true)); \
    }";

/// Tells the run to one page row by row, and to others in parts that end at these instants, and compares what they know.
const COMPARED: &str = "const { Store } = await import('/page/store.js'); \
    const known = (store) => { \
      const all = []; \
      for (let at = 0.5; at < 600; at += 0.5) \
        all.push(JSON.stringify([at, store.decisions.at(at), store.fleetAt(at)?.view(at) ?? null])); \
      return all; \
    }; \
    const rows = [...g.map((row) => [row[0], { g: [row] }]), ...c.map((row) => [row[1], { c: [row] }])]; \
    const plain = new Store(lab.store.hello); \
    for (const [, tick] of rows.sort((one, other) => one[0] - other[0])) plain.apply(tick); \
    const right = known(plain); \
    const wrong = ends.map((parts) => { \
      const store = new Store(lab.store.hello); \
      let from = -1; \
      for (const end of [...parts, Infinity]) { \
        const within = (at) => at > from && at <= end; \
        store.apply({ g: g.filter((row) => within(row[0])), c: c.filter((row) => within(row[1])) }); \
        from = end; \
      } \
      return known(store).filter((row, place) => row !== right[place]).slice(0, 3); \
    }); \
    const fleets = right.filter((row) => JSON.parse(row)[2] !== null).length; \
    const verdicts = new Set(right.map((row) => JSON.parse(row)[2]?.verdict)); \
    return [wrong, fleets, [...verdicts].filter(Boolean).sort()]";

#[tokio::test]
async fn a_history_with_changes_of_the_mode_is_known_as_if_it_had_been_watched() {
    let run = MadeUp {
        instances: 3,
        hz: 5,
        live: false,
    };
    let server = Server::start(run).await;
    let browser = Browser::at(&server.url).await;
    browser.until("lab.store").await;
    let ends = json!([[], [300], [100, 400], [150, 299, 450], [62, 361, 559]]);

    let told = browser
        .js(&format!("{RUN} const ends = {ends}; {COMPARED}"))
        .await;

    let none_wrong: Vec<Value> = vec![json!([]); 5];
    assert_eq!(told[0], json!(none_wrong), "{told}");
    assert!(
        told[1].as_f64() > Some(800.0),
        "the fleet is there for 440 s: {told}"
    );
    assert_eq!(told[2], json!(["closed", "open"]), "{told}");
    browser.quit().await;
}
