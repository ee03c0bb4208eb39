//! The engine of a live run keeps every rule of an engine, and its faults and its network are those of the scenario.

use experiment::engine::EngineTurn;
use experiment::scenario::Scenario;
use fusebox_fleet::conformance::{self, Subject};
use fusebox_fleet::engine::Engine as _;
use fusebox_fleet::{InstanceId, Mode, Opinion, Session, Settings};
use tokio::time::timeout;

use super::*;

fn staged(lines: &str) -> [Staged; 2] {
    let text = format!(
        "title = \"t\"\nduration = \"60s\"\n{lines}\n[faults]\nphases = [{{ name = \"calm\" }}]\n"
    );
    let scenario = Scenario::parse(&text).unwrap();
    let stage = Stage::new(
        7,
        (scenario.network().clone(), scenario.engine()),
        (3, Instant::now()),
    );
    let stage = Arc::new(stage);
    [0, 1].map(|place| Staged::new(Arc::clone(&stage), place))
}

struct Live(Staged);

impl Subject for Live {
    fn engine(&self) -> &dyn engine::Engine {
        &self.0
    }

    fn operator(&self) -> &dyn Operator {
        &self.0
    }

    fn pass(&self, time: Duration) -> engine::Answer<'_, ()> {
        Box::pin(sleep(time))
    }

    fn forget(&self) -> engine::Answer<'_, ()> {
        self.0.stage.core.lock().engine.turn(EngineTurn::Forgets);
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test(start_paused = true)]
async fn the_engine_of_a_live_run_keeps_every_rule() {
    for rule in conformance::rules() {
        // It keeps one ledger: each rule has an engine of its own.
        let [staged, _] = staged("");
        let kept = rule.check(&Live(staged), "live").await;
        assert_eq!(kept, Ok(()), "{}", rule.name());
    }
}

fn key() -> BreakerKey {
    BreakerKey::new("db").unwrap()
}

fn report(name: &str, opinion: Opinion) -> Report {
    let sender = Sender::new(InstanceId::new(name).unwrap(), Session::new(1));
    let settings = Settings::builder(Mode::Quorum).build().unwrap();
    Report::new(sender, opinion, Arc::new(settings))
}

/// After how long an answer comes; none within ten seconds.
async fn answered(engine: &Staged, name: &str) -> Option<Duration> {
    let since = Instant::now();
    let limit = Duration::from_secs(10);
    let (key, report) = (key(), report(name, Opinion::Fine));
    let answer = timeout(limit, engine.report(&key, &report)).await;
    answer.ok().map(|answer| {
        answer.unwrap();
        since.elapsed()
    })
}

#[tokio::test(start_paused = true)]
async fn messages_take_their_time_both_ways_and_a_partition_cuts_off_whom_it_names() {
    let lines = "[network]\ndelay = \"20ms\"\n[[network.faults]]\ninstances = [\"B\"]\n\
                 partition = \"from_engine\"\n";
    let [a, b] = staged(lines);

    let took = answered(&a, "A").await.unwrap();
    assert!((40..45).contains(&took.as_millis()), "{took:?}");

    // The engine hears B, which does not hear the engine.
    let (key, report) = (key(), report("B", Opinion::Fine));
    let answer = timeout(Duration::from_millis(500), b.report(&key, &report)).await;
    assert!(answer.is_err());
    let known = a.peek(&key).await.unwrap().members;
    assert_eq!(known.len(), 2, "{known:?}");
}

#[tokio::test(start_paused = true)]
async fn a_frozen_engine_answers_when_it_goes_on_and_one_that_is_gone_never() {
    let lines = "[[engine.faults]]\nkind = \"freeze\"\nfrom = \"0s\"\nuntil = \"3s\"\n\
                 [[engine.faults]]\nkind = \"crash\"\nfrom = \"5s\"\nuntil = \"20s\"\n";
    let [a, _] = staged(lines);
    sleep(Duration::from_millis(10)).await;

    let took = answered(&a, "A").await.unwrap();
    assert!((2980..3010).contains(&took.as_millis()), "{took:?}");

    sleep(Duration::from_secs(4)).await;
    assert_eq!(answered(&a, "A").await, None);

    // It comes back, and knows nothing.
    sleep(Duration::from_secs(5)).await;
    assert_eq!(a.peek(&key()).await.unwrap().members.len(), 0);
    assert_eq!(a.stage.record().forgot, 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_arrives_though_nobody_waits_for_the_answer() {
    let [a, _] = staged("[network]\ndelay = \"50ms\"\n");
    let (key, report) = (key(), report("A", Opinion::Fine));

    let answer = timeout(Duration::ZERO, a.report(&key, &report)).await;
    assert!(answer.is_err());
    sleep(Duration::from_millis(60)).await;

    assert_eq!(a.peek(&key).await.unwrap().members.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_listens_is_told_of_a_verdict() {
    let [a, b] = staged("[network]\ndelay = \"5ms\"\n");
    let key = key();
    let mut events = b.events(&key);
    for (engine, name) in [(&a, "A"), (&b, "B")] {
        let answer = engine.report(&key, &report(name, Opinion::Suspect)).await;
        answer.unwrap();
    }

    let told = timeout(Duration::from_millis(10), events.next()).await;

    assert!(told.unwrap().unwrap().verdict.is_open());
}
