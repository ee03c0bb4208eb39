//! The conformance of the Redis engine to every rule of the suite, by the server's own clock.

use std::time::Duration;

use fusebox_fleet::conformance::{self, Subject};
use fusebox_fleet::engine::redis::Redis;
use fusebox_fleet::engine::{Answer, Engine, Operator};

use crate::server::Server;

/// One database of a server. Rules that make the engine forget empty it, and leave the others alone.
pub(crate) struct Database {
    engine: Redis,
    port: u16,
    number: usize,
}

impl Database {
    pub(crate) fn new(port: u16, user: &str, number: usize) -> Self {
        let address = format!("redis://{user}127.0.0.1:{port}/{number}?timeout=5s");
        Self {
            engine: Redis::new(address.parse().unwrap()),
            port,
            number,
        }
    }
}

impl Subject for Database {
    fn engine(&self) -> &dyn Engine {
        &self.engine
    }

    fn operator(&self) -> &dyn Operator {
        &self.engine
    }

    fn pass(&self, time: Duration) -> Answer<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn forget(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let address = format!("redis://127.0.0.1:{}/{}", self.port, self.number);
            let client = redis::Client::open(address).unwrap();
            let mut connection = client.get_connection().unwrap();
            redis::cmd("FLUSHDB").exec(&mut connection).unwrap();
        })
    }
}

/// Checks all rules at the same time, each in a database of its own. The user is as in an address.
pub(crate) async fn check_all(server: &Server, user: &str) -> usize {
    let mut checks = tokio::task::JoinSet::new();
    for (number, rule) in conformance::rules().enumerate() {
        let subject = Database::new(server.port(), user, number);
        checks.spawn(async move {
            // A machine that stalls for longer than a rule's slack is not the engine's fault.
            let mut kept = Ok(());
            for run in ["first", "second", "third"] {
                kept = rule.check(&subject, run).await;
                if kept.is_ok() {
                    break;
                }
            }
            kept
        });
    }
    let kept = checks.join_all().await;
    for result in &kept {
        assert_eq!(*result, Ok(()));
    }
    kept.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_redis_engine_keeps_every_rule() {
    let server = Server::start();

    assert_eq!(check_all(&server, "").await, conformance::rules().count());
}
