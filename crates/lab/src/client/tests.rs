//! Tests of what a client sends, and on which connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

#[test]
fn a_name_and_a_password_in_the_url_are_sent_as_the_header_that_they_mean() {
    let of = |url: &str| {
        let headers = Downstream::new(&url.parse().unwrap()).headers();
        headers.get(AUTHORIZATION).cloned()
    };

    assert_eq!(of("http://127.0.0.1:1/data"), None);
    let header = of("http://me:secret@127.0.0.1:1/data").unwrap();
    assert_eq!(header, "Basic bWU6c2VjcmV0");
    assert!(header.is_sensitive());
}

#[test]
fn where_connections_go_is_a_host_and_a_port_without_name_and_password() {
    for (url, host, port) in [
        ("http://me:secret@127.0.0.1:1/data?x", "127.0.0.1", 1),
        ("http://me@h/data", "h", 80),
        ("http://[::1]:81/data", "::1", 81),
    ] {
        let connector = Connector::new(Names::silent(), &url.parse().unwrap());

        let written = format!("{connector:?}");
        let expected = format!("host: {host:?}, port: {port}");
        assert!(written.contains(&expected), "{written}");
        assert!(!written.contains("secret"), "{written}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_during_the_look_up_is_told_so() {
    let looking_up = LookingUp::default();
    let connector = Connector::new(Names::silent(), &"http://h:1".parse().unwrap());

    let connecting = connector.connect(&looking_up);
    let ended = tokio::time::timeout(Duration::from_secs(1), connecting).await;

    assert!(ended.is_err() && looking_up.is());
}

#[test]
fn the_host_is_named_with_its_port_where_that_is_not_the_usual_one() {
    for (url, expected) in [
        ("http://h/data", "h"),
        ("http://h:80/data", "h"),
        ("http://h:81/data", "h:81"),
        ("http://[::1]:81/data", "[::1]:81"),
    ] {
        let headers = Downstream::new(&url.parse().unwrap()).headers();
        assert_eq!(headers[HOST], expected, "{url}");
    }
}

#[test]
fn a_request_asks_for_path_and_query() {
    for (url, expected) in [
        ("http://h:1", "/"),
        ("http://h/data/x?a=b#c", "/data/x?a=b"),
    ] {
        assert_eq!(path(&url.parse().unwrap()), expected);
    }
}

/// A service that is played by a test, and its client.
async fn service() -> (TcpListener, Downstream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/data", listener.local_addr().unwrap());
    (listener, Downstream::new(&url.parse().unwrap()))
}

async fn get(client: &Downstream) -> Result<Answered, Unanswered> {
    client
        .get(
            "/data".parse().unwrap(),
            client.headers(),
            1024,
            &LookingUp::default(),
        )
        .await
}

/// Answers one request on a connection.
async fn answer(stream: &mut TcpStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    stream.write_all(answer).await.unwrap();
}

#[tokio::test]
async fn a_connection_is_used_again_until_the_service_has_closed_it() {
    let (listener, client) = service().await;
    let serve = async {
        let (mut first, _) = listener.accept().await.unwrap();
        answer(&mut first).await;
        answer(&mut first).await;
        drop(first);
        let (mut second, _) = listener.accept().await.unwrap();
        answer(&mut second).await;
    };
    let call = async {
        for _ in 0..3 {
            assert_eq!(get(&client).await.unwrap().status, 200);
        }
    };

    tokio::join!(serve, call);
}

#[tokio::test]
async fn a_request_that_meets_a_connection_which_is_closing_is_sent_once_more() {
    let (listener, client) = service().await;
    let serve = async {
        let (mut first, _) = listener.accept().await.unwrap();
        answer(&mut first).await;
        // The next request arrives, and is never answered.
        first.read_u8().await.unwrap();
        drop(first);
        let (mut second, _) = listener.accept().await.unwrap();
        answer(&mut second).await;
        second.read_u8().await.unwrap();
        drop(second);
        // A fresh connection that breaks is a failure.
        let (mut third, _) = listener.accept().await.unwrap();
        third.read_u8().await.unwrap();
    };
    let call = async {
        get(&client).await.unwrap();
        get(&client).await.unwrap();
        let broken = get(&client).await;
        assert!(matches!(broken, Err(Unanswered::Broken(_))), "{broken:?}");
    };

    tokio::join!(serve, call);
}

#[tokio::test]
async fn a_connection_that_is_idle_for_many_sweeps_is_closed() {
    let (listener, client) = service().await;
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        answer(&mut stream).await;
        stream
    };
    let (mut stream, answered) = tokio::join!(serve, get(&client));
    answered.unwrap();

    for _ in 0..=pool::SWEEPS {
        client.sweep();
    }

    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "it is closed");
}

#[tokio::test]
async fn a_service_that_is_not_there_cannot_be_connected_to() {
    let (listener, client) = service().await;
    drop(listener);

    let refused = get(&client).await;

    assert!(
        matches!(refused, Err(Unanswered::Connect(_))),
        "{refused:?}"
    );
}
