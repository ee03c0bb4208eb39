//! The trace context as it reaches the services that an instance calls.

use std::collections::BTreeSet;

use end_to_end::{Client, Collector, Mood, Process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::to;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
/// Names and values of headers, in their order.
type Lines = Vec<(String, String)>;

/// An instance between the test and a downstream that keeps the trace context that reaches it.
struct Between {
    instance: Client,
    _process: Process,
    received: mpsc::UnboundedReceiver<Lines>,
}

/// A downstream that keeps the trace context that reaches it: its URL, and what it keeps.
async fn recorder() -> (String, mpsc::UnboundedReceiver<Lines>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Some(lines) = answered(stream).await {
                let _ = sender.send(lines);
            }
        }
    });
    (format!("http://{address}"), received)
}

impl Between {
    async fn start(flags: &[&str]) -> Self {
        let (downstream, received) = recorder().await;
        let base = [
            "instance",
            "A",
            "--listen",
            "127.0.0.1:0",
            "--downstream",
            &downstream,
        ];
        let process = Process::start(&[&base[..], flags].concat());
        Self {
            instance: Client::new(process.url("instance").await),
            _process: process,
            received,
        }
    }

    /// What reaches the downstream of a call with these headers.
    async fn pass(&mut self, headers: &[(&str, &str)]) -> Lines {
        let reply = self.instance.send("GET", "/call", headers, "").await;
        assert_eq!(reply.status, 200, "{headers:?}");
        self.received
            .recv()
            .await
            .expect("the downstream was called")
    }
}

/// Answers one request and returns the lines of its trace context.
async fn answered(mut stream: TcpStream) -> Option<Lines> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.ok()?);
    }
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    stream.write_all(answer).await.ok()?;
    let request = String::from_utf8(request).ok()?;
    let lines = request
        .split("\r\n")
        .filter_map(|line| line.split_once(": "));
    let lines = lines.filter(|(name, _)| name.starts_with("trace"));
    Some(
        lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    )
}

/// The trace, the span above and the flags of the only parent, and the only line of state, if any.
fn read(lines: &Lines) -> ([&str; 3], Option<&str>) {
    let of = |wanted: &str| -> Vec<&str> {
        let of_it = lines.iter().filter(|(name, _)| name == wanted);
        of_it.map(|(_, value)| &**value).collect()
    };
    let (parents, states) = (of("traceparent"), of("tracestate"));
    assert!(parents.len() == 1 && states.len() <= 1, "{lines:?}");
    let fields: Vec<&str> = parents[0].split('-').collect();
    let ["00", trace, span, flags] = *fields else {
        panic!("version 00: {lines:?}");
    };
    ([trace, span, flags], states.first().copied())
}

#[tokio::test]
async fn an_instance_that_makes_spans_hands_on_a_valid_context_below_a_span_of_its_own() {
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    let mut between = Between::start(&[&flag, &endpoint]).await;
    for (version, flags, handed_on) in [
        ("00", "00", "00"),
        ("00", "01", "01"),
        ("00", "02", "02"),
        ("00", "03", "03"),
        ("00", "fd", "01"),
        ("cc", "03-and-more", "03"),
    ] {
        let parent = format!("{version}-{TRACE}-{SPAN}-{flags}");
        for (state, expected) in [
            (&[][..], None),
            (&["a=1"], Some("a=1")),
            (&["b=2, a=1", "", "c@@d=3,"], Some("b=2,a=1,c@@d=3")),
            (&["", "a=1"], Some("a=1")),
            (&["a=1", "b =2"], None),
            (&["@a=1,b=2"], None),
            (&["a=1=2"], None),
        ] {
            let states = state.iter().map(|state| ("tracestate", *state));
            let headers: Vec<_> = [("traceparent", &*parent)]
                .into_iter()
                .chain(states)
                .collect();

            let lines = between.pass(&headers).await;

            let ([trace, span, flags], state) = read(&lines);
            assert_eq!(
                (trace, flags, state),
                (TRACE, handed_on, expected),
                "{headers:?}"
            );
            assert_ne!(span, SPAN, "{headers:?}");
        }
    }
}

#[tokio::test]
async fn an_instance_that_makes_spans_begins_a_trace_where_the_context_is_invalid() {
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    let mut between = Between::start(&[&flag, &endpoint]).await;
    let valid = format!("00-{TRACE}-{SPAN}-01");
    let short = format!("00-{TRACE}-0f067aa0ba902b7-01");
    let long_flags = format!("00-{TRACE}-{SPAN}-001");
    for parents in [
        &[][..],
        &[&*valid, &*valid],
        &[&*short],
        &[&*long_flags],
        &["", &*valid],
    ] {
        let parents = parents.iter().map(|parent| ("traceparent", *parent));
        let headers: Vec<_> = parents.chain([("tracestate", "a=1")]).collect();

        let lines = between.pass(&headers).await;

        let ([trace, _, flags], state) = read(&lines);
        assert_ne!(trace, TRACE, "{headers:?}");
        assert_eq!((flags, state), ("03", None), "{headers:?}");
    }
}

#[tokio::test]
async fn the_load_generator_begins_traces_of_its_own() {
    let collector = Collector::start(Mood::Taking);
    let [flag, endpoint] = to(&collector);
    let (target, mut received) = recorder().await;
    let target = format!("A={target}");
    let load = [
        "load", "--rate", "50", "--target", &target, &flag, &endpoint,
    ];
    let _load = Process::start(&load);
    let mut traces = BTreeSet::new();

    for _ in 0..5 {
        let lines = received.recv().await.expect("a request");
        let ([trace, _, flags], state) = read(&lines);
        assert_eq!((flags, state), ("03", None), "{lines:?}");
        traces.insert(trace.to_owned());
    }

    assert_eq!(traces.len(), 5);
}

#[tokio::test]
async fn an_instance_that_makes_no_spans_hands_on_every_line_as_it_came() {
    let mut between = Between::start(&[]).await;
    let valid = format!("00-{TRACE}-{SPAN}-00");
    for headers in [
        &[][..],
        &[("traceparent", &*valid), ("tracestate", "a=1,  b=2,,@c=3")],
        &[
            ("traceparent", &*valid),
            ("tracestate", "a=1"),
            ("tracestate", "b=2"),
        ],
        &[("traceparent", "nonsense"), ("traceparent", &*valid)],
        &[("tracestate", "a =1")],
        &[("traceparent", "cc-00-what-will-be")],
    ] {
        let lines = between.pass(headers).await;

        let pairs: Vec<(&str, &str)> = lines
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(pairs, headers);
    }
}
