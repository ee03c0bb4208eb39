//! Tests of phases, ramps, loops, times to live, digests and presets.

use super::*;

#[test]
fn the_default_schedule_is_a_valid_plan_that_loops() {
    let plan = Plan::schedule(1);
    let again = serde_json::to_vec(&plan).unwrap();
    assert_eq!(Plan::parse(&again).as_ref(), Ok(&plan));

    let name = |seconds| plan.at(Duration::from_secs(seconds)).phase.name.clone();

    assert_eq!(name(0), "healthy");
    assert_eq!(name(6), "partial failure");
    assert_eq!(name(20), "outage");
    assert_eq!(name(28), "flaky recovery");
    assert_eq!(name(44), "healthy again");
    assert_eq!(name(45), "healthy");
    let moment = plan.at(at(7500));
    assert_eq!(moment.remaining, Some(at(12_500)));
    assert_eq!((moment.since, moment.ordinal), (at(1500), 1));
    assert_eq!(plan.at(Duration::from_secs(51)).ordinal, 6);
}

#[test]
fn the_last_phase_of_a_plan_without_loop_stays() {
    let plan = plan(
        r#"{"phases": [{"name": "bad", "for_ms": 10, "failure_ratio": 1}, {"name": "good"}]}"#,
    );

    assert_eq!(plan.at(at(9)).phase.name, "bad");
    let moment = plan.at(Duration::from_secs(3600));
    assert_eq!((&*moment.phase.name, moment.remaining), ("good", None));
}

#[test]
fn phases_are_unrolled_until_the_end_that_is_asked_for() {
    let windows = Plan::schedule(1).phases(Duration::from_secs(50));

    let names: Vec<&str> = windows.iter().map(|it| &*it.name).collect();
    assert_eq!(names.len(), 6);
    assert_eq!((names[2], names[5]), ("outage", "healthy"));
    assert_eq!(windows[5].start, Duration::from_secs(45));
    assert_eq!(windows[5].end, Duration::from_secs(50));
    for pair in windows.windows(2) {
        assert_eq!(pair[0].end, pair[1].start);
    }
}

#[test]
fn a_call_meets_the_same_fate_whatever_else_happens() {
    let fates = |seed, caller, others: &[&str]| {
        let mut player = Player::new(Plan::schedule(seed));
        let mut fates = Vec::new();
        for n in 0..200 {
            let now = at(10_000 + n);
            for other in others {
                meet(&mut player, now, other);
            }
            fates.push(meet(&mut player, now, caller));
        }
        fates
    };

    assert_eq!(fates(7, "A", &[]), fates(7, "A", &["B", "C", "B"]));
    assert_ne!(fates(7, "A", &[]), fates(7, "B", &[]));
    assert_ne!(fates(7, "A", &[]), fates(8, "A", &[]));
}

#[test]
fn every_kind_of_chance_is_the_same_for_each_caller_under_any_interleaving() {
    let text = r#"{"seed": 3, "base": {"delay": {"exp": {"mean_ms": 5}}}, "rules": {
        "a": {"gate": {"bernoulli": 0.3, "rho": 0.5}, "effects": [{"status": {"codes": {"500": 1, "503": 2}}}]},
        "b": {"gate": {"every_nth": 7}, "effects": [{"delay": {"pareto": {"scale_ms": 1, "alpha": 2}}}]},
        "c": {"gate": {"first_n": 9}, "effects": [{"slow_body": {"over_ms": 5}}]},
        "d": {"gate": {"gilbert_elliott": {"good_mean_ms": 50, "bad_mean_ms": 20, "p_bad": 0.5}, "rho": 0.4},
              "effects": [{"reset": {}}]},
        "e": {"match": {"shards": 8, "shard": [0, 3], "share": 0.5}, "gate": {"bernoulli": 0.5, "scope": "shard"},
              "effects": [{"truncate": {}}]}}}"#;
    let callers = ["A", "B", "C", "D"];
    // Each caller calls at the same instants of its own; the orders between them differ.
    let run = |orders: &mut dyn FnMut(u64) -> [usize; 4]| {
        let mut player = Player::new(plan(text));
        let mut fates: Vec<Vec<Fate>> = vec![Vec::new(); 4];
        for n in 0..300 {
            for place in orders(n) {
                let now = at(n * 3);
                fates[place].push(meet(&mut player, now, callers[place]));
            }
        }
        fates
    };

    let first = run(&mut |_| [0, 1, 2, 3]);
    let second = run(&mut |n| match n % 3 {
        0 => [3, 2, 1, 0],
        1 => [1, 3, 0, 2],
        _ => [2, 0, 3, 1],
    });

    assert_eq!(first, second);
    assert_ne!(first[0], first[1]);
}

