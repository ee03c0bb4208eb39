//! The scripts, one per verb, and the words that they get.
//!
//! Each script is the ledger followed by a verb, so that a verb is one atomic step in one round trip. The script of
//! reports takes several, each on a ledger of its own, and answers with a list. The scripts take the time from a
//! function `now` that stands before them; a test replaces it, to compare them with the [`Ledger`](crate::Ledger) at
//! the same instants.

use std::fmt::Display;
use std::time::Duration;

use ::redis::{Script, Value};

use super::reply;
use crate::command::Order;
use crate::message::{Acquire, ProbeResult, Report, Sender, Settlement};
use crate::mode::{CloseRule, Evidence, ProbeRule};
use crate::name::BreakerKey;
use crate::opinion::Opinion;
use crate::settings::Settings;
use crate::view::Era;

/// The server's own clock, in microseconds.
pub(super) const SERVER_CLOCK: &str = "local function now() \
    local read = redis.call('TIME') return read[1] * 1000000 + read[2] end\n";

const POOL: &str = include_str!("lua/pool.lua");
const STEADY: &str = include_str!("lua/steady.lua");
const LEDGER: &str = include_str!("lua/ledger.lua");

/// The answer of the script of reports when it needs the settings.
const SETTINGS: &str = "settings";

/// Times that a script gets are no longer than this, about 35 years, so that sums of them stay exact in Lua.
const LONGEST: u64 = 1 << 50;

/// The largest counts in one report.
const MOST_CALLS: u64 = 1_000_000_000_000;

/// The scripts by verb.
pub(super) struct Scripts {
    pub(super) report: Script,
    pub(super) acquire: Script,
    pub(super) settle: Script,
    pub(super) leave: Script,
    pub(super) order: Script,
    pub(super) peek: Script,
}

impl Scripts {
    /// The scripts with this clock.
    pub(super) fn new(clock: &str) -> Self {
        let script = |verb: &str| Script::new(&format!("{clock}{POOL}{LEDGER}{verb}"));
        let report = include_str!("lua/report.lua");
        Self {
            // Functions that a steady report does not need are not made for it.
            report: Script::new(&format!("{clock}{POOL}{STEADY}{LEDGER}{report}")),
            acquire: script(include_str!("lua/acquire.lua")),
            settle: script(include_str!("lua/settle.lua")),
            leave: script(include_str!("lua/leave.lua")),
            order: script(include_str!("lua/order.lua")),
            peek: script(include_str!("lua/peek.lua")),
        }
    }
}

/// The names of a breaker key's ledger on the server.
#[derive(Clone, Debug)]
pub(super) struct Names {
    ledger: String,
}

/// What is kept beside the ledger itself, in the order in which scripts get it.
const PARTS: [&str; 4] = ["members", "leases", "command", "pool"];

impl Names {
    /// The braces keep all parts on one node of a cluster.
    pub(super) fn new(prefix: &str, key: &BreakerKey) -> Self {
        Self {
            ledger: format!("{prefix}:{{{key}}}"),
        }
    }

    /// The channel on which changes are pushed; it has the name of the ledger.
    pub(super) fn channel(&self) -> &str {
        &self.ledger
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = String> {
        let parts = PARTS.iter().map(|part| format!("{}:{part}", self.ledger));
        std::iter::once(self.ledger.clone()).chain(parts)
    }
}

/// The words that a verb tells its script.
pub(super) struct Words {
    always: Vec<String>,
    /// Sent only to a server that asks for them.
    settings: Option<String>,
    /// If it were sent again after it was carried out, the server would refuse it.
    once: bool,
}

impl Words {
    fn new() -> Self {
        Self {
            always: Vec::new(),
            settings: None,
            once: false,
        }
    }

    fn word(mut self, word: impl Display) -> Self {
        self.always.push(word.to_string());
        self
    }

    fn sender(self, sender: &Sender) -> Self {
        self.word(&sender.instance).word(sender.session.get())
    }

    fn era(self, era: Era) -> Self {
        self.word(era.incarnation).word(era.epoch)
    }

    /// Whether the verb may be sent again when it is unknown whether it was carried out.
    pub(super) fn may_be_repeated(&self) -> bool {
        !self.once
    }

    pub(super) fn as_slice(&self) -> &[String] {
        &self.always
    }

    /// What the server asks for with this answer, if it asks for anything.
    pub(super) fn wanted_by(&self, answer: &Value) -> Option<&str> {
        let settings = self.settings.as_deref()?;
        let answer = match answer {
            Value::Array(answers) => answers.first()?,
            alone => alone,
        };
        (reply::text(answer) == Ok(SETTINGS)).then_some(settings)
    }

