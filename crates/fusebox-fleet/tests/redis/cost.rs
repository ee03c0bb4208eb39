//! The cost of a report to the server, and the promises that keeping it low must not break.

use std::time::Duration;

use fusebox_fleet::engine::Operator;
use fusebox_fleet::{Counts, Mode, Opinion, Order, Settings};

use futures_util::future::join_all;

use crate::server::Server;
use crate::steady::Steady;

const NAMES: [&str; 4] = ["i1", "i2", "i3", "i4"];

/// Commands that scripts have run, and bytes that were received.
fn done(server: &Server) -> (u64, u64) {
    let text: String = ["commandstats", "stats"]
        .map(|section| server.admin::<String>(&["INFO", section]))
        .concat();
    let commands = text.lines().filter_map(|line| {
        let (name, figures) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let ours = [
            "time",
            "hmget",
            "hset",
            "hdel",
            "hgetall",
            "zadd",
            "zrem",
            "zcount",
            "zrange",
            "zrangebyscore",
            "lindex",
            "lpush",
            "rpop",
            "del",
            "pexpireat",
            "publish",
        ];
        ours.contains(&name)
            .then(|| figures.split(',').next()?.parse::<u64>().ok())?
    });
    let received = text
        .lines()
        .find_map(|line| line.strip_prefix("total_net_input_bytes:"));
    (commands.sum(), received.unwrap().parse().unwrap())
}

/// Steady reports, and how many commands and bytes each of them took.
async fn each_costs(server: &Server, fleet: &Steady, opinion: Opinion) -> (f64, f64) {
    for _ in 0..3 {
        fleet.say(&NAMES, opinion).await;
    }
    let before = done(server);
    for _ in 0..25 {
        fleet.say(&NAMES, opinion).await;
    }
    let after = done(server);
    let each = |after: u64, before: u64| f64::from(u32::try_from(after - before).unwrap()) / 100.0;
    (each(after.0, before.0), each(after.1, before.1))
}

#[tokio::test]
async fn a_steady_report_takes_four_commands_and_few_bytes() {
    let server = Server::start();
    let cases = [
        (Mode::Quorum, Opinion::Fine, Counts::default()),
        (Mode::Quorum, Opinion::Idle, Counts::default()),
        (Mode::Quorum, Opinion::Suspect, Counts::default()),
        (Mode::Advisory, Opinion::Suspect, Counts::default()),
        (Mode::Pooled, Opinion::Fine, Counts::new(19, 1)),
        (Mode::Pooled, Opinion::Suspect, Counts::new(1, 19)),
    ];
    for (mode, opinion, counts) in cases {
        server.admin::<()>(&["FLUSHALL"]);
        let fleet = Steady::new(&server, mode);
        *fleet.counts.lock().unwrap() = counts;

        let (commands, bytes) = each_costs(&server, &fleet, opinion).await;

        // Merged counts begin another bucket now and then.
        let case = format!("{mode}, {opinion}: {commands} commands, {bytes} bytes");
        assert!((4.0..4.7).contains(&commands), "{case}");
        assert!(bytes < 400.0, "{case}");
    }
}

/// What comes of this when it takes less than that: it is done again where the machine was too busy.
async fn sooner_than<T>(limit: Duration, done: impl AsyncFn() -> T) -> T {
    for _ in 0..50 {
        let began = tokio::time::Instant::now();
        let came = done().await;
        if began.elapsed() < limit {
            return came;
        }
    }
    panic!("never within {limit:?}");
}

/// The scripts that a server has run.
fn scripts(server: &Server) -> u64 {
    let text: String = server.admin(&["INFO", "commandstats"]);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
    line.and_then(|line| line.split(',').next()?.parse().ok())
        .unwrap_or(0)
}

#[tokio::test]
async fn keys_that_report_at_the_same_time_take_one_request() {
    let server = Server::start();
    let one = Steady::new(&server, Mode::Quorum);
    let keys: Vec<Steady> = (0..10)
        .map(|number| one.beside(&format!("key-{number}")))
        .collect();
    let all = async || {
        join_all(keys.iter().map(|key| key.say(&["i1"], Opinion::Fine))).await;
    };
    all().await; // the settings are told to each ledger
    let before = (scripts(&server), done(&server));

    for _ in 0..5 {
        all().await;
    }

    let after = (scripts(&server), done(&server));
    assert_eq!(after.0 - before.0, 5, "a request each time");
    let commands = u32::try_from(after.1.0 - before.1.0).unwrap();
    let each = f64::from(commands) / 50.0;
    assert!(
        each < 3.2,
        "{each} commands a report: the clock is read once for all"
    );
}

#[tokio::test]
async fn a_ledger_that_makes_no_sense_spoils_no_other_that_is_reported_to_at_the_same_time() {
    let server = Server::start();
    let [one, damaged, other] = {
        let one = Steady::new(&server, Mode::Quorum);
        let beside = ["damaged", "other"].map(|name| one.beside(name));
        let [damaged, other] = beside;
        [one, damaged, other]
    };
    for value in ["a string", "a field"] {
        for key in [&one, &damaged, &other] {
            key.say(&["i1"], Opinion::Fine).await;
        }
        if value == "a string" {
            server.admin::<()>(&["DEL", "cb:{damaged}"]);
            server.admin::<()>(&["SET", "cb:{damaged}", "something else"]);
        } else {
            server.admin::<()>(&["HSET", "cb:{damaged}", "epoch", "many", "calm", ""]);
        }

        let (well, told, too) = tokio::join!(
            one.try_say("i1", Opinion::Suspect),
            damaged.try_say("i1", Opinion::Suspect),
            other.try_say("i1", Opinion::Suspect),
        );

        let told = told.unwrap_err().to_string();
        assert!(
            told.contains("WRONGTYPE") || told.contains("field epoch"),
            "{told}"
        );
        for view in [well.unwrap(), too.unwrap()] {
            assert_eq!((view.votes.voters, view.votes.suspects), (1, 1), "{value}");
        }
        server.admin::<()>(&["DEL", "cb:{damaged}"]);
    }
}

