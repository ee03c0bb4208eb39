//! New connections to the downstream.

use std::net::SocketAddr;
use std::task::{Context, Poll};

use axum::http::Uri;
use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioIo;
use tower::Service;

use super::{Heard, InTurns, Names};
use crate::shortage::Unresolved;

/// Connects, and has what comes read in turns and noted.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    tcp: HttpConnector<Names>,
}

impl Connector {
    pub(super) fn new(names: Names) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(names);
        tcp.set_nodelay(true);
        Self { tcp }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Heard>;
    type Error = <HttpConnector<Names> as Service<Uri>>::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.tcp.call(uri);
        Box::pin(async move {
            let stream = connecting.await?.into_inner();
            Ok(TokioIo::new(Heard::new(InTurns::new(stream))))
        })
    }
}

impl Service<Name> for Names {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Unresolved;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let names = self.clone();
        Box::pin(async move { Ok(names.find(name.as_str(), 0).await?.into_iter()) })
    }
}
