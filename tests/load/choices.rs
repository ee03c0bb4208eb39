//! The choice of the least loaded target, and an equal share for equal targets.

use crate::load_with_result;
use crate::nasty::{Manner, Nasty, OK};
use crate::target;

/// How many requests each of three targets got, in all.
async fn shares(manners: [Manner; 3], flags: &[&str]) -> [f64; 3] {
    let mut servers = Vec::new();
    let mut arguments = vec!["--choose".to_owned(), "least_loaded".to_owned()];
    for (name, manner) in ["A", "B", "C"].into_iter().zip(manners) {
        let server = Nasty::start(manner).await;
        arguments.extend(["--target".to_owned(), target(name, &server.url)]);
        servers.push(server);
    }
    let arguments: Vec<&str> = arguments
        .iter()
        .map(|it| &**it)
        .chain(flags.iter().copied())
        .collect();

    let (_, result) = load_with_result(&arguments).await;

    [0, 1, 2].map(|place| {
        let planned = &result["targets"][place]["parts"][0]["outcomes"]["planned"];
        planned.as_f64().expect("a count")
    })
}

#[tokio::test]
async fn a_closed_loop_of_one_client_takes_all_idle_targets_in_turn_by_chance() {
    let fine = Manner::Says(OK);

    let shares = shares([fine; 3], &["--connections", "1", "--duration", "2s"]).await;

    // However few requests a slow machine makes of it: none of 60 is a matter of 1 in 10^10.
    let all: f64 = shares.iter().sum();
    assert!(all > 60.0, "{shares:?}");
    assert!(shares.iter().all(|share| *share > all / 6.0), "{shares:?}");
}

#[tokio::test]
async fn two_equal_targets_beside_a_busy_one_get_equally_much() {
    let fine = Manner::Says(OK);
    let flags = ["--rate", "300", "--process", "constant", "--duration", "2s"];

    let [busy, one, other] = shares([Manner::Hangs, fine, fine], &flags).await;

    assert!(busy > 0.0 && one + other > 400.0, "{busy} {one} {other}");
    // Five standard deviations of a fair coin.
    let bound = 5.0 * f64::sqrt(one + other);
    assert!((one - other).abs() < bound, "{busy} {one} {other}");
}
