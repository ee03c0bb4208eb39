//! The effect of a refusal: every key, and the time at which it expires, stays as it was.

use std::sync::Arc;
use std::time::Duration;

use fusebox_fleet::engine::Engine;
use fusebox_fleet::{
    Acquire, Epoch, Era, InstanceId, Mode, Opinion, ProbeResult, Report, Sender, Sequence, Session,
    Settings, Settlement, Token, Verdict, View,
};
use tokio::time::Instant;

use crate::fleet::Fleet;
use crate::garbage::dump;
use crate::server::Server;

const LEASE: Duration = Duration::from_secs(2);

/// No key ends later than this. What a ledger writes ends after minutes.
const ENDS: Duration = Duration::from_secs(60);

fn sender(number: u64, session: u64) -> Sender {
    let name = InstanceId::new(&format!("i{number}")).unwrap();
    Sender::new(name, Session::new(session))
}

async fn acquire(fleet: &Fleet, number: u64, era: Era) -> String {
    let ask = Acquire::new(sender(number, number), era, LEASE);
    format!("{:?}", fleet.engine.acquire(&fleet.key, &ask).await)
}

async fn report(fleet: &Fleet, from: Sender, quorum_share: f64) -> String {
    let settings = Settings::builder(Mode::Quorum)
        .member_for(Duration::from_secs(600))
        .quorum_share(quorum_share)
        .build();
    let mut report = Report::new(from, Opinion::Suspect, Arc::new(settings.unwrap()));
    report.sequence = Sequence::new(1000);
    format!("{:?}", fleet.engine.report(&fleet.key, &report).await)
}

/// Each key, what it holds, and for how many milliseconds it does.
type Kept = Vec<(String, Vec<u8>, i64)>;

fn kept(server: &Server) -> Kept {
    let kept = |(key, held): (String, Vec<u8>)| {
        let ends = server.admin(&["PTTL", &key]);
        (key, held, ends)
    };
    dump(server).into_iter().map(kept).collect()
}

/// Shortens the lifetime of all keys, so that any extension is visible.
fn shorten(server: &Server) -> Kept {
    let keys: Vec<String> = server.admin(&["KEYS", "*"]);
    for key in keys {
        let _: i64 = server.admin(&["PEXPIRE", &key, &ENDS.as_millis().to_string()]);
    }
    kept(server)
}

fn check(what: &str, told: &str, (before, at): (Kept, Instant), server: &Server) {
    assert!(told.contains(what), "not {what}: {told}");
    let after = kept(server);
    let passed = i64::try_from(at.elapsed().as_millis()).unwrap() + 1;
    assert_eq!(before.len(), after.len(), "{what}");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((&before.0, &before.1), (&after.0, &after.1), "{what}");
        let ends = before.2 - passed..=before.2;
        assert!(ends.contains(&after.2), "{what}: {} {ends:?}", after.2);
    }
}

async fn wait_for_a_probe(view: View) {
    let Verdict::Open { next_probe_in } = view.verdict else {
        panic!("closed");
    };
    tokio::time::sleep(next_probe_in + Duration::from_millis(20)).await;
}

#[tokio::test]
async fn a_refusal_writes_nothing_and_keeps_no_key_alive() {
    let server = Server::start();
    let fleet = Fleet::new(server.port(), "");
    let view = fleet.open().await;
    let begin = || {
        let at = Instant::now();
        (shorten(&server), at)
    };

    let before = begin();
    let told = acquire(&fleet, 1, view.era).await;
    check("Early", &told, before, &server);

    let before = begin();
    let old = Era::new(view.era.incarnation, Epoch::new(0));
    let told = acquire(&fleet, 1, old).await;
    check("Stale", &told, before, &server);

    wait_for_a_probe(view).await;
    fleet.lease(view).await.unwrap();
    let before = begin();
    assert_eq!(before.0.len(), 3, "ledger, members and leases");
    let told = acquire(&fleet, 2, view.era).await;
    check("Busy", &told, before, &server);

    let before = begin();
    let settlement = Settlement::new(sender(2, 2), Token::new(1), ProbeResult::Succeeded);
    let told = fleet.engine.settle(&fleet.key, &settlement).await;
    check("Fenced", &format!("{told:?}"), before, &server);

    let before = begin();
    let told = report(&fleet, sender(1, 99), 0.5).await;
    check("NameTaken", &told, before, &server);

    let before = begin();
    let told = report(&fleet, sender(3, 3), 0.9).await;
    check("SettingsDiffer", &told, before, &server);
}

/// Of another release: it knows no parts of the mark, or others, and has other words for the same rules.
#[tokio::test]
async fn an_instance_of_another_release_has_the_same_settings_if_they_are_the_same() {
    let server = Server::start();
    let fleet = Fleet::new(server.port(), "");
    for parts in ["", ".00000000000000000000000000000001"] {
        server.admin::<()>(&["FLUSHALL"]);
        fleet.say(1, Opinion::Fine).await.unwrap();
        let rules: String = server.admin(&["HGET", "cb:{inventory}", "rules"]);
        let words: Vec<_> = rules.splitn(3, ' ').collect();
        let (whole, _) = words[0].split_once('.').unwrap();
        let theirs = format!("{whole}{parts} 1 {}", words[2]);
        server.admin::<()>(&["HSET", "cb:{inventory}", "rules", &theirs]);

        let told = report(&fleet, sender(3, 3), 0.6).await;
        assert!(told.contains("SettingsDiffer"), "{parts:?}: {told}");
        let view = fleet.say(2, Opinion::Fine).await;
        let voters = view.map(|view| view.votes.voters);
        assert_eq!(voters, Ok(2), "{parts:?}");
    }
}
