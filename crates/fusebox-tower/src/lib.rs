//! A circuit breaker as a tower layer: requests to a broken downstream end here.
//!
//! [`BreakerLayer`] puts a [`Breaker`](fusebox::Breaker) in front of any
//! [`Service`](tower_service::Service). A [classifier](Classify) says which results are failures;
//! one is ready-made for HTTP and one for gRPC. Rejected calls get
//! [`CallError::Rejected`](fusebox::CallError::Rejected) at once, or a 503 that says when to come
//! back, or they [wait](Readiness) for their turn.
//!
//! ```
//! use fusebox::{Breaker, Config, State};
//! use fusebox_tower::{BreakerLayer, FastFailureLayer, HttpClassifier};
//! use http::{Request, Response};
//! use std::convert::Infallible;
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // One breaker per downstream; clones of the handle watch and steer it from anywhere.
//! let config = Config::builder().consecutive_failures(2).build()?;
//! let breaker = Breaker::new("inventory", config);
//!
//! // One circuit, however often the layer is cloned or applied.
//! let protect = BreakerLayer::new(breaker.clone()).classifier(HttpClassifier::new());
//! let inventory = FastFailureLayer::new(protect).layer(service_fn(async |_: Request<()>| {
//!     let broken = Response::builder().status(500).body(String::from("out of order"));
//!     Ok::<_, Infallible>(broken.expect("the parts are valid"))
//! }));
//!
//! for status in [500, 500, 503] {
//!     let response = inventory.clone().oneshot(Request::new(())).await?;
//!     assert_eq!(response.status(), status);
//! }
//! assert_eq!(breaker.state(), State::Open);
//! # Ok(())
//! # }
//! ```
//!
//! What it promises:
//! - **Cancel-safe.** A call that is dropped at any stage is neutral and gives its slot back.
//! - **A panic is a failure**, whoever catches it.
//! - **An open circuit protects.** A rejected request never reaches the inner service.
//! - **Cheap.** No boxing and no allocation per call.
//!
//! # Features
//! | feature | brings | needs |
//! |---|---|---|
//! | `http` (default) | `HttpClassifier`, `fast_failure_response`, `FastFailureLayer` | `http`, `httpdate` |
//! | `grpc` | `GrpcBreakerLayer`, which waits for the trailers | `http-body` |
//! | `axum` | `FastFailure` as the error of handlers | `axum-core` |
//! | `back-pressure` | `Readiness::BackPressure` | tokio's timer |
//!
//! # Map, in reading order
//! | file | question |
//! |---|---|
//! | `layer` | How does a circuit get in front of a service? |
//! | `service` | What happens to a request? |
//! | `future` | What is a call while it is under way? |
//! | `held` | Who answers for it? |
//! | `classify` | What does an answer say about the downstream? |
//! | `http_classifier`, `hint` | Which HTTP answers are failures, and when to come back? |
//! | `cause` | What lies beneath an error? |
//! | `grpc` | What about gRPC, where the status comes last? |
//! | `fast_failure` | What does a rejected caller get to see? |
//! | `gate` | When does a service ask for its permit? |
//! | `reservation`, `waiters` | How does it wait for its turn, and who wakes it? |

#[cfg(feature = "http")]
mod answer;
mod cause;
mod classify;
mod entrance;
#[cfg(feature = "http")]
mod fast_failure;
mod future;
mod gate;
#[cfg(feature = "grpc")]
mod grpc;
mod held;
#[cfg(feature = "http")]
mod http_breaker;
#[cfg(feature = "http")]
mod http_classifier;
mod layer;
#[cfg(feature = "back-pressure")]
mod reservation;
#[cfg(feature = "http")]
mod retry_after;
mod service;
mod turned_away;
mod waiters;

pub use fusebox;

#[cfg(feature = "http")]
pub use answer::JudgeAt;
pub use cause::{find_cause, io_error_kind};
pub use classify::{Classify, ClassifyError, CountAs, ErrorsFail, SharedClassifier};
#[cfg(feature = "axum")]
pub use fast_failure::FastFailure;
#[cfg(feature = "http")]
pub use fast_failure::{
    AnswerRejected, FastFailureFuture, FastFailureLayer, FastFailureService, HttpAnswer,
    fast_failure_response,
};
pub use future::ResponseFuture;
pub use gate::Readiness;
#[cfg(feature = "grpc")]
pub use grpc::{
    GrpcAnswer, GrpcBody, GrpcBreakerLayer, GrpcBreakerService, GrpcClassifier, GrpcCode,
    GrpcResponseFuture, grpc_fast_failure_response,
};
#[cfg(feature = "http")]
pub use http_breaker::{HttpBody, HttpBreakerLayer, HttpBreakerService, HttpResponseFuture};
#[cfg(feature = "http")]
pub use http_classifier::HttpClassifier;
#[cfg(feature = "reqwest")]
pub use http_classifier::ReqwestErrors;
pub use layer::BreakerLayer;
#[cfg(feature = "http")]
pub use retry_after::{InvalidRetryAfter, RetryAfter};
pub use service::BreakerService;
