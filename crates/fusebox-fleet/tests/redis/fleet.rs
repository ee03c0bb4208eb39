//! Two instances of a fleet, and what they hear from a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fusebox_fleet::engine::redis::Redis;
use fusebox_fleet::engine::{Engine, EngineError, Events, Operator};
use fusebox_fleet::{
    Acquire, BreakerKey, Command, InstanceId, Mode, Opinion, Order, ProbeResult, Report,
    ReportRefused, Sender, Sequence, Session, Settings, Settlement, Token, View,
};
use tokio::time::{Instant, timeout};

/// How long a verb of these tests waits for the server.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(250);

/// What a busy machine may add to that.
const SLACK: Duration = Duration::from_millis(500);

/// By then the engine has to work again, and to tell of changes.
const RECOVERY: Duration = Duration::from_secs(5);

/// A server whose verbs answer in time, whatever they say.
pub(crate) struct Fleet {
    pub(crate) engine: Redis,
    pub(crate) key: BreakerKey,
    settings: Arc<Settings>,
    sequence: AtomicU64,
}

impl Fleet {
    /// The user is as in an address.
    pub(crate) fn new(port: u16, user: &str) -> Self {
        Self::at(&format!("redis://{user}127.0.0.1:{port}"))
    }

    #[cfg(feature = "redis-tls")]
    pub(crate) fn encrypted(port: u16) -> Self {
        Self::at(&format!("rediss://localhost:{port}"))
    }

    fn at(server: &str) -> Self {
        let address = format!("{server}?timeout={}ms", TIMEOUT.as_millis());
        // A member for longer than any of these tests.
        let settings = Settings::builder(Mode::Quorum)
            .member_for(Duration::from_secs(600))
            .build();
        Self {
            engine: Redis::new(address.parse().unwrap()),
            key: BreakerKey::new("inventory").unwrap(),
            settings: Arc::new(settings.unwrap()),
            sequence: AtomicU64::new(0),
        }
    }

    fn sender(number: u64) -> Sender {
        let name = InstanceId::new(&format!("i{number}")).unwrap();
        Sender::new(name, Session::new(number))
    }

    pub(crate) async fn say(
        &self,
        number: u64,
        opinion: Opinion,
    ) -> Result<View, EngineError<ReportRefused>> {
        self.report(number, opinion, Command::NONE).await
    }

    /// A report that brings back a command.
    pub(crate) async fn bring(
        &self,
        number: u64,
        command: Command,
    ) -> Result<View, EngineError<ReportRefused>> {
        self.report(number, Opinion::Fine, command).await
    }

    async fn report(
        &self,
        number: u64,
        opinion: Opinion,
        command: Command,
    ) -> Result<View, EngineError<ReportRefused>> {
        let settings = Arc::clone(&self.settings);
        let mut report = Report::new(Self::sender(number), opinion, settings);
        report.command = command;
        let before = self.sequence.fetch_add(1, Ordering::Relaxed);
        report.sequence = Sequence::new(before + 1);
        in_time(self.engine.report(&self.key, &report)).await
    }

    /// The first instance asks for the lease.
    pub(crate) async fn lease(&self, view: View) -> Result<(), String> {
        let ask = Acquire::new(Self::sender(1), view.era, Duration::from_secs(2));
        let answer = in_time(self.engine.acquire(&self.key, &ask)).await;
        answer.map(drop).map_err(|error| error.to_string())
    }

    pub(crate) async fn order(&self, order: Order) -> Result<(), String> {
        let answer = in_time(self.engine.order(&self.key, order)).await;
        answer.map(drop).map_err(|error| error.to_string())
    }

    /// Two of two suspect.
    pub(crate) async fn open(&self) -> View {
        self.say(1, Opinion::Suspect).await.unwrap();
        let view = self.say(2, Opinion::Suspect).await.unwrap();
        assert!(view.verdict.is_open(), "{view:?}");
        view
    }

    /// What each verb says, in words.
    pub(crate) async fn all_verbs(&self, view: View) -> Vec<String> {
        let ask = Acquire::new(Self::sender(1), view.era, Duration::from_secs(2));
        let settlement = Settlement::new(Self::sender(1), Token::new(9), ProbeResult::Failed);
        let stranger = Self::sender(99);
        let (engine, key) = (&self.engine, &self.key);
        vec![
            words(self.say(1, Opinion::Fine).await),
            words(in_time(engine.acquire(key, &ask)).await),
            words(in_time(engine.settle(key, &settlement)).await),
            words(in_time(engine.leave(key, &stranger)).await),
            words(in_time(engine.order(key, Order::ForceOpen)).await),
            words(in_time(engine.peek(key)).await),
        ]
    }

    /// Asks until the engine works, and says what it then answers.
    pub(crate) async fn recovered(&self, opinion: Opinion) -> View {
        let began = Instant::now();
        loop {
            match self.say(1, opinion).await {
                Ok(view) => return view,
                Err(error) => assert!(began.elapsed() < RECOVERY, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Orders are told, at the latest after a while. The listener may have missed earlier ones.
    pub(crate) async fn hears(&self, events: &mut dyn Events) {
        let began = Instant::now();
        loop {
            let order = in_time(self.engine.order(&self.key, Order::Disable)).await;
            if let Ok(ordered) = order
                && let Ok(told) = timeout(TIMEOUT, newest(events, &ordered)).await
            {
                assert!(told.is_some(), "the events have ended");
                return;
            }
            assert!(began.elapsed() < RECOVERY, "no order was told");
        }
    }
}

async fn newest(events: &mut dyn Events, ordered: &View) -> Option<View> {
    loop {
        let told = events.next().await?;
        if told.command.number >= ordered.command.number {
            return Some(told);
        }
    }
}

fn words<T, R: std::fmt::Display>(answer: Result<T, EngineError<R>>) -> String {
    match answer {
        Ok(_) => "done".to_owned(),
        Err(EngineError::Refused(why)) => format!("refused: {why}"),
        Err(error) => error.to_string(),
    }
}

pub(crate) async fn in_time<T>(answer: impl Future<Output = T>) -> T {
    let longest = TIMEOUT + SLACK;
    timeout(longest, answer)
        .await
        .expect("a verb took longer than its timeout")
}
