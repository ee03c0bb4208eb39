//! The searches that the page about traces suggests, each of which finds what it promises.

use std::collections::BTreeMap;
use std::time::Duration;

use end_to_end::{Client, Collector, FREE_PORTS, Mood, Process, Span, eventually, repository};

use crate::{to, traced, traced_downstream};

/// What stands behind the three ticks above a search that any run with faults answers.
const SEARCH: &str = "jaeger-search";
/// The same, for cases in which a client must leave before.
const OF_LEAVING: &str = "jaeger-search of-callers-that-leave";

/// The same, of instances that decide together.
pub(crate) const OF_A_FLEET: &str = "jaeger-search of-a-fleet";

/// A search of Jaeger.
#[derive(Debug, Default)]
pub(crate) struct Search {
    service: String,
    operation: Option<String>,
    tags: BTreeMap<String, String>,
    least: Duration,
}

impl Search {
    /// All of that kind on the page about traces.
    pub(crate) fn all(kind: &str) -> Vec<Self> {
        let page = repository().join("docs/traces.md");
        let page = std::fs::read_to_string(page).expect("there is a page");
        let mut lines = page.lines();
        let mut searches = Vec::new();
        while let Some(line) = lines.next() {
            if line.strip_prefix("```") == Some(kind) {
                searches.push(Self::parse(lines.next().expect("a block has a line")));
            }
        }
        searches
    }

    fn parse(line: &str) -> Self {
        let mut search = Self::default();
        for part in line.split('&') {
            let (name, value) = part.split_once('=').expect("a name and a value");
            match name {
                "service" => value.clone_into(&mut search.service),
                "operation" => search.operation = Some(value.to_owned()),
                "tags" => search.tags = serde_json::from_str(value).expect("an object of texts"),
                "minDuration" => {
                    let millis = value.strip_suffix("ms").expect("milliseconds");
                    search.least = Duration::from_millis(millis.parse().expect("a number"));
                }
                _ => panic!("{name} is no part of a search"),
            }
        }
        search
    }

    /// Whether Jaeger takes the span for an answer: one span must have everything.
    pub(crate) fn finds(&self, span: &Span) -> bool {
        let events = span.events.iter().map(|(_, attributes)| attributes);
        let places: Vec<_> = [&span.attributes, &span.resource]
            .into_iter()
            .chain(events)
            .collect();
        let has = |(key, value): (&String, &String)| {
            places
                .iter()
                .any(|attributes| attributes.get(key) == Some(value))
        };
        span.service == self.service
            && self
                .operation
                .as_ref()
                .is_none_or(|name| *name == span.name)
            && span.lasted >= self.least
            && self.tags.iter().all(has)
    }
}

#[tokio::test]
async fn every_question_of_the_page_is_answered_by_a_run() {
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    // What a default run answers within a minute, one at twice the rate answers in half the time. The first
    // outage of the default faults begins after 20 s.
    let run = [
        "--seed",
        "1",
        "--rate",
        "180",
        "--duration",
        "30s",
        &flag,
        &endpoint,
    ];
    // A slow machine exports all of them, too: none is dropped that another one is linked to.
    let room = [("OTEL_BSP_MAX_QUEUE_SIZE", "100000")];
    let ended = Process::start_in(&room, &[&FREE_PORTS[..], &run].concat())
        .ended(Duration::from_secs(60))
        .await;
    assert!(ended.status.success(), "{ended:#?}");
    let spans = collector.spans();

    let searches = Search::all(SEARCH);

    assert!(searches.len() >= 7, "{searches:#?}");
    for search in &searches {
        let found: Vec<&Span> = spans.iter().filter(|span| search.finds(span)).collect();
        assert!(!found.is_empty(), "{search:#?}");
        let tag = |name: &str| search.tags.get(name).map_or("", String::as_str);
        if tag("circuit_breaker.state") == "half_open" {
            // Without a link is the probe after an opening that another call's thread told of.
            let linked: Vec<_> = found
                .iter()
                .filter(|probe| !probe.links.is_empty())
                .collect();
            assert!(!linked.is_empty(), "{found:#?}");
            for probe in linked {
                assert_follows_an_opening(probe, &spans);
            }
        } else if tag("load_generator.served_elsewhere") == "true" {
            let all = |name, value| found.iter().all(|span| span.get(name) == value);
            assert!(all("http.response.status_code", "503"), "{found:#?}");
        }
    }
}