#[tokio::test]
async fn a_server_that_has_forgotten_the_settings_is_told_them_again() {
    let server = Server::start();
    let fleet = Steady::new(&server, Mode::Quorum);
    let before = fleet.say(&NAMES, Opinion::Fine).await;

    server.admin::<()>(&["FLUSHALL"]);
    let after = fleet.say(&NAMES, Opinion::Fine).await;

    assert_ne!(after.era.incarnation, before.era.incarnation);
    assert_eq!(after.votes, before.votes);
}

#[tokio::test]
async fn settings_that_need_not_be_shared_may_differ_and_each_lapses_by_its_own() {
    let server = Server::start();
    let patient = Steady::new(&server, Mode::Quorum);
    let soon = Duration::from_millis(300);
    let hasty = Settings::builder(Mode::Quorum)
        .heartbeat(Duration::from_millis(40))
        .engine_timeout(Duration::from_millis(40))
        .member_for(soon);
    let hasty = Steady::with(&server, "", hasty.build().unwrap());
    patient.say(&["i1", "i2"], Opinion::Fine).await;
    let both = sooner_than(soon, async || hasty.say(&["h1", "h2"], Opinion::Fine).await).await;
    assert_eq!(both.votes.voters, 4);

    tokio::time::sleep(soon).await;

    let seen = patient.engine.peek(&patient.key).await.unwrap();
    assert_eq!(
        seen.view.votes.voters, 2,
        "who lapsed between two sweeps is counted"
    );
    assert_eq!(patient.say(&["i1"], Opinion::Fine).await.votes.voters, 2);
}

#[tokio::test]
async fn where_the_set_of_members_was_lost_they_lapse_all_the_same() {
    let server = Server::start();
    let soon = Duration::from_millis(500);
    let settings = Settings::builder(Mode::Quorum)
        .heartbeat(Duration::from_millis(100))
        .stale_after(soon);
    let fleet = Steady::with(&server, "", settings.build().unwrap());
    let (before, after, mut members) = sooner_than(soon, async || {
        fleet.say(&NAMES, Opinion::Fine).await;
        let before = fleet.say(&NAMES, Opinion::Fine).await;
        server.admin::<()>(&["DEL", "cb:{steady}:members"]);
        let after = fleet.say(&["i1"], Opinion::Fine).await;
        let members: Vec<String> = server.admin(&["ZRANGE", "cb:{steady}:members", "0", "-1"]);
        (before.votes.voters, after.votes.voters, members)
    })
    .await;
    assert_eq!((before, after), (4, 4));
    members.sort();
    assert_eq!(members, NAMES);
    tokio::time::sleep(soon).await;

    assert_eq!(fleet.say(&["i1"], Opinion::Fine).await.votes.voters, 1);
    let known: Vec<String> = server.admin(&["HKEYS", "cb:{steady}"]);
    let known: Vec<_> = known.iter().filter(|name| name.starts_with(':')).collect();
    assert_eq!(known, [":i1"], "who lapsed is kept");
}

#[tokio::test]
async fn every_key_ends_by_itself_but_an_order_that_is_in_force() {
    let server = Server::start();
    let settings = Settings::builder(Mode::Pooled).pool_batch(Duration::from_millis(1));
    let fleet = Steady::with(&server, "", settings.build().unwrap());
    *fleet.counts.lock().unwrap() = Counts::new(1, 0);
    for _ in 0..4 {
        fleet.say(&NAMES, Opinion::Fine).await;
    }
    let contrast = Steady::new(&server, Mode::Quorum);
    fleet
        .engine
        .order(&fleet.key, Order::ForceOpen)
        .await
        .unwrap();
    let mut keys: Vec<String> = server.admin(&["KEYS", "*"]);
    keys.sort();
    let expected = ["", ":command", ":members", ":pool"].map(|part| format!("cb:{{steady}}{part}"));
    assert_eq!(keys, expected);

    for key in keys {
        let left: i64 = server.admin(&["PTTL", &key]);
        if key.ends_with(":command") {
            assert_eq!(left, -1, "the order in force ends");
        } else {
            assert!((60_000..700_000).contains(&left), "{key}: {left} ms");
        }
    }
    contrast
        .engine
        .order(&fleet.key, Order::Automatic)
        .await
        .unwrap();
    let left: i64 = server.admin(&["PTTL", "cb:{steady}:command"]);
    assert!((86_000_000..=86_400_000).contains(&left), "{left} ms");
}

#[tokio::test]
async fn merged_counts_that_are_too_old_are_dropped() {
    let server = Server::start();
    let ms = Duration::from_millis(1);
    let settings = Settings::builder(Mode::Pooled)
        .pool_batch(ms)
        .pool_keep(30 * ms);
    let fleet = Steady::with(&server, "", settings.build().unwrap());
    *fleet.counts.lock().unwrap() = Counts::new(1, 0);

    for _ in 0..100 {
        fleet.say(&["i1"], Opinion::Fine).await;
        tokio::time::sleep(ms).await;
    }

    let kept: u64 = server.admin(&["LLEN", "cb:{steady}:pool"]);
    assert!((1..=31).contains(&kept), "{kept} buckets");
}