    pub(super) fn of_report(report: &Report) -> Self {
        let seen = match report.seen {
            Some(era) => format!("{} {}", era.incarnation, era.epoch),
            None => "- -".to_owned(),
        };
        let settings = &report.settings;
        let rules = rules(settings);
        let mut words = Self::new()
            .sender(&report.from)
            .word(report.sequence)
            .word(letter(report.opinion))
            .word(seen)
            .word(format_args!("{} {:x}", report.command.number, mark(&rules)))
            .word(micros(settings.member_for()))
            .word(calls(report))
            .word(report.command.order.kept_as());
        let (fingerprint, mark) = (settings.fingerprint().word(), mark(&rules));
        words.settings = Some(format!("{fingerprint} {mark:x} {rules}"));
        words
    }

    pub(super) fn of_acquire(ask: &Acquire) -> Self {
        let words = Self::new()
            .sender(&ask.from)
            .era(ask.era)
            .word(micros(ask.lease));
        // Its holder would be told that another instance has the lease.
        Self {
            once: true,
            ..words
        }
    }

    pub(super) fn of_settlement(settlement: &Settlement) -> Self {
        Self::new()
            .sender(&settlement.from)
            .word(settlement.token)
            .word(match settlement.result {
                ProbeResult::Succeeded => "succeeded",
                ProbeResult::Failed => "failed",
                ProbeResult::Void => "void",
            })
    }

    pub(super) fn of_leave(sender: &Sender) -> Self {
        Self::new().sender(sender)
    }

    pub(super) fn of_order(order: Order) -> Self {
        Self::new().word(order.kept_as())
    }

    pub(super) fn of_peek() -> Self {
        Self::new()
    }
}

fn letter(opinion: Opinion) -> char {
    match opinion {
        Opinion::Idle => 'i',
        Opinion::Fine => 'f',
        Opinion::Suspect => 's',
    }
}

/// The calls that have ended, and the window that they go into; empty where counts are not merged.
fn calls(report: &Report) -> String {
    let (counts, settings) = (report.counts, &report.settings);
    if settings.mode().dials().evidence != Evidence::Counts {
        return String::new();
    }
    let [succeeded, failed] = [counts.succeeded, counts.failed].map(|calls| calls.min(MOST_CALLS));
    format!("{succeeded} {failed} {}", window(settings))
}

fn window(settings: &Settings) -> String {
    [
        settings.pool_window().to_string(),
        settings.pool_windows().unwrap_or(0).to_string(),
        millionths(settings.pool_threshold().as_f64()),
        micros(settings.pool_batch()),
        micros(settings.pool_keep()),
    ]
    .join(" ")
}

/// The settings that a ledger decides by, in the order in which the scripts read them.
fn rules(settings: &Settings) -> String {
    let dials = settings.mode().dials();
    let two_probes = settings.probe_timeout().saturating_mul(2);
    let kept_for = [
        settings.verdict_for(),
        settings.member_for(),
        settings.longest_lease(),
        settings.pool_keep(),
    ];
    [
        evidence(dials.evidence).to_owned(),
        probe(dials.probe).to_owned(),
        close(dials.close).to_owned(),
        format!("{:?}", settings.quorum_share().as_f64()),
        settings.minimum_votes().to_string(),
        micros(settings.open_for()),
        format!("{:?}", settings.backoff_factor()),
        micros(two_probes.max(settings.minimum_gap())),
        micros(settings.longest_gap()),
        micros(settings.longest_lease()),
        settings.probes_to_close().to_string(),
        micros(settings.member_for()),
        window(settings),
        micros(kept_for.into_iter().max().unwrap_or_default()),
    ]
    .join(" ")
}

/// A short name of these settings: FNV-1a over their text. Unlike the fingerprint, it also differs when a lifetime
/// differs that instances need not share.
fn mark(rules: &str) -> u64 {
    rules
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Nothing => "nothing",
        Evidence::Opinions => "opinions",
        Evidence::Trips => "trips",
        Evidence::Counts => "counts",
    }
}

fn probe(rule: ProbeRule) -> &'static str {
    match rule {
        ProbeRule::Each => "each",
        ProbeRule::Leased => "leased",
    }
}

fn close(rule: CloseRule) -> &'static str {
    match rule {
        CloseRule::OwnTimer => "own",
        CloseRule::AtOnce => "once",
        CloseRule::ByTurns => "turns",
    }
}

/// A ratio is kept in millionths.
fn millionths(ratio: f64) -> String {
    format!("{:.0}", ratio * 1e6)
}

/// Whole microseconds, rounded up, so that nothing comes sooner than it was set to.
fn micros(time: Duration) -> String {
    let whole = time.as_nanos().div_ceil(1000);
    u64::try_from(whole)
        .unwrap_or(LONGEST)
        .min(LONGEST)
        .to_string()
}
