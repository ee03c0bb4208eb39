//! Tests of bursts: the share of bad time, the lengths of stays, correlation, and that reading changes nothing.

use super::*;
use crate::chance::Draw;

const BURSTS: &str = r#""gilbert_elliott": {"good_mean_ms": 400, "bad_mean_ms": 100}"#;

fn bursts(more: &str) -> Plan {
    with_rule(&format!(
        r#"{{"gate": {{{BURSTS}{more}}}, "effects": [{{"reset": {{}}}}]}}"#
    ))
}

/// Whether each caller is in a bad time, every 10 ms.
fn bad_times(plan: &Plan, caller: &str, count: u64) -> Vec<bool> {
    let mut player = Player::new(plan.clone());
    (0..count)
        .map(|n| player.truth(at(n * 10), caller, None) > 0.5)
        .collect()
}

fn correlation(a: &[bool], b: &[bool]) -> f64 {
    let mean = |it: &[bool]| share(it.iter().filter(|bad| **bad).count(), it.len());
    let both = a.iter().zip(b).filter(|(a, b)| **a && **b).count();
    let (pa, pb) = (mean(a), mean(b));
    (share(both, a.len()) - pa * pb) / (pa * (1.0 - pa) * pb * (1.0 - pb)).sqrt()
}

#[test]
fn the_share_of_bad_time_and_the_mean_stays_are_those_of_the_plan() {
    let bad = bad_times(&bursts(""), "A", 400_000);

    let spent = bad.iter().filter(|bad| **bad).count();
    let begun = bad.windows(2).filter(|pair| !pair[0] && pair[1]).count();

    let spent_share = share(spent, bad.len());
    assert!(near(spent_share, 0.2, 0.01), "{spent_share}");
    // Stays shorter than the 10 ms between two looks are missed at times.
    let stay = 10.0 * share(spent, begun);
    assert!(near(stay, 105.0, 6.0), "{stay}");
}

