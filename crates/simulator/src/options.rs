//! The options of a run that are no part of the scenario.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a scenario is carried out, as far as the scenario does not say so.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Ends runs early when asked.
    pub cancel: Cancel,
    /// Leaves the course of coordination out of the record (`course` is `None`). Its figures are the same. For whoever
    /// makes many runs and keeps only figures. Default: false.
    pub without_course: bool,
}

/// A switch that ends runs between two events; clones share it. A run that was ended so says
/// `cut_short`.
///
/// # Examples
///
/// ```
/// let options = simulator::Options::default();
/// let by_ctrl_c = options.cancel.clone();
/// by_ctrl_c.cancel();
/// assert!(options.cancel.is_cancelled());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ends the runs that have this switch.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end was requested.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
