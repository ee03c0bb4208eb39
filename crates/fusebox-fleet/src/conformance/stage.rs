//! The instances through which a rule speaks to the engine.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use super::{Promises, Subject};
use crate::engine::{EngineError, Events};
use crate::ledger::Standing;
use crate::message::{
    Acquire, AcquireRefused, Fenced, Lease, ProbeResult, Report, ReportRefused, Sender, Settlement,
};
use crate::mode::Mode;
use crate::name::{BreakerKey, InstanceId, Session};
use crate::number::Sequence;
use crate::opinion::Opinion;
use crate::settings::{Settings, SettingsBuilder};
use crate::view::{Era, Verdict, View};

pub(super) const MS: Duration = Duration::from_millis(1);

/// How long leases are asked for.
pub(super) const LEASE: Duration = Duration::from_millis(1500);

/// A real server's clock and ours are not read at the same moment.
pub(super) const SLACK: Duration = Duration::from_millis(40);

/// One rule's instances, named by number, and what they know.
pub(super) struct Stage<'a> {
    subject: &'a dyn Subject,
    key: BreakerKey,
    pub(super) settings: Arc<Settings>,
    pub(super) era: Option<Era>,
    sequence: u64,
}

pub(super) fn builder(mode: Mode) -> SettingsBuilder {
    Settings::builder(mode)
        .heartbeat(200 * MS)
        .engine_timeout(100 * MS)
        .stale_after(600 * MS)
        .open_for(200 * MS)
        .probe_timeout(50 * MS)
        .minimum_gap(100 * MS)
        .longest_gap(2000 * MS)
}

