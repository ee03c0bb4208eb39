//! The commands of the scripts, and the Redis release that each needs: none later than 5.0.

use std::collections::BTreeSet;

use redis::Value;

use crate::server::Server;

/// What scripts and connections use, and since when it is there. Of commands that learnt more since, what is used:
/// `HSET` with several fields is of 4.0. Scripts that read the clock and write after it need the replication of
/// effects, which is usual since 5.0.
const SINCE: [(&str, u32, u32); 25] = [
    ("AUTH", 1, 0),
    ("DEL", 1, 0),
    ("EVALSHA", 2, 6),
    ("HDEL", 2, 0),
    ("HGETALL", 2, 0),
    ("HMGET", 2, 0),
    ("HSET", 4, 0),
    ("LINDEX", 1, 0),
    ("LPUSH", 1, 0),
    ("PERSIST", 2, 2),
    ("PEXPIRE", 2, 6),
    ("PEXPIREAT", 2, 6),
    ("PING", 1, 0),
    ("PUBLISH", 2, 0),
    ("RPOP", 1, 0),
    ("SCRIPT", 2, 6),
    ("SELECT", 1, 0),
    ("SUBSCRIBE", 2, 0),
    ("TIME", 2, 6),
    ("ZADD", 1, 2),
    ("ZCOUNT", 2, 0),
    ("ZRANGE", 1, 2),
    ("ZRANGEBYSCORE", 1, 0),
    ("ZREM", 1, 2),
    // Asked first, and without by who does not know it.
    ("HELLO", 6, 0),
];

/// What connections use beside scripts.
const OF_CONNECTIONS: [&str; 7] = [
    "AUTH",
    "EVALSHA",
    "HELLO",
    "PING",
    "SCRIPT",
    "SELECT",
    "SUBSCRIBE",
];

/// The commands that are called in the sources of the scripts.
fn called() -> BTreeSet<&'static str> {
    let sources = [
        include_str!("../../src/engine/redis/lua/acquire.lua"),
        include_str!("../../src/engine/redis/lua/ledger.lua"),
        include_str!("../../src/engine/redis/lua/leave.lua"),
        include_str!("../../src/engine/redis/lua/order.lua"),
        include_str!("../../src/engine/redis/lua/peek.lua"),
        include_str!("../../src/engine/redis/lua/pool.lua"),
        include_str!("../../src/engine/redis/lua/report.lua"),
        include_str!("../../src/engine/redis/lua/settle.lua"),
        include_str!("../../src/engine/redis/lua/steady.lua"),
        include_str!("../../src/engine/redis/script.rs"),
    ];
    let calls = sources
        .iter()
        .flat_map(|source| source.split("call('").skip(1));
    calls.filter_map(|rest| rest.split('\'').next()).collect()
}

#[test]
fn every_command_of_the_scripts_is_in_redis_5() {
    let called = called();
    assert!(called.len() > 12, "{called:?}");
    for command in called {
        let known = SINCE.iter().find(|(name, ..)| *name == command);
        let (_, major, minor) = known.unwrap_or_else(|| panic!("{command} is not in the table"));
        assert!(
            (*major, *minor) <= (5, 0),
            "{command} is of {major}.{minor}"
        );
    }
}

#[test]
fn the_table_says_what_the_server_says_and_nothing_that_is_not_used() {
    let used: BTreeSet<&str> = called().into_iter().chain(OF_CONNECTIONS).collect();
    let listed: BTreeSet<&str> = SINCE.iter().map(|(name, ..)| *name).collect();
    assert_eq!(used, listed);
    let server = Server::start();
    for (name, major, minor) in SINCE {
        // Servers before 7.0 do not tell.
        let Ok(told) = server.try_admin::<Value>(&["COMMAND", "DOCS", name]) else {
            return;
        };
        let shown = format!("{told:?}");
        let (_, rest) = shown
            .split_once("since")
            .unwrap_or_else(|| panic!("{name}: {shown}"));
        let number: String = rest
            .chars()
            .skip_while(|it| !it.is_ascii_digit())
            .take_while(|it| it.is_ascii_digit() || *it == '.')
            .collect();
        let first = number.split('.').map(|part| part.parse().unwrap());
        let first: Vec<u32> = first.take(2).collect();
        // The first release of the command; what is used of it may be of a later one.
        assert!(first <= vec![major, minor], "{name}: since {number}");
    }
}
