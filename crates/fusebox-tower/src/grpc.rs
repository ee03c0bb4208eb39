//! gRPC, where the status of an answer comes at its end.
//!
//! | module | what is in it |
//! |---|---|
//! | `code` | the status codes |
//! | `classifier` | which codes are failures |
//! | `service` | the breaker in front of a gRPC service |
//! | `body` | the body that waits for the trailers |
//! | `fast_failure` | the answer to a rejected call |

mod body;
mod classifier;
mod code;
mod fast_failure;
mod service;

pub use body::GrpcBody;
pub use classifier::GrpcClassifier;
pub use code::GrpcCode;
pub use fast_failure::{GrpcAnswer, grpc_fast_failure_response};
pub use service::{GrpcBreakerLayer, GrpcBreakerService, GrpcResponseFuture};
