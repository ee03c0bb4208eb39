//! Tests that the scripts on a real server decide what the [`Ledger`] decides, at the same instants.
//!
//! The function `now` in front of the scripts is replaced here by one that reads a key, so that a test sets the time.
//! Everything else runs as in production; the suite in `tests/redis` runs with the server's own clock.

mod history;
#[expect(dead_code, reason = "tests of faults use the rest")]
#[path = "../../../tests/redis/server.rs"]
mod server;

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::runtime::Runtime;

use self::history::{Scene, Step, history, trickle};
use self::server::Server;
use super::Redis;
use crate::command::Order;
use crate::engine::{Engine, EngineError, Operator};
use crate::ledger::Ledger;
use crate::message::{AcquireRefused, Fenced};
use crate::mode::Mode;
use crate::name::BreakerKey;
use crate::number::Incarnation;

/// The time of a test: its keys end in the year 2096, and it is exact in Lua.
const BEGIN: u64 = 4_000_000_000_000_000;

const TEST_CLOCK: &str =
    "local function now() return tonumber(redis.call('GET', KEYS[1] .. ':now')) end\n";

fn engine(server: &Server) -> Redis {
    let address = format!("redis://127.0.0.1:{}?timeout=10s", server.port());
    Redis::with_clock(address.parse().unwrap(), TEST_CLOCK)
}

fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    script: &T,
    ledger: &T,
) -> Result<(), TestCaseError> {
    if script == ledger {
        return Ok(());
    }
    Err(TestCaseError::fail(format!(
        "{what}\nscript {script:#?}\nledger {ledger:#?}"
    )))
}

/// One breaker key, in both.
struct Both<'a> {
    server: &'a mut redis::Connection,
    engine: &'a Redis,
    key: BreakerKey,
    ledger: Ledger,
    now: u64,
}

impl Both<'_> {
    fn set_time(&mut self) -> Duration {
        let key = format!("cb:{{{}}}:now", self.key);
        redis::cmd("SET")
            .arg(key)
            .arg(self.now)
            .exec(self.server)
            .unwrap();
        Duration::from_micros(self.now)
    }

    async fn take(&mut self, scene: &mut Scene, step: &Step) -> Result<(), TestCaseError> {
        self.take_after(step.passes, scene, step).await
    }

    async fn take_after(
        &mut self,
        passes: u64,
        scene: &mut Scene,
        step: &Step,
    ) -> Result<(), TestCaseError> {
        self.now += passes;
        let now = self.set_time();
        let view = self.ledger.view(now);
        let (engine, key, ledger) = (self.engine, &self.key, &mut self.ledger);
        match &step.verb {
            history::Verb::Report(said) => {
                let report = scene.report(said, view);
                let answer = engine.report(key, &report).await.map_err(refused);
                same("report", &answer, &ledger.report(now, &report).map_err(Ok))
            }
            history::Verb::Acquire(said) => {
                let ask = Scene::ask(said, view);
                let answer = engine.acquire(key, &ask).await.map_err(refused);
                let expected = ledger.acquire(now, &ask).map_err(Ok);
                scene.remember(&ask, &expected);
                same("acquire", &answer, &expected)
            }
            history::Verb::Settle(said) => {
                let settlement = scene.settlement(said);
                let answer = engine.settle(key, &settlement).await.map_err(refused);
                same(
                    "settle",
                    &answer,
                    &ledger.settle(now, &settlement).map_err(Ok),
                )
            }
            history::Verb::Leave(who) => {
                let sender = Scene::sender(*who);
                let answer = engine.leave(key, &sender).await;
                ledger.leave(now, &sender);
                same("leave", &answer, &Ok(()))
            }
            history::Verb::Order(order) => {
                let answer = engine.order(key, *order).await;
                same("order", &answer, &Ok(ledger.order(now, *order)))
            }
        }?;
        let seen = self.engine.peek(&self.key).await;
        same("peek", &seen, &Ok(self.ledger.peek(now)))
    }
}

fn refused<R>(error: EngineError<R>) -> Result<R, EngineError<R>> {
    match error {
        EngineError::Refused(why) => Ok(why),
        unavailable @ EngineError::Unavailable(_) => Err(unavailable),
    }
}

fn agree_in(mode: Mode) {
    let scene = |case: u32| Scene::new(mode, [1.0, 1.5, 2.0][case as usize % 3]);
    agree(1, history(), scene);
}

/// Runs this many times as many cases as usual.
fn agree(often: u32, histories: impl Strategy<Value = Vec<Step>>, scene: impl Fn(u32) -> Scene) {
    let server = Server::start();
    let runtime = Runtime::new().unwrap();
    let engine = engine(&server);
    let client = redis::Client::open(("127.0.0.1", server.port())).unwrap();
    let connection = RefCell::new(client.get_connection().unwrap());
    let count = AtomicU32::new(0);
    let usual = Config::default();
    let mut runner = TestRunner::new(Config {
        cases: usual.cases * often / 8, // each is some dozens of round trips
        failure_persistence: None,
        ..usual
    });
    let run = runner.run(&histories, |steps| {
        let case = count.fetch_add(1, Ordering::Relaxed);
        let mut both = Both {
            server: &mut connection.borrow_mut(),
            engine: &engine,
            key: BreakerKey::new(&format!("case-{case}")).unwrap(),
            ledger: Ledger::new(Incarnation::new(BEGIN)),
            now: BEGIN,
        };
        let mut scene = scene(case);
        runtime.block_on(async {
            for step in &steps {
                both.take(&mut scene, step).await?;
            }
            Ok(())
        })
    });
    if let Err(difference) = run {
        panic!("{difference}");
    }
}

