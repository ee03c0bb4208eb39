//! Circuit breakers that share opinions and still decide for themselves.

mod chance;
mod command;
#[cfg(feature = "conformance")]
pub mod conformance;
mod counts;
pub mod engine;
mod ledger;
mod member;
mod message;
mod mode;
mod name;
mod number;
mod opinion;
mod opinions;
mod settings;
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
