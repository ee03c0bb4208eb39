//! A trigger of five seconds, clients that retry, and what brings the service back when it is too late.
//!
//! What prevents the collapse from the start is tested in `simulator`.

use super::story::{Clients, Story};

const SETTINGS: &str = r#"{"workers": 8, "service": {"exp": {"mean_ms": 20}}, "queue": {"limit": 200},
    "abandoned_work": "continues", "trigger": {"at_ms": 20000, "for_ms": 5000, "service_factor": 2.0}}"#;

const RETRYING: Clients = Clients {
    rate: 300.0,
    retries: 2,
    breakers: false,
};

/// How many of `seeds` runs end well if the clients are changed at second 40.
fn well(then: Clients, seeds: u64) -> usize {
    let runs = (0..seeds).map(|seed| Story::tell(SETTINGS, RETRYING, Some((40, then)), seed));
    let well = runs.filter(|story| {
        assert!(story.share(2, 20).0 > 0.95, "it is well before the trigger");
        assert!(story.share(30, 40).0 < 0.02, "it is down after it");
        story.end() > 0.95
    });
    well.count()
}

const NO_RETRIES: Clients = Clients {
    retries: 0,
    ..RETRYING
};
const ONE_RETRY: Clients = Clients {
    retries: 1,
    ..RETRYING
};
const BREAKERS: Clients = Clients {
    breakers: true,
    ..RETRYING
};

#[test]
fn what_ends_the_collapse_once_it_is_there() {
    assert_eq!(well(NO_RETRIES, 4), 4, "no retries");
    assert_eq!(well(BREAKERS, 4), 4, "breakers");
    assert_eq!(well(ONE_RETRY, 4), 0, "one retry");
}
