//! A tonic client that stops calling a server that fails.

use std::convert::Infallible;

use bytes::{Buf, BufMut};
use fusebox::{Breaker, Config};
use fusebox_tower::{FastFailureLayer, GrpcBreakerLayer};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status, body::Body, client::Grpc};
use tower::{Layer, service_fn};

/// Messages are plain text, so that the example needs no protobuf.
struct Text;

#[rustfmt::skip]
impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self { Self }
    fn decoder(&mut self) -> Self { Self }
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

/// Visible, so that a test can run it too.
#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example shows what happens")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = service_fn(async |_: http::Request<Body>| {
        Ok::<_, Infallible>(Status::internal("a bug").into_http::<Body>())
    });
    let config = Config::builder().consecutive_failures(2).build()?;
    let protect = GrpcBreakerLayer::new(Breaker::new("greeter", config));
    let protect = FastFailureLayer::grpc(protect);
    let mut client = Grpc::new(protect.layer(server));
    for name in ["Ada", "Grace", "Barbara"] {
        client.ready().await?;
        let (name, path) = (Request::new(name.into()), "/greeter/greet".parse()?);
        let answer = client.unary(name, path, Text).await;
        println!("{}", answer.expect_err("the server is broken"));
    }
    Ok(())
}
