//! Circuit breakers that tell each other what they see, and still decide for themselves.
//!
//! Each instance of a service usually has a breaker of its own. Each breaker then has to see its own calls fail
//! before it opens, and each probes the downstream by itself. With this crate the instances share their
//! opinions. When a quorum of them suspects the downstream, every instance that suspects it opens its breaker at
//! once. Then one instance at a time probes for all, and when its probe succeeds the breakers close one after
//! the other. Other instances never open the breaker of an instance that sees no trouble. Without the engine
//! that carries the opinions, every breaker goes on as if it were alone.
//!
//! With the feature `tokio`, the module `host` does everything: a breaker joins, and its calls go on as before.
//!
//! ```
//! use fusebox::{Breaker, Config};
//! use fusebox_fleet::engine::memory::Memory;
//! use fusebox_fleet::host::Host;
//! use fusebox_fleet::{BreakerKey, InstanceId, Mode, Settings};
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Inside one process; for several there are engine::redis and engine::gossip.
//! let engine = Arc::new(Memory::new());
//! let host = Host::new(InstanceId::new("checkout-1")?, engine);
//!
//! let breaker = Breaker::new("inventory", Config::default());
//! let settings = Settings::builder(Mode::Quorum).suspicion_run_for(10).build()?;
//! let participant = host.join(BreakerKey::new("inventory")?, breaker.clone(), settings)?;
//!
//! breaker.call(|| "7".parse::<u32>())?; // as before
//! println!("{:?}", participant.status().view); // votes and verdict, for pages and metrics
//! participant.leave().await; // dropping it leaves, too
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//! - **No call waits.** The instance decides from what it already knows whether a call may pass.
//! - **Veto.** No message opens a closed breaker whose instance sees no trouble.
//! - **Alone within `stale_after`.** If the engine is slow, gone, emptied or wrong, breakers work locally.
//! - **A probe lease that cannot leak.** It ends by the engine's clock, and no refused request prolongs it.
//! - **Order by numbers, not by clocks.** Lost, repeated, late and overtaken messages do no harm.
//!
//! One thing it does not promise: the lease bounds the load of probes, but it is no lock; see the [`guide`].
//!
//! # The core without a host
//! The core makes no call, reads no clock and draws no random number. A [`Member`] is told what happens to one
//! instance and answers with actions. A [`Ledger`] is told reports and answers with views. An engine keeps the
//! ledger where all instances can reach it.
//!
//! ```
//! use fusebox_fleet::{
//!     Incarnation, InstanceId, Ledger, Mode, Opinion, Report, Sender, Session, Settings,
//! };
//! use std::{sync::Arc, time::Duration};
//!
//! let settings = Arc::new(Settings::builder(Mode::Quorum).suspicion_run_for(10).build()?);
//! let mut ledger = Ledger::new(Incarnation::new(1));
//! let opinions = [Opinion::Fine, Opinion::Suspect, Opinion::Suspect, Opinion::Idle];
//! for (number, opinion) in (1..).zip(opinions) {
//!     let from = Sender::new(InstanceId::new(&format!("i{number}"))?, Session::new(number));
//!     ledger.report(Duration::ZERO, &Report::new(from, opinion, Arc::clone(&settings)))?;
//! }
//! let view = ledger.view(Duration::ZERO);
//! assert!(view.verdict.is_open()); // two of three voters suspect; the idle instance has no vote
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! Only `memory` is on by default.
//! - `memory`: the engine inside one process, [`engine::memory`].
//! - `redis`: the engine on a Redis or Valkey server, `engine::redis`, on the tokio runtime.
//! - `redis-tls`: that engine over encrypted connections.
//! - `gossip`: the engine without a server, `engine::gossip`.
//! - `gossip-node`: one node of that engine without its network, `engine::gossip_node`.
//! - `conformance`: the checks that every engine has to pass, for an engine's own tests.
//! - `tokio`: the module `host`, whose task makes a breaker take part.
//!
//! # Map, in reading order
//! | item | what it is |
//! |---|---|
//! | [`guide`] | why votes with a veto, what the lease is worth, when not to share |
//! | [`Mode`], [`Dials`] | how much the instances share |
//! | [`Settings`], [`SettingsBuilder`], [`Fingerprint`] | the rules of the fleet, checked together |
//! | [`InstanceId`], [`BreakerKey`], [`Session`], [`Sender`] | who reports, and about which breaker |
//! | [`Opinion`], [`Opinions`], [`Counts`] | what an instance thinks, from its own calls |
//! | [`View`], [`Verdict`], [`Votes`], [`Era`] | what an instance knows of the fleet |
//! | [`Member`], [`Event`], [`Action`], [`Notice`], [`Overlay`] | one instance's part: events in, actions out |
//! | [`Report`], [`Acquire`], [`Lease`], [`Settlement`] and their refusals | the messages between instances and engine |
//! | [`Ledger`], [`Standing`] | what an engine decides |
//! | [`Order`], [`Command`] | an operator's command to the whole fleet |
//! | [`bind`] | the link between a member and a breaker of `fusebox` |
//! | `host` | the task that makes a service's breakers take part |
//! | [`engine`], [`engine::Engine`], [`engine::Operator`] | where the ledger is kept |
//! | `conformance` | what every engine has to do |
//! | [`Incarnation`], [`Epoch`], [`Revision`], [`Token`] and other numbers | the numbers that put news in order |
//! | [`Chance`] | the source of randomness |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod bind;
mod chance;
mod command;
#[cfg(feature = "conformance")]
pub mod conformance;
mod counts;
pub mod engine;
pub mod guide;
#[cfg(feature = "tokio")]
pub mod host;
mod ledger;
mod member;
mod message;
mod mode;
mod name;
mod number;
mod opinion;
mod opinions;
mod settings;
mod span;
mod view;

pub use chance::Chance;
pub use command::{Command, Order};
pub use counts::Counts;
pub use ledger::{Ledger, Prober, Standing, Standpoint};
pub use member::{
    Action, BreakerState, CallResult, Event, Member, Notice, Overlay, ProbeId, Right, Ticket,
};
pub use message::{
    Acquire, AcquireRefused, Fenced, Lease, ProbeResult, Report, ReportRefused, Sender, Settlement,
};
pub use mode::{CloseRule, Dials, Evidence, Mode, OwnTrips, ProbeRule, UnknownMode, Veto};
pub use name::{BreakerKey, InstanceId, InvalidName, Session};
pub use number::{CommandNumber, Epoch, Incarnation, Revision, Sequence, Token};
pub use opinion::Opinion;
pub use opinions::Opinions;
pub use settings::{Fingerprint, InvalidSetting, Settings, SettingsBuilder, SettingsError};
pub use view::{Era, Verdict, View, Votes};

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