impl<'a> Stage<'a> {
    pub(super) fn new(subject: &'a dyn Subject, rule: &str, run: &str) -> Self {
        let name: String = format!("{run}.{rule}")
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter
                } else {
                    '-'
                }
            })
            .take(128)
            .collect();
        Self {
            subject,
            key: BreakerKey::new(&name).expect("made of letters"),
            settings: settings(Mode::Quorum),
            era: None,
            sequence: 0,
        }
    }

    pub(super) fn report_of(&mut self, number: u64, opinion: Opinion) -> Report {
        self.sequence += 1;
        let mut report = Report::new(sender(number), opinion, Arc::clone(&self.settings));
        report.sequence = Sequence::new(self.sequence);
        report.seen = self.era;
        report
    }

    pub(super) async fn send(&mut self, report: &Report) -> Result<View, String> {
        let engine = self.subject.engine();
        let view = engine
            .report(&self.key, report)
            .await
            .map_err(|error| told(&error))?;
        self.era = Some(view.era);
        Ok(view)
    }

    pub(super) async fn refused(&self, report: &Report) -> Result<ReportRefused, String> {
        refusal(self.subject.engine().report(&self.key, report).await)
    }

    pub(super) async fn say(&mut self, number: u64, opinion: Opinion) -> Result<View, String> {
        let report = self.report_of(number, opinion);
        self.send(&report).await
    }

    /// Makes two instances suspect the downstream, which opens the fleet.
    pub(super) async fn open(&mut self) -> Result<View, String> {
        self.say(1, Opinion::Suspect).await?;
        let view = self.say(2, Opinion::Suspect).await?;
        ensure(
            view.verdict.is_open(),
            "two of two suspects did not open",
            view,
        )?;
        Ok(view)
    }

    /// Opens the fleet and waits until a probe is possible. Both instances were heard lately then.
    pub(super) async fn open_and_wait(&mut self) -> Result<(), String> {
        let view = self.open().await?;
        self.wait_for_probe(view).await
    }

    pub(super) async fn wait_for_probe(&mut self, view: View) -> Result<(), String> {
        let Verdict::Open { next_probe_in } = view.verdict else {
            return Err(format!("closed where it should be open: {view:?}"));
        };
        self.pass(next_probe_in + SLACK).await;
        self.say(1, Opinion::Suspect).await?;
        self.say(2, Opinion::Suspect).await?;
        Ok(())
    }

    pub(super) fn ask_of(&self, number: u64) -> Acquire {
        let nothing = Era::new(
            crate::number::Incarnation::new(0),
            crate::number::Epoch::new(0),
        );
        Acquire::new(sender(number), self.era.unwrap_or(nothing), LEASE)
    }

    pub(super) fn promises(&self) -> Promises {
        self.subject.promises()
    }

    pub(super) async fn lease(&self, number: u64) -> Result<Lease, String> {
        let ask = self.ask_of(number);
        let mut patience = self.settings.minimum_gap();
        loop {
            let answer = self.subject.engine().acquire(&self.key, &ask).await;
            match answer {
                Err(EngineError::Refused(AcquireRefused::Early { wait }))
                    if !self.promises().first_comer_probes && wait <= patience =>
                {
                    // Another suspect could have gone first, and did not ask.
                    patience = patience.saturating_sub(wait.max(MS));
                    self.pass(wait).await;
                }
                answer => return answer.map_err(|error| told(&error)),
            }
        }
    }

    pub(super) async fn unavailable(&self, report: &Report) -> Result<(), String> {
        match self.subject.engine().report(&self.key, report).await {
            Err(EngineError::Unavailable(_)) => Ok(()),
            other => Err(format!("not refused as unavailable: {other:?}")),
        }
    }

    pub(super) async fn no_lease(&self, ask: &Acquire) -> Result<AcquireRefused, String> {
        refusal(self.subject.engine().acquire(&self.key, ask).await)
    }

    pub(super) async fn settle(
        &mut self,
        (number, lease): (u64, Lease),
        result: ProbeResult,
    ) -> Result<View, String> {
        let settlement = Settlement::new(sender(number), lease.token, result);
        let engine = self.subject.engine();
        let view = engine
            .settle(&self.key, &settlement)
            .await
            .map_err(|error| told(&error))?;
        self.era = Some(view.era);
        Ok(view)
    }

    pub(super) async fn fenced(&self, number: u64, lease: Lease) -> Result<Fenced, String> {
        let settlement = Settlement::new(sender(number), lease.token, ProbeResult::Succeeded);
        refusal(self.subject.engine().settle(&self.key, &settlement).await)
    }

    pub(super) async fn leave(&self, sender: &Sender) -> Result<(), String> {
        let engine = self.subject.engine();
        engine
            .leave(&self.key, sender)
            .await
            .map_err(|error| told(&error))
    }

    pub(super) async fn order(&self, order: crate::command::Order) -> Result<View, String> {
        let operator = self.subject.operator();
        operator
            .order(&self.key, order)
            .await
            .map_err(|error| told(&error))
    }

    pub(super) async fn peek(&self) -> Result<Standing, String> {
        self.subject
            .operator()
            .peek(&self.key)
            .await
            .map_err(|error| told(&error))
    }

    pub(super) fn events(&self) -> Box<dyn Events> {
        self.subject.engine().events(&self.key)
    }

    pub(super) async fn pass(&self, time: Duration) {
        self.subject.pass(time).await;
    }

    pub(super) async fn forget(&self) {
        self.subject.forget().await;
    }
}

pub(super) fn settings(mode: Mode) -> Arc<Settings> {
    Arc::new(builder(mode).build().expect("valid settings"))
}

pub(super) fn sender(number: u64) -> Sender {
    let name = format!("i{number}");
    Sender::new(
        InstanceId::new(&name).expect("a name"),
        Session::new(number),
    )
}

pub(super) fn ensure(holds: bool, what: &str, found: impl Debug) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("{what}: {found:?}"))
    }
}

fn told<R: std::fmt::Display>(error: &EngineError<R>) -> String {
    error.to_string()
}

fn refusal<T: Debug, R: std::fmt::Display>(answer: Result<T, EngineError<R>>) -> Result<R, String> {
    match answer {
        Err(EngineError::Refused(refused)) => Ok(refused),
        Err(unavailable) => Err(unavailable.to_string()),
        Ok(done) => Err(format!("it was not refused: {done:?}")),
    }
}
