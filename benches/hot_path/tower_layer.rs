//! What does our tower layer cost over a ready service?
//!
//! A row wraps [`Ready`](crate::service::Ready) and makes calls with
//! [`service::call`](crate::service::call), like the rows of tower-resilience. There is no layer yet.

use benches::{Name, Row};

pub(crate) const CLOSED: Name = Name::new("breaker-tower", "ready service");

pub(crate) fn rows() -> Vec<Row> {
    Vec::new()
}
