//! The secrecy of a password, which is in nothing that anybody can read.

use std::time::Duration;

use fusebox_fleet::Opinion;
use fusebox_fleet::engine::redis::{Address, Redis};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::fleet::Fleet;
use crate::server::Server;

const PASSWORD: &str = "hunter2";
const USER: &str = "fusebox:hunter2@";

fn check(text: &str) {
    assert!(!text.contains(PASSWORD), "the password is told: {text}");
}

#[test]
fn an_address_that_can_be_read_shows_the_server_alone() {
    let address: Address = format!("redis://{USER}cache:7000/3").parse().unwrap();

    assert_eq!(address.to_string(), "cache:7000/3");
    check(&format!("{address:?} {:?}", Redis::new(address.clone())));
}

#[test]
fn an_address_that_cannot_be_read_says_what_to_write_and_no_password() {
    let wrong = [
        ("redis://fusebox:hunter2@", "redis://"),
        ("redis://fusebox:hunter2@cache:port", "redis://"),
        ("redis://fusebox:12/hunter2@cache:6379", "percent-encoded"),
        ("redis://fusebox:12#hunter2@cache:6379", "percent-encoded"),
        ("redis://fusebox:12?hunter2@cache:6379", "percent-encoded"),
        ("redis://fusebox:hunter2/@cache:6379", "percent-encoded"),
        ("fusebox:hunter2@cache", "redis://"),
        ("hunter2", "redis://"),
        (
            "http://fusebox:hunter2@cache",
            "the scheme of the engine's address",
        ),
        ("redis://fusebox:hunter2@cache/first", "database of the"),
        (
            "redis://fusebox:hunter2@cache#insecure",
            "leave out what follows the #",
        ),
        (
            "redis://fusebox:hunter2@0.0.0.0",
            "host that can be connected to",
        ),
        ("redis://fusebox:hunter2@cache?timeout=5", "timeout of the"),
        (
            "redis://fusebox:hunter2@cache?timeout=2h",
            "write from 1ms to 60s",
        ),
        (
            "redis://fusebox:hunter2@cache?timeout=0ms",
            "write from 1ms to 60s",
        ),
        ("redis://fusebox:hunter2@cache?prefix=a{b}", "prefix of the"),
        ("redis://fusebox:hunter2@cache?prefix=", "prefix of the"),
        (
            "redis://fusebox:hunter2@cache?retries=3",
            "an option that is not known",
        ),
    ];
    for (given, hint) in wrong {
        let error = given.parse::<Address>().unwrap_err();
        let told = format!("{error} {error:?}");

        check(&told);
        assert!(error.to_string().contains(hint), "{given}: {error}");
    }
}

/// A password with everything in it that means something in an address, as it is and percent-encoded.
const PASSWORDS: [&str; 12] = [
    "hunter2",
    "hun@ter2",
    "hun/ter2",
    "hun#ter2",
    "hun?ter2",
    "hun%ter2",
    "hun%40ter2",
    "hun%2Fter2",
    "hun:ter2",
    "hun ter2",
    "hun=ter2&hun",
    "hun[ter2]",
];

/// Where a password stands, or is written by mistake.
const PLACES: [&str; 25] = [
    "P",
    "P://cache",
    "redis:P",
    "redis:/P@cache",
    "redis//u:P@cache",
    "redis://P",
    "redis://u:P@",
    "redis://u:P@cache",
    "redis://P:u@cache",
    "redis://u:x@P@cache",
    "redis://u:P@cache:port",
    "redis://u:P@cache:6379/first",
    "redis://u:P@cache#insecure",
    "redis://cache:P",
    "redis://cache:6379:P",
    "redis://cache/P",
    "redis://cache/0/P",
    "redis://cache/0?P",
    "redis://cache/0?P=1",
    "redis://cache/0?password=P",
    "redis://cache/0?timeout=P",
    "redis://cache/0?prefix=P{}",
    "redis://cache/0?timeout=5&prefix=P",
    "redis://cache/0#P",
    "http://u:P@cache/P?P#P",
];

#[test]
fn a_refused_address_shows_no_part_of_a_password_wherever_it_stands() {
    let mut refused = 0;
    for place in PLACES {
        for password in PASSWORDS {
            let given = place.replace('P', password);
            let Err(error) = given.parse::<Address>() else {
                continue;
            };
            let told = format!("{error} {error:?}");
            for part in ["hun", "ter2"] {
                assert!(!told.contains(part), "{given:?} is told: {told}");
            }
            refused += 1;
        }
    }
    assert!(refused > 250, "only {refused} were refused");
}

