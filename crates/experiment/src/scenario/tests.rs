//! Tests of scenarios as they are read.

use super::*;

mod coordination;
mod interruptions;
mod messages;
mod policies;

const HEAD: &str = "\
# The lesson.
title = \"a short outage\"
duration = \"10s\" # not long

[breaker]
open_for = \"1s\"

[faults]
base.delay.fixed = { ms = 5 }
phases = [
  { name = \"calm\", for = \"4s\" },
  { name = \"outage\", for = \"2s\", failure_ratio = 1 }, # all of it
  { name = \"calm again\" },
]
";

fn with(sets: &[&str]) -> Result<Scenario, String> {
    let sets = sets.iter().map(|set| set.parse());
    Scenario::parse_with_sets(HEAD, &sets.collect::<Result<Vec<_>, _>>()?)
}

fn changed(text: &str, one: &str) -> String {
    set(text, &[one.parse().unwrap()]).unwrap()
}

#[test]
fn a_fleet_has_names_or_a_size_of_which_names_follow() {
    let names = |sets: &[&str]| with(sets).map(|scenario| scenario.instances().to_vec());

    assert_eq!(names(&[]).unwrap(), ["A", "B", "C"]);
    assert_eq!(names(&["fleet.size=2"]).unwrap(), ["A", "B"]);
    assert_eq!(
        names(&["fleet.size=5"]).unwrap(),
        ["A", "B", "C", "i4", "i5"]
    );
    let both = ["fleet.instances=[\"x\", \"y\"]", "fleet.size=2"];
    assert_eq!(names(&both).unwrap(), ["x", "y"]);
    for (sets, why) in [
        (
            ["fleet.size=0", ""],
            "fleet.size: 0 is not allowed: it must be from 1 to 100000",
        ),
        (["fleet.size=100001", ""], "from 1 to 100000"),
        (
            ["fleet.instances=[]", ""],
            "fleet.instances: 0 are not allowed",
        ),
        (
            ["fleet.size=3", "fleet.instances=[\"x\"]"],
            "fleet.size: 3 is not allowed beside fleet.instances, which names 1: leave one of the two out",
        ),
        (["fleet.instances=[\"x\", \"x\"]", ""], "`x` is given twice"),
        (
            ["fleet.instances=[\"lab\"]", ""],
            "not the name of another service",
        ),
    ] {
        let sets: Vec<&str> = sets.into_iter().filter(|set| !set.is_empty()).collect();
        let error = names(&sets).unwrap_err();
        assert!(error.contains(why), "{sets:?}: {error}");
    }
}

#[test]
fn an_instance_of_a_hundred_thousand_is_found_by_its_name() {
    let scenario = with(&["fleet.size=100000", "instance.i77777.call_timeout=2s"]).unwrap();

    assert_eq!(scenario.place_of("i100000"), Some(99_999));
    assert_eq!(scenario.place_of("i3"), None);
    assert_eq!(scenario.instances()[77_776], "i77777");
    let waits: Vec<_> = scenario
        .waits()
        .filter(|(_, wait)| wait.as_secs() == 2)
        .collect();
    assert_eq!(waits, [("i77777", Duration::from_secs(2))]);
    let error = with(&["fleet.size=100000", "instance.D.call_timeout=2s"]).unwrap_err();
    assert!(error.ends_with("i16 and 99984 more"), "{error}");
}

#[test]
fn breakers_differ_in_their_jitter_alone() {
    let scenario = with(&["instance.B.breaker.open_for=3s"]).unwrap();
    let without_jitter = |place: usize| {
        let config = scenario.config_of(place).to_builder().jitter_seed(0);
        config.build().unwrap()
    };

    assert_ne!(scenario.config_of(0), scenario.config_of(2));
    assert_eq!(without_jitter(0), without_jitter(2));
    assert_eq!(scenario.config_of(1).open_for(), Duration::from_secs(3));
    assert_eq!(scenario.config_of(0), scenario.config_of(0));
}

#[test]
fn no_two_breakers_of_neighbouring_seeds_share_their_jitter() {
    let scenario = with(&[]).unwrap();
    let mut seen = Vec::new();
    for seed in 1..=10 {
        let seeded = scenario.clone().with_seed(seed);
        for place in 0..seeded.instances().len() {
            let config = seeded.config_of(place);
            assert!(!seen.contains(&config), "seed {seed}, place {place}");
            seen.push(config);
        }
    }
}

#[test]
fn without_breakers_nobody_judges() {
    let scenario = with(&["instance.B.mode=forced_open"]).unwrap();
    assert_eq!(scenario.mode_of("B"), Mode::ForcedOpen);

    let scenario = scenario.without_breakers();

    let modes = scenario
        .instances()
        .iter()
        .map(|name| scenario.mode_of(name));
    assert!(modes.into_iter().all(|mode| mode == Mode::Disabled));
}

#[test]
fn any_key_can_be_set_and_the_rest_stays_as_it_was_written() {
    for (one, before, after) in [
        ("duration=1m", "\"10s\" # not long", "\"1m\" # not long"),
        (
            "breaker.open_for = 2s",
            "open_for = \"1s\"",
            "open_for = \"2s\"",
        ),
        ("breaker.jitter=0.1", "\"1s\"\n", "\"1s\"\njitter = 0.1\n"),
        (
            "faults.phases.1.failure_ratio=0.4",
            "_ratio = 1 }, #",
            "_ratio = 0.4 }, #",
        ),
        (
            "faults.phases[1].failure_ratio=40%",
            "_ratio = 1 }, #",
            "_ratio = \"40%\" }, #",
        ),
        ("faults.phases.outage.for=3s", "\"2s\"", "\"3s\""),
        (
            "faults.phases.outage.for_ms=3000",
            "for = \"2s\", failure_ratio = 1",
            "failure_ratio = 1 , for_ms = 3000",
        ),
        (
            "faults.base.delay.fixed=7ms",
            "fixed = { ms = 5 }",
            "fixed = \"7ms\"",
        ),
        ("faults.base.delay.fixed.ms=7", "ms = 5", "ms = 7"),
    ] {
        let expected = HEAD.replacen(before, after, 1);
        assert_eq!(changed(HEAD, one), expected, "{one}");
    }
    let sections = changed(HEAD, "fleet.size=100");
    assert!(sections.starts_with(HEAD), "{sections}");
    assert!(sections.ends_with("[fleet]\nsize = 100\n"), "{sections}");
    assert_eq!(set(HEAD, &[]).unwrap(), HEAD);
}

#[test]
fn bare_words_are_text_where_the_key_wants_text() {
    for (one, says) in [
        ("title=7", "title = \"7\""),
        (
            "title=two words = one title",
            "title = \"two words = one title\"",
        ),
        ("load.rate=200/s", "rate = \"200/s\""),
        ("load.rate=200", "rate = 200"),
        ("load.process=gamma:0.5", "process = \"gamma:0.5\""),
        (
            "load.shape=steps:calm=50:10s,500:5s",
            "shape = \"steps:calm=50:10s,500:5s\"",
        ),
        (
            "breaker.consecutive_failures=off",
            "consecutive_failures = \"off\"",
        ),
        ("fleet.mode=disabled", "mode = \"disabled\""),
        ("faults.loop=false", "loop = false"),
        (
            "expectations=[\"openings > 1\"]",
            "expectations = [\"openings > 1\"]",
        ),
    ] {
        let text = changed(HEAD, one);
        assert!(text.contains(says), "{one}: {text}");
    }
}

#[test]
fn lists_of_tables_and_quoted_names_are_found() {
    let text = "title = \"t\"\nduration = \"1s\"\n[[faults.phases]]\nname = \"a.b\"\nfor = \"1s\"\n\
                [[faults.phases]]\nname = \"c\"\n";

    assert!(
        changed(text, "faults.phases.0.failure_ratio=1").contains("\"1s\"\nfailure_ratio = 1\n")
    );
    assert!(changed(text, "faults.phases.\"a.b\".for=2s").contains("for = \"2s\""));
    assert!(
        changed(text, "faults.phases.c.failure_ratio=1").ends_with("\"c\"\nfailure_ratio = 1\n")
    );
}

#[test]
fn what_is_set_wrongly_is_named_with_what_to_write() {
    for (one, why) in [
        (
            "durration=5s",
            "unknown key `durration`; did you mean `duration`?",
        ),
        ("flet.size=5", "unknown key `flet`; did you mean `fleet`?"),
        (
            "breaker.open_fro=2s",
            "unknown key `open_fro`; did you mean `open_for`?",
        ),
        (
            "faults.phases.1.failure_ration=1",
            "did you mean `failure_ratio`?",
        ),
        (
            "breaker.open_for=2",
            "`2` has no unit: write one, such as \"2ms\" or \"2s\"",
        ),
        ("breaker.open_for=soon", "`soon` is not a duration"),
        (
            "faults.phases.outag.for=2s",
            "faults.phases has no element `outag`; did you mean `outage`?",
        ),
        (
            "faults.phases.3.for=2s",
            "faults.phases has no element 3: write a number from 0 to 2",
        ),
        ("expectations.0=openings > 1", "unknown key"),
        (
            "title.size=5",
            "nothing is below it: set it as a whole, title=…",
        ),
        ("expectations=[\"openings", "is not TOML"),
        ("breaker.open_for=0s", "breaker of instance A: open_for = 0"),
        (
            "fleet.call_timeout=11m",
            "call_timeout = 11m is not allowed",
        ),
        ("load.rate=0", "load.rate = 0 is not allowed"),
        (
            "instance.D.mode=disabled",
            "there is no such instance; there are A, B, C",
        ),
    ] {
        let error = with(&[one]).unwrap_err();
        assert!(error.starts_with(&format!(" --set {one}: ")), "{error}");
        assert!(
            one.starts_with("expectations.0") || error.contains(why),
            "{one}: {error}"
        );
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn what_is_no_key_with_a_value_is_named_with_what_to_write() {
    for (one, why) in [
        (
            "open_for",
            "`open_for` has no value: write KEY=VALUE, such as breaker.open_for=2s",
        ),
        ("breaker.open_for=", "`breaker.open_for` has no value"),
        ("=2s", "`` is not a key"),
        ("breaker..open_for=2s", "`breaker..open_for` is not a key"),
        ("a.\"b=2s", "is not a key"),
    ] {
        let error = one.parse::<Set>().unwrap_err();
        assert!(error.contains(why), "{one}: {error}");
    }
}

#[test]
fn what_only_several_keys_make_possible_is_possible() {
    let moved = ["breaker.open_for=10s", "breaker.max_open_for=20s"];
    assert!(with(&["breaker.max_open_for=20s", "breaker.open_for=10s"]).is_ok());
    assert!(with(&moved).is_ok());
    let shares = [
        "faults.phases.1.hang_ratio=0.5",
        "faults.phases.1.failure_ratio=0.5",
    ];
    assert!(with(&shares).is_ok());

    let error = with(&["load.connections=4", "load.rate=50"]).unwrap_err();
    assert!(
        error.starts_with(" --set load.connections=4 --set load.rate=50: load.connections"),
        "{error}"
    );
}

#[test]
fn a_text_that_is_wrong_as_it_is_is_not_blamed_on_what_is_set() {
    let sets = ["duration=5s".parse().unwrap()];
    let error = Scenario::parse_with_sets("titel = 1\n", &sets).unwrap_err();
    assert_eq!(error, "1:1: unknown key `titel`; did you mean `title`?");
}

#[test]
fn the_faults_of_a_scenario_name_its_instances_alone() {
    for (set, why) in [
        (
            "faults.callers=[\"A\", \"A\"]",
            "faults.callers: `A` is given twice",
        ),
        (
            "faults.callers=[\"Z\"]",
            "faults.callers: there is no instance `Z`",
        ),
        (
            "faults.patience={ Z = \"1s\" }",
            "faults.patience: there is no instance `Z`",
        ),
        (
            "faults.rules.odd={ match = { caller = [\"A\", \"b\"] }, effects = [{ reset = {} }] }",
            "faults.rules.odd.match.caller: there is no instance `b`; there are A, B, C",
        ),
    ] {
        let error = with(&[set]).unwrap_err();
        assert!(error.contains(why), "{set}: {error}");
    }
    let known = "faults.rules.odd={ match = { caller = \"B\" }, effects = [{ reset = {} }] }";
    assert!(with(&[known]).is_ok(), "{:?}", with(&[known]).err());
}

#[test]
fn a_seed_may_be_as_large_as_64_bits_and_keys_can_be_set_beside_it() {
    let all = u64::MAX;
    for line in [format!("seed = {all}\n"), format!("seed = \"{all}\"\n")] {
        let text = format!("{line}{HEAD}");
        assert_eq!(Scenario::parse(&text).unwrap().seed(), all);

        let sets = ["load.rate=50".parse().unwrap()];
        let scenario = Scenario::parse_with_sets(&text, &sets);

        assert_eq!(scenario.unwrap().seed(), all);
    }
    let set = with(&[&format!("seed={all}")]).unwrap();
    assert_eq!(set.seed(), all);
    for (given, why) in [
        ("seed=-1", "`-1` is not a seed: write a whole number"),
        (
            "seed=99999999999999999999",
            "`99999999999999999999` is not a seed",
        ),
        ("seed=one", "`one` is not a seed"),
    ] {
        let error = with(&[given]).unwrap_err();
        assert!(error.contains(why), "{given}: {error}");
    }
}

#[test]
fn a_scenario_is_checked_with_the_lengths_that_its_own_seed_draws() {
    // Seed 0, which nobody asked for, would draw 24 s.
    let text = "title = \"t\"\nduration = \"25s\"\nexpectations = [\"ok_ratio(phase=after) > 0.9\"]\n[faults]\n\
        phases = [{ name = \"calm\", for = \"5s\" }, { name = \"outage\", for = \"5s\", for_jitter = \"20s\", \
        failure_ratio = 1 }, { name = \"after\" }]\n";

    Scenario::parse(text).unwrap();
}

#[test]
fn phases_that_are_told_apart_with_one_seed_are_told_apart_with_each() {
    let text = |duration: &str| {
        format!(
            "title = \"t\"\nduration = \"{duration}\"\n[faults]\nloop = true\n\
             phases = [{{ name = \"a\", for = \"40ms\", for_jitter = \"20ms\" }}, {{ name = \"b\", for = \"50ms\" }}]\n"
        )
    };

    let refused = Scenario::parse(&text("459s")).unwrap_err();
    assert!(refused.contains("no more are recorded"), "{refused}");
    let scenario = Scenario::parse(&text("440s")).unwrap();
    for seed in 0..20 {
        let scenario = scenario.clone().with_seed(seed);
        let of_plan = scenario.faults().phases(scenario.duration());
        assert_eq!(scenario.phases.windows().len(), of_plan.len(), "{seed}");
    }
}
