//! The names in expressions: only exported metrics, their labels and the labels' values.

use fusebox::{Cause, HoldStage, Outcome, RejectReason, State};
use fusebox_fleet::Opinion;
use fusebox_fleet::host::{
    Apart, Direction, FallbackReason, HeardVerdict, LeaseOutcome, MessageKind,
};
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{
    AggregateExpr, BinaryExpr, Expr, LabelModifier, VectorSelector, parse,
};
use telemetry::{Kind, names};

/// Labels that a scrape adds.
const TARGET_LABELS: [&str; 2] = ["job", "instance"];
/// What the rules record, with their labels.
const RECORDED: [(&str, &[&str]); 8] = [
    ("instance_breaker:circuit_breaker_state:code", &["breaker"]),
    (
        "breaker:circuit_breaker_distinct_states:count",
        &["breaker"],
    ),
    ("breaker:circuit_breaker_open:ratio", &["breaker"]),
    (
        "instance_breaker:circuit_breaker_openings:increase1m",
        &["breaker"],
    ),
    (
        "instance_breaker:circuit_breaker_flaps:increase1m",
        &["breaker"],
    ),
    (
        "instance_breaker_state:circuit_breaker_state_seconds:rate1m",
        &["breaker", "state"],
    ),
    (
        "instance_breaker:circuit_breaker_fast_failures:ratio_rate1m",
        &["breaker"],
    ),
    ("breaker:circuit_breaker_diverged:ratio1m", &["breaker"]),
];

/// Panics with `place` unless `expression` parses and names only what exists.
pub(crate) fn assert_known(place: &str, expression: &str) {
    let parsed = parse(expression).unwrap_or_else(|error| panic!("{place}: {expression}: {error}"));
    let mut labels = Vec::new();
    visit(&parsed, place, &mut labels);
}

/// Checks `expression` and adds the labels that its series have to `labels`.
fn visit(expression: &Expr, place: &str, labels: &mut Vec<String>) {
    match expression {
        Expr::VectorSelector(selector) => visit_selector(selector, place, labels),
        Expr::MatrixSelector(matrix) => visit_selector(&matrix.vs, place, labels),
        Expr::Call(call) => {
            for argument in &call.args.args {
                visit(argument, place, labels);
            }
            // It makes the label that its second argument names.
            if let ("label_replace", Some(Expr::StringLiteral(made))) = (
                call.func.name,
                call.args.args.get(1).map(|argument| &**argument),
            ) {
                labels.push(made.val.clone());
            }
        }
        Expr::Aggregate(aggregate) => visit_aggregate(aggregate, place, labels),
        Expr::Binary(binary) => visit_binary(binary, place, labels),
        Expr::Unary(unary) => visit(&unary.expr, place, labels),
        Expr::Paren(paren) => visit(&paren.expr, place, labels),
        Expr::Subquery(subquery) => visit(&subquery.expr, place, labels),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => {}
        Expr::Extension(_) => panic!("{place}: an extension"),
    }
}

fn visit_aggregate(aggregate: &AggregateExpr, place: &str, labels: &mut Vec<String>) {
    let mut inside = Vec::new();
    visit(&aggregate.expr, place, &mut inside);
    // Only `count_values` takes a text: the label that it makes.
    if let Some(Expr::StringLiteral(made)) = aggregate.param.as_deref() {
        inside.push(made.val.clone());
    }
    if let Some(LabelModifier::Include(by) | LabelModifier::Exclude(by)) = &aggregate.modifier {
        for label in &by.labels {
            assert!(
                inside.contains(label),
                "{place}: by ({label}): there are {inside:?}"
            );
        }
    }
    labels.extend(inside);
}

fn visit_binary(binary: &BinaryExpr, place: &str, labels: &mut Vec<String>) {
    visit(&binary.lhs, place, labels);
    visit(&binary.rhs, place, labels);
    let modifier = binary.modifier.as_ref();
    for label in modifier
        .into_iter()
        .filter_map(|it| it.card.labels())
        .flat_map(|it| &it.labels)
    {
        assert!(
            labels.contains(label),
            "{place}: group ({label}): there are {labels:?}"
        );
    }
    let matching = modifier.and_then(|modifier| modifier.matching.as_ref());
    if let Some(LabelModifier::Include(on) | LabelModifier::Exclude(on)) = matching {
        for label in &on.labels {
            assert!(
                labels.contains(label),
                "{place}: on ({label}): there are {labels:?}"
            );
        }
    }
}