#[test]
fn an_address_that_is_taken_shows_its_host_port_and_database_alone() {
    let shown = |given: &str| {
        let address: Address = given.parse().unwrap();
        format!("{address} {address:?}")
    };
    for password in [
        "hunter2",
        "hun%40ter2",
        "hun%2Fter2",
        "hun:ter2",
        "hun%25ter2",
    ] {
        for given in [
            format!("redis://u:{password}@cache:7000/3?prefix=p"),
            format!("redis://:{password}@cache:7000/3?prefix=p"),
            format!(
                "redis://{}@cache:7000/3?prefix=p",
                password.replace(':', "%3A")
            ),
        ] {
            let shown = shown(&given);
            assert!(shown.starts_with("cache:7000/3 "), "{given}: {shown}");
            for part in ["hun", "ter2"] {
                assert!(!shown.contains(part), "{given} is told: {shown}");
            }
        }
    }
}

#[test]
fn an_address_keeps_what_was_set() {
    let address: Address = "valkey://cache?timeout=2s&prefix=shop:cb".parse().unwrap();

    assert_eq!(address.timeout(), Duration::from_secs(2));
    assert_eq!(address.prefix(), "shop:cb");
    let usual: Address = "redis://[::1]".parse().unwrap();
    assert_eq!(usual.timeout(), Duration::from_millis(250));
    assert_eq!(usual.to_string(), "::1:6379");
}

#[tokio::test]
async fn a_wrong_password_is_told_as_such_and_not_shown() {
    let server = Server::start();
    server.admin::<()>(&[
        "ACL", "SETUSER", "fusebox", "on", ">other", "+@all", "~*", "&*",
    ]);
    let fleet = Fleet::new(server.port(), USER);

    let error = fleet.say(1, Opinion::Fine).await.unwrap_err();

    assert!(error.to_string().contains("WRONGPASS"), "{error}");
    check(&format!("{error} {error:?} {:?}", fleet.engine));
}

#[tokio::test]
async fn a_server_that_repeats_the_password_is_not_repeated() {
    // As Redis 5 does: it does not know the greeting, and answers with all that was in it.
    let server = Server::with(&["--rename-command", "HELLO", "hidden"]);
    let address = format!(
        "redis://:{PASSWORD}@127.0.0.1:{}?protocol=resp3",
        server.port()
    );
    let client = redis::Client::open(address).unwrap();
    let repeated = client.get_connection().err().unwrap().to_string();
    assert!(
        repeated.contains(PASSWORD),
        "no danger any more: {repeated}"
    );
    let fleet = Fleet::new(server.port(), USER);

    let error = fleet.say(1, Opinion::Fine).await.unwrap_err();

    check(&format!("{error} {error:?}"));
}

/// Answers with what it was sent, or with one word of it, in one of the forms of an answer.
async fn repeat(listener: TcpListener, form: &'static str) {
    loop {
        let (mut connection, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let mut room = [0; 4096];
            while let Ok(read @ 1..) = connection.read(&mut room).await {
                let sent = String::from_utf8_lossy(&room[..read]).replace("\r\n", " ");
                let answer = form.replace("ALL", &sent).replace('_', "\r\n");
                if connection.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
    }
}

#[tokio::test]
async fn whatever_a_server_answers_it_is_not_repeated() {
    let forms = [
        "-ALL_",
        "-ERR ALL_",
        "-NOAUTH ALL_",
        "-hunter2 ALL_",
        "-GARBAGE hunter2_",
        "-MOVED 1 hunter2:1_",
        "+ALL_",
        "+hunter2_",
        "$7_hunter2_",
        "%1_$7_hunter2_$7_hunter2_",
        "*1_-hunter2_",
        "!15_hunter2 hunter2_",
        "=11_txt:hunter2_",
        "hunter2_",
    ];
    for form in forms {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let impostor = tokio::spawn(repeat(listener, form));
        let fleet = Fleet::new(port, USER);
        for _ in 0..2 {
            let error = fleet.say(1, Opinion::Fine).await.unwrap_err();

            check(&format!("{error} {error:?} {:?}", fleet.engine));
        }
        impostor.abort();
    }
}

#[tokio::test]
async fn nor_is_one_that_knows_no_greeting_at_all() {
    let hidden = ["HELLO", "AUTH"].map(|command| ["--rename-command", command, ""]);
    let server = Server::with(hidden.as_flattened());
    let fleet = Fleet::new(server.port(), USER);

    let error = fleet.say(1, Opinion::Fine).await.unwrap_err();

    check(&format!("{error} {error:?}"));
}
