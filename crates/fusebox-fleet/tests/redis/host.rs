//! The faults of a server as the host's breakers see them: no caller waits, every instance is alone within three
//! seconds, nothing stays open or closed because of the fault, and all join again by themselves. Nothing that the
//! host reports contains a password.
//!
//! Each fault comes once to a closed fleet and once to an open one. The cases run side by side; each wait ends
//! as soon as what it waits for is there.

#![expect(
    clippy::print_stderr,
    reason = "the figures of each case, for whoever wants them"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusebox::{Breaker, Config, HoldStage, State, Verdict};
use fusebox_fleet::engine::redis::Redis;
use fusebox_fleet::host::{Apart, FleetEvent, Host, Participant, RuntimeClock, Status};
use fusebox_fleet::{BreakerKey, InstanceId, Mode, Settings};
use tokio::time::{Instant, sleep};

use crate::server::Server;

const MS: Duration = Duration::from_millis(1);
const PASSWORD: &str = "hunter2";
/// The longest time that an answer of the engine may take. A caller that waited for the server would wait at least
/// that long.
const ENGINE_TIMEOUT: Duration = Duration::from_millis(250);
const STALE_AFTER: Duration = Duration::from_millis(900);
/// The promise about the fallback: `stale_after` with its defaults.
const ALONE_WITHIN: Duration = Duration::from_secs(3);
/// What a busy machine may need for everything else.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a server suffers.
struct Fault {
    name: &'static str,
    begin: fn(&mut Server),
    end: fn(&mut Server),
    engine: Engine,
}

/// What becomes of the engine while the fault lasts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Engine {
    /// It is not available.
    Away,
    /// It answers again at once.
    Back,
}

const FAULTS: [Fault; 7] = [
    Fault {
        name: "killed, and started again empty",
        begin: Server::kill,
        end: Server::start_again,
        engine: Engine::Away,
    },
    Fault {
        name: "frozen",
        begin: |server| server.freeze(),
        end: |server| server.thaw(),
        engine: Engine::Away,
    },
    Fault {
        name: "emptied",
        begin: |server| server.admin(&["FLUSHALL"]),
        end: |_| {},
        engine: Engine::Back,
    },
    Fault {
        name: "connections ended",
        begin: end_connections,
        end: end_connections,
        engine: Engine::Back,
    },
    Fault {
        name: "memory full",
        begin: |server| server.admin(&["CONFIG", "SET", "maxmemory", "1"]),
        end: |server| server.admin(&["CONFIG", "SET", "maxmemory", "0"]),
        engine: Engine::Away,
    },
    Fault {
        name: "password changed",
        begin: |server| set_password(server, "another"),
        end: |server| set_password(server, PASSWORD),
        engine: Engine::Away,
    },
    Fault {
        name: "read-only replica",
        // Nobody listens on the port of the primary.
        begin: |server| server.admin(&["REPLICAOF", "127.0.0.1", "1"]),
        end: |server| server.admin(&["REPLICAOF", "NO", "ONE"]),
        engine: Engine::Away,
    },
];

fn end_connections(server: &mut Server) {
    for kind in ["normal", "pubsub"] {
        server.admin::<()>(&["CLIENT", "KILL", "TYPE", kind]);
    }
}

fn set_password(server: &mut Server, password: &str) {
    let password = format!(">{password}");
    server.admin::<()>(&["ACL", "SETUSER", "fusebox", "resetpass", &password]);
    end_connections(server);
}

fn server() -> Server {
    let password = format!(">{PASSWORD}");
    Server::with(&[
        "--user", "fusebox", "on", &password, "~cb:{*", "&cb:{*", "+@all",
    ])
}

struct Instance {
    host: Host,
    participant: Participant,
    breaker: Breaker,
}

/// Three instances, each with a connection of its own, and the calls that they make.
struct Fleet {
    all: Vec<Instance>,
    is_well: bool,
    longest: Duration,
    told: Arc<Mutex<Vec<String>>>,
}

impl Fleet {
    async fn join(server: &Server) -> Self {
        let told = Arc::new(Mutex::new(Vec::new()));
        let instance = |name| Instance::join(name, server.port(), &told);
        let mut fleet = Self {
            all: ["a", "b", "c"].map(instance).into(),
            is_well: true,
            longest: Duration::ZERO,
            told,
        };
        fleet.until("all have joined", Self::is_together).await;
        fleet
    }

    /// Calls go on until it has come to that. Returns how long it took.
    async fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) -> Duration {
        let began = Instant::now();
        while !wanted(self) {
            assert!(
                began.elapsed() < PATIENCE,
                "never: {what}. {:#?}",
                self.statuses()
            );
            for one in &self.all {
                self.longest = self.longest.max(one.call(self.is_well));
            }
            self.listen();
            sleep(5 * MS).await;
        }
        began.elapsed()
    }

    fn listen(&self) {
        for one in &self.all {
            let text = format!(
                "{:?} {:?} {:?}",
                one.host,
                one.participant.status(),
                one.breaker
            );
            let trouble = one.participant.status().trouble;
            let shown = trouble
                .map(|trouble| format!("{trouble} {trouble:?}"))
                .unwrap_or_default();
            for text in [text, shown] {
                assert!(!text.contains(PASSWORD), "the password is told: {text}");
            }
        }
        for event in self.told.lock().unwrap().iter() {
            assert!(!event.contains(PASSWORD), "the password is told: {event}");
        }
    }

    fn statuses(&self) -> Vec<(State, Status)> {
        let status = |one: &Instance| (one.breaker.state(), one.participant.status());
        self.all.iter().map(status).collect()
    }

    fn all(&self, wanted: impl Fn(State, &Status) -> bool) -> bool {
        self.statuses()
            .iter()
            .all(|(state, status)| wanted(*state, status))
    }

    fn is_together(&self) -> bool {
        self.all(|_, status| {
            let voters = status.view.map_or(0, |view| view.votes.voters);
            status.apart.is_none() && status.is_fresh && status.engine_up && voters == 3
        })
    }

    fn is_alone(&self) -> bool {
        self.all(|_, status| status.apart == Some(Apart::Stale) && !status.engine_up)
    }

    fn is_closed(&self) -> bool {
        self.all(|state, status| state == State::Closed && status.stage.is_none())
    }

    fn is_not_closed(&self) -> bool {
        self.all(|state, _| state != State::Closed)
    }

    /// By the fleet's verdict, or by their own rules.
    fn is_open_together(&self) -> bool {
        let open = |status: &Status| status.view.is_some_and(|view| view.verdict.is_open());
        self.all(|state, status| state != State::Closed && status.is_fresh && open(status))
            && self
                .statuses()
                .iter()
                .any(|(_, status)| status.stage == Some(HoldStage::Held))
    }

    async fn opens(&mut self) {
        self.is_well = false;
        self.until("the fleet is open", Self::is_open_together)
            .await;
    }

    async fn closes(&mut self, what: &str) {
        self.is_well = true;
        self.until(what, Self::is_closed).await;
    }
}

