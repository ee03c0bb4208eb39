//! The controls of the page: each does what it says, looked for at the service that it is for, shows its line of `curl`
//! and leaves a mark.

mod token;

use end_to_end::{Client, FREE_PORTS, Process, eventually};
use serde_json::{Value, json};

use crate::browser::Browser;

/// A page with the services behind it.
struct Page {
    browser: Browser,
    lab: Client,
    instances: Vec<Client>,
    downstream: Client,
    _process: Process,
}

impl Page {
    async fn open(flags: &[&str]) -> Self {
        let usual = ["--plain", "--seed", "7", "--faults", "preset:calm"];
        let process = Process::start(&[&FREE_PORTS, &usual[..], flags].concat());
        let url = process.url("  lab ").await;
        let browser = Browser::at(&url).await;
        browser.until("lab.store && lab.store.end > 1").await;
        browser
            .until("document.querySelector('select.scenarios').options.length > 20")
            .await;
        let mut instances = Vec::new();
        for name in ["A", "B", "C"] {
            instances.push(Client::new(process.url(&format!("instance {name}")).await));
        }
        Self {
            browser,
            lab: Client::new(url),
            instances,
            downstream: Client::new(process.url("fault control").await),
            _process: process,
        }
    }

    /// Fills the fields of an order's group, as a list of selector and value.
    async fn fill(&self, order: &str, fields: &[(&str, &str)]) {
        for (field, value) in fields {
            let script = format!(
                "const field = document.querySelector('[data-order={order}]').closest('fieldset') \
                   .querySelector('{field}'); \
                 field.value = '{value}'; \
                 field.dispatchEvent(new Event('change', {{ bubbles: true }}))"
            );
            self.browser.js(&script).await;
        }
    }

    async fn click(&self, order: &str, fields: &[(&str, &str)]) {
        self.fill(order, fields).await;
        let script = format!("document.querySelector('[data-order={order}]').click()");
        self.browser.js(&script).await;
    }

