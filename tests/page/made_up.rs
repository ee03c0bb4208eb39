//! A made-up lab: the page's own files, and a run that is told as a lab tells it, of any size and length.
//!
//! `breaker-lab` runs at most 64 instances, and an hour takes an hour: here both are made up.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use end_to_end::repository;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// What is told of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MadeUp {
    pub(crate) instances: usize,
    pub(crate) hz: u32,
    /// Whether it goes on: without, only `hello` is told.
    pub(crate) live: bool,
}

/// The server. Ends when dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    /// Bytes of events that one viewer was sent.
    pub(crate) bytes: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(run: MadeUp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let bytes = Arc::new(AtomicU64::new(0));
        let sent = Arc::clone(&bytes);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sent = Arc::clone(&sent);
                tokio::spawn(async move { answer(stream, run, &sent).await });
            }
        });
        Self { url, bytes, task }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers one request and closes the connection. `None` when the other end has gone.
async fn answer(mut stream: TcpStream, run: MadeUp, sent: &AtomicU64) -> Option<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|it| it == b"\r\n\r\n") {
        let mut more = [0; 4096];
        let read = stream.read(&mut more).await.ok().filter(|it| *it > 0)?;
        head.extend_from_slice(&more[..read]);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split_whitespace().nth(1)?;
    let path = path.split('?').next()?;
    match path {
        "/api/events" => return events(stream, run, sent).await,
        "/api/state" => {
            return send(
                stream,
                "application/json",
                run.hello().to_string().as_bytes(),
            )
            .await;
        }
        "/api/scenarios" => {
            return send(stream, "application/json", b"[]").await;
        }
        "/api/coordination" => {
            return send(stream, "application/json", br#"{"mode":"local"}"#).await;
        }
        "/api/history" => return send(stream, "application/json", br#"{"ticks":[]}"#).await,
        _ => {}
    }
    let name = match path {
        "/" => "index.html",
        _ => path.strip_prefix("/page/")?,
    };
    let kind = match name.rsplit('.').next()? {
        "html" => "text/html",
        "css" => "text/css",
        "svg" => "image/svg+xml",
        _ => "text/javascript",
    };
    let web: PathBuf = repository().join("crates/lab/web");
    let text = std::fs::read(web.join(name)).expect("the page has the file");
    send(stream, kind, &text).await
}

async fn send(mut stream: TcpStream, kind: &str, body: &[u8]) -> Option<()> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body).await.ok()?;
    stream.shutdown().await.ok()
}

/// Tells the run as long as somebody listens.
async fn events(mut stream: TcpStream, run: MadeUp, sent: &AtomicU64) -> Option<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.ok()?;
    let hello = format!("id: 1-0\nevent: hello\ndata: {}\n\n", run.hello());
    stream.write_all(hello.as_bytes()).await.ok()?;
    let mut ticks = interval(Duration::from_secs(1) / run.hz);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut number = 0;
    loop {
        ticks.tick().await;
        if !run.live {
            continue;
        }
        number += 1;
        let mut event = format!("id: 1-{number}\nevent: tick\ndata: ");
        write!(event, "{}\n\n", run.tick(number)).expect("a string takes text");
        stream.write_all(event.as_bytes()).await.ok()?;
        sent.fetch_add(event.len() as u64, Ordering::Relaxed);
    }
}

/// From which tick on of a cycle an instance is in the next state, and how many ticks a cycle has.
const CYCLE: [(u64, &str, &str, &str); 3] = [
    (0, "closed", "open", "failure_ratio"),
    (15, "open", "half_open", "wait_elapsed"),
    (16, "half_open", "closed", "probes_succeeded"),
];
const CYCLE_TICKS: u64 = 30;

impl MadeUp {
    /// What a viewer is told first.
    pub(crate) fn hello(&self) -> Value {
        let breaker = json!({
            "consecutive_failures": 5, "failure_ratio": 0.5, "slow_ratio": null, "slow_over_s": null,
            "window_calls": 20, "window_s": null, "minimum_calls": 10, "open_for_s": 3.0,
            "max_open_for_s": 30.0, "permitted_probes": 1,
        });
        let instances = (0..self.instances).map(|place| {
            json!({
                "name": format!("I{place:02}"), "began": "closed", "url": "http://127.0.0.1:1",
                "breaker": breaker,
            })
        });
        json!({
            "v": 1, "run": "1", "version": "made up", "hz": self.hz, "viewers": 1, "most_viewers": 64,
            "t": 0, "transitions": 0, "seed": 7, "rate": 30 * self.instances, "until_s": null,
            "unhealthy_at": 0.5, "downstream": "http://127.0.0.1:2",
            "instances": instances.collect::<Vec<_>>(),
        })
    }

    /// A tick of a fleet that flaps: each instance opens, probes and closes by turns.
    fn tick(&self, number: u64) -> Value {
        let hz = f64::from(self.hz);
        #[expect(clippy::cast_precision_loss, reason = "ticks of one run")]
        let t = number as f64 / hz;
        let mut changes = Vec::new();
        let mut known = self.changes_before(number);
        let rows = (0..self.instances as u64).map(|place| {
            let at = (number + 7 * place) % CYCLE_TICKS;
            if let Some((_, from, to, cause)) = CYCLE.iter().find(|step| step.0 == at) {
                known += 1;
                let row = json!([
                    known,
                    place,
                    t - 0.01,
                    from,
                    to,
                    cause,
                    2,
                    20,
                    10,
                    0,
                    4,
                    3.0
                ]);
                changes.push(row);
            }
            let open = at < 15;
            json!([
                if open { 0 } else { 3 },
                u8::from(!open),
                if open { 3 } else { 0 },
                0,
                20,
                at % 11,
                0
            ])
        });
        let mut tick = json!({"t": t, "i": rows.collect::<Vec<_>>()});
        if !changes.is_empty() {
            tick["x"] = changes.into();
        }
        let second = u64::from(self.hz);
        if number.is_multiple_of(second) {
            let quantiles = (0..self.instances).map(|place| json!([1.5, 4 + place % 9]));
            tick["l"] = json!([[number / second - 1, quantiles.collect::<Vec<_>>()]]);
        }
        if number % 300 == 1 {
            tick["f"] = json!([[
                t,
                if number % 600 == 1 {
                    "healthy"
                } else {
                    "outage"
                }
            ]]);
            tick["p"] = json!([[t, if number % 600 == 1 { 0.0 } else { 0.8 }]]);
        }
        tick
    }

    /// How many transitions the ticks before `number` had, from the first one on.
    fn changes_before(&self, number: u64) -> u64 {
        let of = |place: u64| {
            let so_far = |ticks: u64| {
                let (cycles, rest) = (ticks / CYCLE_TICKS, ticks % CYCLE_TICKS);
                3 * cycles + CYCLE.iter().filter(|step| step.0 < rest).count() as u64
            };
            so_far(number + 7 * place) - so_far(1 + 7 * place)
        };
        (0..self.instances as u64).map(of).sum()
    }
}
