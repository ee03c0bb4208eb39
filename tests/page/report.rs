//! The report of a run in a real browser, opened from its file: it draws what `result.json` holds, and asks nobody.

use std::path::{Path, PathBuf};

use end_to_end::{Process, empty_folder, repository, result, text};
use serde_json::{Value, json};

use crate::browser::Browser;

/// Where a browser finds a file.
fn address(path: &Path) -> String {
    format!("file://{}", text(path))
}

/// Simulates a scenario, and leaves its folder.
async fn simulated(name: &str, scenario: &str, flags: &[&str]) -> PathBuf {
    let out = empty_folder(env!("CARGO_TARGET_TMPDIR"), &format!("report-{name}")).join("out");
    let asked = ["simulate", scenario, "--quiet", "--out", text(&out)];
    let ended = Process::run(&[&asked[..], flags].concat()).await;
    assert!(out.join("report.html").exists(), "{ended:#?}");
    out
}

/// A browser that shows the report in a folder.
async fn opened(out: &Path) -> Browser {
    let browser = Browser::at(&address(&out.join("report.html"))).await;
    browser.until("globalThis.lab && lab.store").await;
    browser
}

/// What the requests of one instance came to, as the store of the charts has it: ok, rejected, failed.
async fn drawn(browser: &Browser, instance: usize) -> Vec<Option<u64>> {
    let script = format!(
        "const sum = [0, 0, 0]; const {{ store }} = lab; \
         for (let at = store.firstSecond; at <= store.lastSecond; at++) {{ \
           sum[0] += store.figure(at, {instance}, 0); sum[1] += store.figure(at, {instance}, 2); \
           sum[2] += store.figure(at, {instance}, 1) + store.figure(at, {instance}, 3); \
         }} return sum"
    );
    let sums = browser.js(&script).await;
    let sums = sums.as_array().expect("a list of sums");
    sums.iter().map(Value::as_u64).collect()
}

/// The same as the result has it.
fn counted(run: &Value, instance: usize) -> Vec<Option<u64>> {
    let parts = run["load"]["targets"][instance]["parts"].as_array();
    let mut sums = [0, 0, 0];
    for part in parts.expect("a target has parts") {
        let of = |outcome: &str| part["outcomes"][outcome].as_u64().expect("a count");
        let not_sent = of("own_shortage") + of("shed") + of("unfinished");
        sums[0] += of("ok");
        sums[1] += of("fast_fail");
        sums[2] += of("planned") - of("ok") - of("fast_fail") - not_sent;
    }
    sums.map(Some).to_vec()
}

/// It complains of nothing, has asked nobody, and could not.
async fn assert_nobody_is_asked(browser: &Browser) {
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    let asked = browser
        .js("return performance.getEntriesByType('resource').length")
        .await;
    assert_eq!(asked, json!(0));
    // Whoever gets a script into it still reaches nobody.
    browser
        .js("globalThis.broken = []; \
             document.addEventListener('securitypolicyviolation', (it) => broken.push(it.effectiveDirective)); \
             new Image().src = 'http://127.0.0.1:1/'; fetch('http://127.0.0.1:1/').catch(() => {})")
        .await;
    browser
        .until("broken.sort().join() === 'connect-src,img-src'")
        .await;
}

#[tokio::test]
async fn a_report_draws_the_figures_of_its_result_without_asking_anybody() {
    let out = simulated("figures", "flapping", &[]).await;
    let result = result(&out);
    let run = &result["repetitions"][0];
    let browser = opened(&out).await;

    for (place, one) in run["fleet"]["instances"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let changes = one["transitions"].as_array().unwrap();
        let script = format!(
            "return Array.from({{ length: lab.store.changes.length }}, (_, at) => lab.store.change(at))\
               .filter((it) => it.instance === {place}).map((it) => [it.at, it.cause, it.failures])"
        );
        let wanted: Vec<Value> = changes
            .iter()
            .map(|it| json!([it[0], it[3], it[6]]))
            .collect();
        assert_eq!(browser.js(&script).await, json!(wanted), "{place}");
        assert_eq!(drawn(&browser, place).await, counted(run, place), "{place}");
        assert!(changes.len() > 20);
    }
    let said = browser
        .js(
            "return [...document.querySelectorAll('.expected tbody tr')].map((row) => \
              [...row.cells].map((cell) => cell.textContent))",
        )
        .await;
    let verdicts = run["verdicts"].as_array().unwrap().iter();
    let wanted: Vec<Value> = verdicts
        .map(|it| json!([it["expectation"], it["shown"], "✓ held"]))
        .collect();
    assert_eq!(said, json!(wanted));
    let table = browser
        .js(
            "return [...document.querySelectorAll('.fleet tbody tr')].map((row) => \
              [row.cells[0].textContent, Number(row.cells[2].textContent.replace(',', ''))])",
        )
        .await;
    let ok = |place: usize| counted(run, place)[0].unwrap();
    let all: u64 = (0..3).map(ok).sum();
    assert_eq!(
        table,
        json!([["A", ok(0)], ["B", ok(1)], ["C", ok(2)], ["fleet", all]])
    );
    let ink = "const { canvas } = { canvas: document.querySelector('#timeline') }; \
               const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); \
               return new Set(new Uint32Array(data.buffer)).size";
    browser
        .until("lab.view.live && document.querySelector('#log li')")
        .await;
    assert!(
        browser.js(ink).await.as_u64() > Some(5),
        "the timeline is drawn"
    );

    assert_nobody_is_asked(&browser).await;
    browser.quit().await;
}

