//! Ledgers and servers that make no sense: the engine is unavailable then, and nothing worse happens.

use std::time::Duration;

use fusebox_fleet::{Command, CommandNumber, Mode, Opinion, Order};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::fleet::Fleet;
use crate::server::Server;
use crate::steady::Steady;

#[tokio::test]
async fn keys_that_hold_something_else_are_told_and_nothing_is_written() {
    let server = Server::start();
    let fleet = Fleet::new(server.port(), "");
    for part in ["", ":members", ":leases", ":command"] {
        server.admin::<()>(&["FLUSHALL"]);
        let view = fleet.open().await;
        let key = format!("cb:{{inventory}}{part}");
        server.admin::<()>(&["DEL", &key]);
        server.admin::<()>(&["SET", &key, "something else"]);
        let before = dump(&server);

        // An order that is in force is read again only by a ledger that is new.
        let told = match part {
            ":command" => fleet.order(Order::Disable).await,
            _ => fleet
                .say(1, Opinion::Fine)
                .await
                .map(drop)
                .map_err(|error| error.to_string()),
        }
        .unwrap_err();

        assert!(told.contains("WRONGTYPE"), "{part}: {told}");
        assert_eq!(dump(&server), before, "{part}: a verb that failed wrote");
        fleet.all_verbs(view).await;
        server.admin::<()>(&["FLUSHALL"]);
        fleet.say(1, Opinion::Fine).await.unwrap();
    }
}

#[tokio::test]
async fn fields_that_are_no_numbers_are_told_by_name() {
    let server = Server::start();
    let fleet = Fleet::new(server.port(), "");
    let fields = [
        "incarnation",
        "epoch",
        "revision",
        "round",
        "voters",
        "suspects",
        "earliest",
        "expires",
        "fence",
        "number",
        "since",
        "next",
        "failed",
        "good",
        "rules",
    ];
    for field in fields {
        for value in ["", "many", "-1", "1e5", "99999999999999999999", "nan"] {
            server.admin::<()>(&["FLUSHALL"]);
            let view = fleet.open().await;
            server.admin::<()>(&["HSET", "cb:{inventory}", field, value]);

            let told = fleet.all_verbs(view).await;

            let named = format!("is not readable (field {field})");
            assert!(told[0].contains(&named), "{field} = {value:?}: {told:#?}");
        }
    }
}

#[tokio::test]
async fn other_entries_that_make_no_sense_are_told_by_name() {
    let server = Server::start();
    let fleet = Fleet::new(server.port(), "");
    let entries: [(&str, &[&str]); 2] = [
        ("entry", &["HSET", "cb:{inventory}", ":i1", "someone"]),
        ("leases", &["ZADD", "cb:{inventory}:leases", "1", "mine"]),
    ];
    for (name, entry) in entries {
        server.admin::<()>(&["FLUSHALL"]);
        let view = fleet.open().await;
        server.admin::<()>(entry);

        let told = fleet.all_verbs(view).await;

        let named = format!("is not readable (field {name})");
        assert!(told[0].contains(&named), "{name}: {told:#?}");
    }
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_told_by_name_when_a_ledger_begins() {
    let server = Server::start();
    let fleet = Fleet::new(server.port(), "");
    let order = ["number", "x", "order", "y"];
    server.admin::<()>(&[&["HSET", "cb:{inventory}:command"], &order[..]].concat());

    let told = fleet.say(1, Opinion::Fine).await.unwrap_err().to_string();

    assert!(told.contains("is not readable (field command)"), "{told}");
}

#[tokio::test]
async fn a_number_that_leaves_no_room_to_count_on_is_refused_before_anything_is_written() {
    let server = Server::start();
    let fleet = Fleet::new(server.port(), "");
    for large in [(1 << 52) + 1, 1 << 53, u64::MAX] {
        server.admin::<()>(&["FLUSHALL"]);
        let command = Command::new(CommandNumber::new(large), Order::ForceOpen);
        let told = fleet.bring(3, command).await.unwrap_err().to_string();
        assert!(told.contains("is not readable"), "{large}: {told}");
        assert_eq!(dump(&server), [], "{large}: nothing was there");
        fleet.say(1, Opinion::Fine).await.unwrap();
        let before = dump(&server);

        let told = fleet.bring(3, command).await.unwrap_err().to_string();

        assert!(told.contains("is not readable"), "{large}: {told}");
        assert_eq!(dump(&server), before, "{large}");
    }
    let largest = Command::new(CommandNumber::new(1 << 52), Order::ForceOpen);
    fleet.bring(3, largest).await.unwrap();
    fleet.order(Order::Automatic).await.unwrap();
    fleet.order(Order::Automatic).await.unwrap();
    fleet.say(1, Opinion::Fine).await.unwrap();
}

#[tokio::test]
async fn what_a_steady_report_is_compared_with_is_mended_where_it_makes_no_sense() {
    let server = Server::start();
    let steady = Steady::new(&server, Mode::Quorum);
    for field in ["calm", "told", "due"] {
        for value in ["", "many", "0 closed 0 0", "-1"] {
            let before = steady.say(&["i1", "i2"], Opinion::Fine).await;
            server.admin::<()>(&["HSET", "cb:{steady}", field, value]);

            let after = steady.say(&["i1", "i2"], Opinion::Fine).await;

            assert_eq!(
                (after.era, after.votes),
                (before.era, before.votes),
                "{field} = {value:?}"
            );
            let now: String = server.admin(&["HGET", "cb:{steady}", field]);
            assert_ne!(now, value, "{field}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_none_is_not_available() {
    let answers: [&[u8]; 9] = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"+OK\r\n",
        b":1\r\n",
        b"$-1\r\n",
        b"*0\r\n",
        b"-ERR no\r\n",
        b"\xff\x00\xfe\r\n\r\n",
        b"$99999999999\r\nx",
        b"",
    ];
    for answer in answers {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let impostor = tokio::spawn(repeat(listener, answer));
        let fleet = Fleet::new(port, "");
        for _ in 0..3 {
            let told = fleet.say(1, Opinion::Fine).await.unwrap_err().to_string();
            assert!(told.contains("not available"), "{answer:?}: {told}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        impostor.abort();
    }
}

/// Answers everything with the same bytes; with none, by ending the connection.
async fn repeat(listener: TcpListener, answer: &'static [u8]) {
    loop {
        let (mut connection, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let mut room = [0; 4096];
            while let Ok(1..) = connection.read(&mut room).await {
                if answer.is_empty() || connection.write_all(answer).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// All keys and the bytes that they hold, in any order, so that a write shows.
pub(crate) fn dump(server: &Server) -> Vec<(String, Vec<u8>)> {
    let mut keys: Vec<String> = server.admin(&["KEYS", "*"]);
    keys.sort();
    let held = |key: String| {
        let mut held: Vec<u8> = server.admin(&["DUMP", &key]);
        held.truncate(held.len() - 8); // a sum over the bytes as they stand
        held.sort_unstable();
        (key, held)
    };
    keys.into_iter().map(held).collect()
}
