//! Tests of a viewer's stream.

use axum::body::BodyDataStream;
use futures_util::{FutureExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use std::time::Duration;

use super::*;
use crate::page::feed::tests::{feed, look};
use crate::page::source::Row;
use crate::serve::{Control, Routes, listen, router, serve};
use crate::settings::Serving;
use crate::shutdown::Stop;

/// The events that are there by now.
fn ready(stream: &mut BodyDataStream) -> String {
    let mut text = String::new();
    while let Some(Some(Ok(bytes))) = stream.next().now_or_never() {
        text.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    text
}

fn names(events: &str) -> Vec<&str> {
    events
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect()
}

#[tokio::test]
async fn a_viewer_gets_hello_and_history_and_then_each_tick() {
    let (feed, (_stop, shutdown)) = (feed(), Stop::new());
    feed.note(&look(100));
    let mut stream = Viewer::of(&feed, None, &shutdown)
        .unwrap()
        .body()
        .into_data_stream();

    assert_eq!(names(&ready(&mut stream)), ["hello", "history"]);
    feed.note(&look(200));
    feed.note(&look(300));
    let ticks = ready(&mut stream);

    assert_eq!(names(&ticks), ["tick", "tick"]);
    assert!(
        ticks.contains("\"t\":0.2") && ticks.contains("\"t\":0.3"),
        "{ticks}"
    );
}

#[tokio::test]
async fn one_who_comes_back_gets_what_came_meanwhile() {
    let (feed, (_stop, shutdown)) = (feed(), Stop::new());
    for millis in [100, 200, 300] {
        feed.note(&look(millis));
    }
    let mut stream = Viewer::of(&feed, None, &shutdown)
        .unwrap()
        .body()
        .into_data_stream();
    let all = ready(&mut stream);
    let last = all
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("id: "))
        .unwrap()
        .to_owned();
    drop(stream);
    feed.note(&look(400));

    let viewer = Viewer::of(&feed, Some(&last), &shutdown).unwrap();
    let events = ready(&mut viewer.body().into_data_stream());

    assert_eq!(names(&events), ["hello", "tick"]);
    assert!(events.contains("\"t\":0.4"), "{events}");
}

#[tokio::test]
async fn one_who_reads_nothing_for_long_gets_history_instead_of_a_queue() {
    let (feed, (_stop, shutdown)) = (feed(), Stop::new());
    let mut stream = Viewer::of(&feed, None, &shutdown)
        .unwrap()
        .body()
        .into_data_stream();
    ready(&mut stream);
    for tick in 0..2000 {
        feed.note(&look(100 * tick));
    }

    assert_eq!(names(&ready(&mut stream)), ["history"]);
}

#[tokio::test]
async fn the_shutdown_ends_the_body_at_once() {
    let (feed, (stop, shutdown)) = (feed(), Stop::new());
    let mut stream = Viewer::of(&feed, None, &shutdown)
        .unwrap()
        .body()
        .into_data_stream();
    ready(&mut stream);

    stop.begin();

    assert!(matches!(stream.next().now_or_never(), Some(None)));
}

#[tokio::test]
async fn places_are_bounded_and_given_back() {
    let (feed, (_stop, shutdown)) = (feed(), Stop::new());
    let mut viewers: Vec<_> = (0..MOST_VIEWERS)
        .map(|_| Viewer::of(&feed, None, &shutdown).unwrap())
        .collect();

    assert!(Viewer::of(&feed, None, &shutdown).is_none());
    viewers.pop();
    assert!(Viewer::of(&feed, None, &shutdown).is_some());
}

/// The route of events of `feed`, on a free port.
fn served(feed: &Arc<Feed>, shutdown: &Shutdown) -> std::net::SocketAddr {
    let listening = listen(([127, 0, 0, 1], 0).into(), "lab", "--listen").unwrap();
    let address = listening.address;
    let routes = Routes::new(
        telemetry::service_metrics("0"),
        Control::new(None),
        telemetry::trace::Tracer::default(),
    );
    let routes = router(crate::page::with_data(routes, feed, shutdown));
    let settings = Serving {
        max_connections: 100,
        control_token: None,
        drain_time: Duration::from_secs(60),
    };
    let shutdown = shutdown.clone();
    tokio::spawn(async move { serve(listening, routes, &settings, shutdown).await });
    address
}

#[tokio::test]
async fn a_connection_on_which_nobody_reads_holds_little_and_gets_history_when_somebody_does() {
    const TICKS: u64 = 6000;
    let (feed, (stop, shutdown)) = (feed(), Stop::new());
    let address = served(&feed, &shutdown);
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut client = socket.connect(address).await.unwrap();
    let request = format!("GET /api/events HTTP/1.0\r\nHost: {address}\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    client.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.0 200");

    // Ten minutes, in which the lab sends far more than the system's buffers hold.
    let mut told = 0;
    for tick in 1..=TICKS {
        let mut moment = look(100 * tick);
        moment.rows = vec![Row([1, 0, 0, 0, 20, 3, 0]); 200];
        feed.note(&moment);
        told += 200 * "[1,0,0,0,20,3,0],".len();
        if tick % 50 == 0 {
            // The connection is written to whenever there is room.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        }
    }
    stop.begin();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();

    let rest = String::from_utf8(rest).unwrap();
    let histories = names(&rest)
        .iter()
        .filter(|name| **name == "history")
        .count();
    assert!(
        histories >= 2,
        "history at first, and after the gap: {histories}"
    );
    let last = rest.lines().rfind(|line| line.starts_with("id: ")).unwrap();
    assert!(last.ends_with(&format!("-{TICKS}")), "{last}");
    assert!(
        rest.len() < told / 2,
        "{} bytes were kept of {told}",
        rest.len()
    );
}
