//! The tables of docs/traces.md, compared with what Jaeger stored: services, names of spans, attributes, events, and
//! the links of probes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use end_to_end::repository;

use crate::checks::{Checks, say};
use crate::jaeger::{Jaeger, JaegerSpan, escaped};
use crate::lab::Lab;

/// How many traces of each search are checked.
const TRACES: usize = 500;

/// How many spans are sent at once; they count as exported when Jaeger has answered.
const BATCH: f64 = 512.0;

/// Jaeger has taken each span that the lab exported, and no other.
pub(crate) async fn assert_taken(checks: &mut Checks, jaeger: &Jaeger, lab: &Lab) {
    let before = lab.spans("exported").await;
    let accepted = jaeger.accepted().await;
    let after = lab.spans("exported").await + BATCH;
    say(&format!("{accepted} spans"));
    checks.that(
        format!("of {before} to {after} spans that were exported Jaeger took {accepted}"),
        before > 0.0 && (before..=after).contains(&accepted),
    );
}

/// What the lab tells of itself, as Jaeger has it, agrees with the page about traces.
pub(crate) async fn assert_told(checks: &mut Checks, jaeger: &Jaeger) {
    let page = std::fs::read_to_string(repository().join("docs/traces.md")).expect("a page");
    let promised = assert_names(checks, jaeger, &page).await;
    let mut traces = jaeger.search(&search("load-generator", "{}")).await;
    for outcome in ["success", "failure", "rejected"] {
        let tags = format!("{{\"circuit_breaker.outcome\":\"{outcome}\"}}");
        let found = jaeger.search(&search("breaker-instance", &tags)).await;
        checks.that(
            format!("there are calls with outcome {outcome}"),
            !found.is_empty(),
        );
        traces.extend(found);
    }
    let tags = "{\"circuit_breaker.state\":\"half_open\"}";
    let probes = jaeger.search(&search("breaker-instance", tags)).await;
    checks.that("there are probes", !probes.is_empty());
    assert_shapes(checks, &traces);
    let spans: Vec<&JaegerSpan> = traces.iter().chain(&probes).flatten().collect();
    assert_kinds(checks, &promised, &spans);
    assert_attributes(checks, &page, &spans);
    assert_links(checks, jaeger, &probes).await;
}

fn search(service: &str, tags: &str) -> String {
    format!(
        "service={service}&tags={}&limit={TRACES}&lookback=1h",
        escaped(tags)
    )
}

/// A row of the table of spans: its name, kind, service and instances.
struct Promised {
    name: String,
    kind: String,
    service: String,
    instances: Vec<String>,
}

/// The rows of a table: what stands between backticks in each cell, or the cell itself.
fn rows(page: &str, heading: &str) -> Vec<Vec<Vec<String>>> {
    let lines = page.lines().skip_while(|line| !line.starts_with(heading));
    let rows = lines.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells = row.trim_matches('|').split(" | ");
        cells
            .map(|cell| {
                let quoted = cell.split('`').skip(1).step_by(2);
                let quoted: Vec<String> = quoted.map(str::to_owned).collect();
                if quoted.is_empty() {
                    vec![cell.trim().to_owned()]
                } else {
                    quoted
                }
            })
            .collect()
    })
    .collect()
}

/// The services and the names of their spans are those of the page, and no others. The instances of the stack decide
/// alone: what a fleet tells is checked without the stack (`traces`, `conventions`).
async fn assert_names(checks: &mut Checks, jaeger: &Jaeger, page: &str) -> Vec<Promised> {
    let rows = rows(page, "| span | kind | service | instance |");
    let promised: Vec<Promised> = rows
        .into_iter()
        .map(|row| Promised {
            name: row[0][0].clone(),
            kind: row[1][0].clone(),
            service: row[2][0].clone(),
            instances: row[3].clone(),
        })
        .filter(|span| !span.name.starts_with("circuit_breaker.fleet."))
        .collect();
    checks.equal("rows about spans", &promised.len(), &5);
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for span in &promised {
        let of = names.entry(span.service.clone()).or_default();
        of.insert(span.name.clone());
    }
    let services: BTreeSet<String> = names.keys().cloned().collect();
    let limit = Duration::from_secs(20);
    checks
        .comes_true(
            limit,
            &format!("Jaeger knows exactly {services:?}"),
            async || (jaeger.services().await == services).then_some(()),
        )
        .await;
    for (service, expected) in names {
        let found = jaeger.operations(&service).await;
        say(&format!("{service}: {found:?}"));
        checks.equal(&format!("the spans of {service}"), &found, &expected);
    }
    promised
}

