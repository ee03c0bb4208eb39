//! The stream: small, resumed without loss, and at nobody's cost but the viewer's.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "figures that are worth a look")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use end_to_end::{Client, Process, Signal, eventually};
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::browser::Browser;
use crate::viewer::Viewer;
use crate::{flapping, page};

#[tokio::test]
async fn one_who_comes_back_with_the_last_id_gets_each_tick_and_each_transition_once() {
    let lab = flapping();
    let url = lab.url("  lab ").await;
    let (_, mut viewer) = Viewer::at(&url, None).await;
    let mut event = viewer.next_named("history").await;
    let mut numbers: Vec<u64> = Vec::new();

    for turn in 1..=3 {
        let mut transitions = 0;
        while transitions < 4 {
            let next = viewer.next_named("tick").await;
            assert_eq!(next.number(), event.number() + 1, "turn {turn}");
            let changes = next.data["x"].as_array().cloned().unwrap_or_default();
            numbers.extend(changes.iter().filter_map(|row| row[0].as_u64()));
            transitions += changes.len();
            event = next;
        }
        drop(viewer);
        // It is away until more has happened.
        let (_, mut other) = Viewer::at(&url, None).await;
        while other.next_named("tick").await.data["x"].is_null() {}
        (_, viewer) = Viewer::at(&url, Some(&event.id)).await;
        assert_eq!(viewer.next().await.unwrap().name, "hello");
    }

    let first = numbers[0];
    let expected: Vec<u64> = (first..).take(numbers.len()).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn three_instances_take_at_most_twenty_kilobytes_a_second() {
    let lab = flapping();
    let (_, mut viewer) = Viewer::at(&lab.url("  lab ").await, None).await;
    let hello = viewer.next_named("hello").await;
    let ticks_a_second = usize::try_from(hello.data["hz"].as_u64().unwrap()).unwrap();
    viewer.next_named("history").await;

    let before = viewer.bytes;
    for _ in 0..60 {
        viewer.next_named("tick").await;
    }

    let a_second = (viewer.bytes - before) * ticks_a_second / 60;
    println!("{a_second} bytes a second for three instances");
    assert!(a_second <= 20_000, "{a_second}");
}

/// Hands bytes on to the lab, until it cuts all connections.
struct Cable {
    url: String,
    cut: Arc<watch::Sender<u32>>,
}

impl Cable {
    async fn to(lab: &str) -> Self {
        let lab = lab.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let cut = Arc::new(watch::Sender::new(0));
        let cuts = Arc::clone(&cut);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (lab, mut cuts) = (lab.clone(), cuts.subscribe());
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(lab).await else {
                        return;
                    };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = cuts.changed() => {}
                    }
                });
            }
        });
        Self { url, cut }
    }

    fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }
}

#[tokio::test]
async fn a_page_whose_connection_breaks_has_every_answer_and_transition_once() {
    let lab = flapping();
    let url = lab.url("  lab ").await;
    let cable = Cable::to(&url).await;
    let browser = Browser::at(&cable.url).await;
    browser
        .until("lab.store && lab.store.changes.length >= 2")
        .await;
    for _ in 0..3 {
        let more = browser.js("return lab.store.changes.length + 3").await;
        cable.cut();
        browser
            .until(&format!("lab.store.changes.length >= {more}"))
            .await;
    }
    let lab_itself = Client::new(url);
    let calm = lab_itself.send("DELETE", "/api/faults", &[], "").await;
    assert_eq!(calm.status, 200, "{}", calm.body);
    browser
        .until("lab.store.names.every((_, one) => lab.store.state(one, lab.store.end) === 0)")
        .await;
    let rest = browser.js("return Math.ceil(lab.store.end)").await;
    browser.until(&format!("lab.store.end > {rest} + 1")).await;

    let kept = lab_itself
        .get(&format!("/api/history?from=0&to={rest}"))
        .await
        .json();
    let shown = browser
        .js(&format!(
            "const rows = []; for (let second = 0; second < {rest}; second++) \
               rows.push([0, 1, 2].map((one) => [0, 1, 2, 3].map((which) => lab.store.figure(second, one, which)))); \
             return [rows, lab.store.missed, lab.store.changes.length]"
        ))
        .await;

    assert_eq!(shown[0], answers(&kept, &rest));
    assert_eq!(shown[1], json!(0));
    let numbers: BTreeSet<u64> = kept["x"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[0].as_u64().unwrap())
        .collect();
    assert_eq!(shown[2].as_u64(), Some(numbers.len() as u64));
}

