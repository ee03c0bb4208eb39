//! Three instances with a breaker each, an engine, and calls every 20 ms.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusebox::{Breaker, Config, HoldStage, Permit, State, Verdict};
use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::host::{FleetEvent, Host, Participant, RuntimeClock, Status};
use fusebox_fleet::{BreakerKey, InstanceId, Mode, Settings, SettingsBuilder};
use tokio::time::{Instant, sleep, sleep_until};

use crate::scripted::{Conduct, Scripted};

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const STEP: Duration = Duration::from_millis(20);
/// An instance that loses its engine is alone after that, and probes for itself within a longest open period.
pub(crate) const ALONE_AND_WELL: Duration = Duration::from_millis(3000 + 1200 + 100);

pub(crate) fn config() -> Config {
    Config::builder()
        .without_failure_rate()
        .consecutive_failures(10)
        .open_for(1000 * MS)
        .jitter(0.0)
        .build()
        .unwrap()
}

pub(crate) fn settings(mode: Mode) -> SettingsBuilder {
    Settings::builder(mode)
        .suspicion_run(3)
        .open_for(1000 * MS)
        .probe_timeout(200 * MS)
        .stagger(500 * MS)
}

pub(crate) fn key(name: &str) -> BreakerKey {
    BreakerKey::new(name).unwrap()
}

pub(crate) struct Instance {
    pub(crate) participant: Option<Participant>,
    pub(crate) breaker: Breaker,
    pub(crate) host: Host,
    pub(crate) engine: Arc<Scripted>,
    pub(crate) events: Arc<Mutex<Vec<FleetEvent>>>,
    pub(crate) is_well: bool,
    pub(crate) is_quiet: bool,
    /// Its calls never end.
    pub(crate) hangs: bool,
    hung: Vec<Permit<'static>>,
    pub(crate) failed: u32,
    pub(crate) probes: u32,
}

impl Instance {
    pub(crate) fn new(name: &str, engine: Arc<Scripted>) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&events);
        let seed = name.bytes().map(u64::from).sum();
        let host = Host::builder(InstanceId::new(name).unwrap(), Arc::clone(&engine) as _)
            .listener(move |_: &BreakerKey, event: &FleetEvent| told.lock().unwrap().push(*event))
            .seed(seed)
            .build();
        Self {
            participant: None,
            breaker: Breaker::with_clock(name, config(), RuntimeClock::new()),
            host,
            engine,
            events,
            is_well: true,
            is_quiet: false,
            hangs: false,
            hung: Vec::new(),
            failed: 0,
            probes: 0,
        }
    }

    pub(crate) fn join(&mut self, settings: Settings) {
        let joined = self.host.join(key("db"), self.breaker.clone(), settings);
        self.participant = Some(joined.unwrap());
    }

    pub(crate) fn status(&self) -> Status {
        self.participant.as_ref().unwrap().status()
    }

    pub(crate) fn call(&mut self) {
        if self.is_quiet {
            return;
        }
        let Ok(permit) = self.breaker.try_acquire() else {
            return;
        };
        self.probes += u32::from(permit.state() == State::HalfOpen);
        if self.hangs {
            self.hung.push(permit.into_owned());
        } else if self.is_well {
            permit.end(Verdict::Success);
        } else {
            self.failed += 1;
            permit.end(Verdict::Failure { retry_after: None });
        }
    }

    pub(crate) fn told(&self, wanted: impl Fn(&FleetEvent) -> bool) -> usize {
        let events = self.events.lock().unwrap();
        events.iter().filter(|event| wanted(event)).count()
    }
}

/// Three instances; each reaches the same engine in its own way.
pub(crate) struct Rig {
    pub(crate) all: Vec<Instance>,
}

impl Rig {
    pub(crate) fn apart() -> Self {
        let memory = Memory::with_clock(RuntimeClock::new());
        let instance = |name| Instance::new(name, Arc::new(Scripted::new(memory.clone())));
        Self {
            all: ["a", "b", "c"].map(instance).into(),
        }
    }

    pub(crate) fn of(mode: Mode) -> Self {
        let mut rig = Self::apart();
        for one in &mut rig.all {
            one.join(settings(mode).build().unwrap());
        }
        rig
    }

    pub(crate) async fn begun() -> Self {
        let mut rig = Self::of(Mode::Quorum);
        rig.run(2000 * MS).await;
        rig
    }

    pub(crate) async fn run(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.all.iter_mut().for_each(Instance::call);
            sleep_until(end.min(Instant::now() + STEP)).await;
        }
    }

    /// Returns whether it came to that in this time.
    pub(crate) async fn run_until(
        &mut self,
        time: Duration,
        wanted: impl Fn(&Self) -> bool,
    ) -> bool {
        let end = Instant::now() + time;
        let mut call_at = Instant::now();
        while Instant::now() < end {
            if Instant::now() >= call_at {
                call_at += STEP;
                self.all.iter_mut().for_each(Instance::call);
            }
            sleep(MS).await;
            if wanted(self) {
                return true;
            }
        }
        false
    }

    pub(crate) fn set_well(&mut self, is_well: bool) {
        self.all.iter_mut().for_each(|one| one.is_well = is_well);
    }

    pub(crate) fn engines(&self, conduct: Conduct) {
        self.all.iter().for_each(|one| one.engine.does(conduct));
    }

    pub(crate) fn states(&self) -> Vec<State> {
        self.all.iter().map(|one| one.breaker.state()).collect()
    }

    pub(crate) fn stages(&self) -> Vec<Option<HoldStage>> {
        self.all.iter().map(|one| one.status().stage).collect()
    }

    pub(crate) async fn until_stage(&mut self, stage: HoldStage) {
        let is_there = |rig: &Self| rig.all[0].status().stage == Some(stage);
        assert!(
            self.run_until(20_000 * MS, is_there).await,
            "never {stage:?}"
        );
    }
}
