//! Nodes that gossip over a network inside the process that loses, delays and cuts, in time that the runtime moves;
//! and a few over real sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fleet;
mod net;

mod agreement;
mod conformance;
mod cost;
mod faults;
mod leaving;
mod names;
mod rooms;
mod settings;
mod sockets;
mod traffic;
