//! What fails when, for whom, and how likely is it that a call fails now?
//!
//! A [`Plan`] has phases one after another and rules: whom they match, when they hit, and what they do
//! to a call. A [`Player`] carries it out. Everything is a pure function of the seed, of time, of the
//! caller and of the caller's n-th call, so the same seed gives each caller the same faults however the
//! calls interleave. As the plan says how likely each fault is, it also knows the *truth*: the
//! probability that a call made now would fail, which no breaker can see.
//!
//! | module | question |
//! |---|---|
//! | `plan` | How is a plan written? |
//! | `phase` | What happens for a while, and where is the plan at an instant? |
//! | `rule`, `gate`, `effect` | Whom does a rule match, when does it hit, and what does it do? |
//! | `trajectory` | In which state is a process at an instant? |
//! | `player`, `prepared`, `fate` | What does one call meet? |
//! | `strangers` | Who is told apart, whoever calls? |
//! | `truth`, `delays` | How likely is it that a call fails now? |
//! | `check` | Does a plan make sense? |
//! | `preview` | What would a plan do? |
//! | [`presets`] | Which plans are at hand? |

mod check;
mod delays;
mod digest;
mod effect;
mod fate;
mod gate;
mod phase;
mod plan;
mod player;
mod prepared;
pub mod presets;
mod preview;
mod rule;
mod strangers;
mod trajectory;
mod truth;

pub use effect::{Effect, WrongBody};
pub use fate::{Call, Ending, Fate, Hit, SlowBody};
pub use gate::{Bursts, Gate, Markov, MarkovState, Scope};
pub use phase::{Moment, Phase, PhaseWindow};
pub use plan::{Base, Limits, Plan, schema};
pub use player::Player;
pub use preview::{Preview, PreviewCaller, PreviewPhase, PreviewPoint};
pub use rule::{Match, Names, Rule};
pub use truth::{Standing, Work};

/// The body of an answer that nothing has spoilt.
pub const ANSWER: &str = r#"{"data":"here you are"}"#;

#[cfg(test)]
mod tests;