    /// The line of `curl` that is shown.
    async fn line(&self) -> String {
        let script = "return document.querySelector('#curl code').textContent";
        let line = self.browser.js(script).await;
        line.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the last mark says this.
    async fn marked(&self, text: &str) {
        let script = format!("lab.store.marks.some((it) => it.text === {})", json!(text));
        self.browser.until(&script).await;
    }

    async fn said(&self) -> String {
        let script = "return document.querySelector('#order').textContent";
        let said = self.browser.js(script).await;
        said.as_str().unwrap_or_default().to_owned()
    }

    async fn settings(&self, place: usize) -> Value {
        self.instances[place].get("/breaker").await.json()["settings"].clone()
    }
}

/// Runs a line of `curl` as it stands there, and returns what it prints.
fn run(line: &str) -> String {
    run_with(&[], line)
}

/// The same in a shell that has these variables.
fn run_with(variables: &[(&str, &str)], line: &str) -> String {
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("{line} --silent --noproxy '*'")])
        .env_remove("TOKEN")
        .envs(variables.iter().copied())
        .output();
    let output = output.expect("there is a shell with curl");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn settings_of_one_breaker_and_of_all_change_at_the_service_and_on_the_card() {
    let page = Page::open(&[]).await;

    page.click(
        "setting",
        &[
            (".instances", "B"),
            (".settings", "open_for"),
            (".value", "3s"),
        ],
    )
    .await;
    page.marked("B: open_for = 3s").await;
    assert_eq!(page.settings(1).await["open_for"], "3s");
    assert_eq!(page.settings(0).await["open_for"], "1s 500ms");
    let own = format!("{}/breaker/settings", page.instances[1].base());
    let line = page.line().await;
    assert_eq!(
        line,
        format!(r#"curl -X PATCH {own} -d '{{"open_for":"3s"}}'"#)
    );

    let all = [
        (".instances", ""),
        (".settings", "failure_rate_threshold"),
        (".value", "0.3"),
    ];
    page.click("setting", &all).await;
    page.marked("all: failure_rate_threshold = 0.3").await;
    for place in 0..3 {
        assert_eq!(
            page.settings(place).await["failure_rate_threshold"],
            json!(0.3)
        );
    }
    // The threshold on the bar is that of now, and in the past that of then.
    let tick = "document.querySelector('.card .tick').style.left";
    page.browser.until(&format!("{tick} === '30%'")).await;
    page.browser.js("lab.view.pause(0.5)").await;
    page.browser.until(&format!("{tick} === '50%'")).await;

    page.click(
        "setting",
        &[(".settings", "minimum_calls"), (".value", "0")],
    )
    .await;
    page.browser
        .until("document.querySelector('#order').classList.contains('failed')")
        .await;
    let said = page.said().await;
    assert!(said.contains("minimum_calls = 0 is not allowed"), "{said}");
    page.browser.quit().await;
}

#[tokio::test]
async fn an_instance_is_stopped_and_started_and_drawn_as_what_it_is() {
    let page = Page::open(&[]).await;

    page.click("stop", &[(".instances", "B")]).await;
    page.marked("B stopped").await;
    assert!(page.instances[1].try_get("/healthz").await.is_none());
    let line = page.line().await;
    let expected = format!("curl -X POST {}/api/instances/B/stop", page.lab.base());
    assert_eq!(line, expected);
    page.browser
        .until("document.querySelectorAll('.card')[1].querySelector('.state').textContent === 'stopped'")
        .await;
    let drawn = "return [lab.store.runningAt(1, lab.store.end), lab.store.runningAt(1, 0.5), \
                 lab.store.runningAt(0, lab.store.end)]";
    assert_eq!(page.browser.js(drawn).await, json!([false, true, true]));
    page.browser
        .js("document.querySelector('#show-table').click()")
        .await;
    page.browser
        .until("document.querySelector('#table tbody').rows[1].cells[1].textContent === 'stopped'")
        .await;

    page.click("start", &[(".instances", "B")]).await;
    page.marked("B started").await;
    assert_eq!(page.instances[1].get("/call").await.status, 200);
    page.browser
        .until("document.querySelectorAll('.card')[1].querySelector('.state').textContent.includes('closed')")
        .await;

    page.click("start", &[]).await;
    page.browser
        .until("document.querySelector('#order').textContent === 'instance B is already running'")
        .await;
    // A page that comes later knows all of it.
    page.browser.go(page.lab.base()).await;
    page.browser
        .until("lab.store && lab.store.marks.length === 2")
        .await;
    let states = "return [...lab.store.states[1].state.slice(0, lab.store.states[1].length)]";
    assert_eq!(page.browser.js(states).await, json!([6, 0]));
    page.browser.quit().await;
}

#[tokio::test]
async fn the_load_is_paused_goes_on_and_gets_another_rate() {
    let page = Page::open(&[]).await;
    let load = async || page.lab.get("/api/load").await.json();

    page.click("pause", &[]).await;
    page.marked("load paused").await;
    assert_eq!(load().await["paused"], json!(true));
    page.browser
        .until("document.querySelector('.load span').textContent === 'paused'")
        .await;
    page.click("go-on", &[]).await;
    page.marked("load resumed").await;
    assert_eq!(load().await["paused"], json!(false));

    page.click("rate", &[("input.rate", "200")]).await;
    page.marked("load: 200 calls/s").await;
    assert_eq!(load().await["rate"], json!(200.0));
    let expected = format!(
        r#"curl -X PUT {}/api/load -d '{{"rate":200}}'"#,
        page.lab.base()
    );
    assert_eq!(page.line().await, expected);
    page.browser
        .until("Math.abs(lab.store.names.reduce((sum, _, one) => sum + lab.store.rate(one, 0, lab.store.end), 0) - 200) < 60")
        .await;

    page.click("rate", &[("input.rate", "0")]).await;
    page.browser
        .until("document.querySelector('#order').textContent.startsWith('rate = 0 is not allowed')")
        .await;
    page.browser.quit().await;
}

#[tokio::test]
async fn a_scenario_begins_on_the_page_that_keeps_going() {
    let page = Page::open(&[]).await;
    let run = page.browser.js("return lab.store.run").await;

    page.click("scenario", &[(".scenarios", "flapping")]).await;
    page.marked("scenario flapping").await;
    let plan = page.downstream.get("/faults").await.json();
    assert_eq!(plan["phases"][1]["name"], "half well");
    assert_eq!(page.settings(0).await["open_for"], "500ms");
    assert_eq!(page.browser.js("return lab.store.run").await, run);
    page.browser
        .until("lab.store.phases.some((it) => it.name === 'half well')")
        .await;

    page.click("scenario", &[(".scenarios", "metastable")])
        .await;
    page.browser
        .until("document.querySelector('#order').textContent.includes('cannot play metastable')")
        .await;
    let why = "return document.querySelector('.scenarios option[value=metastable]').title";
    let why = page.browser.js(why).await;
    assert!(
        why.as_str().is_some_and(|it| it.contains("call_timeout")),
        "{why}"
    );
    page.browser.quit().await;
}

#[tokio::test]
async fn the_whole_fleet_is_ordered() {
    let page = Page::open(&["--coordination", "quorum"]).await;
    let joined = "fleet.votes.voters";
    eventually(joined, async || {
        let breaker = page.instances[2].get("/breaker").await.json();
        (breaker["fleet"]["votes"]["voters"] == 3).then_some(())
    })
    .await;
    page.browser
        .until("document.querySelector('.modes').value === 'quorum'")
        .await;

    page.click("fleet-open", &[]).await;
    page.marked("fleet: forced open").await;
    for instance in &page.instances {
        eventually("all obey", async || {
            (instance.state().await == "forced_open").then_some(())
        })
        .await;
    }
    page.click("fleet-auto", &[]).await;
    page.marked("fleet: auto").await;

    page.click("mode", &[(".modes", "local")]).await;
    let why = "[...document.querySelectorAll('[data-order^=fleet]')] \
                 .every((it) => it.disabled && it.title.includes('each instance decides alone'))";
    page.browser.until(why).await;
    page.browser.quit().await;
}

#[tokio::test]
async fn each_control_shows_a_line_that_does_the_same_in_a_shell() {
    let page = Page::open(&[]).await;

    for (order, fields, answered) in [
        ("break", &[(".instances", "")][..], r#""name":"down""#),
        ("slow", &[(".instances", "B")], "slow-for-B"),
        ("heal", &[], r#""phases":"#),
        ("preset", &[(".presets", "flapping")], r#""outages":"#),
        (
            "scenario",
            &[(".scenarios", "fast-fail")],
            r#""scenario":"fast-fail""#,
        ),
        ("rate", &[("input.rate", "50")], r#""rate":50"#),
        ("pause", &[], r#""paused":true"#),
        ("go-on", &[], r#""paused":false"#),
        ("force", &[(".instances", "A")], r#""state":"forced_open""#),
        ("auto", &[(".instances", "A")], r#""state":"closed""#),
        ("reset", &[(".instances", "A")], r#""state":"closed""#),
        (
            "setting",
            &[
                (".instances", "C"),
                (".settings", "jitter"),
                (".value", "0.1"),
            ],
            r#""jitter":0.1"#,
        ),
        ("stop", &[(".instances", "C")], r#""running":false"#),
        ("start", &[(".instances", "C")], r#""running":true"#),
        ("mode", &[(".modes", "local")], r#""mode":"local""#),
    ] {
        page.fill(order, fields).await;
        page.browser
            .js(&format!(
                "document.querySelector('[data-order={order}]').focus()"
            ))
            .await;
        let line = page.line().await;
        assert!(line.starts_with("curl -X "), "{order}: {line}");

        let said = run(&line);

        assert!(said.contains(answered), "{order}: {line}: {said}");
    }
    page.browser.quit().await;
}

#[tokio::test]
async fn all_controls_fit_beside_the_charts_on_a_usual_screen() {
    let page = Page::open(&[]).await;
    page.browser.emulate(1280, "light").await;

    let sizes = "const box = (it) => document.querySelector(it).getBoundingClientRect(); \
                 return [document.documentElement.scrollHeight, box('#log').height, \
                   box('#controls').bottom, box('#charts').bottom]";
    let sizes = page.browser.js(sizes).await;

    let [height, log, controls, charts] =
        [0, 1, 2, 3].map(|place| sizes[place].as_f64().unwrap_or(f64::NAN));
    assert!(height <= 800.0, "{height} pixels high");
    assert!(log >= 120.0, "the log has {log} pixels");
    assert!(controls <= charts + 1.0, "{controls}, {charts}");
    page.browser.quit().await;
}
