//! The grammar of scenario files: lines become scenarios and steps, or faults that say what is
//! wrong.

use std::time::Duration;

use fusebox::{Config, RejectReason};

use crate::given;
use crate::numbers::{Parsed, millis, number};

/// One scenario; with faults it cannot be run.
pub(crate) struct Scenario {
    pub(crate) title: String,
    pub(crate) config: Option<Config>,
    pub(crate) steps: Vec<Step>,
    pub(crate) faults: Vec<Fault>,
}

/// What is wrong with a line, or what did not come out as it says.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) complaint: String,
}

pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) at: Duration,
    pub(crate) action: Action,
}

pub(crate) enum Action {
    Call(String, Verdict),
    End(String, Ending),
    Run(Ending, u32, Verdict),
    Operator(Operator),
    Fleet(Fleet),
    Expect(Tick, Vec<(Key, String)>),
}

#[derive(Clone, Copy)]
pub(crate) enum Verdict {
    Any,
    Admit,
    Reject(Option<RejectReason>),
}

#[derive(Clone, Copy)]
pub(crate) struct Ending {
    pub(crate) result: Result,
    pub(crate) took: Option<Duration>,
    pub(crate) hint: Option<Duration>,
}

#[derive(Clone, Copy)]
pub(crate) enum Result {
    Ok,
    Fail,
    Ignore,
    Drop,
    Panic,
}

#[derive(Clone, Copy)]
pub(crate) enum Operator {
    Reset,
    ForceOpen,
    Disable,
    MetricsOnly,
    Open,
    HalfOpen,
}

/// What the fleet says; all but the number of a verdict is in milliseconds.
#[derive(Clone, Copy)]
pub(crate) enum Fleet {
    Hold(u64),
    Hint(Duration),
    GrantProbe(Duration),
    Release(Duration),
    Hasten(Duration),
    ProbeNow,
    LoseEngine(Duration),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tick {
    First,
    Not,
}

macro_rules! keys {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// What a step can expect.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Key { $($name),* }

        impl Key {
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            fn parse(text: &str) -> Parsed<Self> {
                match text {
                    $($text => Ok(Self::$name),)*
                    _ => Err(format!("unknown key `{text}`")),
                }
            }
        }
    };
}

keys! {
    State = "state", Calls = "calls", Fails = "fails", Slow = "slow", Rate = "rate",
    Rejected = "rejected", Stale = "stale", Neutral = "neutral", WouldTrip = "would_trip",
    InFlight = "in_flight", Free = "free", Attempts = "attempts", Until = "until",
    RetryAfter = "retry_after", Events = "events", Reason = "reason",
}

pub(crate) fn parse(text: &str) -> Vec<Scenario> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') || text.starts_with("%%") {
            continue;
        }
        if let Some(title) = text.strip_prefix("==") {
            scenarios.push(Scenario::titled(title));
            continue;
        }
        let Some(scenario) = scenarios.last_mut() else {
            let mut stray = Scenario::titled("-");
            stray.refuse(line, text, "a line outside a scenario".to_owned());
            scenarios.push(stray);
            continue;
        };
        if let Err(complaint) = scenario.take(line, text) {
            scenario.refuse(line, text, complaint);
        }
    }
    scenarios
}

