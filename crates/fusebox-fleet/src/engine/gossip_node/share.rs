//! The share of a node in the gossip about one breaker, and its text form.
//!
//! A share is one value of gossip: words with a space between them, the first of which is the version of this format.
//! It contains no time of day: waits are written as what is left of them, in milliseconds. A share that cannot be
//! read completely is ignored.

use std::fmt::Write;
use std::str::{FromStr, SplitAsciiWhitespace};
use std::time::Duration;

use super::round::Round;
use crate::command::{Command, Order};
use crate::message::Sender;
use crate::name::{InstanceId, Session};
use crate::number::{CommandNumber, Epoch, Incarnation, LARGEST, Token};
use crate::opinion::Opinion;
use crate::settings::Fingerprint;

/// The version of this format.
const FORM: &str = "1";

/// The most entries, and the most claims, of a share that is read.
pub(super) const MOST: usize = 128;

/// A year; a longer wait counts as invalid.
const LONGEST: u64 = 365 * 24 * 60 * 60 * 1000;

/// All that a node says about one breaker.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Share {
    pub(super) round: Round,
    /// How long until a probe is possible.
    pub(super) next_probe_in: Duration,
    /// How long the last prober still lets others go first.
    pub(super) steps_back_for: Duration,
    pub(super) command: Command,
    pub(super) entries: Vec<Entry>,
    pub(super) claims: Vec<Claim>,
}

/// One instance that reports to this node.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) from: Sender,
    pub(super) opinion: Opinion,
    /// The epoch that the instance knew; only of a suspicion.
    pub(super) seen: Epoch,
    pub(super) rules: Fingerprint,
    pub(super) member_for: Duration,
}

/// A lease that this node granted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    pub(super) to: Sender,
    pub(super) token: Token,
    pub(super) remaining: Duration,
}

impl Share {
    /// The share without its times, which has to change before the share is sent again.
    pub(super) fn content(&self) -> Self {
        let mut share = self.clone();
        share.next_probe_in = Duration::ZERO;
        share.steps_back_for = Duration::ZERO;
        for claim in &mut share.claims {
            claim.remaining = Duration::ZERO;
        }
        share
    }

    /// Whether no instance speaks and no order is in force, so that the share only tells of the past.
    pub(super) fn says_nothing(&self) -> bool {
        self.entries.is_empty() && self.claims.is_empty() && self.command.order == Order::Automatic
    }

    pub(super) fn write(&self) -> String {
        let round = &self.round;
        let mut text = format!(
            "{FORM} {:x} {} {} {} {} {} {} {} {} {} {}",
            round.incarnation.get(),
            round.epoch,
            round.writes,
            round.failed,
            round.good,
            round.leases,
            // A name may be any word, so a mark tells it from no name.
            round
                .last
                .as_ref()
                .map_or("-".to_owned(), |last| format!("={last}")),
            millis(self.next_probe_in),
            millis(self.steps_back_for),
            self.command.number,
            self.command.order.kept_as(),
        );
        let _ = write!(text, " {}", self.entries.len());
        for entry in &self.entries {
            let _ = write!(
                text,
                " {} {:x} {} {} {} {}",
                entry.from.instance,
                entry.from.session.get(),
                entry.opinion,
                entry.seen,
                entry.rules.word(),
                millis(entry.member_for),
            );
        }
        let _ = write!(text, " {}", self.claims.len());
        for claim in &self.claims {
            let _ = write!(
                text,
                " {} {:x} {} {}",
                claim.to.instance,
                claim.to.session.get(),
                claim.token,
                millis(claim.remaining),
            );
        }
        text
    }

    /// Reads a share back; `None` if it has another format or is damaged.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut words = Words(text.split_ascii_whitespace());
        if words.0.next()? != FORM {
            return None;
        }
        let round = words.round()?;
        let next_probe_in = words.time()?;
        let steps_back_for = words.time()?;
        let number = CommandNumber::new(words.count()?);
        let order = words.order()?;
        let entries = words.list(Words::entry)?;
        let claims = words.list(Words::claim)?;
        words.0.next().is_none().then_some(Self {
            round,
            next_probe_in,
            steps_back_for,
            command: Command::new(number, order),
            entries,
            claims,
        })
    }
}

/// Rounds up, so that no instance comes too early.
fn millis(time: Duration) -> u128 {
    time.as_nanos().div_ceil(1_000_000)
}

struct Words<'a>(SplitAsciiWhitespace<'a>);

impl Words<'_> {
    fn number<T: FromStr>(&mut self) -> Option<T> {
        self.0.next()?.parse().ok()
    }

    /// A number that leaves room to count on.
    fn count(&mut self) -> Option<u64> {
        self.number().filter(|count| *count <= LARGEST)
    }

    fn small_count(&mut self) -> Option<u32> {
        self.number().filter(|count| *count <= u32::MAX >> 1)
    }

    fn hex(&mut self) -> Option<u64> {
        u64::from_str_radix(self.0.next()?, 16).ok()
    }

    fn time(&mut self) -> Option<Duration> {
        let millis = self.number().filter(|millis| *millis <= LONGEST)?;
        Some(Duration::from_millis(millis))
    }

    fn sender(&mut self) -> Option<Sender> {
        let instance = InstanceId::new(self.0.next()?).ok()?;
        Some(Sender::new(instance, Session::new(self.hex()?)))
    }

    fn round(&mut self) -> Option<Round> {
        Some(Round {
            incarnation: Incarnation::new(self.hex()?),
            epoch: Epoch::new(u64::from(self.small_count()?)),
            writes: self.count()?,
            failed: self.small_count()?,
            good: self.small_count()?,
            leases: self.number()?,
            last: match self.0.next()? {
                "-" => None,
                name => Some(InstanceId::new(name.strip_prefix('=')?).ok()?),
            },
        })
    }

    fn order(&mut self) -> Option<Order> {
        let word = self.0.next()?;
        Order::ALL.into_iter().find(|order| order.kept_as() == word)
    }

    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number().filter(|length| *length <= MOST)?;
        (0..length).map(|_| one(self)).collect()
    }

    fn entry(&mut self) -> Option<Entry> {
        Some(Entry {
            from: self.sender()?,
            opinion: {
                let word = self.0.next()?;
                [Opinion::Idle, Opinion::Fine, Opinion::Suspect]
                    .into_iter()
                    .find(|opinion| opinion.as_str() == word)?
            },
            seen: Epoch::new(self.number()?),
            rules: Fingerprint::read(self.0.next()?)?,
            member_for: self.time()?,
        })
    }

    fn claim(&mut self) -> Option<Claim> {
        Some(Claim {
            to: self.sender()?,
            token: Token::new(self.number()?),
            remaining: self.time()?,
        })
    }
}

#[cfg(test)]
mod tests;
