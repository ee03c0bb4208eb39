//! The load: who calls when, how patiently, and what the clients saw.
//!
//! A [`Profile`] says what the load is like. From it and a seed follows a [`Schedule`]: when each
//! request is to leave, to which target, with which key. The [`Process`] (how evenly requests come) and
//! the [`Shape`] (how many per second, over time) are independent of each other: a process has a mean of
//! one arrival per unit, and the shape says how fast units pass.
//!
//! | file | question |
//! |---|---|
//! | `profile` | What is the load like? |
//! | `process` | How evenly do requests come? |
//! | `shape`, `curve` | How many come per second, and when has the n-th come? |
//! | `choose` | To which target does a request go, and which key does it ask for? |
//! | `schedule` | What is planned, and is it the same plan? |
//! | `retries`, `clients` | Does a client try again, and when? |
//! | `under_way` | Which target has the fewest requests under way? |
//! | `phases` | To which part of the run does a request belong? |
//! | `histogram` | the buckets in which latencies are counted |
//! | `latencies` | How long did things take? |
//! | `tally`, `served` | What have the clients seen so far? |
//! | `result`, `figures` | What came of it? |
//! | `written` | How are all these written in one line? |
//! | `written_figure` | A figure in JSON, infinite ones too |

mod choose;
mod clients;
mod curve;
mod figures;
mod histogram;
mod latencies;
mod phases;
mod process;
mod profile;
mod result;
mod retries;
mod schedule;
mod served;
mod shape;
mod tally;
mod under_way;
mod written;
pub(crate) mod written_figure;

pub use choose::{Choose, least_loaded};
pub use clients::{Clients, Next};
pub use curve::Curve;
pub use latencies::Latencies;
pub use phases::{PhaseWindow, Phases, REST, WARM_UP};
pub use process::Process;
pub use profile::{MIN_RATE, Profile, WrittenProfile, climbs, closed_loop};
pub use result::{LoadResult, Part, SCHEMA, Second, SecondOfTarget, TargetResult};
pub use retries::{Budget, Jitter, Retries};
pub use schedule::{Digest, Planned, Schedule};
pub use served::Served;
pub use shape::{MAX_RATE, Point, Shape, Step};
pub use tally::{Detail, End, MixedSeconds, Performed, Tally};
pub use under_way::UnderWay;
