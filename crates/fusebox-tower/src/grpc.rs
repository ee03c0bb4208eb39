//! What about gRPC, where an answer's status is known only at its end?
//!
//! | module | question |
//! |---|---|
//! | `code` | How do gRPC calls end? |
//! | `classifier` | Which ends are failures? |
//! | `service` | How does a circuit get in front of a gRPC service? |
//! | `body` | Who waits for the trailers? |

mod body;
mod classifier;
mod code;
mod service;

pub use body::GrpcBody;
pub use classifier::GrpcClassifier;
pub use code::GrpcCode;
pub use service::{GrpcBreakerLayer, GrpcBreakerService, GrpcResponseFuture};
