//! The load generator, which keeps to its plan, whatever the answers.
//!
//! It is an open loop by default: the profile and the seed alone decide when each request leaves. A slow instance
//! does not slow the load down, just as it would not slow down independent users. Response times count from the
//! planned instant, so that no wait is left out.
//!
//! | file | what it holds |
//! |---|---|
//! | `pacer` | the open loop: each request leaves at its planned instant |
//! | `closed_loop` | the closed loop: the answers set the pace |
//! | `lane` | the connections to one target |
//! | `load_control` | another rate, a pause or another plan during the run |
//! | `next_attempt`, `reminder` | retries: whether there is one, and the wait before it |
//! | `job`, `account` | one request under way; all requests of one target |
//! | `connection`, `request` | one exchange, and what is sent |
//! | `record` | what the clients saw, behind its lock |
//! | `load_process` | the generator in a process of its own |
//! | `plan_view`, `display`, `report`, `output` | what is shown and written: plan, progress, result |
//! | `rates` | rates from a file, to be replayed |
//! | `metrics` | the exported metrics |

mod account;
mod closed_loop;
mod connection;
mod display;
mod job;
mod lane;
mod load_control;
pub(crate) mod load_process;
mod metrics;
mod next_attempt;
mod output;
mod pacer;
mod plan_view;
mod rates;
mod record;
mod reminder;
mod report;
mod request;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use experiment::load::{DRAIN_MARGIN, LoadResult, Performed, Phases, Profile, Schedule};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use telemetry::trace::Tracer;

use crate::client::Names;
use crate::settings::{BaseUrl, Named};
use crate::shortage::Shortage;
use crate::shutdown::Shutdown;
use crate::timer::Sleeper;
use account::Account;
use closed_loop::ClosedLoop;
use connection::Endpoint;
use lane::Lane;
pub(crate) use load_control::{LoadChange, LoadControl, LoadView};
pub(crate) use metrics::LoadCollector;
use next_attempt::NextAttempts;
use pacer::Pacer;
pub(crate) use rates::read_rates;
pub(crate) use record::{EndedCall, Record};
use reminder::Reminder;
use request::Requests;

/// The name of the load generator in traces.
pub(crate) const LOAD_SERVICE: &str = "load-generator";
/// How often it is checked whether there are any.
const DRAIN_STEP: Duration = Duration::from_millis(2);

/// A load generator, ready to run.
pub(crate) struct Generator {
    targets: Vec<Named<BaseUrl>>,
    profile: Profile,
    seed: u64,
    phases: Phases,
    record: Arc<Record>,
    shortage: Arc<OnceLock<Shortage>>,
    tracer: Tracer,
    /// The place where the load can be changed.
    control: Option<LoadControl>,
}

impl Generator {
    /// Makes a generator for `targets`, in whose order `record` keeps the figures of these phases.
    pub(crate) fn new(
        targets: &[Named<BaseUrl>],
        profile: &Profile,
        seed: u64,
        phases: Phases,
        record: Arc<Record>,
    ) -> Self {
        Self {
            targets: targets.to_vec(),
            profile: profile.clone(),
            seed,
            phases,
            record,
            shortage: Arc::default(),
            tracer: Tracer::default(),
            control: None,
        }
    }

    /// Makes a generator that follows `control` while it runs. Without an end it goes on even when its plan is over,
    /// because another plan may be requested.
    pub(crate) fn led_by(
        control: LoadControl,
        targets: &[Named<BaseUrl>],
        phases: Phases,
        record: Arc<Record>,
    ) -> Self {
        let demand = control.demand();
        Self {
            control: Some(control),
            ..Self::new(targets, &demand.profile, demand.seed, phases, record)
        }
    }

    /// Begins a trace with each attempt that `tracer` samples.
    pub(crate) fn traced_by(mut self, tracer: Tracer) -> Self {
        self.tracer = tracer;
        self
    }