/// The answers of each second before `end`, by instance, as the lab keeps them.
fn answers(kept: &Value, end: &Value) -> Value {
    let mut seconds = vec![json!([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])];
    let end = usize::try_from(end.as_u64().unwrap()).unwrap();
    seconds.resize(end, seconds[0].clone());
    for row in kept["ticks"].as_array().unwrap() {
        let second = row["t"].to_string();
        let second: usize = second.split('.').next().unwrap().parse().unwrap();
        let instances = row["i"].as_array().unwrap().iter();
        seconds[second] = instances
            .map(|one| json!(one.as_array().unwrap()[..4]))
            .collect();
    }
    json!(seconds)
}

#[tokio::test]
async fn viewers_that_read_nothing_do_not_delay_the_end() {
    let lab = flapping();
    let url = lab.url("  lab ").await;
    let mut viewers = Vec::new();
    for _ in 0..20 {
        let (status, viewer) = Viewer::at(&url, None).await;
        assert_eq!(status, "HTTP/1.0 200 OK");
        viewers.push(viewer);
    }

    let asked = Instant::now();
    lab.signal(Signal::Terminate);
    let ended = lab.ended(Duration::from_secs(30)).await;

    assert!(ended.status.success(), "{ended:#?}");
    // Answers that are under way would have ten seconds.
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
}

#[tokio::test]
async fn the_sixty_fifth_viewer_is_refused_and_its_page_says_so_until_one_leaves() {
    let lab = flapping();
    let url = lab.url("  lab ").await;
    let mut viewers = Vec::new();
    for _ in 0..64 {
        let (status, viewer) = Viewer::at(&url, None).await;
        assert_eq!(status, "HTTP/1.0 200 OK");
        viewers.push(viewer);
    }

    let (status, _) = Viewer::at(&url, None).await;
    assert_eq!(status, "HTTP/1.0 503 Service Unavailable");
    let browser = Browser::at(&url).await;
    browser
        .until(
            "document.querySelector('#status').textContent === '64 pages are already open: close one'",
        )
        .await;
    viewers.pop();
    browser.until("lab.store && lab.store.end > 0").await;
    browser
        .until("document.querySelector('#status').textContent.startsWith('live')")
        .await;
}

#[tokio::test]
async fn of_seven_pages_of_one_browser_those_that_nobody_sees_give_their_stream_back() {
    let lab = flapping();
    let (browser, url) = page(&lab).await;
    let state = Client::new(url.clone());
    let first = browser.web.window().await.unwrap();

    for opened in 2..=7 {
        let tab = browser.web.new_tab().await.unwrap();
        browser.web.switch_to_window(tab).await.unwrap();
        browser.go(&url).await;
        browser.until("lab.store && lab.store.end > 1").await;
        eventually(
            &format!("hidden pages have let go: {opened} are open"),
            async || {
                let viewers = state.get("/api/state").await.json()["viewers"].as_u64();
                (viewers <= Some(2)).then_some(())
            },
        )
        .await;
    }

    browser.web.switch_to_window(first).await.unwrap();
    let before = browser.js("return lab.store.end").await;
    browser
        .until(&format!("lab.store.end > {before} + 1"))
        .await;
    assert_eq!(browser.js("return lab.store.missed").await, json!(0));
}

/// The lab again, where it was before.
pub(crate) fn again(url: &str) -> Process {
    let again = format!("lab={}", url.trim_start_matches("http://"));
    let others = end_to_end::FREE_PORTS
        .chunks(2)
        .filter(|pair| !pair[1].starts_with("lab="));
    let others = others.flatten().copied();
    let flags: Vec<&str> = others.chain(["--listen", &again, "--plain"]).collect();
    Process::start(&flags)
}
