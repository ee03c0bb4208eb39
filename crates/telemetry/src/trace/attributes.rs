//! The names of attributes and events of the lab's spans. Those of transitions are the library's.
//!
//! `circuit_breaker.*` and `unreliable_service.*` are ours: `conventions/registry`, beside the sources, says
//! what each of them means, and a test holds both together. The others are of OpenTelemetry's conventions
//! for HTTP and errors.

pub use fusebox_prometheus::span_events::attributes::*;

/// The state that decided about the call.
pub const STATE: &str = "circuit_breaker.state";
/// What the call came to: an outcome, or `rejected`.
pub const OUTCOME: &str = "circuit_breaker.outcome";
/// Why a call was rejected.
pub const REJECT_REASON: &str = "circuit_breaker.reject.reason";
/// After how long a rejected caller may ask again, in milliseconds.
pub const RETRY_AFTER_MS: &str = "circuit_breaker.retry_after_ms";
/// On the link of a probe: what it leads to.
pub const LINK: &str = "circuit_breaker.link";

/// The span of a protected call.
pub const CALL_SPAN: &str = "circuit_breaker.call";
/// The event of a rejection.
pub const REJECTED_EVENT: &str = "circuit_breaker.rejected";

/// What the fault plan of the unreliable service decided about the request.
pub const FAULT_OUTCOME: &str = "unreliable_service.outcome";
/// How long the fault plan delayed the answer, in milliseconds.
pub const FAULT_DELAY_MS: &str = "unreliable_service.delay_ms";

/// How a span failed: a status code, or a word.
pub const ERROR_TYPE: &str = "error.type";
/// The status of an answer.
pub const HTTP_STATUS: &str = "http.response.status_code";

/// `circuit_breaker.link` of a link to the call whose end opened the breaker.
pub const OPENING: &str = "opening";
/// `error.type` of a request whose client left.
pub const CANCELLED: &str = "cancelled";
/// `error.type` of a call that got no answer in time.
pub const TIMEOUT: &str = "timeout";
/// `error.type` of a call that found nobody.
pub const CONNECT: &str = "connect";
/// `error.type` of a call whose connection broke.
pub const CONNECTION: &str = "connection";
/// `error.type` and `circuit_breaker.outcome` of a call that the breaker rejected.
pub const REJECTED: &str = "rejected";
