//! A circuit breaker as a [tower](https://docs.rs/tower) layer: while a downstream fails, requests
//! are rejected before they reach it.
//!
//! [`BreakerLayer`] puts a [`Breaker`](fusebox::Breaker) in front of any
//! [`Service`](tower_service::Service). A [classifier](Classify) says which results are failures;
//! there is one for HTTP and one for gRPC. A rejected call ends at once with
//! [`CallError::Rejected`](fusebox::CallError::Rejected) or, with [`FastFailureLayer`], with a 503 that
//! says when to come back. With [back-pressure](Readiness) it waits for its turn instead.
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
//! // One breaker per downstream. Clones of the handle can watch and control it from anywhere.
//! let config = Config::builder().consecutive_failures(2).build()?;
//! let breaker = Breaker::new("inventory", config);
//!
//! // One breaker state, however often the layer is cloned or applied.
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
//! The [`guide`] has examples for axum, reqwest and tonic, the features and defaults, and the order of
//! layers with its reasons.
//!
//! # What it promises
//! - **Cancel-safe.** A call that is dropped at any stage counts as nothing and frees its slot.
//! - **A panic is a failure**, whoever catches it.
//! - **An open breaker protects and answers.** A rejected request never reaches the inner service and
//!   does not wait for it.
//! - **A rejection is no evidence.** Breakers inside breakers do not trip each other.
//! - **Cheap.** No boxing and no allocation per call.
//!
//! # Features
//! Only `http` is on by default.
//! - `http`: [`HttpClassifier`], [`HttpBreakerLayer`], [`FastFailureLayer`] and [`RetryAfter`].
//! - `grpc`: [`GrpcBreakerLayer`] and [`GrpcClassifier`].
//! - `axum`: [`FastFailure`], a rejection as the error of a handler. The layers do not need it.
//! - `reqwest`: [`HttpClassifier`] for the answers of a `reqwest::Client`, [`ReqwestErrors`] for its
//!   errors.
//! - `back-pressure`: `Readiness::BackPressure`; it needs tokio's timer.
//!
//! # Map, in reading order
//! | items | what they are |
//! |---|---|
//! | [`BreakerLayer`], [`BreakerService`], [`ResponseFuture`] | the breaker in front of any service |
//! | [`Classify`], [`ClassifyError`], [`CountAs`], [`ErrorsFail`], [`SharedClassifier`] | what a result says about the downstream |
//! | [`find_cause`], [`io_error_kind`] | the causes of an error |
//! | [`Readiness`] | what a service does while its breaker rejects calls |
//! | [`HttpClassifier`], [`ReqwestErrors`], [`RetryAfter`] | which HTTP answers are failures, and when to come back |
//! | [`HttpBreakerLayer`], [`HttpBreakerService`], [`HttpBody`], [`JudgeAt`] | HTTP answers judged at the end of their bodies |
//! | [`GrpcBreakerLayer`], [`GrpcBreakerService`], [`GrpcBody`], [`GrpcClassifier`], [`GrpcCode`] | gRPC answers, whose status comes at the end |
//! | [`FastFailureLayer`], [`fast_failure_response`], [`grpc_fast_failure_response`], [`FastFailure`] | the answer to a rejected call |
//! | [`fusebox`] | the breaker itself, its settings and its errors |

#![cfg_attr(
    not(all(feature = "axum", feature = "grpc", feature = "reqwest")),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the map is complete with all features, as docs.rs shows it"
    )
)]

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
pub mod guide;
mod held_permit;
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
