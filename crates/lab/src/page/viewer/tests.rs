//! Tests of a viewer's stream.

use axum::body::BodyDataStream;
use futures_util::{FutureExt, StreamExt};

use super::*;
use crate::page::feed::tests::{feed, look};
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
    let mut viewers: Vec<_> = (0..MOST)
        .map(|_| Viewer::of(&feed, None, &shutdown).unwrap())
        .collect();

    assert!(Viewer::of(&feed, None, &shutdown).is_none());
    viewers.pop();
    assert!(Viewer::of(&feed, None, &shutdown).is_some());
}
