//! The costs of the page, measured: bytes, CPU of browser and lab, weight, and time to the first paint.
//!
//! `cargo test -p end-to-end --test page -- --ignored measures --nocapture` prints the table. It takes two minutes and
//! needs a quiet machine; how much others ran meanwhile is printed beside it.

#![expect(
    clippy::cast_precision_loss,
    reason = "bytes and answers of some seconds"
)]
#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use end_to_end::{Client, FREE_PORTS, Process};
use tokio::time::{Instant, sleep, timeout};

use crate::browser::Browser;
use crate::family::{busy, family};
use crate::made_up::{MadeUp, Server};
use crate::viewer::Viewer;

/// How long CPU and bytes are counted.
const WATCHED: Duration = Duration::from_secs(20);
/// A turn of the lab with a viewer, or without one, and how many pairs of them there are.
const TURN: Duration = Duration::from_secs(2);
const PAIRS: usize = 12;
/// So many watch at once: what one of them costs is less than the machine's noise.
const VIEWERS: usize = 40;
/// No measurement takes longer: who measures on a quiet machine wants it back.
const LIMIT: Duration = Duration::from_secs(240);

/// What is measured, if that ends in time.
async fn bounded<T>(measured: impl Future<Output = T>) -> T {
    let measured = timeout(LIMIT, measured).await;
    measured.unwrap_or_else(|_| panic!("it takes longer than {LIMIT:?}"))
}

/// The share of one core that a family of processes takes in this span.
async fn cpu(of: u32, span: Duration) -> f64 {
    let (before, began) = (family(of), Instant::now());
    sleep(span).await;
    let after = family(of);
    let used = after
        .iter()
        .map(|(id, used)| used - before.get(id).unwrap_or(&0.0));
    used.sum::<f64>() / began.elapsed().as_secs_f64()
}

/// What the browser takes while it shows a page, and how often the page was told something.
async fn shown(what: &str, browser: &Browser) -> f64 {
    browser.until("lab.store && lab.store.end > 3").await;
    let ticks = "return lab.store.ticks.at.at(-1) * lab.store.hello.hz";
    let (before, others) = (browser.js(ticks).await.as_f64(), busy());
    let used = cpu(browser.id(), WATCHED).await;
    let after = browser.js(ticks).await.as_f64();
    let both = after.zip(before).expect("a number of ticks");
    let told = (both.0 - both.1) / WATCHED.as_secs_f64();
    let others = (busy() - others) / WATCHED.as_secs_f64() - used;
    println!(
        "| browser, {what} | {:.0} % of a core at {told:.1} updates/s (others: {:.0} %) |",
        100.0 * used,
        100.0 * others
    );
    used
}

#[tokio::test]
#[ignore = "it measures for two minutes, on a quiet machine"]
async fn measures_what_the_page_costs() {
    println!("| what | measured |\n|---|---|");
    let [live, unfolded] = bounded(async {
        three().await;
        hundred().await
    })
    .await;
    assert!(live < 0.5 && unfolded < 0.5, "{live} {unfolded}");
}

/// Three instances of a real lab.
async fn three() {
    let flags = ["--plain", "--seed", "7", "--faults", "preset:flapping"];
    let lab = Process::start(&[&FREE_PORTS, &flags[..]].concat());
    let url = lab.url("  lab ").await;
    let (_, mut viewer) = Viewer::at(&url, None).await;
    viewer.next_named("history").await;
    let bytes = viewer.bytes_in(WATCHED).await;
    println!(
        "| stream, 3 instances at 10/s | {:.1} kB/s |",
        kilobytes(bytes)
    );
    drop(viewer);
    let browser = Browser::at(&url).await;
    loads(&browser).await;
    shown("3 instances at 10/s", &browser).await;
    let used = cpu(lab.id(), WATCHED / 2).await;
    println!(
        "| lab (this build), 3 instances, 90 calls/s, one page | {:.0} % of a core |",
        100.0 * used
    );
}

/// A hundred, made up: in groups, and with a group unfolded.
async fn hundred() -> [f64; 2] {
    let run = MadeUp {
        instances: 100,
        hz: 5,
        live: true,
    };
    let server = Server::start(run).await;
    let browser = Browser::at(&server.url).await;
    let before = server.bytes.load(Ordering::Relaxed);
    let began = Instant::now();
    let live = shown("100 instances at 5/s", &browser).await;
    let bytes = server.bytes.load(Ordering::Relaxed) - before;
    let a_second = bytes as f64 / began.elapsed().as_secs_f64();
    println!(
        "| stream, 100 instances at 5/s | {:.1} kB/s |",
        a_second / 1e3
    );
    browser.press("Enter").await;
    [
        live,
        shown("100 instances, a group unfolded", &browser).await,
    ]
}

fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / WATCHED.as_secs_f64() / 1e3
}

