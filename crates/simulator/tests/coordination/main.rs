//! Coordination in virtual time: where it must have no effect, what it promises, and what the rules are for.
//!
//! | module | what lives there |
//! |---|---|
//! | `fleet` | scenarios of ten instances for the tests, and runs of them |
//! | `degenerate` | cases that equal `local` to the last event |
//! | `gossip` | a fleet without an engine, whole and split |
//! | `promises` | vetoes, liveness, conservation, engines that are lost, the same run for any number of jobs |
//! | `knocked_out` | each rule that is taken away makes a named thing worse |
//! | `table` | every scenario in every mode, for people to look at |

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "a test fails by panicking, counts of a test are small, and what never happens has the share 0 or 1"
)]

mod course;
mod degenerate;
mod fleet;
mod gossip;
mod knocked_out;
mod promises;
