//! What is each attribute called?
//!
//! `circuit_breaker.*` is ours: OpenTelemetry has no convention for circuit breakers yet. The names
//! follow the proposal in its semantic conventions (issue 2355) and may change with it. The others are
//! of the stable conventions for HTTP and errors.

/// The breaker's name: what it protects.
pub const NAME: &str = "circuit_breaker.name";
/// The state that decided about the call.
pub const STATE: &str = "circuit_breaker.state";
/// The generation that decided about the call.
pub const GENERATION: &str = "circuit_breaker.generation";
/// What the call came to: an outcome, or `rejected`.
pub const OUTCOME: &str = "circuit_breaker.outcome";
/// Why a call was rejected.
pub const REJECT_REASON: &str = "circuit_breaker.reject.reason";
/// After how long a rejected caller may ask again, in milliseconds.
pub const RETRY_AFTER_MS: &str = "circuit_breaker.retry_after_ms";
/// The state that a transition left.
pub const FROM: &str = "circuit_breaker.state.from";
/// The state that a transition entered.
pub const TO: &str = "circuit_breaker.state.to";
/// Why a transition happened.
pub const CAUSE: &str = "circuit_breaker.transition.cause";
/// Failures in a row just before the transition.
pub const CONSECUTIVE_FAILURES: &str = "circuit_breaker.consecutive_failures";
/// Calls in the window just before the transition.
pub const WINDOW_CALLS: &str = "circuit_breaker.window.calls";
/// Failures in the window just before the transition.
pub const WINDOW_FAILURES: &str = "circuit_breaker.window.failures";
/// How long the breaker will be open, in milliseconds.
pub const OPEN_FOR_MS: &str = "circuit_breaker.open_for_ms";
/// On the link of a probe: what it leads to.
pub const LINK: &str = "circuit_breaker.link";

/// The event of a transition.
pub const TRANSITION_EVENT: &str = "circuit_breaker.transition";
/// The event of a trip that metrics-only mode reports instead of making it.
pub const WOULD_TRIP_EVENT: &str = "circuit_breaker.would_trip";
/// The event of a rejection.
pub const REJECTED_EVENT: &str = "circuit_breaker.rejected";

/// What the fault plan of the unreliable service decided about the request.
pub const FAULT_EFFECT: &str = "unreliable_service.effect";
/// How long the fault plan delayed the answer, in milliseconds.
pub const FAULT_DELAY_MS: &str = "unreliable_service.delay_ms";

/// How a span failed: a status code, or a word.
pub const ERROR_TYPE: &str = "error.type";
/// The status of an answer.
pub const HTTP_STATUS: &str = "http.response.status_code";

/// `error.type` of a request whose client left.
pub const CANCELLED: &str = "cancelled";
/// `error.type` of a call that got no answer in time.
pub const TIMEOUT: &str = "timeout";
/// `error.type` of a call that found nobody.
pub const CONNECT: &str = "connect";
/// `error.type` of a call whose connection broke.
pub const CONNECTION: &str = "connection";
/// `error.type` of a call that the breaker rejected.
pub const REJECTED: &str = "rejected";
