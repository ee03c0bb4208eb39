//! The run of a scenario: step by step on a manual clock, up to the first step that does not hold.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusebox::{
    Breaker, Cause, CloseRamp, Event, ManualClock, Outcome, Permit, RejectReason, Rejected,
    Snapshot, State, Transition,
};

use crate::grammar::{
    Action, Ending, Fault, Fleet, Key, Operator, Result, Scenario, Step, Tick, Verdict,
};

pub(crate) fn run(scenario: &Scenario) -> Vec<Fault> {
    let fault = |line, text: &str, complaint| Fault {
        line,
        text: text.to_owned(),
        complaint,
    };
    let Some(config) = scenario.config.clone() else {
        return vec![fault(0, "", "no `given` line".to_owned())];
    };
    let clock = ManualClock::new();
    let mut stage = Stage::new(Breaker::with_clock("scenario", config, clock.clone()));
    for step in &scenario.steps {
        clock.set(step.at);
        if let Err(complaints) = stage.play(step) {
            return complaints
                .into_iter()
                .map(|complaint| fault(step.line, &step.text, complaint))
                .collect();
        }
    }
    Vec::new()
}

struct Stage {
    breaker: Breaker,
    transitions: Arc<Mutex<Vec<Transition>>>,
    /// `None` once the call was rejected or has ended.
    calls: BTreeMap<String, Option<Permit<'static>>>,
}

impl Stage {
    fn new(breaker: Breaker) -> Self {
        let transitions = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&transitions);
        breaker.add_listener(move |_: &str, event: &Event| {
            if let Event::Transition(transition) = event {
                told.lock().unwrap().push(*transition);
            }
        });
        Self {
            breaker,
            transitions,
            calls: BTreeMap::new(),
        }
    }

    fn play(&mut self, step: &Step) -> std::result::Result<(), Vec<String>> {
        match &step.action {
            Action::Call(id, verdict) => {
                self.call(id, *verdict).map_err(|complaint| vec![complaint])
            }
            Action::End(id, ending) => self.end(id, *ending).map_err(|complaint| vec![complaint]),
            Action::Run(ending, times, verdict) => (0..*times)
                .try_for_each(|_| self.acquire(*verdict).map(|permit| settle(permit, *ending)))
                .map_err(|complaint| vec![complaint]),
            Action::Operator(operator) => {
                self.operate(*operator);
                Ok(())
            }
            Action::Fleet(fleet) => {
                self.follow(*fleet);
                Ok(())
            }
            Action::Expect(tick, facts) => {
                if *tick == Tick::First {
                    self.breaker.poll_transitions();
                }
                let complaints = self.compare(facts);
                if complaints.is_empty() {
                    Ok(())
                } else {
                    Err(complaints)
                }
            }
        }
    }

    fn call(&mut self, id: &str, verdict: Verdict) -> std::result::Result<(), String> {
        if let Some(Some(_)) = self.calls.get(id) {
            return Err(format!("call `{id}` is still under way"));
        }
        let permit = self.acquire(verdict)?;
        self.calls.insert(id.to_owned(), permit);
        Ok(())
    }

    fn end(&mut self, id: &str, ending: Ending) -> std::result::Result<(), String> {
        let call = self
            .calls
            .get_mut(id)
            .ok_or_else(|| format!("no call `{id}` before this step"))?;
        settle(call.take(), ending);
        Ok(())
    }

    fn acquire(&self, verdict: Verdict) -> std::result::Result<Option<Permit<'static>>, String> {
        let got = self.breaker.try_acquire();
        let holds = match (verdict, &got) {
            (Verdict::Any | Verdict::Reject(None), Err(_))
            | (Verdict::Any | Verdict::Admit, Ok(_)) => true,
            (Verdict::Reject(Some(reason)), Err(rejected)) => rejected.reason == reason,
            (Verdict::Admit, Err(_)) | (Verdict::Reject(_), Ok(_)) => false,
        };
        if holds {
            Ok(got.ok().map(Permit::into_owned))
        } else {
            Err(format!("the call got {}", shown(got.as_ref().err())))
        }
    }

    fn operate(&self, operator: Operator) {
        match operator {
            Operator::Reset => self.breaker.reset(),
            Operator::ForceOpen => self.breaker.force_open(),
            Operator::Disable => self.breaker.disable(),
            Operator::MetricsOnly => self.breaker.metrics_only(),
            Operator::Open => self.breaker.open(),
            Operator::HalfOpen => self.breaker.half_open(),
        }
    }

    /// Whether it applies shows in what follows.
    fn follow(&self, fleet: Fleet) {
        let control = self.breaker.fleet();
        let _applied = match fleet {
            Fleet::Hold(epoch) => control.hold(epoch),
            Fleet::Hint(wait) => control.hint(wait),
            Fleet::GrantProbe(lease) => control.grant_probe(lease).is_some(),
            Fleet::Release(after) => control.release(after, CloseRamp::AsConfigured),
            Fleet::Hasten(wait) => control.hasten(wait),
            Fleet::ProbeNow => control.probe_now().is_some(),
            Fleet::LoseEngine(wait) => control.lose_engine(wait),
        };
    }

    fn compare(&self, facts: &[(Key, String)]) -> Vec<String> {
        let snapshot = self.breaker.snapshot();
        let transitions = self.transitions.lock().unwrap().clone();
        let mut complaints: Vec<_> = facts
            .iter()
            .map(|(key, expected)| (key, expected, figure(*key, &snapshot, &transitions)))
            .filter(|(_, expected, got)| *expected != got)
            .map(|(key, expected, got)| format!("expected {}={expected}, got {got}", key.as_str()))
            .collect();
        if self.breaker.snapshot() != snapshot || self.breaker.state() != snapshot.state {
            complaints.push("reading changed something".to_owned());
        }
        complaints
    }
}

