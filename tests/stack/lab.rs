//! The lab as a user starts it beside the stack, with a seed.

use std::time::Duration;

use end_to_end::{Client, Process, Series, Signal};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::checks::Checks;

/// The system in one process, at the ports of the README.
pub(crate) struct Lab {
    process: Process,
    page: Client,
}

impl Lab {
    pub(crate) async fn start() -> Self {
        let process = Process::start(&["--seed", "1", "--otlp-endpoint", "http://127.0.0.1:4318"]);
        let page = Client::new(process.url("  lab ").await);
        page.alive().await;
        Self { process, page }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it logged.
    pub(crate) fn log(&self) -> Vec<String> {
        self.process.log()
    }

    /// The metrics of its page, which knows the load and the export of traces.
    pub(crate) async fn metrics(&self) -> Series {
        self.page.metrics().await
    }

    /// How many spans came to this end.
    pub(crate) async fn spans(&self, outcome: &str) -> f64 {
        let label = format!("outcome=\"{outcome}\"");
        self.metrics()
            .await
            .sum("trace_export_spans_total", &[&label])
    }

    /// Calls whose caller leaves before the answer: the load generator waits longer than any instance.
    pub(crate) async fn meet_what_chance_may_not_bring(&self) {
        for _ in 0..100 {
            if let Ok(mut caller) = TcpStream::connect("127.0.0.1:8001").await {
                let request = b"GET /call HTTP/1.1\r\nhost: 127.0.0.1:8001\r\n\r\n";
                // On the way out it does not matter whether it was read.
                let _ = caller.write_all(request).await;
                sleep(Duration::from_millis(2)).await;
            }
        }
    }

    /// It ends well when it is interrupted, and had nothing to complain about but lost spans.
    pub(crate) async fn assert_ends(self, checks: &mut Checks) {
        self.process.signal(Signal::Interrupt);
        let ended = self.process.ended(Duration::from_secs(20)).await;
        checks.that(
            format!("the lab ends well: {}", ended.status),
            ended.status.success(),
        );
        let summary = ended
            .stdout
            .iter()
            .any(|line| line.starts_with("Summary of"));
        checks.that("the lab prints its summary", summary);
        let other = ended.stderr.iter().filter(|line| !line.contains("spans "));
        let other: Vec<_> = other.collect();
        checks.that(
            format!("the lab complains about nothing but lost spans: {other:?}"),
            other.is_empty(),
        );
    }
}
