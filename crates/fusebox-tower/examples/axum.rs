//! An axum router that rejects requests while its downstream fails.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::{Router, extract::Path, routing::get};
use fusebox::{Breaker, Config, ManualClock};
use fusebox_tower::{BreakerLayer, FastFailureLayer, HttpClassifier};
use tower::ServiceExt;

/// Answers as the path says, in the place of a downstream.
async fn inventory(Path(status): Path<u16>) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND)
}

/// Visible, so that a test can run it too.
#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example shows what happens")]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::builder()
        .consecutive_failures(2)
        .open_for(Duration::from_secs(5))
        .jitter(0.0)
        .build()?;
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("inventory", config, clock.clone());

    let protect = BreakerLayer::new(breaker.clone()).classifier(HttpClassifier::new());
    let app = Router::new()
        .route("/{status}", get(inventory))
        .layer(FastFailureLayer::new(protect));

    for path in ["/200", "/500", "/502", "/200", "wait", "/200"] {
        if path == "wait" {
            clock.advance(Duration::from_secs(5));
            println!("... five seconds later");
            continue;
        }
        let request = Request::get(path).body(Body::empty())?;
        let response = app.clone().oneshot(request).await?;
        println!(
            "GET {path} -> {}, Retry-After {:?}, breaker {}",
            response.status(),
            response.headers().get("retry-after"),
            breaker.state(),
        );
    }
    Ok(())
}
