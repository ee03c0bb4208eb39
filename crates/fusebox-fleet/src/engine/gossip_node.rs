//! One node of a gossiping fleet without its network: what it has heard goes in, what it decides and has to say comes
//! out.
//!
//! [`engine::gossip`](super) puts one of these behind a socket. The node stands alone for other transports and for a
//! simulator: it knows no socket, no clock and no task. Its driver carries, for each node, a heartbeat that grows
//! while the node is alive, and the newest [letters](Node::letters) of each node to all others, in any order and as
//! often as it likes.
//!
//! The module `engine::gossip` explains how nodes agree, and how that differs from an engine with one ledger.
//!
//! # Examples
//! ```
//! use fusebox_fleet::engine::gossip_node::{Letter, Node, NodeId, NodeSettings, Sign};
//! use fusebox_fleet::{
//!     BreakerKey, InstanceId, Mode, Opinion, Report, Sender, Session, Settings,
//! };
//! use std::{sync::Arc, time::Duration};
//!
//! let rules = Arc::new(Settings::builder(Mode::Quorum).build()?);
//! let key = BreakerKey::new("inventory")?;
//! let id = |number: u16| NodeId::new(&format!("n{number}"), 1, ([10, 0, 0, 1], number).into());
//! let mut nodes = [1, 2].map(|number| {
//!     Node::new(Duration::ZERO, &NodeSettings::new(id(number), &rules).with_others())
//! });
//! for tick in 1..=4 {
//!     let now = tick * Duration::from_millis(250);
//!     let said = [0, 1].map(|place: usize| nodes[place].letters(now));
//!     for (place, node) in nodes.iter_mut().enumerate() {
//!         let other = id(2 - place as u16);
//!         let sign = Sign { node: other.clone(), heartbeat: tick.into(), has_state: true };
//!         let letters = said[1 - place].iter().map(|(key, text)| Letter {
//!             node: other.clone(),
//!             key: key.as_str().to_owned(),
//!             text: text.clone(),
//!         });
//!         node.hear(now, &[sign], letters.collect());
//!     }
//!     for (place, node) in (1..).zip(&mut nodes) {
//!         let sender = Sender::new(InstanceId::new(&format!("i{place}"))?, Session::new(1));
//!         let report = Report::new(sender, Opinion::Suspect, Arc::clone(&rules));
//!         let _ = node.report(now, &key, &report);
//!     }
//! }
//! let standing = nodes[0].peek(Duration::from_secs(1), &key);
//! assert!(standing.view.verdict.is_open()); // both suspect the downstream, and each has heard of the other
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod id;
mod node;
mod replica;
mod roster;
mod round;
mod settings;
mod share;

pub use id::NodeId;
pub use node::{Letter, Node};
pub use roster::Sign;
pub use settings::NodeSettings;

#[cfg(feature = "gossip")]
pub(super) use round::Hash;
