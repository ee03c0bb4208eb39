//! Faults of the server: verbs answer in time, and the engine recovers by itself.
//!
//! Each fault comes once to a closed fleet and once to an open one. While it lasts, every verb answers within
//! the timeout. When it is over, the engine works again within seconds, keeps what the server has kept, begins
//! a new life where the server has forgotten, and tells of changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fusebox_fleet::engine::Engine;
use fusebox_fleet::{Opinion, Verdict, View};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::fleet::Fleet;
use crate::server::Server;

/// What a server still knows after a fault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    Kept,
    Lost,
}

/// What a verb that writes says while the fault lasts.
#[derive(Clone, Copy)]
enum While {
    /// This word is in what it says.
    Says(&'static str),
    /// Nothing is wrong to see.
    Works,
}

/// A server with a user of its own, whose password can be changed.
const USER: &str = "fusebox:hunter2@";

fn server() -> Server {
    Server::with(&[
        "--user", "fusebox", "on", ">hunter2", "~cb:{*", "&cb:{*", "+@all",
    ])
}

async fn survives(
    begin: impl Fn(&mut Server),
    said: While,
    end: impl Fn(&mut Server),
    memory: Memory,
) {
    for open in [false, true] {
        let mut server = server();
        let fleet = Fleet::new(server.port(), USER);
        let mut events = fleet.engine.events(&fleet.key);
        let opinion = if open {
            Opinion::Suspect
        } else {
            Opinion::Fine
        };
        fleet.say(2, opinion).await.unwrap();
        let before = fleet.say(1, opinion).await.unwrap();
        assert_eq!(before.verdict.is_open(), open);

        begin(&mut server);
        let told = fleet.all_verbs(before).await;
        end(&mut server);

        check_told(said, &told);
        let after = fleet.recovered(opinion).await;
        check_memory(before, after, memory);
        fleet.hears(&mut *events).await;
    }
}

fn check_told(said: While, told: &[String]) {
    let is_secret = |told: &String| told.contains("hunter2") || told.contains("second");
    assert!(
        !told.iter().any(is_secret),
        "the password is told: {told:#?}"
    );
    match said {
        While::Says(word) => assert!(
            told[0].starts_with("the engine is not available") && told[0].contains(word),
            "{told:#?}"
        ),
        While::Works => assert!(
            !told.iter().any(|told| told.contains("not available")),
            "{told:#?}"
        ),
    }
}

fn check_memory(before: View, after: View, memory: Memory) {
    let same_life = before.era.incarnation == after.era.incarnation;
    assert_eq!(same_life, memory == Memory::Kept, "{before:?} {after:?}");
    if memory == Memory::Kept {
        assert_eq!(before.verdict.is_open(), after.verdict.is_open());
    } else {
        assert!(!after.verdict.is_open(), "one vote opened a new life");
    }
}

#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_empty() {
    survives(
        Server::kill,
        While::Says("it was refused"),
        Server::start_again,
        Memory::Lost,
    )
    .await;
}

#[tokio::test]
async fn a_server_that_is_frozen() {
    survives(
        |server| server.freeze(),
        While::Says("within"),
        |server| server.thaw(),
        Memory::Kept,
    )
    .await;
}

#[tokio::test]
async fn a_server_that_is_emptied() {
    survives(
        |server| server.admin::<()>(&["FLUSHALL"]),
        While::Works,
        |server| server.admin::<()>(&["FLUSHALL"]),
        Memory::Lost,
    )
    .await;
}

#[tokio::test]
async fn a_server_that_ends_connections() {
    survives(
        |server| kill_clients(server),
        While::Works,
        |server| kill_clients(server),
        Memory::Kept,
    )
    .await;
}

#[tokio::test]
async fn a_server_without_memory() {
    let set = |memory| {
        move |server: &mut Server| {
            server.admin::<()>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
            server.admin::<()>(&["CONFIG", "SET", "maxmemory", memory]);
        }
    };
    survives(set("1"), While::Says("OOM"), set("0"), Memory::Kept).await;
}

#[tokio::test]
async fn a_password_that_is_changed() {
    let set = |password: &'static str| {
        move |server: &mut Server| {
            server.admin::<()>(&["ACL", "SETUSER", "fusebox", "resetpass", password]);
            kill_clients(server);
        }
    };
    survives(
        set(">second"),
        While::Says("WRONGPASS"),
        set(">hunter2"),
        Memory::Kept,
    )
    .await;
}

#[tokio::test]
async fn a_server_that_becomes_a_replica() {
    survives(
        // Nobody listens on the port of the primary.
        |server| server.admin::<()>(&["REPLICAOF", "127.0.0.1", "1"]),
        While::Says("READONLY"),
        |server| server.admin::<()>(&["REPLICAOF", "NO", "ONE"]),
        Memory::Kept,
    )
    .await;
}

#[tokio::test]
async fn a_server_that_answers_slowly() {
    survives(
        |server| server.admin::<()>(&["CLIENT", "PAUSE", "2000", "ALL"]),
        While::Says("within"),
        |_| {},
        Memory::Kept,
    )
    .await;
}