/// A permitted call has five spans, one under the other; a fast failure has three.
fn assert_shapes(checks: &mut Checks, traces: &[Vec<JaegerSpan>]) {
    let chain = |trace: &[JaegerSpan]| -> Vec<String> {
        let mut told = Vec::new();
        let mut parent = "";
        while let Some(span) = trace.iter().find(|span| span.parent == parent) {
            told.push(format!("{} {}", span.service, span.tag("span.kind")));
            parent = &span.id;
        }
        told
    };
    let whole = [
        "load-generator client",
        "breaker-instance server",
        "breaker-instance internal",
        "breaker-instance client",
        "unreliable-service server",
    ];
    for (what, shape) in [("permitted", &whole[..]), ("rejected", &whole[..3])] {
        let told = traces.iter().filter(|trace| chain(trace) == shape);
        let told = told.count();
        say(&format!("{told} calls that were {what}"));
        checks.that(format!("calls that were {what} are told whole"), told >= 20);
    }
}

/// Each name comes with its kind, from each of its instances.
fn assert_kinds(checks: &mut Checks, promised: &[Promised], spans: &[&JaegerSpan]) {
    for row in promised {
        for instance in &row.instances {
            let found = spans.iter().any(|span| {
                span.name == row.name
                    && span.service == row.service
                    && span.instance == *instance
                    && span.tag("span.kind") == row.kind
            });
            let Promised {
                name,
                kind,
                service,
                ..
            } = row;
            checks.that(
                format!("{name} ({kind}) of {service} {instance} is there"),
                found,
            );
        }
    }
}

/// Spans and events of instances that decide together, by their last words.
const OF_FLEETS: [&str; 9] = [
    "hold",
    "notice",
    "adopted",
    "vetoed",
    "fell_back",
    "leased",
    "probed",
    "released",
    "ordered",
];

/// Each attribute that the page names is where the page says. Left out are what a breaker says in metrics-only
/// mode, as none is in that mode here, and attributes of links, which Jaeger does not return.
fn assert_attributes(checks: &mut Checks, page: &str, spans: &[&JaegerSpan]) {
    let rows = rows(page, "| attribute | type | on |");
    checks.that("the page names attributes", rows.len() >= 10);
    for row in rows {
        let attribute = &row[0][0];
        for place in row[2][0].split(", ") {
            let carried = match place {
                "call" => {
                    let mut calls = spans.iter().filter(|it| it.name == "circuit_breaker.call");
                    calls.all(|span| !span.tag(attribute).is_empty())
                }
                "transition" | "rejected" => {
                    let event = format!("circuit_breaker.{place}");
                    let mut told = spans.iter().flat_map(|span| &span.events);
                    told.any(|(name, fields)| *name == event && fields.contains_key(attribute))
                }
                "request" => spans.iter().any(|span| span.tags.contains_key(attribute)),
                "link" | "would_trip" => continue,
                place if OF_FLEETS.contains(&place) => continue,
                _ => false,
            };
            checks.that(format!("{attribute} is on the {place}"), carried);
        }
    }
}

/// A probe leads to the call that opened the breaker, and that call tells so.
async fn assert_links(checks: &mut Checks, jaeger: &Jaeger, probes: &[Vec<JaegerSpan>]) {
    let links = probes.iter().flatten().flat_map(|span| &span.links);
    let links: BTreeSet<_> = links.collect();
    checks.that("probes have links", !links.is_empty());
    for (trace, id) in links.into_iter().take(10) {
        let spans = jaeger.trace(trace).await;
        let linked = spans
            .iter()
            .find(|span| span.id == *id && span.trace == *trace);
        let opened = linked.is_some_and(|span| {
            span.events.iter().any(|(name, fields)| {
                let to = fields.get("circuit_breaker.transition.to");
                name == "circuit_breaker.transition" && to.is_some_and(|to| to == "open")
            })
        });
        checks.that(
            format!("span {id} of {trace}, which a probe links to, opened the breaker"),
            opened,
        );
    }
}
