//! Random plans: reading one never panics, and an accepted plan can be carried out at any instant for any caller.

mod changes;
mod generator;

use std::time::Duration;

use experiment::faults::{Call, Plan, Player, WrittenEffect, presets};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use generator::plan;

/// Keys that plans have, and some that they do not.
const KEYS: &[&str] = &[
    "seed",
    "loop",
    "phases",
    "rules",
    "base",
    "overload",
    "limits",
    "deadline_ms",
    "ttl_ms",
    "name",
    "for_ms",
    "failure_ratio",
    "hang_ratio",
    "latency_ms",
    "ramp_ms",
    "match",
    "gate",
    "effects",
    "bernoulli",
    "rho",
    "scope",
    "markov",
    "states",
    "dwell",
    "delay",
    "fixed",
    "ms",
    "status",
    "code",
    "codes",
    "caller",
    "x",
];

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..5_u64).prop_map(|n| json!(n)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        (0.0..1.0).prop_map(|n: f64| json!(n)),
        Just(json!(1e308)),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        number(),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        prop::sample::select(KEYS).prop_map(|key| json!(key)),
        ".{0,8}".prop_map(Value::String),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(prop::sample::select(KEYS), inner, 0..5).prop_map(|map| {
                let map = map.into_iter().map(|(key, value)| (key.to_owned(), value));
                Value::Object(map.collect::<Map<_, _>>())
            }),
        ]
    })
}

fn carry_out(plan: &Plan, nanos: u64, caller: &str) {
    let now = Duration::from_nanos(nanos);
    let longest = Duration::from_millis(plan.limits().max_hang_ms);
    let mut player = Player::new(plan.clone());
    for now in [now, Duration::ZERO, Duration::from_secs(50), Duration::MAX] {
        let call = Call {
            caller: player.caller(caller),
            key: None,
            path: "/data",
        };
        let fate = player.fate(now, &call);
        assert!(fate.delay <= longest, "{fate:?}");
        let truth = player.truth(
            now,
            caller,
            Some(experiment::overload::Occupancy::default()),
        );
        assert!((0.0..=1.0).contains(&truth), "{truth}");
        player.refuses(now);
        player.standings(now, caller);
        plan.at(now);
    }
    assert!(plan.phases(Duration::from_secs(100)).len() <= 10_000);
}

proptest! {
    #[test]
    fn bytes_never_panic(bytes: Vec<u8>) {
        let _ = Plan::parse(&bytes);
        let _ = Plan::parse_toml(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_json_is_read_or_refused_in_one_line(value in anything(), nanos: u64, caller in ".{0,4}") {
        match Plan::parse(value.to_string().as_bytes()) {
            Ok(plan) => carry_out(&plan, nanos, &caller),
            Err(error) => prop_assert!(!error.contains('\n'), "{error}"),
        }
        if let Ok(text) = toml::to_string(&value) {
            let _ = Plan::parse_toml(&text);
        }
    }

    #[test]
    fn presets_with_a_part_exchanged_are_read_or_refused(
        preset in 0..presets::ALL.len(), place: prop::sample::Index, other in anything(), nanos: u64,
    ) {
        let mut value = serde_json::to_value(presets::ALL[preset].plan()).unwrap();
        let pointers = pointers(&value);
        *value.pointer_mut(&pointers[place.index(pointers.len())]).unwrap() = other;
        if let Ok(plan) = Plan::parse(value.to_string().as_bytes()) {
            carry_out(&plan, nanos, "A");
        }
    }

    #[test]
    fn accepted_plans_can_be_carried_out_and_read_back(value in plan(), nanos: u64, caller in "[A-C]") {
        if let Ok(plan) = Plan::parse(value.to_string().as_bytes()) {
            let again = serde_json::to_string(&plan).unwrap();
            prop_assert_eq!(&Plan::parse(again.as_bytes()).unwrap(), &plan);
            carry_out(&plan, nanos, &caller);
        }
    }
}

/// Where all parts of a value are.
fn pointers(value: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), value))
            .collect(),
        Value::Array(items) => (0..).map(|n: usize| n.to_string()).zip(items).collect(),
        _ => Vec::new(),
    };
    let below = inner.into_iter().flat_map(|(key, value)| {
        let key = key.replace('~', "~0").replace('/', "~1");
        pointers(value)
            .into_iter()
            .map(move |rest| format!("/{key}{rest}"))
    });
    std::iter::once(String::new()).chain(below).collect()
}

#[test]
fn random_plans_have_every_effect() {
    // The refusal of an unknown effect lists those that are known.
    let refused = serde_json::from_str::<WrittenEffect>(r#"{"nothing": {}}"#).unwrap_err();
    let refused = refused.to_string();
    let known = refused.split('`').skip(1).step_by(2).skip(1);
    let generator = include_str!("generator.rs");
    for effect in known {
        let made = format!("json!({{\"{effect}\":");
        assert!(generator.contains(&made), "generator.rs makes no {effect}");
    }
}
