//! Who calls the instances? A generator with a rate of its own, whatever the answers.
//!
//! Open loop: requests leave at random instants (a Poisson process) at a given mean rate, each to
//! an instance drawn at random. A slow instance does not slow the load down, as it would not slow
//! down independent users.

mod arrivals;
mod record;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Url};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use arrivals::Arrivals;
pub(crate) use record::{Record, Reply, TargetFigures};

use telemetry::trace::{ClientSpan, Target, Tracer, attributes};

use crate::client::client;
use crate::settings::{BaseUrl, Load, Named};
use crate::shutdown::Shutdown;

/// The name of the load generator in traces.
pub(crate) const LOAD_SERVICE: &str = "load-generator";
/// Requests under way at once; further ones are shed, and counted.
const IN_FLIGHT: usize = 1024;
/// How long answers under way may take once the shutdown has begun.
const DRAIN_TIME: Duration = Duration::from_millis(300);

/// A load generator, ready to run.
pub(crate) struct Generator {
    targets: Vec<(Url, Target)>,
    settings: Load,
    arrivals: Arrivals,
    client: Client,
    record: Arc<Record>,
    tracer: Tracer,
}

impl Generator {
    /// A generator for `targets`, in whose order `record` keeps the figures.
    pub(crate) fn new(
        targets: &[Named<BaseUrl>],
        settings: Load,
        seed: u64,
        record: Arc<Record>,
    ) -> Self {
        Self {
            arrivals: Arrivals::new(seed, settings.rate, targets.len()),
            targets: targets
                .iter()
                .map(|target| target.value.join("call"))
                .map(|url| (url.clone(), Target::new(url.as_str())))
                .collect(),
            settings,
            client: client(),
            record,
            tracer: Tracer::default(),
        }
    }

    /// Begins a trace with each request that `tracer` samples.
    pub(crate) fn traced_by(mut self, tracer: Tracer) -> Self {
        self.tracer = tracer;
        self
    }

    /// Sends requests until the shutdown, then waits a little for those under way.
    pub(crate) async fn run(mut self, mut shutdown: Shutdown) {
        let slots = Arc::new(Semaphore::new(IN_FLIGHT));
        let mut under_way = JoinSet::new();
        let began = Instant::now();
        while let Some((planned, target)) = self.arrivals.next() {
            tokio::select! {
                () = sleep_until(began + planned) => {}
                () = shutdown.begun() => break,
            }
            while under_way.try_join_next().is_some() {}
            match Arc::clone(&slots).try_acquire_owned() {
                Err(_) => self.record.shed(target),
                Ok(slot) => {
                    let request = self.request(target);
                    under_way.spawn(async move {
                        request.await;
                        drop(slot);
                    });
                }
            }
        }
        let ended = timeout(DRAIN_TIME, async {
            while under_way.join_next().await.is_some() {}
        });
        if ended.await.is_err() {
            under_way.shutdown().await;
        }
    }

    fn request(&self, target: usize) -> impl Future<Output = ()> + Send + 'static {
        let (url, described) = &self.targets[target];
        let mut headers = HeaderMap::new();
        let span = self.tracer.request(described, &mut headers);
        let request = self.client.get(url.clone()).headers(headers);
        let record = Arc::clone(&self.record);
        let limit = self.settings.timeout.0;
        async move {
            let began = Instant::now();
            let answer = exchange(request, limit).await;
            record.answered(target, answer.reply(), began.elapsed());
            if let Some(span) = span {
                answer.tell(span);
            }
        }
    }
}

/// How one request ended.
enum Answer {
    Status { status: u16, from_breaker: bool },
    TimedOut,
    NotConnected,
    BrokenOff,
}

async fn exchange(request: RequestBuilder, limit: Duration) -> Answer {
    let response = match timeout(limit, request.send()).await {
        Err(_) => return Answer::TimedOut,
        Ok(Err(error)) if error.is_connect() => return Answer::NotConnected,
        Ok(Err(_)) => return Answer::BrokenOff,
        Ok(Ok(response)) => response,
    };
    let from_breaker = response.headers().contains_key("x-breaker-state");
    let status = response.status().as_u16();
    // Read to the end, so that the connection can be used again.
    match timeout(limit, response.bytes()).await {
        Ok(Ok(_)) => Answer::Status {
            status,
            from_breaker,
        },
        Ok(Err(_)) => Answer::BrokenOff,
        Err(_) => Answer::TimedOut,
    }
}

impl Answer {
    fn reply(&self) -> Reply {
        match *self {
            Self::Status {
                status,
                from_breaker,
            } => Reply::of(status, from_breaker),
            Self::TimedOut => Reply::TimedOut,
            Self::NotConnected | Self::BrokenOff => Reply::Unreachable,
        }
    }

    fn tell(&self, span: ClientSpan) {
        match self {
            Self::Status { status, .. } => span.answered(*status),
            Self::TimedOut => span.failed(attributes::TIMEOUT),
            Self::NotConnected => span.failed(attributes::CONNECT),
            Self::BrokenOff => span.failed(attributes::CONNECTION),
        }
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator")
            .field("targets", &self.targets)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