#[test]
fn a_ramp_grows_from_nothing_to_all() {
    let plan = plan(
        r#"{"phases": [{"name": "up", "for_ms": 1000, "ramp_ms": 800, "failure_ratio": 0.6,
                         "service_factor": 3, "rules": ["r"]}, {"name": "calm"}],
            "rules": {"r": {"gate": {"bernoulli": 0.5}, "effects": [{"reset": {}}]}}}"#,
    );

    assert!(near(plan.truth("A", at(0)), 0.0, 1e-12));
    // Half of 0.6, and half of 0.5 of what is left.
    assert!(near(plan.truth("A", at(400)), 0.3 + 0.7 * 0.25, 1e-12));
    assert!(near(plan.truth("A", at(900)), 0.6 + 0.4 * 0.5, 1e-12));
    assert!(near(plan.truth("A", at(1000)), 0.0, 1e-12));
    assert!(near(plan.at(at(400)).service_factor(), 2.0, 1e-12));
}

#[test]
fn rules_that_no_phase_names_are_always_active() {
    let plan = plan(
        r#"{"phases": [{"name": "a", "for_ms": 10, "rules": ["listed"]}, {"name": "b"}],
            "rules": {"listed": {"gate": {"bernoulli": 0.5}, "effects": [{"close": {}}]},
                      "always": {"gate": {"bernoulli": 0.2}, "effects": [{"close": {}}]}}}"#,
    );

    assert!(near(plan.truth("A", at(5)), 0.6, 1e-12));
    assert!(near(plan.truth("A", at(15)), 0.2, 1e-12));
}

#[test]
fn digests_tell_plans_apart() {
    assert_eq!(Plan::schedule(1).digest(), Plan::schedule(1).digest());
    assert_ne!(Plan::schedule(1).digest(), Plan::schedule(2).digest());
    assert_eq!(Plan::healthy().digest().len(), 16);
}

#[test]
fn plans_read_back_as_they_are_written_in_both_formats() {
    for preset in presets::ALL {
        let plan = preset.plan();
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(Plan::parse(json.as_bytes()).unwrap(), plan);
        let toml = toml::to_string(&plan).unwrap();
        assert_eq!(Plan::parse_toml(&toml).unwrap(), plan, "{toml}");
    }
}

#[test]
fn presets_say_what_they_show_and_misspelt_ones_get_the_nearest() {
    assert_eq!(presets::ALL.len(), 13);
    for preset in presets::ALL {
        assert!(preset.text.starts_with("# "), "{}", preset.name);
        assert!(preset.description().len() > 30, "{}", preset.name);
        assert!(presets::preset(preset.name).is_ok());
    }
    let error = presets::preset("metastabel").unwrap_err();
    assert!(error.contains("did you mean `metastable`?"), "{error}");
    let error = presets::preset("zzz").unwrap_err();
    assert!(error.contains("calm, flaky-10"), "{error}");
}

#[test]
fn presets_with_shared_and_independent_bursts_fail_as_much() {
    let mean = |name| {
        let mut player = Player::new(presets::preset(name).unwrap().plan());
        let truths = (0..40_000).map(|n| player.truth(at(n * 250), "A", None));
        truths.sum::<f64>() / 40_000.0
    };

    let expected = (4000.0 * 0.01 + 2000.0 * 0.9) / 6000.0;
    let (shared, independent) = (mean("shared-bursts"), mean("independent-bursts"));
    assert!(near(shared, expected, 0.02), "{shared}");
    assert!(near(independent, expected, 0.02), "{independent}");
}

#[test]
fn the_schema_knows_every_key_of_the_presets() {
    fn check(schema: &serde_json::Value, root: &serde_json::Value, value: &serde_json::Value) {
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap();
            return check(&root["$defs"][name], root, value);
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(variants) = schema[key].as_array() {
                // The variant of an effect or law is the one that has its key.
                let fits = variants.iter().find(|variant| match value.as_object() {
                    Some(object) => object.keys().all(|key| {
                        let known = variant["properties"].get(key).is_some();
                        known || variant.get("$ref").is_some()
                    }),
                    None => true,
                });
                return check(fits.unwrap_or_else(|| panic!("{value}")), root, value);
            }
        }
        match value {
            serde_json::Value::Object(object) => {
                for (key, inner) in object {
                    let known = schema["properties"].get(key);
                    let known = known.or_else(|| schema.get("additionalProperties"));
                    check(
                        known.unwrap_or_else(|| panic!("{key}: {schema}")),
                        root,
                        inner,
                    );
                }
            }
            serde_json::Value::Array(items) => {
                for item in items {
                    check(&schema["items"], root, item);
                }
            }
            _ => {}
        }
    }
    let schema = schema();
    assert!(schema["properties"]["phases"].is_object(), "{schema}");
    for preset in presets::ALL {
        check(
            &schema,
            &schema,
            &serde_json::to_value(preset.plan()).unwrap(),
        );
    }
}

