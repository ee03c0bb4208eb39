//! The permissions in the documentation, which are exactly those that a user needs.

use std::collections::BTreeSet;
use std::time::Duration;

use fusebox_fleet::{Counts, Mode, Opinion, Settings};

use crate::conformance;
use crate::fleet::Fleet;
use crate::server::Server;
use crate::steady::Steady;

/// The words of the command in this text.
fn documented(text: &str) -> Vec<String> {
    let (_, rest) = text.split_once("ACL SETUSER fusebox").unwrap();
    let (command, _) = rest.split_once("```").unwrap();
    let words = command.split_whitespace().filter(|word| *word != "//!");
    words.map(str::to_owned).collect()
}

fn of_module() -> Vec<String> {
    documented(include_str!("../../src/engine/redis.rs"))
}

/// A server with the documented user, and one word more.
fn server(more: &str) -> Server {
    let server = Server::start();
    let mut command = vec!["ACL", "SETUSER", "fusebox"];
    let words = of_module();
    command.extend(words.iter().map(String::as_str));
    command.push(more);
    server.admin::<()>(&command);
    server
}

#[test]
fn the_readme_says_the_same() {
    assert_eq!(documented(include_str!("../../README.md")), of_module());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_documented_permissions_every_rule_is_kept_and_each_is_used() {
    let server = server("+select");
    assert!(conformance::check_all(&server, "fusebox:PASSWORD@").await > 20);
    // The engine asks a server that is silent whether it is there.
    let fleet = Fleet::new(server.port(), "fusebox:PASSWORD@");
    fleet.say(1, Opinion::Fine).await.unwrap();
    server.admin::<()>(&["CLIENT", "PAUSE", "400", "ALL"]);
    fleet.say(1, Opinion::Fine).await.unwrap_err();
    fleet.recovered(Opinion::Fine).await;

    seldom(&server, "fusebox:PASSWORD@").await;

    let statistics: String = server.admin(&["INFO", "commandstats"]);
    let used: BTreeSet<&str> = statistics
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(':'))
        .map(|(command, _)| command)
        .collect();
    let words = of_module();
    let given = words.iter().filter_map(|word| word.strip_prefix('+'));
    let unused: Vec<&str> = given.filter(|command| !used.contains(command)).collect();
    assert_eq!(unused, [""; 0], "of {used:?}");
}

/// What the rules do not come to: merged counts that become too old, and a set that was lost.
async fn seldom(server: &Server, user: &str) {
    let ms = Duration::from_millis(1);
    let settings = Settings::builder(Mode::Pooled)
        .pool_batch(ms)
        .pool_keep(20 * ms);
    let fleet = Steady::with(server, user, settings.build().unwrap());
    *fleet.counts.lock().unwrap() = Counts::new(1, 0);
    for _ in 0..40 {
        fleet.say(&["i1"], Opinion::Fine).await;
        tokio::time::sleep(ms).await;
    }
    server.admin::<()>(&["DEL", "cb:{steady}:members"]);
    fleet.say(&["i1"], Opinion::Fine).await;
}

#[tokio::test]
async fn such_a_user_can_touch_nothing_else() {
    let server = server("+get");
    let address = format!("redis://fusebox:PASSWORD@127.0.0.1:{}", server.port());
    let client = redis::Client::open(address).unwrap();
    let mut connection = client.get_connection().unwrap();

    for words in [
        ["GET", "session:1"],
        ["GET", "cb:other"],
        ["SUBSCRIBE", "orders"],
    ] {
        let mut command = redis::cmd(words[0]);
        let refused = command.arg(words[1]).exec(&mut connection).unwrap_err();
        assert_eq!(refused.code(), Some("NOPERM"), "{words:?}");
    }
}
