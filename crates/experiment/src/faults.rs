//! Fault plans: what fails when and for whom, and how likely it is that a call fails now.
//!
//! A [`Plan`] has phases, one after another, and rules, which say which calls they match, when they hit, and what
//! they do to a call. A [`Player`] carries it out. Everything is a pure function of the seed, the time, the caller
//! and the number of the caller's call. So the same seed gives each caller the same faults, however the calls
//! interleave. As the plan says how likely each fault is, it also knows the *truth*: the probability that a call made
//! now would fail, which no breaker can see.
//!
//! | module | what lives there |
//! |---|---|
//! | `written`, `schema` | a plan as it is written, and its schema |
//! | `plan`, `check`, `patch` | a valid plan, how it is checked, and changes of its parts |
//! | `digest` | a few letters that say whether two plans are the same |
//! | `phase`, `moment` | what happens for a while, and where the plan is at an instant |
//! | `rule`, `gate`, `effect` | which calls a rule matches, when it hits, and what it does |
//! | `trajectory` | the state of a process at an instant |
//! | `player`, `present_phase`, `prepared_rule`, `luck`, `fate` | what one call meets |
//! | `caller`, `callers`, `strangers` | which callers are told apart |
//! | `truth`, `delays`, `work`, `change` | how likely a call fails now, and when that changes |
//! | `preview` | what a plan would do |
//! | [`presets`] | plans available by name |

mod caller;
mod callers;
mod change;
mod check;
mod delays;
mod digest;
mod effect;
mod fate;
mod gate;
mod luck;
mod moment;
mod patch;
mod phase;
mod plan;
mod player;
mod prepared_rule;
mod present_phase;
pub mod presets;
mod preview;
mod rule;
mod schema;
mod strangers;
mod trajectory;
mod truth;
mod work;
mod written;

pub use caller::CallerId;
pub use effect::{Effect, StatusAnswer, WrongBody};
pub use fate::{Call, Ending, Fate, Few, Hit, SlowBody};
pub use gate::{FaultGate, Scope, SharedLuck};
pub use moment::{FaultPhaseWindow, Moment};
pub(crate) use patch::NAMED;
pub use phase::FaultPhase;
pub use plan::Plan;
pub use player::Player;
pub use preview::{Preview, PreviewCaller, PreviewPhase, PreviewPoint};
pub use rule::{FaultRule, Match, Names};
pub use schema::schema;
pub use trajectory::GateProcess;
pub use truth::Standing;
pub use work::Work;
pub use written::{
    Base, Bursts, Limits, Markov, MarkovState, WrittenEffect, WrittenGate, WrittenPlan,
    WrittenRule, WrongCaller,
};

/// The body of a healthy answer.
pub const ANSWER: &str = r#"{"data":"here you are"}"#;

#[cfg(test)]
mod tests;
