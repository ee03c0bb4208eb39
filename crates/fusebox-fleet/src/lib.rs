//! Circuit breakers that share opinions and still decide for themselves.
//!
//! Breakers of many instances that guard the same downstream are alone: each has to fail its own calls before
//! it opens, and each probes for itself. This package lets them tell each other what they see. A quorum of
//! instances that see trouble opens those among them that still wait for their own evidence; one instance at a
//! time probes for all; and when its probe is good they close by turns. An instance that sees no trouble is
//! never opened by others, and without the engine every breaker goes on as if it were alone.
//!
//! The core makes no call, reads no clock and draws no number: a [`Member`] is told what happens and answers
//! with actions, a [`Ledger`] is told reports and answers with views. Engines keep the ledger where
//! instances can reach it.
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
//! assert!(view.verdict.is_open()); // two of three that vote; the idle one has no vote
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it promises:
//! - **No call waits.** Whether a call may pass is decided from what the instance knows.
//! - **Veto.** A closed breaker whose instance sees no trouble is not opened by a message.
//! - **Alone within `stale_after`.** An engine that is slow, gone, emptied or wrong leaves local breakers.
//! - **A probe lease that cannot leak.** It ends by the engine's clock, and no refused request prolongs it.
//! - **Order by numbers, not by clocks.** Lost, repeated, late and overtaken messages change nothing.
//!
//! What it does not promise: the lease bounds load, it is no lock; see the [`guide`].
//!
//! # Features
//! - `memory` (on by default): the engine inside one process, [`engine::memory`].
//! - `redis`: the engine on a Redis or Valkey server, `engine::redis`, on the runtime of tokio.
//! - `redis-tls`: that engine over encrypted connections.
//! - `gossip`: the engine without a server, `engine::gossip`.
//! - `gossip-node`: one node of it without its network, `engine::gossip_node`.
//! - `conformance`: the checks that every engine has to pass, as a function for its tests.
//! - `tokio`: the module `host`, a task that makes a breaker take part.
//!
//! # Map, in reading order
//! | item | what it is |
//! |---|---|
//! | [`guide`] | why votes with a veto, what the lease is worth, when not to share |
//! | [`Mode`], [`Dials`] | how much instances share |
//! | [`Settings`], [`SettingsBuilder`], [`Fingerprint`] | by which rules, checked together |
//! | [`InstanceId`], [`BreakerKey`], [`Session`], [`Sender`] | who speaks, and about what |
//! | [`Opinion`], [`Opinions`], [`Counts`] | what an instance thinks, from its own calls |
//! | [`View`], [`Verdict`], [`Votes`], [`Era`] | what it can know of the fleet |
//! | [`Member`], [`Event`], [`Action`], [`Notice`], [`Overlay`] | one instance's part: events in, actions out |
//! | [`Report`], [`Acquire`], [`Lease`], [`Settlement`] and their refusals | what they say to an engine |
//! | [`Ledger`], [`Standing`] | what an engine decides |
//! | [`Order`], [`Command`] | an operator's command to the whole fleet |
//! | [`bind`] | a breaker of `fusebox` that a member leads |
//! | `host` | what a service needs so that its breakers take part |
//! | [`engine`], [`engine::Engine`], [`engine::Operator`] | where the ledger is kept |
//! | `conformance` | what every engine has to do |
//! | [`Incarnation`], [`Epoch`], [`Revision`], [`Token`] and other numbers | what puts news in order |
//! | [`Chance`] | where randomness comes from |

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
