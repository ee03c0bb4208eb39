//! Tests of every line of a small exposition, letter by letter.

use std::time::Duration;

use fusebox::Outcome;
use prometheus::proto::{Quantile, Summary};

use crate::{CallDurations, Definition, Family, Kind, Metrics, TraceId, names};

use super::*;

const OPEN_METRICS: Option<&str> = Some("application/openmetrics-text");

/// The lines of the family called `name`.
fn lines(metrics: &Metrics, name: &str) -> Vec<String> {
    let shown = metrics.expose(OPEN_METRICS).body;
    assert!(shown.ends_with("# EOF\n"));
    let lines = shown.lines().filter(|line| {
        let words: Vec<&str> = line.split([' ', '{']).collect();
        let subject = if words[0] == "#" {
            words.get(2)
        } else {
            words.first()
        };
        subject.is_some_and(|subject| subject.starts_with(name))
    });
    lines.map(str::to_owned).collect()
}

#[test]
fn a_counter_is_named_without_its_ending_and_has_its_unit() {
    let family = Family::new(&names::STATE_SECONDS)
        .with(&[("breaker", "a\"b\\c\nd"), ("state", "open")], 1.5);

    let mut text = String::new();
    write_family(&mut text, &family.into_proto(), &ExemplarTable::default()).unwrap();

    let expected = r#"# TYPE circuit_breaker_state_seconds counter
# UNIT circuit_breaker_state_seconds seconds
# HELP circuit_breaker_state_seconds Time spent in each state, exact at the scrape; its rate is the share of time.
circuit_breaker_state_seconds_total{breaker="a\"b\\c\nd",state="open"} 1.5
"#;
    assert_eq!(text, expected);
}

#[test]
fn numbers_that_are_none_are_spelt_out() {
    static ODD: Definition = Definition {
        name: "odd",
        help: "Odd.",
        kind: Kind::Gauge,
        labels: &[],
    };
    let family = Family::new(&ODD)
        .with(&[], f64::INFINITY)
        .with(&[], f64::NEG_INFINITY)
        .with(&[], f64::NAN);

    let mut text = String::new();
    write_family(&mut text, &family.into_proto(), &ExemplarTable::default()).unwrap();

    assert_eq!(
        text,
        "# TYPE odd gauge\n# HELP odd Odd.\nodd +Inf\nodd -Inf\nodd NaN\n"
    );
}

#[test]
fn a_bucket_shows_the_last_sampled_call_that_fell_into_it() {
    let metrics = Metrics::new();
    let durations = CallDurations::new(&metrics).unwrap().of("db");
    let trace = |number: u8| Some(TraceId::from_bytes([number; 16]));
    durations.observe(Outcome::Success, Duration::from_millis(5), trace(1));
    durations.observe(Outcome::Success, Duration::from_micros(4_500), trace(2));
    durations.observe(Outcome::Success, Duration::from_micros(4_600), None);
    durations.observe(Outcome::Success, Duration::from_secs(900), trace(3));
    durations.observe(Outcome::Success, Duration::from_millis(10), trace(4));

    let lines = lines(&metrics, "circuit_breaker_call_duration_seconds");

    assert_eq!(
        lines[0],
        "# TYPE circuit_breaker_call_duration_seconds histogram"
    );
    assert_eq!(
        lines[1],
        "# UNIT circuit_breaker_call_duration_seconds seconds"
    );
    let bucket = |limit: &str| {
        let start = format!(
            "circuit_breaker_call_duration_seconds_bucket{{breaker=\"db\",outcome=\"success\",\
             le=\"{limit}\"}} "
        );
        let line = lines.iter().find_map(|line| line.strip_prefix(&start));
        line.expect("the bucket is there").to_owned()
    };
    assert_eq!(bucket("0.0025"), "0");
    assert!(
        bucket("0.005").starts_with(&format!("3 # {{trace_id=\"{}\"}} 0.0045 ", "02".repeat(16))),
        "{}",
        bucket("0.005"),
    );
    // A limit belongs to its bucket.
    let at_the_limit = bucket("0.01");
    assert!(at_the_limit.contains(&"04".repeat(16)), "{at_the_limit}");
    assert_eq!(bucket("1.0"), "4");
    assert!(
        bucket("+Inf").starts_with(&format!("5 # {{trace_id=\"{}\"}} 900 ", "03".repeat(16))),
        "{}",
        bucket("+Inf"),
    );
    let last = lines.last().expect("there are lines");
    assert!(
        last.starts_with("circuit_breaker_call_duration_seconds_sum{"),
        "{last}"
    );
}

#[test]
fn a_summary_has_its_quantiles_its_count_and_its_sum() {
    let mut quantile = Quantile::default();
    quantile.set_quantile(0.5);
    quantile.set_value(2.5);
    let mut summary = Summary::default();
    summary.set_quantile(vec![quantile]);
    summary.set_sample_count(2);
    summary.set_sample_sum(5.0);
    let mut metric = Metric::default();
    metric.set_summary(summary);
    let mut family = MetricFamily::default();
    family.set_name("sizes".to_owned());
    family.set_help("Sizes.".to_owned());
    family.set_field_type(MetricType::SUMMARY);
    family.set_metric(vec![metric]);

    let mut text = String::new();
    write_family(&mut text, &family, &ExemplarTable::default()).unwrap();

    let expected = "# TYPE sizes summary\n# HELP sizes Sizes.\nsizes{quantile=\"0.5\"} 2.5\n\
                    sizes_count 2\nsizes_sum 5\n";
    assert_eq!(text, expected);
}