/// How heavy the page is, and how soon something is seen.
async fn loads(browser: &Browser) {
    browser
        .until("lab.store && performance.getEntriesByName('drawn').length")
        .await;
    let seen = browser
        .js(
            "const paint = performance.getEntriesByName('first-contentful-paint')[0]; \
             const all = [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')] \
               .filter((it) => !it.name.includes('/api/')); \
             return [all.length, all.reduce((sum, it) => sum + it.encodedBodySize, 0), paint?.startTime, \
                     performance.getEntriesByName('drawn')[0].startTime]",
        )
        .await;
    let number = |place: usize| seen[place].as_f64().unwrap_or(f64::NAN);
    println!("| page | {} files, {:.0} kB |", number(0), number(1) / 1e3);
    println!(
        "| first paint | {:.0} ms; charts drawn after {:.0} ms |",
        number(2),
        number(3)
    );
}

/// Calls an instance in a closed loop until it is dropped, and counts the answers.
struct Callers {
    answers: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Callers {
    fn of(instance: &Client, number: usize) -> Self {
        let answers = Arc::new(AtomicU64::new(0));
        let tasks = (0..number).map(|_| {
            let (instance, answers) = (instance.clone(), Arc::clone(&answers));
            tokio::spawn(async move {
                loop {
                    if instance.try_get("/call").await.is_some() {
                        answers.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        });
        Self {
            tasks: tasks.collect(),
            answers,
        }
    }
}

impl Drop for Callers {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

fn quartiles(mut of: Vec<f64>) -> [f64; 3] {
    of.sort_by(f64::total_cmp);
    [of[of.len() / 4], of[of.len() / 2], of[3 * of.len() / 4]]
}

/// Answers a second, and answers a second of the lab's CPU, in one turn.
async fn turn(lab: &Process, callers: &Callers) -> [f64; 2] {
    let used = || family(lab.id())[&lab.id()];
    let answers = || callers.answers.load(Ordering::Relaxed);
    let (before, since) = ((used(), answers()), Instant::now());
    sleep(TURN).await;
    let answered = (answers() - before.1) as f64;
    [
        answered / since.elapsed().as_secs_f64(),
        answered / (used() - before.0),
    ]
}

/// The same while streams of pages are read.
async fn viewed_turn(lab: &Process, callers: &Callers, url: &str) -> [f64; 2] {
    let mut watching = Vec::new();
    for _ in 0..VIEWERS {
        let (_, mut viewer) = Viewer::at(url, None).await;
        viewer.next_named("history").await;
        watching.push(tokio::spawn(async move { viewer.bytes_in(2 * TURN).await }));
    }
    let measured = turn(lab, callers).await;
    watching.iter().for_each(tokio::task::JoinHandle::abort);
    gone(url).await;
    measured
}

/// Waits until the lab has seen that its viewers are gone, so that the next ones have their places.
async fn gone(url: &str) {
    let lab = Client::new(url.to_owned());
    let left = async {
        while lab.get("/api/state").await.json()["viewers"] != 0 {
            sleep(TURN / 40).await;
        }
    };
    timeout(5 * TURN, left).await.expect("the viewers are gone");
}

#[tokio::test]
#[ignore = "it measures for a minute, on a quiet machine"]
async fn measures_the_labs_throughput_with_viewers_beside_without() {
    bounded(throughput()).await;
}

async fn throughput() {
    let lab = Process::start(&[&FREE_PORTS, &["--plain", "--seed", "7"][..]].concat());
    let url = lab.url("  lab ").await;
    let callers = Callers::of(&Client::new(lab.url("instance A").await), 4);
    sleep(TURN).await;
    let mut ratios: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    let mut alone: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    let (before, began) = (busy(), Instant::now());
    for pair in 0..PAIRS {
        // Who is first changes, so that a drift of the machine favours nobody.
        let (with, without) = if pair % 2 == 0 {
            let with = viewed_turn(&lab, &callers, &url).await;
            (with, turn(&lab, &callers).await)
        } else {
            let without = turn(&lab, &callers).await;
            (viewed_turn(&lab, &callers, &url).await, without)
        };
        for place in 0..2 {
            ratios[place].push(with[place] / without[place]);
            alone[place].push(without[place]);
        }
    }
    let all = 100.0 * (busy() - before) / began.elapsed().as_secs_f64();
    println!(
        "{PAIRS} pairs of {TURN:?}; all processes of the machine together took {all:.0} % of a core"
    );
    println!(
        "| median | without viewers | with {VIEWERS} viewers, of that | middle half | with one |"
    );
    println!("|---|---|---|---|---|");
    let names = ["throughput", "throughput for the lab's CPU"];
    let units = ["answers/s", "answers per second of CPU"];
    for (place, (ratios, alone)) in ratios.into_iter().zip(alone).enumerate() {
        let [what, unit] = [names[place], units[place]];
        let [low, middle, high] = quartiles(ratios).map(|ratio| 100.0 * ratio);
        let [_, usual, _] = quartiles(alone);
        let one = 100.0 - (100.0 - middle) / VIEWERS as f64;
        println!(
            "| {what} | {usual:.0} {unit} | {middle:.1} % | {low:.1} to {high:.1} % | {one:.2} % |"
        );
    }
}
