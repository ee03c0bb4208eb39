//! A server with a timeout and a limit: a timeout counts as a failure, reaching the limit does not.

use std::time::Duration;

use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::http::{Request, StatusCode, header::RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Router, extract::Path, routing::get};
use fusebox::{Breaker, Config};
use fusebox_tower::{FastFailureLayer, HttpBreakerLayer, RetryAfter};
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::{ServiceBuilder, ServiceExt, load_shed::error::Overloaded, timeout::error::Elapsed};

const SECOND: Duration = Duration::from_secs(1);

async fn answer_error(error: BoxError) -> Response {
    if error.is::<Elapsed>() {
        return StatusCode::GATEWAY_TIMEOUT.into_response();
    }
    if !error.is::<Overloaded>() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let come_back = [(RETRY_AFTER, RetryAfter::After(SECOND).to_header_value())];
    (StatusCode::SERVICE_UNAVAILABLE, come_back).into_response()
}

/// Takes as many seconds as the path says.
async fn report(Path(seconds): Path<u32>) {
    tokio::time::sleep(SECOND * seconds).await;
}

async fn ask(app: &Router, path: &str) -> Result<u16, BoxError> {
    let request = Request::get(path).body(Body::empty())?;
    Ok(app.clone().oneshot(request).await?.status().as_u16())
}

/// Visible, so that a test can run it too.
#[tokio::main(flavor = "current_thread", start_paused = true)]
pub(crate) async fn main() -> Result<(), BoxError> {
    let config = Config::builder().consecutive_failures(2).build()?;
    let breaker = Breaker::new("reports", config);
    let protect = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(answer_error))
        .load_shed()
        .layer(GlobalConcurrencyLimitLayer::new(2))
        .layer(FastFailureLayer::new(HttpBreakerLayer::new(breaker)))
        .timeout(SECOND * 2);
    let reports = Router::new().route("/{seconds}", get(report));
    let app = reports.layer(protect);

    let at_once = tokio::try_join!(ask(&app, "/1"), ask(&app, "/1"), ask(&app, "/1"));
    assert_eq!(at_once?, (200, 200, 503));
    let slow = tokio::try_join!(ask(&app, "/9"), ask(&app, "/9"))?;
    assert_eq!(slow, (504, 504));
    assert_eq!(ask(&app, "/1").await?, 503, "the circuit is open");
    Ok(())
}
