//! A server that does not speak RESP3, such as Redis 5, imitated by one whose greeting has another name.

use fusebox_fleet::Opinion;
use fusebox_fleet::engine::Engine;

use crate::conformance;
use crate::fleet::Fleet;
use crate::server::Server;

const OLD: [&str; 3] = ["--rename-command", "HELLO", "hidden"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_resp3_keeps_every_rule() {
    let server = Server::with(&OLD);

    assert!(conformance::check_all(&server, "").await > 20);
}

#[tokio::test]
async fn without_resp3_events_come_back_after_connections_were_ended() {
    let server = Server::with(&OLD);
    let fleet = Fleet::new(server.port(), "");
    let mut events = fleet.engine.events(&fleet.key);
    fleet.hears(&mut *events).await;

    server.admin::<()>(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    fleet.hears(&mut *events).await;
    server.admin::<()>(&["CLIENT", "KILL", "TYPE", "normal"]);
    fleet.recovered(Opinion::Fine).await;
    fleet.hears(&mut *events).await;
}