    /// Sends everything that is planned before `until`, or until the shutdown, and then waits for requests under way:
    /// as long as their clients would, but only briefly after the shutdown. Every planned request is in the result;
    /// [`LoadResult::check`] proves it.
    pub(crate) async fn run(self, mut shutdown: Shutdown, until: Option<Duration>) -> LoadResult {
        let (lanes, reminder) = self.lanes();
        let mut helpers = JoinSet::new();
        helpers.spawn(reminder.run());
        let began = Instant::now();
        self.record.begin(began);
        // In a closed loop, the clients; they are ended with what they hold.
        let mut clients = JoinSet::new();
        let duration = match self.profile.connections {
            None => {
                let mut pacer = self.pacer(&lanes);
                pacer.run(began, until, &mut shutdown).await
            }
            Some(count) => {
                let shared = ClosedLoop {
                    schedule: Mutex::new(self.schedule()),
                    lanes: lanes.clone(),
                    phases: self.phases.clone(),
                    least_loaded: self.profile.chooses_late(),
                    sleeper: Sleeper::new(),
                    demand: self.control.as_ref().map(LoadControl::changes),
                };
                shared
                    .run(count, began, until, &mut shutdown, &mut clients)
                    .await
            }
        };
        self.record.close(duration);
        let missed = drain(&lanes, self.profile.drain_time(), &mut shutdown).await;
        helpers.shutdown().await;
        clients.shutdown().await;
        for lane in &lanes {
            lane.close().await;
        }
        // Without a time that was asked for, a signal is the end of the run.
        let cut_short = until.is_some_and(|until| missed || duration < until);
        self.result(duration, cut_short)
    }

    fn lanes(&self) -> (Vec<Arc<Lane>>, Reminder) {
        let profile = &self.profile;
        let most_waiting = usize::try_from(profile.queue).unwrap_or(usize::MAX);
        let (attempts, received) = NextAttempts::new(&profile.retries, most_waiting);
        let attempts = Arc::new(attempts);
        let lanes = self.targets.iter().enumerate().map(|(place, target)| {
            let url = target.value.join(&profile.path);
            let host = url.host_str().unwrap_or_default();
            let endpoint = Endpoint {
                // An IPv6 address stands in brackets.
                host: host.trim_matches(['[', ']']).to_owned(),
                port: url.port_or_known_default().unwrap_or(80),
                // A sequence of its own, so that an unresolved name delays no other target.
                names: Names::of_system(),
                patience: profile.timeout.0,
                open: self.record.connections(place).clone(),
                reached: Arc::default(),
                shortage: Arc::clone(&self.shortage),
            };
            Arc::new(Lane::new(
                Account::new(place, Arc::clone(&self.record)),
                endpoint,
                Requests::new(&url, self.tracer.clone()),
                Arc::clone(&attempts),
                [profile.max_connections, profile.queue],
            ))
        });
        let lanes: Vec<Arc<Lane>> = lanes.collect();
        let reminder = Reminder {
            attempts,
            received,
            lanes: lanes.clone(),
        };
        (lanes, reminder)
    }

    fn pacer(&self, lanes: &[Arc<Lane>]) -> Pacer {
        let usual = LoadControl::new(&self.profile, self.seed);
        let changes = self.control.as_ref().map(LoadControl::changes);
        let names = self.targets.iter().map(|target| target.name.clone());
        Pacer::new(
            (&usual.demand(), changes),
            (names.collect(), lanes.to_vec()),
            self.phases.clone(),
        )
    }

    fn schedule(&self) -> Schedule {
        let names: Vec<&str> = self.targets.iter().map(|target| &*target.name).collect();
        Schedule::new(self.seed, &self.profile, &names)
    }

    fn result(&self, duration: Duration, cut_short: bool) -> LoadResult {
        self.record.result(&Performed {
            seed: self.seed,
            digest: self.schedule().digest(),
            profile: &self.profile,
            phases: &self.phases,
            duration,
            cut_short,
            own_shortage: self.shortage.get().map(|it| it.words().to_owned()),
        })
    }
}

/// Waits until nothing is under way, for `longest` at most, and after the shutdown only for [`DRAIN_MARGIN`]. Returns
/// whether answers were still due when the shutdown ended the wait.
///
/// The count is closed late rather than early: a request that its client would have waited for would count as one
/// without an answer, and make `max` and the mean of a sound run infinite.
async fn drain(lanes: &[Arc<Lane>], longest: Duration, shutdown: &mut Shutdown) -> bool {
    let ended = async {
        while lanes.iter().any(|lane| lane.under_way() > 0) {
            sleep(DRAIN_STEP).await;
        }
    };
    let told = async {
        shutdown.begun().await;
        sleep(DRAIN_MARGIN).await;
    };
    tokio::select! {
        () = ended => false,
        () = sleep(longest) => false,
        () = told => true,
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator")
            .field("targets", &self.targets)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}
