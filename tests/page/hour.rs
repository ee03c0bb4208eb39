//! An hour on the page: it fits into little memory, every transition is kept, and each pixel shows the time that was.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "figures that are worth a look")]

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::made_up::{MadeUp, Server};

/// What a page may hold after an hour of three instances at ten ticks a second.
const MOST_MIB: f64 = 50.0;

/// Tells the page an hour of three instances that flap, at ten ticks a second: an instance changes twelve times in
/// four seconds, once for five milliseconds only.
const HOUR: &str = r"
  const names = ['closed', 'open', 'half_open'];
  globalThis.expected = [[], [], []];
  let number = 0;
  for (let tick = 1; tick <= 36000; tick++) {
    const t = tick / 10;
    const x = [];
    for (let place = 0; place < 3; place++) {
      const phase = (tick + 13 * place) % 40;
      const steps = { 0: [[0.05, 0, 1]], 12: [[0.031, 1, 2], [0.036, 2, 1]], 24: [[0.02, 1, 2]], 25: [[0.09, 2, 0]] }[phase] ?? [];
      for (const [before, from, to] of steps) {
        const at = t - 0.1 + before;
        number += 1;
        expected[place].push([at, to]);
        x.push([number, place, at, names[from], names[to], 'failure_ratio', number, 20, 12, 0, 3, to === 1 ? 2.5 : null]);
      }
    }
    const i = [0, 1, 2].map((place) => [3, 1, tick % 2, 0, 20, (tick + place) % 20, 0]);
    const l = tick % 10 ? undefined : [[t - 1, [[1.5, 9], [2.5, 12], [0.5, 7]]]];
    const p = tick % 50 === 1 ? [[t, tick % 100 === 1 ? 0 : 0.7]] : undefined;
    lab.store.apply({ t, i, x, l, p });
  }
  lab.view.reach(lab.store.end);
  return [number, lab.store.changes.length, lab.store.missed];
";

/// What is in use once what nobody needs is gone: objects, and the memory of typed arrays beside them.
async fn used_mib(browser: &Browser) -> f64 {
    for _ in 0..2 {
        let gone = browser.tell("HeapProfiler.collectGarbage", json!({})).await;
        assert_eq!(gone, json!({}));
    }
    let usage = browser.tell("Runtime.getHeapUsage", json!({})).await;
    let part = |name: &str| {
        usage[name]
            .as_f64()
            .unwrap_or_else(|| panic!("{name} of {usage}"))
    };
    (part("usedSize") + part("embedderHeapUsedSize") + part("backingStorageSize")) / 1024.0 / 1024.0
}

#[tokio::test]
async fn an_hour_fits_into_fifty_mebibytes_and_every_transition_is_kept() {
    let run = MadeUp {
        instances: 3,
        hz: 10,
        live: false,
    };
    let server = Server::start(run).await;
    let browser = Browser::at(&server.url).await;
    browser.until("lab.store").await;
    let before = used_mib(&browser).await;

    let told = browser.js(HOUR).await;
    browser
        .until(
            "lab.store.end === 3600 && document.querySelector('#clock').textContent === '60:00.0'",
        )
        .await;
    let used = used_mib(&browser).await;

    assert_eq!((&told[0], &told[2]), (&told[1], &json!(0)), "{told}");
    assert!(told[0].as_u64() > Some(10_000), "{told}");
    println!("an hour of three instances: {used:.1} MiB in the browser, {before:.1} MiB before it");
    assert!(used < MOST_MIB, "{used:.1} MiB, {before:.1} MiB before");
    let exact = browser
        .js(
            "return expected.every((changes, place) => { \
               const states = lab.store.states[place]; \
               return states.length === changes.length \
                 && changes.every(([at, to], n) => states.at[n] === at && states.state[n] === to); })",
        )
        .await;
    assert_eq!(exact, json!(true));
    travels(&browser, &server.url).await;
    shares(&browser).await;
}

/// Pause, steps, links and the scrub bar lead to any instant of the hour.
async fn travels(browser: &Browser, url: &str) {
    browser.js("lab.view.pause(65.3)").await;
    browser
        .until("document.querySelector('#clock').textContent === '1:05.3'")
        .await;
    assert_eq!(browser.js("return location.hash").await, json!("#t=65.3"));
    browser.press("ArrowRight").await;
    let at = browser
        .js(
            "const after = expected.flat().map(([at]) => at).filter((at) => at > 65.3); \
             return [lab.view.at, Math.min(...after)]",
        )
        .await;
    assert_eq!(at[0], at[1], "the next transition, exactly");
    // A link that is followed within the page.
    browser.go(&format!("{url}/#t=1800.25&span=10")).await;
    browser
        .until("lab.view.at === 1800.25 && lab.view.span === 10")
        .await;
    // The scrub bar shows the whole hour.
    let pointer = "const bar = document.querySelector('#scrub'); const box = bar.getBoundingClientRect(); \
        bar.setPointerCapture = () => {}; \
        bar.dispatchEvent(new PointerEvent('pointerdown', { clientX: box.left + 92 + (box.width - 100) / 4, buttons: 1 })); \
        return lab.view.at";
    let at = browser.js(pointer).await.as_f64().unwrap();
    assert!((at - 900.0).abs() < 3.0, "a quarter of the hour: {at}");
}

/// Each pixel of the whole hour is the share of time in each state, also of a state that lasted five milliseconds.
async fn shares(browser: &Browser) {
    let script = r"
      const { addShares } = await import('/page/timeline.js');
      const { KINDS } = await import('/page/clock.js');
      const width = 800;
      const axis = { from: 0, to: 3600 };
      const shares = new Float32Array(width * KINDS);
      addShares(shares, lab.store, 0, axis);
      const exact = new Float64Array(width * KINDS);
      let [from, state] = [0, 0];
      for (const [until, to] of [...expected[0], [3600, 0]]) {
        for (let pixel = Math.floor(from / 4.5); pixel < width && pixel * 4.5 < until; pixel++) {
          const part = Math.min(until, (pixel + 1) * 4.5) - Math.max(from, pixel * 4.5);
          if (part > 0) exact[pixel * KINDS + state] += part / 4.5;
        }
        [from, state] = [until, to];
      }
      let worst = 0;
      for (let at = 0; at < exact.length; at++) worst = Math.max(worst, Math.abs(exact[at] - shares[at]));
      const half = exact.filter((_, at) => at % KINDS === 2);
      return [worst, Math.max(...half), half.filter((it) => it > 0).length];
    ";
    let found: Value = browser
        .js(&format!("return (async () => {{ {script} }})()"))
        .await;
    assert!(found[0].as_f64() < Some(0.002), "{found}");
    assert!(
        found[1].as_f64() < Some(0.1),
        "half-open is little of any pixel: {found}"
    );
    assert!(
        found[2].as_f64() > Some(700.0),
        "and yet in most of them: {found}"
    );
}
