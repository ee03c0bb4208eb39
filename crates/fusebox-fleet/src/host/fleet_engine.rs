//! An engine that serves instances and operators.

use crate::engine::{Engine, Operator};

/// All that instances and an operator need of an engine. Every type that is an [`Engine`] and an [`Operator`] is one.
pub trait FleetEngine: Engine + Operator {}

impl<E: Engine + Operator + ?Sized> FleetEngine for E {}