fn visit_selector(selector: &VectorSelector, place: &str, labels: &mut Vec<String>) {
    let name = selector.name.as_deref().unwrap_or_default();
    let known = labels_of(name).unwrap_or_else(|| panic!("{place}: nothing exports {name}"));
    for matcher in &selector.matchers.matchers {
        let label = &matcher.name;
        assert!(
            known.contains(label),
            "{place}: {name} has {known:?}, not {label}"
        );
        assert_values(place, name, matcher);
    }
    labels.extend(known);
}

/// The labels of a metric as Prometheus stores it.
fn labels_of(name: &str) -> Option<Vec<String>> {
    let with_target = |own: &[&str]| {
        let all = own.iter().chain(&TARGET_LABELS);
        all.map(|&label| label.to_owned()).collect::<Vec<_>>()
    };
    if name == "up" {
        return Some(with_target(&[]));
    }
    if let Some((_, own)) = RECORDED.iter().find(|(recorded, _)| *recorded == name) {
        return Some(with_target(own));
    }
    let definitions = names::ALL.concat();
    definitions.iter().find_map(|definition| {
        let series = match definition.kind {
            Kind::Histogram => name
                .strip_prefix(definition.name)
                .filter(|end| ["_bucket", "_count", "_sum"].contains(end))?,
            _ if definition.name == name => "",
            _ => return None,
        };
        let mut labels = with_target(definition.labels);
        if series == "_bucket" {
            labels.push("le".to_owned());
        }
        Some(labels)
    })
}

/// A label with values of the code must not be compared with others.
fn assert_values(place: &str, metric: &str, matcher: &Matcher) {
    let Some(known) = values_of(metric, &matcher.name) else {
        return;
    };
    let values: Vec<&str> = match matcher.op {
        MatchOp::Equal | MatchOp::NotEqual => vec![&matcher.value],
        MatchOp::Re(_) | MatchOp::NotRe(_) => matcher.value.split('|').collect(),
    };
    for value in values {
        assert!(
            known.contains(&value),
            "{place}: {} of {metric} is never {value}",
            matcher.name
        );
    }
}

/// The values that the code gives a label; none for a label whose values are not the code's.
fn values_of(metric: &str, label: &str) -> Option<Vec<&'static str>> {
    let is_of_fleet = |end: &str| metric.strip_prefix("circuit_breaker_fleet_") == Some(end);
    Some(match label {
        "reason" if is_of_fleet("apart") => Apart::ALL.iter().map(|it| it.as_str()).collect(),
        "reason" if is_of_fleet("fallbacks_total") => {
            let all = FallbackReason::ALL.iter();
            all.map(|it| it.as_str()).collect()
        }
        "outcome" if is_of_fleet("leases_total") => {
            LeaseOutcome::ALL.iter().map(|it| it.as_str()).collect()
        }
        "stage" => {
            let stages = HoldStage::ALL.iter().map(|it| it.as_str());
            stages.chain(["none"]).collect()
        }
        "opinion" => Opinion::ALL.iter().map(|it| it.as_str()).collect(),
        "verdict" => HeardVerdict::ALL.iter().map(|it| it.as_str()).collect(),
        "kind" => MessageKind::ALL.iter().map(|it| it.as_str()).collect(),
        "direction" => Direction::ALL.iter().map(|it| it.as_str()).collect(),
        "state" | "from" | "to" => State::ALL.iter().map(|it| it.as_str()).collect(),
        "outcome" => Outcome::ALL.iter().map(|it| it.as_str()).collect(),
        "reason" => RejectReason::ALL.iter().map(|it| it.as_str()).collect(),
        "rule" => Cause::TRIPS.iter().map(|it| it.as_str()).collect(),
        "route" => vec!["/call", "/call/.*", "/data"],
        _ => return None,
    })
}
