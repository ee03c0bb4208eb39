//! The answers of a service: the routes of its router, and shortcuts to those that are called thousands of times.
//!
//! A router finds any route, but clones and boxes on the way. That is a fifth of the cost of a fast failure, so calls
//! at a fixed path are looked up here first. The router has these routes as well, for other methods.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::response::Response;
use futures_util::future::BoxFuture;
use tower::ServiceExt;

/// Answers calls.
pub(super) type Call = Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>;

/// The answers of a service. Clones answer alike.
#[derive(Clone)]
pub(crate) struct Answers {
    router: Router,
    /// By their paths, for `GET`.
    calls: Arc<[(&'static str, Call)]>,
}

impl Answers {
    pub(super) fn new(router: Router, calls: Vec<(&'static str, Call)>) -> Self {
        Self {
            router,
            calls: calls.into(),
        }
    }

    /// Makes answers from the router alone.
    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    /// Answers one request.
    pub(super) async fn answer(&self, request: Request) -> Response {
        if let Some(call) = self.shortcut(&request) {
            return call(request).await;
        }
        let Ok(answer) = self.router.clone().oneshot(request).await;
        answer
    }

    fn shortcut(&self, request: &Request) -> Option<&Call> {
        if request.method() != Method::GET {
            return None;
        }
        let path = request.uri().path();
        let (_, call) = self.calls.iter().find(|(known, _)| *known == path)?;
        Some(call)
    }
}

impl From<Router> for Answers {
    fn from(router: Router) -> Self {
        Self::new(router, Vec::new())
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;

    use super::*;

    #[tokio::test]
    async fn only_a_get_of_the_very_path_takes_the_shortcut() {
        let router = Router::new().route("/call", get(async || "router"));
        let call: Call = Arc::new(|_| Box::pin(async { Response::new(Body::from("shortcut")) }));
        let answers = Answers::new(router, vec![("/call", call)]);
        for (method, target, expected) in [
            ("GET", "/call", "shortcut"),
            ("GET", "/call?a=b", "shortcut"),
            ("HEAD", "/call", ""),
            ("POST", "/call", ""),
            ("GET", "/call/", ""),
        ] {
            let mut request = Request::new(Body::empty());
            *request.method_mut() = method.parse().unwrap();
            *request.uri_mut() = target.parse().unwrap();

            let answer = answers.answer(request).await;

            let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
            assert_eq!(body, expected, "{method} {target}");
        }
    }
}
