//! The searches of "Questions to ask" in docs/traces.md, each carried out by Jaeger.

use std::collections::BTreeMap;

use end_to_end::repository;

use crate::checks::{Checks, say};
use crate::jaeger::{Jaeger, JaegerSpan, escaped};

/// How a block with a search begins.
const BLOCK: &str = "```jaeger-search";

/// Every search finds something, and only traces that answer it.
pub(crate) async fn assert_answered(checks: &mut Checks, jaeger: &Jaeger) {
    let page = std::fs::read_to_string(repository().join("docs/traces.md")).expect("a page");
    let blocks = page.split(BLOCK).skip(1);
    // What stands on the line of the fence says which run answers; this run has callers that leave, and instances
    // that are alone.
    let blocks = blocks.filter(|block| !block.starts_with(" of-a-fleet"));
    let searches = blocks.filter_map(|block| block.lines().nth(1));
    let searches: Vec<&str> = searches.collect();
    checks.that("docs/traces.md has questions to ask", searches.len() >= 7);
    for search in searches {
        let parts = search.split('&').filter_map(|part| part.split_once('='));
        let parts: BTreeMap<&str, &str> = parts.collect();
        let query = parts
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(value)));
        let query: Vec<String> = query.collect();

        let found = jaeger.search(&query.join("&")).await;

        say(&format!("{} traces: {search}", found.len()));
        checks.that(format!("{search} finds something"), !found.is_empty());
        let answers = |trace: &Vec<JaegerSpan>| trace.iter().any(|span| matches(span, &parts));
        checks.that(
            format!("{search} finds nothing else"),
            found.iter().all(answers),
        );
    }
}

/// A span has the service, the operation, the length and all the tags, each by itself, its resource or one of
/// its events.
fn matches(span: &JaegerSpan, parts: &BTreeMap<&str, &str>) -> bool {
    let is = |name: &str, value: &str| parts.get(name).is_none_or(|asked| *asked == value);
    let tags = parts.get("tags").copied().unwrap_or("{}");
    let tags: BTreeMap<String, String> = serde_json::from_str(tags).unwrap_or_default();
    let has = |(name, value): (&String, &String)| {
        let events = span
            .events
            .iter()
            .filter_map(|(_, fields)| fields.get(name));
        let own = span.tags.get(name);
        let instance = (name == "service.instance.id").then_some(&span.instance);
        let mut values = own.into_iter().chain(instance).chain(events);
        values.any(|known| known == value)
    };
    let least_us: u64 = parts.get("minDuration").map_or(0, |least| {
        let millis: Option<u64> = least.strip_suffix("ms").and_then(|it| it.parse().ok());
        1000 * millis.unwrap_or_else(|| panic!("{least}: write a limit in whole milliseconds"))
    });
    is("service", &span.service)
        && is("operation", &span.name)
        && span.length_us >= least_us
        && tags.iter().all(has)
}
