//! The answers of the scripts, read back. An answer that makes no sense means that the engine is unavailable.

use std::str::FromStr;
use std::time::Duration;

use ::redis::Value;

use super::fault;
use crate::command::{Command, Order};
use crate::engine::{EngineError, Unavailable};
use crate::ledger::{Prober, Standing, Standpoint};
use crate::message::{AcquireRefused, Fenced, Lease, ReportRefused};
use crate::name::InstanceId;
use crate::number::{CommandNumber, Epoch, Incarnation, Revision, Token};
use crate::opinion::Opinion;
use crate::settings::Fingerprint;
use crate::view::{Era, Verdict, View, Votes};

/// From here on the server's numbers are not exact.
const EXACT: u64 = 1 << 53;

/// The words of an answer, in order.
pub(super) struct Words<'a>(std::str::SplitAsciiWhitespace<'a>);

impl<'a> Words<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self(text.split_ascii_whitespace())
    }

    fn word(&mut self) -> Result<&'a str, Nonsense> {
        self.0.next().ok_or(Nonsense)
    }

    fn number<T: FromStr>(&mut self) -> Result<T, Nonsense> {
        self.word()?.parse().map_err(|_| Nonsense)
    }

    /// A number from which the server can count on.
    fn count(&mut self) -> Result<u64, Nonsense> {
        self.number()
            .ok()
            .filter(|count| *count < EXACT)
            .ok_or(Nonsense)
    }

    fn time(&mut self) -> Result<Duration, Nonsense> {
        self.number().map(Duration::from_micros)
    }

    fn end(mut self) -> Result<(), Nonsense> {
        match self.0.next() {
            None => Ok(()),
            Some(_) => Err(Nonsense),
        }
    }

    /// Reads the rest as a view.
    pub(super) fn view(mut self) -> Result<View, Nonsense> {
        let incarnation = Incarnation::new(self.number()?);
        let era = Era::new(incarnation, Epoch::new(self.count()?));
        let revision = Revision::new(self.count()?);
        let (word, next_probe_in) = (self.word()?, self.time()?);
        let verdict = match word {
            "closed" => Verdict::Closed,
            "open" => Verdict::Open { next_probe_in },
            _ => return Err(Nonsense),
        };
        let votes = Votes::new(self.number()?, self.number()?, self.number()?);
        let number = CommandNumber::new(self.count()?);
        let word = self.word()?;
        let order = Order::ALL
            .into_iter()
            .find(|order| order.kept_as() == word)
            .ok_or(Nonsense)?;
        self.end()?;
        Ok(View {
            era,
            revision,
            verdict,
            votes,
            command: Command::new(number, order),
        })
    }
}

/// An answer that no script gives.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Nonsense;

impl From<Nonsense> for Unavailable {
    fn from(_: Nonsense) -> Self {
        Self::new("the answer is not one of a Redis server: check the address")
    }
}

impl<R> From<Nonsense> for EngineError<R> {
    fn from(nonsense: Nonsense) -> Self {
        Self::Unavailable(nonsense.into())
    }
}

pub(super) fn report(
    answer: &Value,
    given: Fingerprint,
) -> Result<View, EngineError<ReportRefused>> {
    let mut words = Words::of(text(answer)?);
    match words.word()? {
        "view" => Ok(words.view()?),
        "garbage" => Err(EngineError::Unavailable(fault::garbage(words.word()?))),
        "name_taken" => Err(EngineError::Refused(ReportRefused::NameTaken)),
        "settings_differ" => {
            let fleet = fingerprint(words.word()?)?;
            Err(EngineError::Refused(ReportRefused::SettingsDiffer {
                fleet,
                given,
            }))
        }
        _ => Err(Nonsense.into()),
    }
}

pub(super) fn acquire(answer: &Value) -> Result<Lease, EngineError<AcquireRefused>> {
    let mut words = Words::of(text(answer)?);
    let refused = match words.word()? {
        "lease" => return Ok(Lease::new(Token::new(words.number()?), words.time()?)),
        "stale" => AcquireRefused::Stale,
        "early" => AcquireRefused::Early {
            wait: words.time()?,
        },
        "busy" => AcquireRefused::Busy {
            remaining: words.time()?,
        },
        _ => return Err(Nonsense.into()),
    };
    Err(EngineError::Refused(refused))
}

pub(super) fn settle(answer: &Value) -> Result<View, EngineError<Fenced>> {
    let mut words = Words::of(text(answer)?);
    match words.word()? {
        "view" => Ok(words.view()?),
        "fenced" => Err(EngineError::Refused(Fenced)),
        _ => Err(Nonsense.into()),
    }
}

pub(super) fn left(answer: &Value) -> Result<(), Nonsense> {
    if text(answer)? == "left" {
        Ok(())
    } else {
        Err(Nonsense)
    }
}

pub(super) fn ordered(answer: &Value) -> Result<View, Nonsense> {
    let mut words = Words::of(text(answer)?);
    match words.word()? {
        "view" => words.view(),
        _ => Err(Nonsense),
    }
}

pub(super) fn standing(answer: &Value) -> Result<Standing, Nonsense> {
    let Value::Array(lines) = answer else {
        return Err(Nonsense);
    };
    let [view, rules, failed, prober, members @ ..] = lines.as_slice() else {
        return Err(Nonsense);
    };
    let rules = match text(rules)? {
        "-" => None,
        mark => Some(fingerprint(mark)?),
    };
    let prober = match text(prober)? {
        "-" => None,
        line => Some(self::prober(line)?),
    };
    let members = members.iter().map(|line| standpoint(text(line)?));
    let mut members = members.collect::<Result<Vec<_>, _>>()?;
    members.sort_by(|one, other| one.instance.cmp(&other.instance));
    Ok(Standing {
        view: ordered(view)?,
        rules,
        members,
        prober,
        failed_probes: text(failed)?.parse().map_err(|_| Nonsense)?,
    })
}

fn prober(line: &str) -> Result<Prober, Nonsense> {
    let mut words = Words::of(line);
    Ok(Prober {
        instance: instance(words.word()?)?,
        remaining: words.time()?,
    })
}

fn standpoint(line: &str) -> Result<Standpoint, Nonsense> {
    let mut words = Words::of(line);
    let instance = instance(words.word()?)?;
    let word = words.word()?;
    let opinion = [Opinion::Idle, Opinion::Fine, Opinion::Suspect]
        .into_iter()
        .find(|opinion| opinion.as_str() == word)
        .ok_or(Nonsense)?;
    Ok(Standpoint {
        instance,
        opinion,
        lapses_in: words.time()?,
    })
}

fn instance(word: &str) -> Result<InstanceId, Nonsense> {
    InstanceId::new(word).map_err(|_| Nonsense)
}

fn fingerprint(word: &str) -> Result<Fingerprint, Nonsense> {
    Fingerprint::read(word).ok_or(Nonsense)
}

/// A string as any server sends it.
pub(super) fn text(value: &Value) -> Result<&str, Nonsense> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).map_err(|_| Nonsense),
        Value::SimpleString(text) => Ok(text),
        _ => Err(Nonsense),
    }
}
