//! The `dyn Error` in a value of a type that need not be an [`Error`].
//!
//! A boxed error is no [`Error`]: `Box<dyn Error>` does not implement the trait. Yet boxed errors
//! are what most stacks of services carry, and Rust accepts no pair of implementations, one for
//! errors and one for boxes. So the type is looked up when the program runs.

use std::any::Any;
use std::error::Error;
use std::io;
use std::sync::Arc;

use crate::rejected::{CallError, Rejected};

/// The error in `value`, if its type is one of those below. Hidden; for `fusebox-tower`.
///
/// The types: `Box` of `dyn Error`, with `Send` and with `Send + Sync`; `Arc` of
/// `dyn Error + Send + Sync`; [`io::Error`]; [`Rejected`]; [`CallError`] of the usual box.
pub fn dyn_error<E: 'static>(value: &E) -> Option<&(dyn Error + 'static)> {
    let value: &dyn Any = value;
    if let Some(error) = value.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return Some(&**error);
    }
    if let Some(error) = value.downcast_ref::<Box<dyn Error + Send>>() {
        return Some(&**error);
    }
    if let Some(error) = value.downcast_ref::<Box<dyn Error>>() {
        return Some(&**error);
    }
    if let Some(error) = value.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return Some(&**error);
    }
    if let Some(error) = value.downcast_ref::<io::Error>() {
        return Some(error);
    }
    if let Some(error) = value.downcast_ref::<Rejected>() {
        return Some(error);
    }
    let error = value.downcast_ref::<CallError<Box<dyn Error + Send + Sync>>>()?;
    Some(error)
}
