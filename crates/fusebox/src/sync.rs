//! The atomics and locks of this crate: the standard ones, or the model checker's under `--cfg loom`.
//!
//! Everything that threads share in a breaker comes from here, so that a model checks the very code
//! that runs.

#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};
