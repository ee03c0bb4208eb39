//! Names of spans: a method and a template, never what a caller wrote.

use std::collections::BTreeSet;

use end_to_end::{Client, Collector, Mood, Process, Span, healthy, repository};

use crate::{story, to, traced, traced_downstream};

#[tokio::test]
async fn paths_below_a_route_share_one_name_on_both_sides() {
    let collector = Collector::start(Mood::Taking);
    let system = traced(&collector, &healthy(), &[]).await;
    for path in ["/call/orders/1", "/call/orders/2"] {
        assert_eq!(system.instance(0).get(path).await.status, 200);
    }

    let spans = collector
        .spans_until("two calls", |spans| spans.len() >= 6)
        .await;

    let named: BTreeSet<String> = story(&spans).into_iter().collect();
    let expected = [
        "breaker-instance A: GET /call/{*path} (server)",
        "breaker-instance A: GET /data/{*path} (client)",
        "breaker-instance A: circuit_breaker.call (internal)",
    ];
    assert_eq!(named, expected.map(str::to_owned).into());
    let clients = spans.iter().filter(|span| span.kind == "client");
    let mut full = BTreeSet::new();
    for client in clients {
        assert_eq!(client.get("url.template"), "/data/{*path}");
        full.insert(client.get("url.full").to_owned());
    }
    let base = system.downstream.base();
    let expected = ["1", "2"].map(|order| format!("{base}/data/orders/{order}"));
    assert_eq!(full, expected.into());
}

#[tokio::test]
async fn a_path_of_the_downstream_is_part_of_its_template() {
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    let nobody = format!("{}/below", end_to_end::nobody());
    let process = Process::start(&[
        "instance",
        "A",
        "--listen",
        "127.0.0.1:0",
        "--downstream",
        &nobody,
        &flag,
        &endpoint,
    ]);
    let instance = Client::new(process.url("instance").await);

    instance.get("/call").await;

    let spans = collector
        .spans_until("the call", |spans| spans.len() == 3)
        .await;
    let client = spans.iter().find(|span| span.kind == "client");
    let client = client.expect("a client span");
    assert_eq!(client.name, "GET /below/data");
    assert_eq!(client.get("url.template"), "/below/data");
}

#[tokio::test]
async fn requests_that_no_route_takes_are_in_no_trace() {
    let collector = Collector::start(Mood::Taking);
    let (_process, downstream) = traced_downstream(&collector, &healthy()).await;
    for (method, path, status) in [
        ("BREW", "/data", 405),
        ("DELETE", "/data", 405),
        ("GET", "/nowhere/1", 404),
    ] {
        let reply = downstream.send(method, path, &[], "").await;
        assert_eq!(reply.status, status, "{method} {path}");
    }
    assert_eq!(downstream.send("HEAD", "/data", &[], "").await.status, 200);

    let spans = collector
        .spans_until("the last request", |spans| {
            spans.iter().any(|span| span.name == "HEAD /data")
        })
        .await;

    let named: BTreeSet<String> = story(&spans).into_iter().collect();
    let expected = [
        "unreliable-service unreliable: HEAD /data (server)",
        "unreliable-service unreliable: PUT /faults (server)",
    ];
    assert_eq!(named, expected.map(str::to_owned).into());
}

/// The server spans of `service` that the page about traces lists.
fn listed(service: &str) -> BTreeSet<String> {
    let page = std::fs::read_to_string(repository().join("docs/traces.md")).expect("there is one");
    let row = page
        .lines()
        .find(|line| line.starts_with(&format!("| `{service}` |")));
    let cells = row.expect("the service has a row").split('`');
    let names = cells.skip(3).step_by(2);
    names.map(str::to_owned).collect()
}

/// Every route that a service measures, except those that are in no trace: `METHOD ROUTE`.
async fn routes(service: &Client) -> BTreeSet<String> {
    let series = service.metrics().await;
    let series = series.with("http_server_request_duration_seconds_count");
    let routes = series.keys().filter_map(|labels| {
        let label = |name: &str| {
            let rest = labels.split_once(&format!("{name}=\""))?.1;
            Some(rest.split_once('"')?.0.to_owned())
        };
        let route = label("route")?;
        let untraced = ["/metrics", "/healthz", "/readyz", "other"].contains(&&*route);
        (!untraced).then_some(format!("{} {route}", label("method")?))
    });
    routes.collect()
}

#[tokio::test]
async fn every_route_has_a_span_and_the_page_lists_it() {
    let collector = Collector::start(Mood::Taking);
    let system = traced(&collector, &healthy(), &[]).await;
    let [flag, endpoint] = to(&collector);
    let process = Process::start(&["unreliable", "--listen", "127.0.0.1:0", &flag, &endpoint]);
    let unreliable = Client::new(process.url("unreliable service").await);

    for (service, client) in [
        ("breaker-instance", system.instance(0)),
        ("unreliable-service", &unreliable),
    ] {
        let listed = listed(service);
        assert_eq!(routes(client).await, listed, "{service}");
        for name in &listed {
            let (method, route) = name.split_once(' ').expect("a method and a route");
            let path = route
                .replace("{*path}", "one/of/many")
                .replace("{name}", "one");
            client.send(method, &path, &[], "").await;
        }
        let servers = |spans: &[Span]| -> BTreeSet<String> {
            let of_it = |span: &&Span| span.kind == "server" && span.service == service;
            let servers = spans.iter().filter(of_it);
            servers.map(|span| span.name.clone()).collect()
        };
        let what = format!("a span for every route of {service}");
        let spans = collector
            .spans_until(&what, |spans| servers(spans).len() >= listed.len())
            .await;
        assert_eq!(servers(&spans), listed, "{service}");
    }
}