fn shown(rejected: Option<&Rejected>) -> String {
    match rejected {
        None => "admit".to_owned(),
        Some(rejected) => format!("reject:{}", rejected.reason),
    }
}

fn settle(permit: Option<Permit<'static>>, ending: Ending) {
    let Some(mut permit) = permit else { return };
    if let Some(took) = ending.took {
        permit = permit.took(took);
    }
    if let Some(hint) = ending.hint {
        permit = permit.retry_after(hint);
    }
    match ending.result {
        Result::Ok => drop(permit.success()),
        Result::Fail => drop(permit.failure()),
        Result::Ignore => drop(permit.ignore()),
        Result::Drop => drop(permit),
        Result::Panic => {
            let unwound = catch_unwind(AssertUnwindSafe(move || {
                let _held = permit;
                // Unwinds like a panic but does not print one.
                resume_unwind(Box::new("scenario"))
            }));
            drop(unwound);
        }
    }
}

fn figure(key: Key, snapshot: &Snapshot, transitions: &[Transition]) -> String {
    let window = snapshot.window;
    let totals = &snapshot.totals;
    match key {
        Key::State => snapshot.state.as_str().to_owned(),
        Key::Calls => window.calls.to_string(),
        Key::Fails => window.failures.to_string(),
        Key::Slow => window.slow.to_string(),
        Key::Rate => match snapshot.failure_ratio {
            Some(_) => (window.failures * 100 / window.calls).to_string(),
            None => none(),
        },
        Key::Rejected => RejectReason::ALL
            .iter()
            .map(|&reason| totals.rejections(reason))
            .sum::<u64>()
            .to_string(),
        Key::Stale => totals.calls(Outcome::Late).to_string(),
        Key::Neutral => {
            (totals.calls(Outcome::Ignored) + totals.calls(Outcome::Cancelled)).to_string()
        }
        Key::WouldTrip => totals.would_trip().to_string(),
        Key::InFlight => snapshot.probes_in_flight.to_string(),
        Key::Free => snapshot.probes_free.to_string(),
        Key::Attempts => snapshot.openings.to_string(),
        Key::Until => snapshot.open_until().map_or_else(none, millis),
        Key::RetryAfter => millis(snapshot.retry_after()),
        Key::Events if transitions.is_empty() => none(),
        Key::Events => transitions
            .iter()
            .map(|transition| format!("{}>{}", name(transition.from), name(transition.to)))
            .collect::<Vec<_>>()
            .join(","),
        Key::Reason => transitions
            .last()
            .map_or_else(none, |last| reason(last.cause)),
    }
}

fn none() -> String {
    "-".to_owned()
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

fn name(state: State) -> &'static str {
    state.as_str()
}

/// The grammar's names of the causes.
fn reason(cause: Cause) -> String {
    let reason = match cause {
        Cause::FailureRatio => "failure_rate",
        Cause::SlowRatio => "slow_rate",
        Cause::ProbesSucceeded => "probe_ok",
        cause => cause.as_str(),
    };
    reason.to_owned()
}
