//! The cost of other libraries, each used through its own public API as its documentation says, with the choice in
//! its favour if there is one.

mod failsafe;
mod recloser;
mod tower_resilience;

use benches::Row;

pub(crate) use recloser::CLOSED as RECLOSER;
pub(crate) use tower_resilience::COUNT as TOWER_RESILIENCE;

pub(crate) fn rows() -> Vec<Row> {
    let peers = [failsafe::rows(), recloser::rows(), tower_resilience::rows()];
    peers.into_iter().flatten().collect()
}
