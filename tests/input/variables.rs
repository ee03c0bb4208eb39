//! Environment variables: empty ones, and unknown ones.

use std::collections::BTreeSet;

use end_to_end::{LIMIT, Process};

use crate::{output_of, refusal_in};

/// All variables that any help names.
async fn known() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for part in [
        ["--help"].as_slice(),
        &["unreliable", "--help"],
        &["instance", "--help"],
        &["load", "--help"],
        &["faults", "--help"],
        &["run", "--help"],
    ] {
        let help = output_of(part).await.join(" ");
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let names = help.split("[env: ").skip(1);
        known.extend(names.filter_map(|rest| Some(rest.split(['=', ']']).next()?.to_owned())));
    }
    known
}

#[tokio::test]
async fn the_seed_of_a_scenario_may_come_from_the_environment() {
    let seed = [("BREAKER_LAB_SEED", "41")];
    let folder = end_to_end::empty_folder(env!("CARGO_TARGET_TMPDIR"), "seed-variable");
    let run = |name: &str| folder.join(name).display().to_string();
    let (out, set) = (run("out"), ["--set", "fleet.size=1"]);
    let simulate = ["simulate", "fast-fail", "--repeat", "2", "--out", &out];

    let ended = Process::start_in(&seed, &[&simulate[..], &set].concat())
        .ended(LIMIT)
        .await;

    let first = ended
        .stdout
        .iter()
        .find(|line| line.starts_with("run 1 of 2"));
    assert!(
        first.is_some_and(|line| line.contains("seed 41")),
        "{ended:#?}"
    );
    let refusal = refusal_in(&[("BREAKER_LAB_SEED", "x")], &["simulate", "fast-fail"]).await;
    assert!(refusal.contains("BREAKER_LAB_SEED"), "{refusal}");
}

#[tokio::test]
async fn a_contradiction_names_the_variable_that_was_set_and_not_its_flag() {
    let set = ["simulate", "fast-fail", "--set", "seed=4"];
    let refusal = refusal_in(&[("BREAKER_LAB_SEED", "5")], &set).await;

    let words =
        "--set seed=4 is not allowed together with BREAKER_LAB_SEED=5: leave one of the two out";
    assert!(refusal.contains(words), "{refusal}");
}

#[tokio::test]
async fn an_empty_variable_counts_as_unset() {
    let known = known().await;
    assert!(known.len() >= 46, "{}: {known:?}", known.len());
    for part in [
        ["--print-config", "--seed", "1"].as_slice(),
        &["unreliable", "--print-config", "--seed", "1"],
        &["instance", "A", "--print-config", "--seed", "1"],
        &["load", "--print-config", "--seed", "1"],
    ] {
        let usual = output_of(part).await;
        let empty: Vec<_> = known.iter().map(|name| (name.as_str(), "")).collect();

        let ended = Process::start_in(&empty, part).ended(LIMIT).await;

        assert!(ended.status.success(), "{part:?}: {ended:#?}");
        assert_eq!(ended.stdout, usual, "{part:?}");
    }
}

#[tokio::test]
async fn an_unknown_variable_is_named_with_the_nearest_known_one() {
    let misspelt = [("BREAKER_LAB_OPEN_FRO", "1s")];
    let said = refusal_in(&misspelt, &["instance", "A", "--print-config"]).await;
    assert!(
        said.contains("BREAKER_LAB_OPEN_FRO")
            && said.contains("did you mean `BREAKER_LAB_OPEN_FOR`?"),
        "{said}"
    );

    // One that another part knows is no mistake, nor is an empty one.
    let others = [("BREAKER_LAB_KEYS", "5"), ("BREAKER_LAB_NOTHING", "")];
    let ended = Process::start_in(&others, &["instance", "A", "--print-config"])
        .ended(LIMIT)
        .await;
    assert!(ended.status.success(), "{ended:#?}");
}