#[tokio::test]
async fn sentences_of_a_report_lead_to_their_moments_and_a_link_comes_back_to_one() {
    let out = simulated("moments", "flapping", &[]).await;
    let browser = opened(&out).await;

    let led = browser
        .js("const link = [...document.querySelectorAll('.reading a')].at(1); link.click(); \
             return [new URLSearchParams(link.hash.slice(1)).get('t'), String(lab.view.at), lab.view.live, location.hash]")
        .await;
    assert_eq!(led[0], led[1], "{led}");
    assert_eq!(led[2], json!(false));
    assert_eq!(led[3], json!(format!("#t={}", led[0].as_str().unwrap())));
    browser
        .until("document.querySelector('#moment').caption.textContent.startsWith('At 0:03.')")
        .await;
    browser.press("ArrowRight").await;
    browser
        .until("document.querySelector('#said').textContent.includes(' at 0:')")
        .await;
    browser.press("Escape").await;
    browser.until("lab.view.live && location.hash === ''").await;
    browser.quit().await;

    let report = address(&out.join("report.html"));
    let elsewhere = Browser::at(&format!("{report}#t=6.5&span=5")).await;
    elsewhere.until("globalThis.lab && !lab.view.live").await;
    let seen = elsewhere.js("return [lab.view.at, lab.view.span]").await;
    assert_eq!(seen, json!([6.5, 5]));
    elsewhere.quit().await;
}

#[tokio::test]
async fn without_scripts_a_report_says_the_same_and_shows_a_still_picture() {
    let out = simulated("still", "flapping", &[]).await;
    let browser = Browser::at("about:blank").await;
    let off = json!({ "value": true });
    let tools = browser.web.cdp();
    let done = tools
        .send_raw("Emulation.setScriptExecutionDisabled", off)
        .await;
    done.expect("Chromium can be told");

    browser.go(&address(&out.join("report.html"))).await;
    // What is asked here runs beside the page, not on it.
    let seen = browser
        .js("const still = document.querySelector('.still img'); return [typeof lab, \
             document.querySelector('.verdict').textContent, still.complete && still.naturalWidth > 0, \
             still.getBoundingClientRect().height > 100, \
             document.querySelectorAll('noscript tbody tr').length, document.querySelector('#charts').offsetHeight]")
        .await;

    let result = result(&out);
    let instances = result["repetitions"][0]["fleet"]["instances"]
        .as_array()
        .unwrap();
    let changes = instances
        .iter()
        .map(|one| one["transitions"].as_array().unwrap().len());
    let changes: usize = changes.sum();
    assert_eq!(
        seen,
        json!([
            "undefined",
            "held All 4 expectations held.",
            true,
            true,
            changes,
            0
        ])
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.quit().await;
}

#[tokio::test]
async fn a_report_of_several_runs_shows_each_and_fits_every_width() {
    let out = simulated("several", "flapping", &["--repeat", "3"]).await;
    let result = result(&out);
    let browser = opened(&out).await;

    let chosen = browser
        .js("const choose = document.querySelector('#choose'); choose.value = '2'; \
             choose.dispatchEvent(new Event('change')); \
             return [[...document.querySelectorAll('.run')].map((it) => it.hidden), lab.store.changes.length]")
        .await;
    let of = |run: &Value| -> usize {
        let instances = run["fleet"]["instances"].as_array().unwrap().iter();
        instances
            .map(|one| one["transitions"].as_array().unwrap().len())
            .sum()
    };
    let third = of(&result["repetitions"][2]);
    assert_eq!(chosen, json!([[true, true, false], third]));
    assert_ne!(third, of(&result["repetitions"][0]));
    browser.until("location.hash === '#run=3'").await;
    for (width, theme) in [(1280, "dark"), (768, "light"), (390, "dark")] {
        browser.emulate(width, theme).await;
        let wider = browser
            .js("return document.documentElement.scrollWidth - innerWidth")
            .await;
        assert!(
            wider.as_i64() <= Some(0),
            "{width}: {wider} pixels too wide"
        );
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.quit().await;
}

#[tokio::test]
async fn a_report_of_a_second_or_of_a_hundred_instances_is_whole() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "report-odd");
    let scenario = folder.join("odd.toml");
    let content = "title = \"</script><b>\"\nduration = \"1s\"\n[fleet]\ninstances = [\"A\", \"x_1\"]\n\
                   [load]\nrate = 50\n[faults]\nphases = [{ name = \"</script><script>oops()\" }]\n";
    std::fs::write(&scenario, content).expect("the scenario can be written");
    let second = simulated("second", text(&scenario), &[]).await;
    let flags = ["--instances", "100", "--set", "load.rate=3000"];
    let hundred = simulated("hundred", "divergence", &flags).await;

    let browser = opened(&second).await;
    let seen = browser
        .js(
            "return [lab.store.changes.length, lab.store.end, lab.store.phases[0].name, \
             document.querySelector('.lesson').textContent]",
        )
        .await;
    assert_eq!(
        seen,
        json!([0, 1, "</script><script>oops()", "</script><b>"])
    );
    assert_eq!(
        drawn(&browser, 0).await,
        counted(&result(&second)["repetitions"][0], 0)
    );
    assert_eq!(browser.complaints().await, Vec::<String>::new());

    browser.go(&address(&hundred.join("report.html"))).await;
    browser
        .until("globalThis.lab && lab.store && lab.store.n === 100")
        .await;
    let run = &result(&hundred)["repetitions"][0];
    let all = browser
        .js("let ok = 0; for (let at = 0; at <= lab.store.lastSecond; at++) ok += lab.store.sum(at, 0); return ok")
        .await;
    let ok: u64 = (0..100).map(|place| counted(run, place)[0].unwrap()).sum();
    assert_eq!(all.as_u64(), Some(ok));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.quit().await;
}