/// The link of a probe leads to the call of the same instance that opened the breaker.
fn assert_follows_an_opening(probe: &Span, spans: &[Span]) {
    let [(trace, span)] = probe.links.as_slice() else {
        panic!("one link: {probe:#?}");
    };
    let mut calls = spans.iter();
    let opening = calls.find(|it| it.trace_id == *trace && it.span_id == *span);
    let opening = opening.expect("the link leads somewhere");
    assert_eq!(opening.instance, probe.instance);
    let opens = |(name, attributes): &(String, BTreeMap<String, String>)| {
        name == "circuit_breaker.transition"
            && attributes["circuit_breaker.transition.to"] == "open"
    };
    assert!(opening.events.iter().any(opens), "{opening:#?}");
}

#[tokio::test]
async fn a_caller_that_leaves_is_found_by_the_question_about_cancelled_calls() {
    const HANGING: &str =
        r#"{"seed": 1, "phases": [{"name": "hang", "hang_ratio": 1, "hang_ms": 30000}]}"#;
    let collector = Collector::start(Mood::Taking);
    let system = traced(&collector, HANGING, &[]).await;
    let call = system.instance(0).get("/call");
    assert!(
        tokio::time::timeout(Duration::from_millis(50), call)
            .await
            .is_err()
    );

    let searches = Search::all(OF_LEAVING);

    let [search] = searches.as_slice() else {
        panic!("one question: {searches:#?}");
    };
    collector
        .spans_until("the cancelled call", |spans| {
            spans.iter().any(|span| search.finds(span))
        })
        .await;
}

#[tokio::test]
async fn a_fast_failure_says_whether_another_instance_serves() {
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    let (_process, downstream) = traced_downstream(&collector, &end_to_end::healthy()).await;
    let instance = async |name: &str| {
        let downstream = downstream.base();
        let listen = ["--listen", "127.0.0.1:0", "--downstream", downstream];
        let process = Process::start(&[&["instance", name][..], &listen].concat());
        let client = Client::new(process.url("instance").await);
        (process, client)
    };
    let (_a, a) = instance("A").await;
    let (_b, b) = instance("B").await;
    a.put("/breaker/mode", "\"forced_open\"").await;
    let targets = [&a, &b].map(|it| it.base().to_owned());
    let [target_a, target_b] = [format!("A={}", targets[0]), format!("B={}", targets[1])];
    let load = [
        "load",
        "--rate",
        "100",
        "--lateness-limit",
        "60s",
        "--target",
        &target_a,
    ];
    let both = [
        &load[..],
        &["--target", &target_b, "--duration", "2s", &flag, &endpoint],
    ]
    .concat();

    Process::start(&both).ended(Duration::from_secs(30)).await;

    let spans = collector.spans();
    let [rejected, served] = ["503", "200"].map(|status| -> Vec<&Span> {
        let clients = spans.iter().filter(|span| span.service == "load-generator");
        clients
            .filter(|span| span.get("http.response.status_code") == status)
            .collect()
    });
    let says = |span: &&&Span| span.get("load_generator.served_elsewhere") == "true";
    assert!(rejected.iter().any(|span| says(&span)), "{rejected:#?}");
    assert_eq!(served.iter().filter(says).count(), 0);

    let alone = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&alone);
    let run = [&load[..], &["--duration", "1s", &flag, &endpoint]].concat();
    Process::start(&run).ended(Duration::from_secs(30)).await;

    let spans = eventually("fast failures", async || {
        let spans = alone.spans();
        (spans.len() > 20).then_some(spans)
    })
    .await;
    let says = |span: &&Span| !span.get("load_generator.served_elsewhere").is_empty();
    assert_eq!(spans.iter().filter(says).count(), 0);
}
