//! Random plans that are mostly valid.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A law whose numbers are mostly sound.
fn law() -> impl Strategy<Value = Value> {
    let ms = prop_oneof![0.0..2000.0, Just(0.0), 1e-3..1e-1, 1e6..8e7];
    (ms.clone(), ms, 0.1..3.0).prop_flat_map(|(a, b, alpha): (f64, f64, f64)| {
        let (low, high) = (a.min(b), a.max(b));
        prop::sample::select(vec![
            json!({"fixed": {"ms": a}}),
            json!({"uniform": {"min_ms": low, "max_ms": high}}),
            json!({"exp": {"mean_ms": a}}),
            json!({"lognormal": {"median_ms": low, "p99_ms": high}}),
            json!({"pareto": {"scale_ms": low, "alpha": alpha, "max_ms": high}}),
            json!({"empirical": {"values_ms": [low, high]}}),
        ])
    })
}

fn gate() -> impl Strategy<Value = Value> {
    (law(), law(), 0.0..1.0, 1..9_u64, 0..3_usize).prop_flat_map(|(dwell, other, p, n, scope)| {
        let p: f64 = p;
        let scope = ["shared", "caller", "shard"][scope];
        let states = json!({"a": {"dwell": dwell, "p": p}, "b": {"dwell": other, "p": 1}});
        prop::sample::select(vec![
            json!({}),
            json!({"bernoulli": p, "rho": p, "scope": scope}),
            json!({"every_nth": n}),
            json!({"first_n": n}),
            json!({"gilbert_elliott": {"good_mean_ms": 1.0 + p * 5000.0, "bad_mean_ms": 1 + n}, "scope": scope, "rho": p}),
            json!({"markov": {"states": states}, "scope": scope, "rho": p}),
        ])
    })
}

fn effect() -> impl Strategy<Value = Value> {
    (law(), 1..5000_u64, 0.0..1.0).prop_flat_map(|(law, n, share): (Value, u64, f64)| {
        prop::sample::select(vec![
            json!({"delay": law}),
            json!({"stall": {}}),
            json!({"slow_body": {"over_ms": n}}),
            json!({"bandwidth": {"bytes_per_s": n}}),
            json!({"status": {"codes": {"500": share, "404": 1}}}),
            json!({"hang": {}}),
            json!({"truncate": {"share": share}}),
            json!({"wrong_body": {}}),
            json!({"reset": {}}),
            json!({"close": {}}),
            json!({"refuse": {}}),
            json!({"garbage": {}}),
        ])
    })
}

prop_compose! {
    /// A plan that is mostly sound.
    pub(crate) fn plan()(
        seed: u64, repeats: bool,
        phases in prop::collection::vec((1..100_000_u64, 0.0..1.0, 0..70_000_u64, 0..200_000_u64), 0..4),
        rules in prop::collection::vec((gate(), prop::collection::vec(effect(), 1..4), 0..8_u32, any::<bool>()), 0..5),
        base in prop::option::of(law()),
        work in prop::option::of((law(), 1..20_u32, 0..50_u32)),
        ttl in prop::option::of(1..100_000_u64),
    ) -> Value {
        let names: Vec<String> = (0..rules.len()).map(|n| format!("r{n}")).collect();
        let phases: Vec<Value> = phases.iter().map(|(length, ratio, latency, ramp)| json!({
            "name": "p", "for_ms": length, "failure_ratio": ratio, "latency_ms": latency, "ramp_ms": ramp,
            "rules": names.iter().step_by(2).collect::<Vec<_>>(),
        })).collect();
        let rules: Map<String, Value> = names.iter().zip(rules).map(|(name, (gate, effects, shard, all))| {
            let matches = if all { json!({"shards": 8}) } else { json!({"shards": 8, "shard": [0, shard]}) };
            (name.clone(), json!({"match": matches, "gate": gate, "effects": effects}))
        }).collect();
        let mut plan = json!({"seed": seed, "loop": repeats, "phases": phases, "rules": rules});
        if let Some(base) = base {
            plan["base"] = json!({"delay": base});
        }
        if let Some((service, workers, limit)) = work {
            plan["overload"] = json!({"workers": workers, "service": service, "queue": {"limit": limit}});
        }
        if let Some(ttl) = ttl {
            plan["ttl_ms"] = json!(ttl);
        }
        plan
    }
}