#[tokio::test]
async fn a_server_that_forgets_the_scripts() {
    survives(
        |server| server.admin::<()>(&["SCRIPT", "FLUSH"]),
        While::Works,
        |server| server.admin::<()>(&["SCRIPT", "FLUSH"]),
        Memory::Kept,
    )
    .await;
}

#[tokio::test]
async fn a_user_that_may_not_run_scripts_any_more() {
    survives(
        |server| server.admin::<()>(&["ACL", "SETUSER", "fusebox", "-evalsha"]),
        While::Says("NOPERM"),
        |server| server.admin::<()>(&["ACL", "SETUSER", "fusebox", "+evalsha"]),
        Memory::Kept,
    )
    .await;
}

#[tokio::test]
async fn a_user_that_may_not_write_keys_any_more() {
    survives(
        |server| server.admin::<()>(&["ACL", "SETUSER", "fusebox", "-hset"]),
        While::Says("not available"),
        |server| server.admin::<()>(&["ACL", "SETUSER", "fusebox", "+hset"]),
        Memory::Kept,
    )
    .await;
}

#[tokio::test]
async fn a_server_whose_command_was_renamed_is_not_available_and_nothing_worse() {
    let server = Server::with(&["--rename-command", "EVALSHA", "hidden"]);
    let fleet = Fleet::new(server.port(), "");

    let told = fleet.say(1, Opinion::Fine).await.unwrap_err().to_string();

    assert!(told.contains("not available"), "{told}");
}

#[tokio::test]
async fn an_engine_whose_server_is_away_at_the_start_joins_later() {
    let mut server = server();
    server.kill();
    let fleet = Fleet::new(server.port(), "");
    let mut events = fleet.engine.events(&fleet.key);
    let told = fleet.say(1, Opinion::Fine).await.unwrap_err().to_string();
    assert!(told.contains("connection"), "{told}");

    server.start_again();

    fleet.recovered(Opinion::Fine).await;
    fleet.hears(&mut *events).await;
}

#[tokio::test]
async fn a_listener_that_asks_nothing_hears_again_after_a_restart() {
    let mut server = server();
    let [listener, speaker] = [0, 1].map(|_| Fleet::new(server.port(), ""));
    let mut events = listener.engine.events(&listener.key);
    speaker.open().await;
    speaker.hears(&mut *events).await;

    server.kill();
    server.start_again();

    speaker.hears(&mut *events).await;
}

#[tokio::test]
async fn events_end_with_the_engine() {
    let server = server();
    let fleet = Fleet::new(server.port(), "");
    let mut events = fleet.engine.events(&fleet.key);
    fleet.say(1, Opinion::Fine).await.unwrap();

    drop(fleet);

    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), events.next()).await;
    assert_eq!(ended, Ok(None));
}

fn kill_clients(server: &Server) {
    // The administrator's connection stays; the listener's is of another kind.
    for kind in ["normal", "pubsub"] {
        server.admin::<()>(&["CLIENT", "KILL", "TYPE", kind]);
    }
}

/// A proxy in front of a server. While it is told to, it passes requests on and ends the connection in place of the
/// answer.
async fn swallows(port: u16, swallows: Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let swallows = Arc::clone(&swallows);
            tokio::spawn(async move {
                let (mut asked, mut told) = ([0; 4096], [0; 4096]);
                loop {
                    tokio::select! {
                        Ok(length @ 1..) = client.read(&mut asked) => {
                            server.write_all(&asked[..length]).await.unwrap();
                        }
                        Ok(length @ 1..) = server.read(&mut told) => {
                            if swallows.swap(false, Ordering::SeqCst)
                                || client.write_all(&told[..length]).await.is_err()
                            {
                                return;
                            }
                        }
                        else => return,
                    }
                }
            });
        }
    });
    here
}

#[tokio::test]
async fn a_lease_whose_answer_was_lost_is_not_refused_to_its_holder_as_somebody_elses() {
    let server = Server::start();
    let cuts = Arc::new(AtomicBool::new(false));
    let fleet = Fleet::new(swallows(server.port(), Arc::clone(&cuts)).await, "");
    let view = fleet.open().await;
    let Verdict::Open { next_probe_in } = view.verdict else {
        panic!("closed");
    };
    fleet.lease(view).await.unwrap_err(); // the script is known now
    tokio::time::sleep(next_probe_in + Duration::from_millis(20)).await;
    cuts.store(true, Ordering::SeqCst);

    let told = fleet.lease(view).await.unwrap_err();

    assert!(told.contains("not available"), "{told}");
    assert!(!cuts.load(Ordering::SeqCst), "no answer was lost");
    // A verb that may be repeated is.
    fleet.recovered(Opinion::Suspect).await;
    cuts.store(true, Ordering::SeqCst);
    fleet.say(1, Opinion::Suspect).await.unwrap();
}
