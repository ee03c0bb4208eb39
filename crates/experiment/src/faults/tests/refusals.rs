//! Tests of malformed plans: the message names the key, the value and what is allowed.

use super::*;

#[test]
fn a_malformed_plan_is_refused_with_the_field() {
    for (text, words) in [
        ("", "the text is empty"),
        ("[]", "expected struct Plan"),
        ("{}", "phases: there are none"),
        (r#"{"phases": []}"#, "phases: there are none"),
        (r#"{"phase": []}"#, "did you mean `phases`?"),
        (
            r#"{"phases": [{"name": "x", "failure_ratio": 2}]}"#,
            "phases[0].failure_ratio: 2",
        ),
        (
            r#"{"phases": [{"name": "x", "failure_ratio": "a"}]}"#,
            "phases[0].failure_ratio: ",
        ),
        (
            r#"{"phases": [{"name": "x", "failure_status": 200}]}"#,
            "phases[0].failure_status",
        ),
        (
            r#"{"phases": [{"name": "x", "latency_ms": -1}]}"#,
            "phases[0].latency_ms",
        ),
        (
            r#"{"phases": [{"name": "x", "hang_ratio": 0.6, "failure_ratio": 0.6}]}"#,
            "hang_ratio",
        ),
        (
            r#"{"phases": [{"name": "x"}, {"name": "y"}]}"#,
            "phases[0].for",
        ),
        (
            r#"{"loop": true, "phases": [{"name": "x"}]}"#,
            "phases[0].for",
        ),
        (
            r#"{"phases": [{"name": "x", "for_jitter": "1s"}]}"#,
            "phases[0].for_jitter: it is added to the shortest length",
        ),
        (r#"{"phases": [{"name": ""}]}"#, "phases[0].name"),
        (r#"{"phases": [{"name": "x"}]} trailing"#, "trailing"),
    ] {
        assert_plan_refused(text, words);
    }
}

#[test]
fn a_malformed_key_beside_the_phases_is_refused_with_the_field() {
    for (text, words) in [
        (
            r#"{"phases": [{"name": "x", "rules": ["burst"]}], "rules": {"bursts": {"effects": [{"reset": {}}]}}}"#,
            "phases[0].rules[0]: there is no rule `burst`; did you mean `bursts`?",
        ),
        (r#"{"version": 2, "phases": [{"name": "x"}]}"#, "version: 2"),
        (
            r#"{"phases": [{"name": "x"}], "ttl_ms": 0}"#,
            "ttl: 0s is not allowed: it must be from 1ms",
        ),
        (
            r#"{"phases": [{"name": "x"}], "limits": {"max_hang_ms": 0}}"#,
            "limits.max_hang: 0s",
        ),
        (
            r#"{"base": {"delay": {"fixed": {"ms": -4}}}}"#,
            "base.delay.fixed: -4ms",
        ),
        (
            r#"{"overload": {"workers": 0, "service": {"fixed": {"ms": 1}}}}"#,
            "overload.workers: 0 is not allowed: it must be from 1 to 10000",
        ),
        (
            r#"{"overload": {"workers": 1, "service": {"fixed": {"ms": 1}},
                "warmth": {"hit_ratio": 0.9, "miss_factor": 6, "rewarm_tau_ms": 1, "flush_on": "trigger"}}}"#,
            "overload.warmth.flush_on",
        ),
    ] {
        assert_plan_refused(text, words);
    }
}

fn assert_plan_refused(text: &str, words: &str) {
    let error = Plan::parse(text.as_bytes()).unwrap_err();
    assert!(error.contains(words), "{text}: {error}");
    assert!(!error.contains('\n'), "{error}");
}

/// Rules, and the words in which they are refused.
const RULES: [(&str, &str); 35] = [
    (r#"{"effects": []}"#, "rules.r.effects: 0"),
    (
        r#"{"gate": {"bernoulli": 1.5}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.bernoulli: 1.5",
    ),
    (
        r#"{"gate": {"bernoulli": 0.5, "rho": 2}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.rho: 2 is not allowed: it must be a share from 0 to 1",
    ),
    (
        r#"{"gate": {"bernoulli": 0.5, "first_n": 2}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.first_n: not allowed together with bernoulli",
    ),
    (
        r#"{"gate": {"bernouli": 0.5}, "effects": [{"reset": {}}]}"#,
        "did you mean `bernoulli`?",
    ),
    (
        r#"{"gate": {"always": false}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.always",
    ),
    (
        r#"{"gate": {"every_nth": 0}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.every_nth: 0",
    ),
    (
        r#"{"gate": {"first_n": 5, "scope": "shared"}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.scope",
    ),
    (
        r#"{"gate": {"bernoulli": 0.1, "scope": "shard"}, "effects": [{"reset": {}}]}"#,
        "without match.shards",
    ),
    (
        r#"{"gate": {"rho": 0.5}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.rho: it is not allowed for a gate that hits every call",
    ),
    (
        r#"{"gate": {"always": true, "rho": 0}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.rho: it is not allowed",
    ),
    (
        r#"{"gate": {"scope": "shared"}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.scope: it is not allowed for a gate that hits every call",
    ),
    (
        r#"{"match": {"shards": 4}, "gate": {"always": true, "scope": "shard"}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.scope: it is not allowed",
    ),
    (
        r#"{"gate": {"every_nth": 2, "rho": 0}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.rho: it is not allowed for gates that count",
    ),
    (
        r#"{"gate": {"gilbert_elliott": {"good_mean_ms": 0, "bad_mean_ms": 1}}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.gilbert_elliott.good_mean: 0s is not allowed: it must be from 1ms",
    ),
    (
        r#"{"gate": {"markov": {"states": {}}}, "effects": [{"reset": {}}]}"#,
        "rules.r.gate.markov.states.0",
    ),
    (
        r#"{"gate": {"markov": {"states": {"a": {"dwell": {"fixed": {"ms": 0}}, "p": 1}}}}, "effects": [{"reset": {}}]}"#,
        "states.a.dwell's mean: 0",
    ),
    (
        r#"{"gate": {"markov": {"states": {"a": {"dwell": {"fixed": {"ms": 5}}, "p": 1, "next": {"b": 1}}}}}, "effects": [{"reset": {}}]}"#,
        "there is no state `b`",
    ),
    (
        r#"{"gate": {"markov": {"states": {"a": {"dwell": {"fixed": {"ms": 5}}, "p": 1, "next": {"a": 1}}, "b": {"dwell": {"fixed": {"ms": 5}}, "p": 1}}}}, "effects": [{"reset": {}}]}"#,
        "`b` is never reached from `a`",
    ),
    (
        r#"{"match": {"shard": [0, 3]}, "effects": [{"reset": {}}]}"#,
        "rules.r.match.shards: it is missing",
    ),
    (
        r#"{"match": {"shard": [0, 16], "shards": 16}, "effects": [{"reset": {}}]}"#,
        "rules.r.match.shard[1]: 16",
    ),
    (
        r#"{"match": {"path": "/faults"}, "effects": [{"reset": {}}]}"#,
        "rules.r.match.path: `/faults`",
    ),
    (
        r#"{"match": {"caller": []}, "effects": [{"reset": {}}]}"#,
        "rules.r.match.caller: 0",
    ),
    (
        r#"{"match": {"caller": 5}, "effects": [{"reset": {}}]}"#,
        "a name or a list of names",
    ),
    (
        r#"{"effects": [{"status": {}}]}"#,
        "rules.r.effects[0].status.code: it is missing: write code or codes",
    ),
    (
        r#"{"effects": [{"status": {"code": 99}}]}"#,
        "rules.r.effects[0].status.code: 99",
    ),
    (
        r#"{"effects": [{"status": {"codes": {"x": 1}}}]}"#,
        "`x` is not allowed",
    ),
    (
        r#"{"effects": [{"status": {"codes": {"500": 0}}}]}"#,
        "above zero",
    ),
    (
        r#"{"effects": [{"status": {"code": 500, "headers": {"Content-Length": "5"}}}]}"#,
        "headers.Content-Length",
    ),
    (
        r#"{"effects": [{"status": {"code": 500, "headers": {"x": "a\r\nb"}}}]}"#,
        "headers.x",
    ),
    (
        r#"{"effects": [{"slow_body": {}}]}"#,
        "rules.r.effects[0].slow_body.over: it is missing: write over or bytes_per_s",
    ),
    (
        r#"{"effects": [{"truncate": {"share": 2}}]}"#,
        "rules.r.effects[0].truncate.share: 2",
    ),
    (
        r#"{"effects": [{"hang": {"max_ms": 99999999}}]}"#,
        "hang.max: 1day 3h 46m 39s 999ms",
    ),
    (
        r#"{"effects": [{"delay": {"uniform": {"min_ms": 9, "max_ms": 1}}}]}"#,
        "rules.r.effects[0].delay.uniform.max: 1ms",
    ),
    (r#"{"effects": [{"rest": {}}]}"#, "did you mean `reset`?"),
];

#[test]
fn a_malformed_rule_is_refused_with_its_path() {
    for (rule, words) in RULES {
        let text = format!(r#"{{"rules": {{"r": {rule}}}}}"#);
        let error = Plan::parse(text.as_bytes()).unwrap_err();
        assert!(error.contains(words), "{text}: {error}");
    }
    let taken = r#"{"rules": {"phase": {"effects": [{"reset": {}}]}}}"#;
    let error = Plan::parse(taken.as_bytes()).unwrap_err();
    assert!(error.contains("rules.phase.name: `phase`"), "{error}");
}

#[test]
fn a_plan_whose_truth_is_too_costly_is_refused() {
    let refused = |rules: &[&str], base: &str| {
        let rules = rules.iter().zip(0..);
        let rules: Vec<_> = rules
            .map(|(rule, n)| format!(r#""r{n}": {rule}"#))
            .collect();
        let text = format!(r#"{{"rules": {{{}}}{base}}}"#, rules.join(","));
        Plan::parse(text.as_bytes()).unwrap_err()
    };
    let everywhere = r#"{"match": {"shards": 256}, "gate": {"bernoulli": 0.5, "scope": "shard"},
                         "effects": [{"delay": {"exp": {"mean_ms": 5}}}]}"#;
    let fixed = r#"{"gate": {"bernoulli": 0.5}, "effects": [{"delay": {"fixed": {"ms": 5}}}]}"#;
    let base = r#", "base": {"delay": {"exp": {"mean_ms": 5}}}"#;

    for error in [
        refused(&[everywhere, fixed], ""),
        refused(&[everywhere], base),
    ] {
        assert!(
            error.contains("2 delays that add up on 257 parts"),
            "{error}"
        );
    }
    let plain = r#"{"match": {"shards": 256}, "gate": {"bernoulli": 0.5, "scope": "shard"},
                    "effects": [{"reset": {}}]}"#;
    let error = refused(&[plain; 16], "");
    assert!(error.contains("16 rules on 4097 parts"), "{error}");
}

#[test]
fn a_rule_that_is_there_twice_is_refused() {
    let rule = r#""r": {"effects": [{"reset": {}}]}"#;
    let error = Plan::parse(format!(r#"{{"rules": {{{rule}, {rule}}}}}"#).as_bytes()).unwrap_err();
    assert!(error.contains("the rule `r` is given twice"), "{error}");
}

#[test]
fn a_malformed_toml_plan_is_refused_with_line_and_column() {
    let error = Plan::parse_toml("seed = 1\n[rules.r.gate]\nbernuli = 1\n").unwrap_err();
    assert_eq!(
        error,
        "3:1: rules.r.gate: unknown key `bernuli`; did you mean `bernoulli`?"
    );
    let error = Plan::parse_toml("[[phases]]\nname = \"x\"\nfailure_ratio = nan\n").unwrap_err();
    assert!(error.contains("phases[0].failure_ratio: NaN"), "{error}");
}

#[test]
fn the_plans_of_the_documentation_are_accepted() {
    for text in [
        r#"{
  "version": 1, "seed": 42, "callers": ["A", "B", "C"],
  "base": { "delay": { "lognormal": { "median_ms": 8, "p99_ms": 40 } } },
  "phases": [
    { "name": "calm", "for_ms": 20000 },
    { "name": "a-only", "for_ms": 30000, "rules": ["link-a"] },
    { "name": "brownout", "for_ms": 60000, "ramp_ms": 5000, "rules": ["bursts", "slow-tail"] },
    { "name": "recover", "for_ms": 30000 }
  ],
  "loop": true,
  "rules": {
    "link-a": { "match": { "caller": "A" }, "gate": { "bernoulli": 0.6 },
                "effects": [ { "status": { "codes": { "500": 3, "503": 1 }, "retry_after_s": 2 } } ] },
    "bursts": { "gate": { "gilbert_elliott": { "good_mean_ms": 4000, "bad_mean_ms": 700, "p_good": 0.01, "p_bad": 0.85 },
                          "scope": "caller", "rho": 0.5 },
                "effects": [ { "reset": {} } ] },
    "slow-tail": { "match": { "shard": [0, 3], "shards": 16 }, "gate": { "bernoulli": 0.2 },
                   "effects": [ { "delay": { "pareto": { "scale_ms": 120, "alpha": 1.6, "max_ms": 5000 } } } ] }
  },
  "limits": { "max_active_faults": 2000, "max_hang_ms": 30000 }
}"#,
        r#"{ "rules": { "hang-c": { "match": { "caller": "C" }, "gate": { "first_n": 25 },
             "effects": [ { "hang": { "max_ms": 15000 } } ], "ttl_ms": 20000 } } }"#,
        r#"{ "overload": {
    "workers": 8, "service": { "exp": { "mean_ms": 20 } },
    "queue": { "limit": 200, "discipline": "fifo" },
    "abandoned_work": "continues",
    "trigger": { "at_ms": 20000, "for_ms": 5000, "service_factor": 2.0 },
    "warmth": { "hit_ratio": 0.9, "miss_factor": 6, "rewarm_tau_ms": 20000, "flush_on": "restart" } } }"#,
    ] {
        plan(text);
    }
}

/// Rules that delay calls of callers, and what depends on them.
fn delays(rules: usize, caller: &str, gate: &str) -> String {
    let rule = |number: usize| {
        format!(
            r#""r{number}": {{"match": {{{caller}}}, "gate": {gate},
               "effects": [{{"delay": {{"fixed": {{"ms": 5}}}}}}]}}"#
        )
    };
    let rules: Vec<String> = (0..rules).map(rule).collect();
    format!(r#"{{"rules": {{{}}}}}"#, rules.join(", "))
}

#[test]
fn what_the_truths_of_all_callers_cost_is_counted() {
    let names: Vec<String> = (0..256).map(|number| format!("\"c{number}\"")).collect();
    let many = format!(r#""caller": [{}]"#, names.join(", "));
    let bernoulli = r#"{"bernoulli": 0.5}"#;
    let bursts = r#"{"gilbert_elliott": {"good_mean_ms": 100, "bad_mean_ms": 100}}"#;
    // Callers of whom no rule speaks, but who wait: each for a time of its own, or all for the same.
    let waiting = |millis: fn(u64) -> u64| {
        let one = |number| format!("\"w{number}\": {}", millis(number));
        let all: Vec<String> = (0..40).map(one).collect();
        let patience = format!("{{\"patience_ms\": {{{}}}, ", all.join(", "));
        delays(16, "", bernoulli).replacen('{', &patience, 1)
    };
    for (text, allowed) in [
        // One truth for all callers, whoever comes.
        (delays(64, "", bernoulli), true),
        (delays(16, r#""caller": "A""#, bernoulli), true),
        (delays(16, "", bursts), true),
        (delays(64, "", bursts), false),
        (delays(16, &many, bernoulli), false),
        (delays(2, &many, bernoulli), true),
        (waiting(|number| 100 + number), false),
        (waiting(|_| 100), true),
        (waiting(|_| 1000), true),
    ] {
        let plan = Plan::parse(text.as_bytes());
        match plan {
            Ok(_) => assert!(allowed, "{}", &text[..200]),
            Err(why) => {
                assert!(!allowed, "{why}");
                assert!(why.contains("callers that the plan tells apart"), "{why}");
            }
        }
    }
}