/// Three ledgers are told the same history, some steps apart, so that reports of all kinds meet in one request.
fn agree_together(mode: Mode) {
    let server = Server::start();
    let runtime = Runtime::new().unwrap();
    let engine = engine(&server);
    let client = redis::Client::open(("127.0.0.1", server.port())).unwrap();
    let connections = [(); 3].map(|()| RefCell::new(client.get_connection().unwrap()));
    let count = AtomicU32::new(0);
    let usual = Config::default();
    let mut runner = TestRunner::new(Config {
        cases: usual.cases / 8,
        failure_persistence: None,
        ..usual
    });
    let run = runner.run(&history(), |steps| {
        let case = count.fetch_add(1, Ordering::Relaxed);
        let mut scenes = [(); 3].map(|()| Scene::new(mode, 1.5));
        let mut connections = connections.each_ref().map(RefCell::borrow_mut);
        let mut ledgers: Vec<_> = (0..)
            .zip(&mut connections)
            .map(|(number, server)| Both {
                server,
                engine: &engine,
                key: BreakerKey::new(&format!("together-{case}-{number}")).unwrap(),
                ledger: Ledger::new(Incarnation::new(BEGIN)),
                now: BEGIN,
            })
            .collect();
        runtime.block_on(async {
            for (place, first) in steps.iter().enumerate() {
                // All begin at once; then the second and the third fall behind.
                let behind = [0, 5, 9].map(|lag| match place.checked_sub(lag) {
                    _ if place == 0 => Some(first),
                    None | Some(0) => None,
                    Some(at) => steps.get(at),
                });
                let all = ledgers.iter_mut().zip(&mut scenes).zip(behind);
                let taken = all.map(async |((both, scene), step)| {
                    let Some(step) = step else {
                        both.now += first.passes;
                        return Ok(());
                    };
                    both.take_after(first.passes, scene, step).await
                });
                join_all(taken)
                    .await
                    .into_iter()
                    .collect::<Result<(), _>>()?;
            }
            Ok(())
        })
    });
    if let Err(difference) = run {
        panic!("{difference}");
    }
}

#[test]
fn reports_that_go_out_as_one_decide_what_each_ledger_decides() {
    agree_together(Mode::Quorum);
    agree_together(Mode::Pooled);
}

#[test]
fn an_empty_ledger_refuses_what_needs_an_open_one_and_takes_an_order() {
    let server = Server::start();
    let client = redis::Client::open(("127.0.0.1", server.port())).unwrap();
    let mut both = Both {
        server: &mut client.get_connection().unwrap(),
        engine: &engine(&server),
        key: BreakerKey::new("empty").unwrap(),
        ledger: Ledger::new(Incarnation::new(0)),
        now: BEGIN,
    };
    let now = both.set_time();
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let (engine, key) = (both.engine, &both.key);
        let seen = engine.peek(key).await.unwrap();
        assert_eq!(seen, both.ledger.peek(now));
        let (ask, settlement) = history::of_an_open_fleet(seen.view);
        let refused = engine.acquire(key, &ask).await.unwrap_err();
        assert_eq!(refused, EngineError::Refused(AcquireRefused::Stale));
        let refused = engine.settle(key, &settlement).await.unwrap_err();
        assert_eq!(refused, EngineError::Refused(Fenced));
        assert_eq!(engine.leave(key, &ask.from).await, Ok(()));
        assert_eq!(engine.peek(key).await.unwrap(), seen, "one of them wrote");

        let view = engine.order(key, Order::ForceOpen).await.unwrap();

        let mut begun = Ledger::new(Incarnation::new(BEGIN));
        assert_eq!(view, begun.order(now, Order::ForceOpen));
        assert_eq!(engine.peek(key).await.unwrap(), begun.peek(now));
    });
}

#[test]
fn with_a_quorum_the_scripts_decide_what_the_ledger_decides() {
    agree_in(Mode::Quorum);
}

#[test]
fn with_merged_counts_the_scripts_decide_what_the_ledger_decides() {
    agree_in(Mode::Pooled);
}

#[test]
fn the_window_of_merged_counts_moves_as_the_ledgers_does() {
    agree(8, trickle(), |_| Scene::of_trickle());
}

#[test]
fn with_advice_the_scripts_decide_what_the_ledger_decides() {
    agree_in(Mode::Advisory);
}

#[test]
fn in_the_contrasts_the_scripts_decide_what_the_ledger_decides() {
    agree_in(Mode::AnyOpen);
    agree_in(Mode::PooledNaive);
}