#[test]
fn the_state_at_an_instant_does_not_depend_on_when_else_it_was_asked_for() {
    let plan = bursts(r#", "rho": 0.5"#);
    let dense = bad_times(&plan, "A", 20_000);

    let mut player = Player::new(plan);
    for n in 0..2_000 {
        let place = Draw::new(1).number(n).bits() % 20_000;
        let bad = player.truth(at(place * 10), "A", None) > 0.5;
        let expected = dense[usize::try_from(place).unwrap()];
        assert_eq!(bad, expected, "at {place}");
    }
    // Long after every block that has been walked, and beyond what a float can tell apart.
    let far = player.truth(Duration::MAX, "A", None);
    assert!(near(far, 0.0, 1e-12) || near(far, 1.0, 1e-12));
}

#[test]
fn callers_correlate_by_the_square_of_rho_and_fail_as_much() {
    for (gate, expected) in [
        (r#", "rho": 0"#, 0.0),
        (r#", "rho": 0.5"#, 0.25),
        (r#", "rho": 0.8"#, 0.64),
        (r#", "rho": 1"#, 1.0),
        (r#", "scope": "shared""#, 1.0),
    ] {
        let plan = bursts(gate);
        let a = bad_times(&plan, "A", 200_000);
        let b = bad_times(&plan, "B", 200_000);

        let spent = share(a.iter().filter(|bad| **bad).count(), a.len());
        let found = correlation(&a, &b);

        assert!(near(spent, 0.2, 0.02), "{gate}: {spent}");
        assert!(near(found, expected, 0.06), "{gate}: {found}");
    }
}

#[test]
fn draws_of_callers_correlate_by_the_square_of_rho_and_fail_as_much() {
    for (rho, expected) in [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)] {
        let plan = with_rule(&format!(
            r#"{{"gate": {{"bernoulli": 0.3, "rho": {rho}}}, "effects": [{{"reset": {{}}}}]}}"#
        ));
        let mut player = Player::new(plan);
        let mut hits = |caller| -> Vec<bool> {
            let fates = (0..40_000).map(|_| meet(&mut player, at(0), caller));
            fates.map(|fate| fate.ending == Ending::Reset).collect()
        };
        let (a, b) = (hits("A"), hits("B"));

        let spent = share(a.iter().filter(|hit| **hit).count(), a.len());
        let found = correlation(&a, &b);

        assert!(near(spent, 0.3, 0.012), "{rho}: {spent}");
        assert!(near(found, expected, 0.03), "{rho}: {found}");
    }
}

#[test]
fn shards_have_trajectories_of_their_own() {
    let plan = with_rule(&format!(
        r#"{{"match": {{"shards": 4}}, "gate": {{{BURSTS}, "scope": "shard"}}, "effects": [{{"reset": {{}}}}]}}"#
    ));
    let mut player = Player::new(plan);
    let mut seen = std::collections::BTreeSet::new();
    for n in 0..5_000 {
        // The same for every caller, as it is of the shards.
        let truth = player.truth(at(n * 50), "A", None);
        assert!(near(truth, player.truth(at(n * 50), "B", None), 1e-12));
        seen.insert((truth * 4.0).round().to_string());
    }
    assert_eq!(seen.len(), 5, "none to all of four shards: {seen:?}");
}

#[test]
fn states_with_any_lengths_are_met_as_often_as_they_last() {
    let plan = with_rule(
        r#"{"gate": {"markov": {"states": {
            "good": {"dwell": {"uniform": {"min_ms": 100, "max_ms": 300}}, "p": 0.0, "next": {"slow": 3, "dead": 1}},
            "slow": {"dwell": {"fixed": {"ms": 100}}, "p": 0.5, "next": {"good": 1}},
            "dead": {"dwell": {"log_normal": {"median_ms": 50, "p99_ms": 200}}, "p": 1.0, "next": {"good": 1}}}}},
            "effects": [{"reset": {}}]}"#,
    );
    let mut player = Player::new(plan);
    let mut times = [0_usize; 3];
    for n in 0..300_000 {
        let truth = player.truth(at(n * 7), "A", None);
        times[if truth < 0.25 {
            0
        } else if truth < 0.75 {
            1
        } else {
            2
        }] += 1;
    }
    let dead = crate::law::Law::LogNormal {
        median_ms: 50.0,
        p99_ms: 200.0,
    };
    let round = 200.0 + 0.75 * 100.0 + 0.25 * dead.mean();
    for (time, expected) in times.iter().zip([200.0, 75.0, 0.25 * dead.mean()]) {
        let found = share(*time, 300_000);
        assert!(near(found, expected / round, 0.01), "{found} {expected}");
    }
}

#[test]
fn standings_name_the_state_and_since_when() {
    let mut player = Player::new(bursts(""));
    let standings = player.standings(at(5000), "A");
    let [standing] = standings.as_slice() else {
        panic!("{standings:?}");
    };
    let bad = player.truth(at(5000), "A", None) > 0.5;
    assert_eq!(standing.state, if bad { "bad" } else { "good" });
    let before = at(5000 - standing.since_ms);
    assert_eq!(player.truth(before, "A", None) > 0.5, bad);
}

#[test]
fn a_chain_that_seldom_changes_sides_still_has_its_exact_shares() {
    // Two pairs of states; the way from one pair to the other is taken once in 5,000 visits, the way back
    // once in 1,000: five sixths of the visits are in the first pair.
    let plan = with_rule(
        r#"{"gate": {"markov": {"states": {
            "a": {"dwell": {"fixed": {"ms": 1}}, "p": 0.0, "next": {"b": 4999, "c": 1}},
            "b": {"dwell": {"fixed": {"ms": 1}}, "p": 0.0, "next": {"a": 1}},
            "c": {"dwell": {"fixed": {"ms": 1}}, "p": 1.0, "next": {"d": 999, "a": 1}},
            "d": {"dwell": {"fixed": {"ms": 1}}, "p": 1.0, "next": {"c": 1}}}}},
            "effects": [{"reset": {}}]}"#,
    );
    let mut player = Player::new(plan);

    // Far apart, so that each instant is in a stretch of its own, drawn from the long run.
    let bad = (0..20_000).filter(|&n| player.truth(at(n * 60_000), "A", None) > 0.5);

    // Five standard deviations of 20,000 draws.
    let found = share(bad.count(), 20_000);
    assert!(near(found, 1.0 / 6.0, 0.014), "{found}");
}

#[test]
fn stays_are_cut_where_a_caller_changes_between_its_own_and_the_shared_trajectory() {
    let stay = |rho: &str| {
        let bad = bad_times(&bursts(rho), "A", 600_000);
        let spent = bad.iter().filter(|bad| **bad).count();
        let begun = bad.windows(2).filter(|pair| !pair[0] && pair[1]).count();
        10.0 * share(spent, begun)
    };
    let whole = stay(r#", "rho": 0"#);

    let (mixed, shared) = (stay(r#", "rho": 0.5"#), stay(r#", "rho": 1"#));

    // A slot is 500 ms: it changes over in half of them, and in four of five of these the other one is good.
    let expected = 1.0 / (1.0 / 100.0 + 0.5 * 0.8 / 500.0) / 100.0;
    assert!(near(mixed / whole, expected, 0.04), "{mixed} of {whole}");
    assert!(near(shared / whole, 1.0, 0.04), "{shared} of {whole}");
}