#[test]
fn a_preview_shows_phases_and_the_truth_of_each_caller() {
    let preview = presets::preset("asymmetric").unwrap().plan().preview(None);

    assert_eq!(preview.until_ms, 60_000);
    assert_eq!(preview.phases.len(), 3);
    assert_eq!(
        (preview.phases[1].start_ms, preview.phases[1].end_ms),
        (20_000, 50_000)
    );
    let [a, b, _] = preview.callers.as_slice() else {
        panic!("{preview:?}");
    };
    assert!(near(a.mean_p_fail, 0.3, 0.01), "{}", a.mean_p_fail);
    assert!(b.mean_p_fail < 1e-6);
}

#[test]
fn every_time_of_a_plan_is_written_with_a_unit_or_as_a_number_whose_name_has_one() {
    let numbers = r#"{"deadline_ms": 2000, "patience_ms": {"A": 3000}, "ttl_ms": 60000, "limits": {"max_hang_ms": 5000}, "phases": [
        {"name": "x", "for_ms": 1000, "hang_ms": 1500, "latency_ms": 4, "latency_jitter_ms": 8,
         "ramp_ms": 500}]}"#;
    let units = r#"{"deadline": "2s", "patience": {"A": "3s"}, "ttl": "1m", "limits": {"max_hang": "5s"}, "phases": [
        {"name": "x", "for": "1s", "hang": "1s 500ms", "latency": "4ms", "latency_jitter": "8ms",
         "ramp": "500ms"}]}"#;
    let plan = Plan::parse(numbers.as_bytes()).unwrap();
    assert_eq!(Plan::parse(units.as_bytes()).unwrap(), plan);
    let toml = "[[phases]]\nname = \"x\"\nfor = \"1s\"\n";
    assert_eq!(
        Plan::parse_toml(toml).unwrap().steps()[0].for_ms,
        Some(1000)
    );

    for (phase, why) in [
        (r#""for": "1""#, "`1` is not a duration"),
        (r#""for": "1us""#, "whole number of milliseconds"),
        (
            r#""for": 1000"#,
            "write for as \"1000s\" or \"1000ms\", or for_ms as 1000",
        ),
        (
            r#""for": true"#,
            "a time with a unit, such as for = \"500ms\"",
        ),
        (r#""for_ms": "1s""#, "`1s` is not a number of milliseconds"),
        (r#""for_ms": -1"#, "integer `-1`"),
        (r#""hang": 5"#, "phases[0].hang: `5` has no unit"),
        (r#""retry_after": 5"#, "retry_after_s as 5"),
        (
            r#""for": "1s", "for_ms": 5"#,
            "`for` and `for_ms` are the same",
        ),
    ] {
        let text = format!(r#"{{"phases": [{{"name": "x", {phase}}}]}}"#);
        let said = Plan::parse(text.as_bytes()).unwrap_err();
        assert!(said.contains(why), "{phase}: {said}");
    }
}

#[test]
fn every_key_of_the_schema_that_ends_with_a_unit_can_be_written_without_it() {
    fn numbers_to_text(value: &mut serde_json::Value) -> usize {
        let mut changed = 0;
        match value {
            serde_json::Value::Object(object) => {
                let timed: Vec<String> = object.keys().cloned().collect();
                for key in timed {
                    let Some(name) = crate::reading::times::split(&key).map(str::to_owned) else {
                        continue;
                    };
                    let mut written = object.remove(&key).unwrap();
                    with_unit(&key, &mut written);
                    changed += 1;
                    object.insert(name, written);
                }
                changed += object.values_mut().map(numbers_to_text).sum::<usize>();
            }
            serde_json::Value::Array(items) => {
                changed += items.iter_mut().map(numbers_to_text).sum::<usize>();
            }
            _ => {}
        }
        changed
    }
    fn with_unit(key: &str, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Number(number) => {
                *value = crate::reading::times::text(key, &number.to_string()).into();
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(|it| with_unit(key, it)),
            serde_json::Value::Object(named) => {
                named.values_mut().for_each(|it| with_unit(key, it));
            }
            _ => {}
        }
    }
    let text = r#"{"deadline_ms": 1, "patience_ms": {"A": 2}, "ttl_ms": 3, "limits": {"max_hang_ms": 4},
        "base": {"delay": {"uniform": {"min_ms": 1, "max_ms": 5}}},
        "phases": [{"name": "x", "for_ms": 9, "hang_ms": 1, "latency_ms": 1, "latency_jitter_ms": 1,
                    "ramp_ms": 1, "retry_after_s": 3}],
        "rules": {"a": {"ttl_ms": 4, "gate": {"gilbert_elliott": {"good_mean_ms": 4, "bad_mean_ms": 4}},
                        "effects": [{"delay": {"exponential": {"mean_ms": 3}}},
                                    {"delay": {"log_normal": {"median_ms": 3, "p99_ms": 4}}},
                                    {"delay": {"pareto": {"scale_ms": 3, "alpha": 2, "max_ms": 9}}},
                                    {"delay": {"empirical": {"values_ms": [1, 2]}}},
                                    {"slow_body": {"over_ms": 3}},
                                    {"status": {"code": 503, "retry_after_s": 1}},
                                    {"hang": {"max_ms": 3}}]},
                  "b": {"gate": {"markov": {"states": {"x": {"p": 1, "dwell": {"fixed": {"ms": 5}}}}}},
                        "effects": [{"reset": {}}]}},
        "overload": {"workers": 1, "service": {"fixed": {"ms": 1}}, "trigger": {"at_ms": 1, "for_ms": 1,
                     "service_factor": 2}, "warmth": {"hit_ratio": 0.5, "miss_factor": 2,
                     "rewarm_tau_ms": 5}}}"#;
    let read = |text: &str| crate::reading::parse_json::<WrittenPlan>(text.as_bytes()).unwrap();
    let mut written: serde_json::Value = serde_json::from_str(text).unwrap();

    assert_eq!(numbers_to_text(&mut written), 27);
    assert_eq!(read(&written.to_string()), read(text));
    let fixed = written
        .to_string()
        .replace(r#"{"fixed":{"ms":5}}"#, r#"{"fixed":"5ms"}"#);
    assert_eq!(read(&fixed), read(text));
}

#[test]
fn a_share_is_a_number_or_a_percentage_everywhere_in_a_plan() {
    let numbers = r#"{"phases": [{"name": "x", "failure_ratio": 0.35, "hang_ratio": 0.1}],
        "rules": {"a": {"match": {"share": 0.5}, "gate": {"bernoulli": 0.25, "rho": 0.5},
                        "effects": [{"truncate": {"share": 0.5}}]},
                  "b": {"gate": {"gilbert_elliott": {"good_mean_ms": 1, "bad_mean_ms": 1, "p_good": 0.05,
                                                     "p_bad": 0.5}}, "effects": [{"reset": {}}]},
                  "c": {"gate": {"markov": {"states": {"x": {"p": 0.5, "dwell": {"fixed": {"ms": 5}}}}}},
                        "effects": [{"reset": {}}]}},
        "overload": {"workers": 1, "service": {"fixed": {"ms": 1}},
                     "warmth": {"hit_ratio": 0.9, "miss_factor": 2, "rewarm_tau_ms": 5}}}"#;
    let mut percent = numbers.to_owned();
    for (number, text) in [
        ("0.35", "\"35%\""),
        ("0.1,", "\"10 %\","),
        ("0.1}", "\"10%\"}"),
        ("0.25", "\"25%\""),
        ("0.05", "\"5%\""),
        ("0.5", "\"50%\""),
        ("0.9", "\"90%\""),
    ] {
        percent = percent.replace(number, text);
    }
    let read = |text: &str| crate::reading::parse_json::<WrittenPlan>(text.as_bytes()).unwrap();

    assert_eq!(percent.matches('%').count(), 10, "{percent}");
    assert_eq!(read(&percent), read(numbers));
    for wrong in ["\"half\"", "\"90/s\"", "true"] {
        let text = numbers.replace("0.35", wrong);
        let error = crate::reading::parse_json::<WrittenPlan>(text.as_bytes()).unwrap_err();
        assert!(
            error.contains("such as 0.5, or 50%") || error.contains("such as 0.5 or \"50%\""),
            "{error}"
        );
        assert!(error.starts_with("phases[0].failure_ratio: "), "{error}");
    }
}

#[test]
fn the_default_loop_is_a_preset_too() {
    let preset = presets::preset("default").unwrap();

    assert_eq!(preset.plan(), Plan::schedule(preset.plan().seed()));
}
