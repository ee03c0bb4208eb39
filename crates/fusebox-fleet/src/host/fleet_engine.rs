//! An engine that serves instances and operators.

use crate::engine::{Engine, Operator};

/// Both what instances and what an operator need of an engine. Whatever is an [`Engine`] and an [`Operator`]
/// is one.
pub trait FleetEngine: Engine + Operator {}

impl<E: Engine + Operator + ?Sized> FleetEngine for E {}
