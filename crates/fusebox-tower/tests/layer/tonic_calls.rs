//! Calls by a real tonic client to a real tonic server, over a socket.

use std::convert::Infallible;
use std::time::Duration;

use bytes::{Buf, BufMut};
use fusebox::{Breaker, Outcome, State};
use fusebox_tower::{FastFailureLayer, GrpcBreakerLayer};
use http::{Request, Response};
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::NamedService;
use tonic::transport::{Channel, Server, server::TcpIncoming};
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::rehearsal::{breaker, brittle, counted};

/// Messages are plain text.
#[derive(Clone, Copy, Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, message: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(message.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let message = buffer.copy_to_bytes(buffer.remaining());
        Ok(Some(String::from_utf8_lossy(&message).into()))
    }
}

/// Answers `ok` with a message, anything else with an internal error.
#[derive(Clone)]
struct Greeter;

impl NamedService for Greeter {
    const NAME: &'static str = "greeter";
}

impl Service<Request<Body>> for Greeter {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let greet = |request: tonic::Request<String>| async move {
            match request.into_inner().as_str() {
                "ok" => Ok(tonic::Response::new(String::from("hello"))),
                _ => Err(Status::internal("a bug")),
            }
        };
        Box::pin(async move {
            let mut server = tonic::server::Grpc::new(Text);
            Ok(server.unary(tower::service_fn(greet), request).await)
        })
    }
}

/// A channel to a server, whose services are behind `layer`.
async fn serve<L>(layer: L) -> Channel
where
    L: Layer<tonic::service::Routes> + Clone + Send + 'static,
    L::Service: Service<Request<Body>, Response = Response<fusebox_tower::GrpcBody<Body>>>
        + Clone
        + Send
        + 'static,
    <L::Service as Service<Request<Body>>>::Future: Send,
    <L::Service as Service<Request<Body>>>::Error: Into<tower::BoxError> + Send,
{
    let socket = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = socket.local_addr().unwrap();
    let server = Server::builder().layer(layer).add_service(Greeter);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(socket)));
    let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
    endpoint.connect().await.unwrap()
}

/// A server without a circuit that could reject.
async fn plain_server() -> Channel {
    let (idle, _) = breaker(brittle());
    idle.disable();
    serve(guard(&idle)).await
}

fn guard(breaker: &Breaker) -> FastFailureLayer<GrpcBreakerLayer, fusebox_tower::GrpcAnswer> {
    FastFailureLayer::grpc(GrpcBreakerLayer::new(breaker.clone()))
}

async fn greet<S>(client: &mut Grpc<S>, word: &str) -> Result<String, Status>
where
    S: tonic::client::GrpcService<Body>,
    S::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<tower::BoxError>,
{
    client
        .ready()
        .await
        .map_err(|_| Status::unknown("not ready"))?;
    let path = "/greeter/greet".parse().unwrap();
    let answer = client.unary(tonic::Request::new(word.into()), path, Text);
    Ok(answer.await?.into_inner())
}

fn says_come_back_after(status: &Status, most: Duration) {
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert!(status.message().contains("circuit breaker is open"));
    let pushback = status.metadata().get("grpc-retry-pushback-ms").unwrap();
    let millis: u64 = pushback.to_str().unwrap().parse().unwrap();
    assert!(
        (1..=most.as_millis()).contains(&u128::from(millis)),
        "{millis}"
    );
}

#[tokio::test]
async fn a_client_behind_a_circuit_gets_unavailable_and_the_time_to_come_back() {
    let (breaker, clock) = breaker(brittle());
    let mut client = Grpc::new(guard(&breaker).layer(plain_server().await));

    assert_eq!(greet(&mut client, "ok").await.unwrap(), "hello");
    let failed = greet(&mut client, "broken").await.unwrap_err();
    assert_eq!(failed.code(), Code::Internal);
    let rejected = greet(&mut client, "ok").await.unwrap_err();
    says_come_back_after(&rejected, crate::rehearsal::OPEN_FOR);

    clock.advance(crate::rehearsal::OPEN_FOR);
    assert_eq!(greet(&mut client, "ok").await.unwrap(), "hello");
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(counted(&breaker, Outcome::Success), 2);
    assert_eq!(counted(&breaker, Outcome::Cancelled), 0);
}

#[tokio::test]
async fn a_server_behind_a_circuit_answers_unavailable_over_the_wire() {
    let (breaker, _) = breaker(brittle());
    let mut client = Grpc::new(serve(guard(&breaker)).await);

    assert_eq!(greet(&mut client, "ok").await.unwrap(), "hello");
    let failed = greet(&mut client, "broken").await.unwrap_err();
    assert_eq!(failed.code(), Code::Internal);
    let rejected = greet(&mut client, "ok").await.unwrap_err();

    says_come_back_after(&rejected, crate::rehearsal::OPEN_FOR);
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn a_server_that_is_gone_opens_the_circuit() {
    let socket = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let channel = Channel::from_shared(format!("http://{address}")).unwrap();
    let (breaker, _) = breaker(brittle());
    let mut client = Grpc::new(guard(&breaker).layer(channel.connect_lazy()));

    assert!(greet(&mut client, "ok").await.is_err());
    assert_eq!(breaker.state(), State::Open);

    let rejected = greet(&mut client, "ok").await.unwrap_err();
    says_come_back_after(&rejected, crate::rehearsal::OPEN_FOR);
}
