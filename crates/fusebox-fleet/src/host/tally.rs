//! Counters of what a participant did, as plain values for metrics.

use std::ops::Add;

use crate::message::ReportRefused;

/// Defines a set of named values, each with a counter of its own.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$each])* $variant,)+ }

        impl $name {
            /// All values, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the word for labels and pages.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

named! {
    /// The subject of a message between a participant and the engine.
    MessageKind {
        /// An opinion; the answer is a view.
        Report = "report",
        /// A request for the lease.
        Acquire = "acquire",
        /// The result of a probe.
        Settle = "settle",
        /// A notice that the instance leaves.
        Leave = "leave",
        /// A view that the engine pushed. It is only received.
        Push = "push",
    }
}

named! {
    /// The direction of a message.
    Direction {
        /// To the engine.
        Sent = "sent",
        /// From the engine, in time and sensible.
        Received = "received",
    }
}

named! {
    /// The reason why a participant went on alone.
    FallbackReason {
        /// The engine was not heard for `stale_after`.
        Stale = "stale",
        /// The engine has forgotten what it knew.
        Forgot = "forgot",
        /// The engine refuses the reports: another process uses the instance's name.
        NameTaken = "name_taken",
        /// The engine refuses the reports: the fleet votes by other settings.
        SettingsDiffer = "settings_differ",
        /// The fleet has held the breaker for `verdict_for` without closing.
        HeldTooLong = "held_too_long",
    }
}

impl From<ReportRefused> for FallbackReason {
    fn from(why: ReportRefused) -> Self {
        match why {
            ReportRefused::NameTaken => Self::NameTaken,
            ReportRefused::SettingsDiffer { .. } => Self::SettingsDiffer,
        }
    }
}

named! {
    /// The result of a request for the lease.
    LeaseOutcome {
        /// It was given, and the probe succeeded.
        Succeeded = "succeeded",
        /// It was given, and the probe failed.
        Failed = "failed",
        /// It was given, and no result came: there was no call, or the call was cancelled or took too long.
        Void = "void",
        /// It was refused: too early.
        Early = "early",
        /// It was refused: another instance probes.
        Busy = "busy",
        /// It was refused: the fleet is in another epoch.
        Stale = "stale",
        /// The engine did not answer.
        Lost = "lost",
    }
}

/// What a participant has counted since it joined. No counter goes down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    messages: [[u64; Direction::ALL.len()]; MessageKind::ALL.len()],
    vetoes: u64,
    adoptions: u64,
    fallbacks: [u64; FallbackReason::ALL.len()],
    leases: [u64; LeaseOutcome::ALL.len()],
}

/// What one participant counted and what another one did, as one: counts of a breaker that has joined anew go on.
impl Add for Tally {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        let mine = self.messages.as_flattened_mut().iter_mut();
        let mine = mine.chain(&mut self.fallbacks).chain(&mut self.leases);
        let others = other.messages.as_flattened().iter();
        let others = others.chain(&other.fallbacks).chain(&other.leases);
        for (mine, others) in mine.zip(others) {
            *mine += others;
        }
        self.vetoes += other.vetoes;
        self.adoptions += other.adoptions;
        self
    }
}

impl Tally {
    /// Returns how many messages of this kind went in this direction. Late and senseless answers do not count as
    /// received.
    pub fn messages(&self, kind: MessageKind, direction: Direction) -> u64 {
        self.messages[kind as usize][direction as usize]
    }

    /// Returns in how many epochs the fleet was open while this instance saw no trouble.
    pub fn vetoes(&self) -> u64 {
        self.vetoes
    }

    /// Returns how often the fleet's verdict opened the breaker.
    pub fn adoptions(&self) -> u64 {
        self.adoptions
    }

    /// Returns how often the participant went on alone for this reason.
    pub fn fallbacks(&self, reason: FallbackReason) -> u64 {
        self.fallbacks[reason as usize]
    }

    /// Returns how many requests for the lease had this result.
    pub fn leases(&self, outcome: LeaseOutcome) -> u64 {
        self.leases[outcome as usize]
    }

    pub(super) fn sent(&mut self, kind: MessageKind) {
        self.messages[kind as usize][Direction::Sent as usize] += 1;
    }

    pub(super) fn received(&mut self, kind: MessageKind) {
        self.messages[kind as usize][Direction::Received as usize] += 1;
    }

    pub(super) fn vetoed(&mut self) {
        self.vetoes += 1;
    }

    pub(super) fn adopted(&mut self) {
        self.adoptions += 1;
    }

    pub(super) fn fell_back(&mut self, reason: FallbackReason) {
        self.fallbacks[reason as usize] += 1;
    }

    pub(super) fn leased(&mut self, outcome: LeaseOutcome) {
        self.leases[outcome as usize] += 1;
    }
}
