//! The names of attributes, events and one span of the lab's traces. Those of transitions are in the library.
//!
//! `circuit_breaker.*`, `unreliable_service.*` and `load_generator.*` are our own namespaces: `conventions/registry`,
//! beside the sources, defines each name, and a test compares the two. The others are from OpenTelemetry's
//! conventions for HTTP and errors.

pub use fusebox_prometheus::fleet::attributes::{HOLD_SPAN, NOTICE_SPAN};
pub use fusebox_prometheus::span_events::attributes::*;

/// The state that decided about the call.
pub const STATE: &str = "circuit_breaker.state";
/// The outcome of the call, or `rejected`.
pub const OUTCOME: &str = "circuit_breaker.outcome";
/// Why a call was rejected.
pub const REJECT_REASON: &str = "circuit_breaker.reject.reason";
/// How long a rejected caller should wait, in milliseconds.
pub const RETRY_AFTER_MS: &str = "circuit_breaker.retry_after_ms";
/// On the link of a probe: what the link leads to.
pub const LINK: &str = "circuit_breaker.link";

/// The span of a protected call.
pub const CALL_SPAN: &str = "circuit_breaker.call";
/// The event of a rejection.
pub const REJECTED_EVENT: &str = "circuit_breaker.rejected";

/// What the fault plan of the unreliable service decided about the request.
pub const FAULT_OUTCOME: &str = "unreliable_service.outcome";
/// How long the fault plan delayed the answer, in milliseconds.
pub const FAULT_DELAY_MS: &str = "unreliable_service.delay_ms";

/// On a fast failure that the load generator met: another instance served within the second before it.
pub const SERVED_ELSEWHERE: &str = "load_generator.served_elsewhere";

/// How a span failed: a status code, or a word.
pub const ERROR_TYPE: &str = "error.type";
/// The method of a request, in capitals.
pub const HTTP_METHOD: &str = "http.request.method";
/// The status of an answer.
pub const HTTP_STATUS: &str = "http.response.status_code";
/// The route that took a request, as the service that answers it knows it.
pub const HTTP_ROUTE: &str = "http.route";
/// The version of HTTP.
pub const PROTOCOL_VERSION: &str = "network.protocol.version";
/// The host that a request goes to.
pub const SERVER_ADDRESS: &str = "server.address";
/// Its port.
pub const SERVER_PORT: &str = "server.port";
/// The whole URL of a request that was sent, without credentials.
pub const URL_FULL: &str = "url.full";
/// The path of a request that came.
pub const URL_PATH: &str = "url.path";
/// The scheme of a request that came.
pub const URL_SCHEME: &str = "url.scheme";
/// The path of a request that was sent, with a name in braces for the part that is not always the same.
pub const URL_TEMPLATE: &str = "url.template";

/// `circuit_breaker.link` of a link to the call whose end opened the breaker.
pub const OPENING: &str = "opening";
/// `error.type` of a request whose client left.
pub const CANCELLED: &str = "cancelled";
/// `error.type` of a call that got no answer in time.
pub const TIMEOUT: &str = "timeout";
/// `error.type` of a call that could not connect.
pub const CONNECT: &str = "connect";
/// `error.type` of a call whose connection broke.
pub const CONNECTION: &str = "connection";
/// `error.type` and `circuit_breaker.outcome` of a call that the breaker rejected.
pub const REJECTED: &str = "rejected";
