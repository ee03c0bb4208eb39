//! Tests of the laws: their means, quantiles and tails are those of theory.

use super::*;
use crate::chance::Draw;
use crate::reading::parse_json;

fn all() -> Vec<Law> {
    vec![
        Law::Fixed { ms: 5.0 },
        Law::Uniform {
            min_ms: 2.0,
            max_ms: 10.0,
        },
        Law::Exponential { mean_ms: 20.0 },
        Law::LogNormal {
            median_ms: 8.0,
            p99_ms: 40.0,
        },
        Law::Pareto {
            scale_ms: 120.0,
            alpha: 3.0,
            max_ms: None,
        },
        Law::Pareto {
            scale_ms: 120.0,
            alpha: 1.6,
            max_ms: Some(5000.0),
        },
        Law::Pareto {
            scale_ms: 10.0,
            alpha: 1.0,
            max_ms: Some(1000.0),
        },
        Law::Empirical {
            values_ms: vec![1.0, 2.0, 4.0, 8.0],
        },
    ]
}

#[test]
fn the_mean_of_many_samples_is_the_mean_of_the_law() {
    for law in all() {
        let count = 200_000;
        let sum: f64 = (0..count)
            .map(|n| law.sample(Draw::new(3).number(n).share()))
            .sum();

        #[expect(clippy::cast_precision_loss, reason = "a small count")]
        let mean = sum / count as f64;

        let off = (mean / law.mean() - 1.0).abs();
        assert!(off < 0.03, "{law:?}: {mean} instead of {}", law.mean());
    }
}

#[test]
fn tails_are_what_quantiles_say() {
    for law in all() {
        law.check().unwrap();
        if matches!(law, Law::Fixed { .. } | Law::Empirical { .. }) {
            continue;
        }
        for p in [0.001, 0.1, 0.5, 0.9] {
            let above = law.share_above(law.quantile(p));
            assert!((above - (1.0 - p)).abs() < 1e-9, "{law:?} at {p}: {above}");
        }
    }
    let fixed = Law::Fixed { ms: 5.0 };
    assert!(fixed.share_above(4.9) > 0.5 && fixed.share_above(5.0) < 0.5);
    let four = &all()[7];
    assert!((four.share_above(2.0) - 0.5).abs() < 1e-12);
    assert!((four.quantile(0.5) - 4.0).abs() < 1e-12);
}

#[test]
fn known_quantiles_of_the_normal_distribution_are_met() {
    for (p, z) in [
        (0.5, 0.0),
        (0.975, 1.959_963_984_540_054),
        (0.99, Z99),
        (0.001, -3.090_232_306_167_813),
    ] {
        assert!((normal_quantile(p) - z).abs() < 1e-9, "{p}");
        assert!((normal_tail(z) - (1.0 - p)).abs() < 1e-12, "{z}");
    }
}

#[test]
fn what_is_left_of_a_met_duration_has_the_mean_of_the_inspection_paradox() {
    // E[X²] / 2 E[X].
    let mean = |law: &Law| {
        let left = (0..50_000).map(|n| {
            let draw = Draw::new(1).number(n);
            law.residual(draw.with("a").share(), draw.with("b").share())
        });
        left.sum::<f64>() / 50_000.0
    };

    let fixed = mean(&Law::Fixed { ms: 10.0 });
    let uniform = mean(&Law::Uniform {
        min_ms: 0.0,
        max_ms: 12.0,
    });

    assert!((fixed - 5.0).abs() < 0.1, "{fixed}");
    assert!((uniform - 4.0).abs() < 0.1, "{uniform}");
}

#[test]
fn weird_numbers_are_refused_with_key_value_and_bounds() {
    for (text, words) in [
        (r#"{"fixed": {"ms": -1}}"#, "fixed: -1ms"),
        (
            r#"{"uniform": {"min_ms": 5, "max_ms": 1}}"#,
            "uniform.max: 1ms is not allowed: it must be from 5ms",
        ),
        (r#"{"exp": {"mean_ms": 1e300}}"#, "exponential.mean"),
        (
            r#"{"lognormal": {"median_ms": 0, "p99_ms": 1}}"#,
            "log_normal.median: 0s",
        ),
        (
            r#"{"pareto": {"scale_ms": 1, "alpha": 0.5}}"#,
            "pareto.max:",
        ),
        (r#"{"empirical": {"values_ms": []}}"#, "values: 0 values"),
        (
            r#"{"empirical": {"values_ms": [3, 2]}}"#,
            "values[1]: 2ms is not allowed: it must be from 3ms",
        ),
    ] {
        let law: Law = parse_json(text.as_bytes()).unwrap();
        let error = law.check().unwrap_err();
        assert!(error.contains(words), "{text}: {error}");
    }
    let nan = Law::Fixed { ms: f64::NAN };
    assert!(nan.check().unwrap_err().contains("NaN"));
    let unknown = parse_json::<Law>(br#"{"exponental": {"mean_ms": 1}}"#).unwrap_err();
    assert!(unknown.contains("did you mean `exponential`?"), "{unknown}");
}
