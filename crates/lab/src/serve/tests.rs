//! Tests of connections that have to make room: what has arrived by then is answered.

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::shutdown::Stop;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A connection with its client's end, and the means to make it give way.
async fn connected(shutdown: Shutdown) -> (Connection, TcpStream, TcpStream, Connections) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let activity = Arc::new(Activity::new());
    let mut connections = Connections::new(1);
    connections.add(&activity, 0);
    let connection = Connection {
        peer,
        answers: Arc::new(
            Router::new()
                .route("/", get(async || "here you are"))
                .into(),
        ),
        wire: None,
        activity,
        drain_time: Duration::from_secs(60),
        shutdown,
    };
    (connection, stream, client, connections)
}

async fn answer_to(client: &mut TcpStream) -> String {
    let mut answer = [0; 1024];
    let count = client.read(&mut answer).await.unwrap_or_default();
    String::from_utf8_lossy(&answer[..count]).into_owned()
}

#[tokio::test]
async fn a_newcomer_that_has_to_go_is_answered_when_its_request_has_arrived() {
    let (_stop, shutdown) = Stop::new();
    let (connection, stream, mut client, mut connections) = connected(shutdown).await;
    client.write_all(REQUEST).await.unwrap();
    connections.evict_idle_for(Duration::ZERO);
    let serving = tokio::spawn(connection.serve(stream));

    let answer = answer_to(&mut client).await;

    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    serving.await.unwrap();
}

#[tokio::test]
async fn a_kept_connection_that_has_to_go_answers_the_request_that_has_arrived() {
    let (_stop, shutdown) = Stop::new();
    let (connection, stream, mut client, mut connections) = connected(shutdown).await;
    let serving = tokio::spawn(connection.serve(stream));
    client.write_all(REQUEST).await.unwrap();
    let first = answer_to(&mut client).await;
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");

    // Nothing runs between these two, so the service learns of both at once.
    client.try_write(REQUEST).unwrap();
    connections.evict_idle_for(Duration::ZERO);
    let second = answer_to(&mut client).await;

    assert!(second.starts_with("HTTP/1.1 200"), "{second}");
    serving.await.unwrap();
}

/// A connection whose request never ends.
async fn hanging(shutdown: Shutdown) -> (tokio::task::JoinHandle<()>, TcpStream, Arc<Activity>) {
    let (mut connection, stream, mut client, _connections) = connected(shutdown).await;
    let hanging = Router::new().route("/", get(std::future::pending::<&str>));
    connection.answers = Arc::new(hanging.into());
    let activity = Arc::clone(&connection.activity);
    let serving = tokio::spawn(connection.serve(stream));
    client.write_all(REQUEST).await.unwrap();
    (serving, client, activity)
}

#[tokio::test]
async fn a_client_that_has_said_all_is_asked_whether_it_is_there_and_waited_for() {
    let (_stop, shutdown) = Stop::new();
    let (serving, mut client, activity) = hanging(shutdown).await;

    client.shutdown().await.unwrap();

    let probe = answer_to(&mut client).await;
    assert!(probe.starts_with("HTTP/1.1 100"), "{probe}");
    assert!(activity.is_busy() && !serving.is_finished());
    serving.abort();
}

#[tokio::test]
async fn a_client_that_has_left_takes_its_request_with_it() {
    let (_stop, shutdown) = Stop::new();
    let (serving, client, _) = hanging(shutdown).await;

    drop(client);

    let ended = timeout(Duration::from_secs(60), serving).await;
    assert!(ended.is_ok(), "the request goes on for nobody");
}

#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn what_lasts_is_waited_out_and_one_connection_that_broke_is_not() {
    let (_stop, shutdown) = Stop::new();
    let mut house = House {
        connections: Connections::new(1),
        tasks: JoinSet::new(),
        answers: Arc::new(Router::new().into()),
        drain_time: Duration::ZERO,
        shutdown,
        shortage: Notice::default(),
    };
    // ENFILE, EMFILE, ENOMEM, ENOBUFS, EPERM; ECONNABORTED, EPROTO.
    for (code, lasts) in [
        (23, true),
        (24, true),
        (12, true),
        (105, true),
        (1, true),
        (103, false),
        (71, false),
    ] {
        let error = io::Error::from_raw_os_error(code);
        let began = Instant::now();

        house.recover(&error, ([127, 0, 0, 1], 1).into()).await;

        assert_eq!(began.elapsed() >= RETRY_TIME, lasts, "{error}");
    }
}
