//! The load: who calls when, with how much patience, and what the clients saw.
//!
//! A [`Profile`] describes the load. Together with a seed it gives a [`Schedule`]: when each request leaves, to which
//! target, with which key. The [`ArrivalProcess`] (how evenly requests come) and the [`Shape`] (how many per second,
//! over time) are independent of each other: a process has a mean of one arrival per unit, and the shape says how
//! fast units pass.
//!
//! | file | what it holds |
//! |---|---|
//! | `profile` | the description of a load, as written and as checked |
//! | `process` | arrival processes: how evenly requests come |
//! | `shape`, `curve` | requests per second over time, and when the n-th request comes |
//! | `choice` | the target and the key of a request |
//! | `schedule` | the plan of a seed, and its digest |
//! | `retries`, `clients` | retry policies, and what clients decide by them |
//! | `under_way` | requests under way by target, for the choice of the least loaded one |
//! | `phases` | the parts of a run, to which requests belong |
//! | `histogram` | the buckets in which times are counted |
//! | `latencies` | histograms of durations |
//! | `tally`, `last_served` | what the clients have seen so far |
//! | `result`, `figures` | the result of a run, and the figures that follow from it |
//! | `written` | choices with settings, written in one line |
//! | `written_figure` | a figure in JSON, infinite ones included |

mod choice;
mod clients;
mod curve;
mod figures;
mod histogram;
mod last_served;
mod latencies;
mod phases;
mod process;
mod profile;
mod result;
mod retries;
mod schedule;
mod shape;
mod tally;
mod under_way;
pub(crate) mod written;
pub(crate) mod written_figure;

pub use choice::{Choose, least_loaded};
pub use clients::{Clients, Next};
pub use curve::Curve;
pub use last_served::Served;
pub use latencies::Latencies;
pub use phases::{PhaseWindow, Phases, REST, WARM_UP};
pub use process::ArrivalProcess;
pub use profile::{DRAIN_MARGIN, MIN_RATE, Profile, WrittenProfile, climbs, closed_loop};
pub use result::{LoadResult, Part, SCHEMA, Second, SecondOfTarget, TargetResult};
pub use retries::{Budget, Jitter, Retries};
pub use schedule::{Digest, Planned, Schedule};
pub use shape::{MAX_RATE, Point, Shape, Step};
pub use tally::{Detail, End, MixedSeconds, Performed, Tally};
pub use under_way::UnderWay;