#[tokio::test]
async fn a_report_of_a_fleet_that_decides_together_says_who_did_what() {
    let scenario = repository().join("scenarios/coordination/total-outage.toml");
    let out = simulated("together", text(&scenario), &[]).await;
    let record = &result(&out)["repetitions"][0]["coordination"];
    let browser = opened(&out).await;

    let leases = browser
        .js("return [...document.querySelectorAll('.together table')[0].tBodies[0].rows[0].cells].map((it) => it.textContent)")
        .await;
    let wanted = [
        "granted",
        "early",
        "busy",
        "stale",
        "succeeded",
        "failed",
        "fenced",
    ];
    let wanted = wanted.map(|name| record["ledger"]["leases"][name].to_string());
    assert_eq!(
        leases,
        json!([&["requests".to_owned()][..], &wanted[..]].concat())
    );
    let rows = browser
        .js("return [...document.querySelectorAll('.together table')].at(-1).tBodies[0].rows.length")
        .await;
    assert_eq!(rows, json!(10));
    assert_draws_the_course(&browser, &record["course"]).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.quit().await;
}

/// The charts have the votes, verdicts and events of the result, and say them at each moment.
async fn assert_draws_the_course(browser: &Browser, course: &Value) {
    let notes = browser
        .js("const { fleet } = lab.store; return Array.from({ length: fleet.notes.length }, (_, at) => fleet.noteAt(at))\
               .map((it) => [it.at, it.instance, it.kind])")
        .await;
    let events = course["events"].as_array().into_iter().flatten();
    let wanted: Vec<Value> = events.map(|it| json!([it[0], it[1], it[2]])).collect();
    assert_eq!(notes, json!(wanted));
    let views = course["views"].as_array().expect("there are views");
    let drawn = browser.js("return lab.store.fleet.views.length").await;
    assert_eq!(drawn, json!(views.len()));
    // At thirty seconds all calls have failed for ten.
    browser.js("location.hash = '#t=30'").await;
    browser
        .until("document.querySelector('#fleet .line').textContent.includes(' over memory · open, epoch 1: ')")
        .await;
    let now = views
        .iter()
        .rev()
        .find(|view| view[0].as_f64() <= Some(30.0));
    let now = now.expect("a view of that moment");
    let said = browser
        .js("return [document.querySelector('#fleet .line').textContent, \
              [...document.querySelector('#moment').tBodies[0].rows].map((row) => row.cells[6].textContent)]")
        .await;
    let line = said[0].as_str().expect("a line");
    let votes = format!("{} of {} suspect, need {}", now[4], now[3], now[5]);
    assert!(line.contains(&votes), "{votes}: {line}");
    assert!(line.contains("engine heard by 10 of 10"), "{line}");
    assert_eq!(said[1], json!(vec!["suspect"; 10]));
    // Each row of the table leads to its moment.
    let led = browser
        .js(
            "const link = document.querySelector('.together details a'); link.click(); \
             return [new URLSearchParams(link.hash.slice(1)).get('t'), String(lab.view.at)]",
        )
        .await;
    assert_eq!(led[0], led[1], "{led}");
}