impl Scenario {
    fn titled(title: &str) -> Self {
        Self {
            title: title.trim().to_owned(),
            config: None,
            steps: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn refuse(&mut self, line: usize, text: &str, complaint: String) {
        let text = text.to_owned();
        self.faults.push(Fault {
            line,
            text,
            complaint,
        });
    }

    fn take(&mut self, line: usize, text: &str) -> Parsed<()> {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match word {
            "differs" => {}
            "given" if self.config.is_some() => return Err("a second `given` line".to_owned()),
            "given" => self.config = Some(given::config(rest)?),
            _ => {
                let at = millis(word)?;
                let action = action(rest)?;
                if self.config.is_none() && self.faults.is_empty() {
                    return Err("a step, but no `given` line before it".to_owned());
                }
                let text = text.to_owned();
                self.steps.push(Step {
                    line,
                    text,
                    at,
                    action,
                });
            }
        }
        Ok(())
    }
}

fn action(text: &str) -> Parsed<Action> {
    let (text, verdict) = match text.split_once("=>") {
        Some((text, verdict)) => (text, Some(self::verdict(verdict.trim())?)),
        None => (text, None),
    };
    let mut words = text.split_whitespace();
    let operation = words.next().ok_or("no operation")?;
    let words: Vec<_> = words.collect();
    let action = match (operation, words.as_slice()) {
        ("call", [id]) => return Ok(Action::Call(owned(id), verdict.unwrap_or(Verdict::Any))),
        ("run", [result, rest @ ..]) => {
            let (ending, times) = ending(result, rest)?;
            return Ok(Action::Run(ending, times, verdict.unwrap_or(Verdict::Any)));
        }
        ("end", [id, result, rest @ ..]) => match ending(result, rest)? {
            (ending, 1) => Action::End(owned(id), ending),
            _ => return Err("`end` is not repeated".to_owned()),
        },
        ("expect", ["tick", facts @ ..]) => Action::Expect(Tick::First, self::facts(facts)?),
        ("expect", facts) => Action::Expect(Tick::Not, self::facts(facts)?),
        ("reset", []) => Action::Operator(Operator::Reset),
        ("force_open", []) => Action::Operator(Operator::ForceOpen),
        ("disable", []) => Action::Operator(Operator::Disable),
        ("metrics_only", []) => Action::Operator(Operator::MetricsOnly),
        ("open", []) => Action::Operator(Operator::Open),
        ("half_open", []) => Action::Operator(Operator::HalfOpen),
        ("hold", [epoch]) => Action::Fleet(Fleet::Hold(number(epoch)?)),
        ("hint", [wait]) => Action::Fleet(Fleet::Hint(millis(wait)?)),
        ("grant_probe", [lease]) => Action::Fleet(Fleet::GrantProbe(millis(lease)?)),
        ("release", [after]) => Action::Fleet(Fleet::Release(millis(after)?)),
        ("hasten", [wait]) => Action::Fleet(Fleet::Hasten(millis(wait)?)),
        ("probe_now", []) => Action::Fleet(Fleet::ProbeNow),
        ("lose_engine", [wait]) => Action::Fleet(Fleet::LoseEngine(millis(wait)?)),
        (
            "call" | "run" | "end" | "reset" | "force_open" | "disable" | "metrics_only" | "open"
            | "half_open" | "hold" | "hint" | "grant_probe" | "release" | "hasten" | "probe_now"
            | "lose_engine",
            words,
        ) => return Err(format!("`{operation}` does not take {words:?}")),
        _ => return Err(format!("unknown operation `{operation}`")),
    };
    match verdict {
        None => Ok(action),
        Some(_) => Err(format!("`{operation}` takes no verdict")),
    }
}

fn verdict(text: &str) -> Parsed<Verdict> {
    match text {
        "admit" => Ok(Verdict::Admit),
        "reject" => Ok(Verdict::Reject(None)),
        "reject:open" => Ok(Verdict::Reject(Some(RejectReason::Open))),
        "reject:half_open" => Ok(Verdict::Reject(Some(RejectReason::HalfOpen))),
        "reject:fleet" => Ok(Verdict::Reject(Some(RejectReason::Fleet))),
        "reject:turn" => Ok(Verdict::Reject(Some(RejectReason::Turn))),
        "reject:probe_busy" => Ok(Verdict::Reject(Some(RejectReason::ProbeBusy))),
        "reject:forced" => Ok(Verdict::Reject(Some(RejectReason::ForcedOpen))),
        _ => Err(format!("unknown verdict `{text}`")),
    }
}

fn ending(result: &str, words: &[&str]) -> Parsed<(Ending, u32)> {
    let result = match result {
        "ok" => Result::Ok,
        "fail" => Result::Fail,
        "ignore" => Result::Ignore,
        "drop" => Result::Drop,
        "panic" => Result::Panic,
        _ => return Err(format!("unknown result `{result}`")),
    };
    let (mut took, mut hint, mut times) = (None, None, 1);
    for word in words {
        if let Some(duration) = word.strip_prefix("dur=") {
            took = Some(millis(duration)?);
        } else if let Some(duration) = word.strip_prefix("hint=") {
            hint = Some(millis(duration)?);
        } else if let Some(count) = word.strip_prefix('x') {
            times = number(count)?;
        } else {
            return Err(format!("unknown word `{word}`"));
        }
    }
    Ok((Ending { result, took, hint }, times))
}

fn facts(words: &[&str]) -> Parsed<Vec<(Key, String)>> {
    if words.is_empty() {
        return Err("nothing expected".to_owned());
    }
    let fact = |word: &&str| {
        let (key, value) = word
            .split_once('=')
            .ok_or_else(|| format!("`{word}` is not key=value"))?;
        Ok((Key::parse(key)?, owned(value)))
    };
    words.iter().map(fact).collect()
}

fn owned(text: &str) -> String {
    text.to_owned()
}
