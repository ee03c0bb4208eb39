//! Instances that hear what they are told and report again, as in a fleet at rest.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusebox_fleet::engine::redis::Redis;
use fusebox_fleet::engine::{Engine, EngineError};
use fusebox_fleet::{
    BreakerKey, Counts, InstanceId, Mode, Opinion, Report, ReportRefused, Sender, Sequence,
    Session, Settings, View,
};

use crate::server::Server;

/// A fleet of a breaker called `steady`, and what each instance has said and heard.
pub(crate) struct Steady {
    pub(crate) engine: Redis,
    pub(crate) key: BreakerKey,
    settings: Arc<Settings>,
    instances: Mutex<BTreeMap<String, (u64, Option<View>)>>,
    /// What the next reports count.
    pub(crate) counts: Mutex<Counts>,
}

impl Steady {
    pub(crate) fn new(server: &Server, mode: Mode) -> Self {
        let settings = Settings::builder(mode).member_for(Duration::from_secs(600));
        Self::with(server, "", settings.build().unwrap())
    }

    /// The user is as in an address.
    pub(crate) fn with(server: &Server, user: &str, settings: Settings) -> Self {
        let address = format!("redis://{user}127.0.0.1:{}?timeout=5s", server.port());
        Self {
            engine: Redis::new(address.parse().unwrap()),
            key: BreakerKey::new("steady").unwrap(),
            settings: Arc::new(settings),
            instances: Mutex::default(),
            counts: Mutex::default(),
        }
    }

    /// The same instances on the same connection, for another breaker.
    pub(crate) fn beside(&self, key: &str) -> Self {
        Self {
            engine: self.engine.clone(),
            key: BreakerKey::new(key).unwrap(),
            settings: Arc::clone(&self.settings),
            instances: Mutex::default(),
            counts: Mutex::default(),
        }
    }

    /// One of them reports once.
    pub(crate) async fn try_say(
        &self,
        name: &str,
        opinion: Opinion,
    ) -> Result<View, EngineError<ReportRefused>> {
        let report = self.report(name, opinion);
        let view = self.engine.report(&self.key, &report).await?;
        self.instances.lock().unwrap().get_mut(name).unwrap().1 = Some(view);
        Ok(view)
    }

    /// Each of them reports once. The last view.
    pub(crate) async fn say(&self, names: &[&str], opinion: Opinion) -> View {
        let mut last = None;
        for name in names {
            last = Some(self.try_say(name, opinion).await.unwrap());
        }
        last.unwrap()
    }

    fn report(&self, name: &str, opinion: Opinion) -> Report {
        let mut instances = self.instances.lock().unwrap();
        let (said, heard) = instances.entry(name.to_owned()).or_default();
        *said += 1;
        let sender = Sender::new(InstanceId::new(name).unwrap(), Session::new(1));
        let mut report = Report::new(sender, opinion, Arc::clone(&self.settings));
        report.sequence = Sequence::new(*said);
        report.seen = heard.map(|view| view.era);
        report.counts = *self.counts.lock().unwrap();
        if let Some(view) = heard {
            report.command = view.command;
        }
        report
    }
}