impl Instance {
    fn join(name: &str, port: u16, told: &Arc<Mutex<Vec<String>>>) -> Self {
        let config = Config::builder()
            .without_failure_rate()
            .consecutive_failures(60)
            .open_for(400 * MS)
            .jitter(0.0);
        let settings = Settings::builder(Mode::Quorum)
            .heartbeat(100 * MS)
            .engine_timeout(ENGINE_TIMEOUT)
            .stale_after(STALE_AFTER)
            .suspicion_run(3)
            .open_for(400 * MS)
            .probe_timeout(100 * MS)
            .stagger(100 * MS);
        let address = format!("redis://fusebox:{PASSWORD}@127.0.0.1:{port}");
        let engine = Redis::new(address.parse().unwrap());
        assert!(!format!("{engine:?} {}", engine.address()).contains(PASSWORD));
        let told = Arc::clone(told);
        let host = Host::builder(InstanceId::new(name).unwrap(), Arc::new(engine))
            .listener(move |key: &BreakerKey, event: &FleetEvent| {
                told.lock().unwrap().push(format!("{key} {event:?}"));
            })
            .build();
        let breaker = Breaker::with_clock(name, config.build().unwrap(), RuntimeClock::new());
        let key = BreakerKey::new("db").unwrap();
        let participant = host.join(key, breaker.clone(), settings.build().unwrap());
        Self {
            participant: participant.unwrap(),
            host,
            breaker,
        }
    }

    /// How long the caller took to be let through or rejected.
    fn call(&self, is_well: bool) -> Duration {
        let began = Instant::now();
        let permit = self.breaker.try_acquire();
        let took = began.elapsed();
        if let Ok(permit) = permit {
            permit.end(if is_well {
                Verdict::Success
            } else {
                Verdict::Failure { retry_after: None }
            });
        }
        took
    }
}

/// What was measured in one case.
struct Measured {
    alone_after: Option<Duration>,
    together_after: Duration,
    longest_call: Duration,
}

async fn survives(fault: &Fault, open: bool) -> Measured {
    let mut server = server();
    let mut fleet = Fleet::join(&server).await;
    if open {
        fleet.opens().await;
    }

    (fault.begin)(&mut server);
    let mut alone_after = None;
    if fault.engine == Engine::Away {
        alone_after = Some(fleet.until("all are alone", Fleet::is_alone).await);
        let is_held = |fleet: &Fleet| !fleet.all(|_, status| status.stage.is_none());
        assert!(!is_held(&fleet), "an engine that is away holds a breaker");
    }
    if !open {
        assert!(fleet.is_closed(), "the fault opened a breaker");
        fleet.is_well = false;
        fleet.until("own rules open", Fleet::is_not_closed).await;
    }
    fleet.closes("own rules close").await;
    (fault.end)(&mut server);

    let together_after = fleet
        .until("all are together again", Fleet::is_together)
        .await;
    assert!(fleet.is_closed(), "the end of the fault opened a breaker");
    fleet.opens().await;
    fleet.closes("the fleet closes").await;
    Measured {
        alone_after,
        together_after,
        longest_call: fleet.longest,
    }
}

#[test]
fn no_fault_of_the_server_reaches_a_caller_or_keeps_a_breaker_as_it_was() {
    let cases = FAULTS
        .iter()
        .flat_map(|fault| [(fault, false), (fault, true)]);
    let runs: Vec<_> = cases
        .map(|(fault, open)| {
            let run = move || {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_all().build().unwrap();
                runtime.block_on(survives(fault, open))
            };
            let name = format!("{}, {}", fault.name, if open { "open" } else { "closed" });
            (
                name.clone(),
                std::thread::Builder::new().name(name).spawn(run).unwrap(),
            )
        })
        .collect();
    for (case, run) in runs {
        let measured = run.join().unwrap_or_else(|_| panic!("case: {case}"));
        let Measured {
            alone_after,
            together_after,
            longest_call,
        } = measured;
        // Fault, time until all were alone, time until all were together again, longest call.
        eprintln!(
            "| {case} | {} | {together_after:.0?} | {longest_call:.0?} |",
            alone_after.map_or_else(|| "-".to_owned(), |time| format!("{time:.0?}")),
        );
        assert!(
            alone_after.is_none_or(|time| time < ALONE_WITHIN),
            "{case}: {alone_after:?}"
        );
        assert!(
            longest_call < ENGINE_TIMEOUT,
            "{case}: a call took {longest_call:?}"
        );
    }
}
