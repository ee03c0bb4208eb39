//! Events of participants of a fleet as listeners report them: lines of a log, span events.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusebox_fleet::engine::memory::Memory;
use fusebox_fleet::engine::{Answer, Engine, EngineError, Events, Operator, Unavailable};
use fusebox_fleet::host::{FallbackReason, FleetEvent, FleetListener, Host, RuntimeClock};
use fusebox_fleet::{
    Acquire, AcquireRefused, BreakerKey, Epoch, Era, Fenced, Incarnation, InstanceId, Lease, Mode,
    Order, ProbeResult, Report, ReportRefused, Sender, Settings, Settlement, Standing, View,
};
use fusebox_prometheus::fleet::{FleetLog, FleetSpanEvent};
use tracing::Level;

const MS: Duration = Duration::from_millis(1);

fn key() -> BreakerKey {
    BreakerKey::new("db").unwrap()
}

/// Lines that are kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn subscriber(&self, level: Level) -> impl tracing::Subscriber + Send + Sync + 'static {
        let writer = self.clone();
        tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_max_level(level)
            .with_ansi(false)
            .without_time()
            .finish()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// What happens, the line that the log has of it, and the event that a span has.
type Told = (FleetEvent, &'static str, &'static str);

fn all() -> Vec<Told> {
    [alone(), itself(), steps()].concat()
}

/// It goes on without its fleet.
fn alone() -> Vec<Told> {
    let mark = |run| {
        let builder = Settings::builder(Mode::Quorum).suspicion_run(run);
        builder.build().unwrap().fingerprint()
    };
    let differ = ReportRefused::SettingsDiffer {
        fleet: mark(3),
        given: mark(4),
    };
    let fell_back = |reason| FleetEvent::FellBack { reason };
    vec![
        (
            fell_back(FallbackReason::Stale),
            r#" WARN circuit breaker decides alone: its fleet is not heard breaker="db" reason="stale""#,
            "fell_back reason=stale",
        ),
        (
            fell_back(FallbackReason::HeldTooLong),
            r#" WARN circuit breaker decides alone: its fleet is not heard breaker="db" reason="held_too_long""#,
            "fell_back reason=held_too_long",
        ),
        (
            fell_back(FallbackReason::Forgot),
            r#" WARN circuit breaker starts over: the engine has lost the state of its fleet breaker="db""#,
            "fell_back reason=forgot",
        ),
        (
            FleetEvent::Rejoined,
            r#" WARN circuit breaker has rejoined its fleet breaker="db""#,
            "rejoined",
        ),
        (
            FleetEvent::Refused {
                why: ReportRefused::NameTaken,
            },
            r#"ERROR circuit breaker decides alone: its fleet refuses this instance breaker="db" why=another process reports under this instance"#,
            "fell_back reason=name_taken",
        ),
        (
            FleetEvent::Refused { why: differ },
            r#"ERROR circuit breaker decides alone: its fleet refuses this instance breaker="db" why=the fleet has the settings"#,
            "fell_back reason=settings_differ",
        ),
    ]
}

fn era() -> Era {
    Era::new(Incarnation::new(1), Epoch::new(3))
}

/// It stands out from its fleet, or an operator wants something of all.
fn itself() -> Vec<Told> {
    vec![
        (
            FleetEvent::Localised,
            r#" WARN localised failure: this circuit breaker is open while most others are fine breaker="db""#,
            "localised",
        ),
        (
            FleetEvent::LocalisedEnded,
            r#" WARN localised failure has ended breaker="db""#,
            "localised_ended",
        ),
        (
            FleetEvent::Ordered {
                order: Order::ForceOpen,
            },
            r#" WARN circuit breaker follows an operator's order to its fleet breaker="db" order="forced_open""#,
            "ordered order=forced_open",
        ),
        (
            FleetEvent::Vetoed { era: era() },
            r#" INFO circuit breaker vetoes the open verdict: its own calls succeed breaker="db" epoch=3"#,
            "vetoed epoch=3",
        ),
    ]
}

/// It opens and closes with its fleet.
fn steps() -> Vec<Told> {
    vec![
        (
            FleetEvent::Adopted { era: era() },
            r#"DEBUG fleet event breaker="db" event=Adopted"#,
            "adopted epoch=3",
        ),
        (
            FleetEvent::Leased { lasts: 1500 * MS },
            r#"DEBUG fleet event breaker="db" event=Leased"#,
            "leased lease_ms=1500",
        ),
        (
            FleetEvent::Probed {
                result: ProbeResult::Void,
            },
            r#"DEBUG fleet event breaker="db" event=Probed"#,
            "probed result=void",
        ),
        (
            FleetEvent::Released { after: 700 * MS },
            r#"DEBUG fleet event breaker="db" event=Released"#,
            "released turn_ms=700",
        ),
        (
            FleetEvent::Left,
            r#"DEBUG fleet event breaker="db" event=Left"#,
            "left",
        ),
    ]
}

#[test]
fn each_thing_is_one_line_with_its_figures() {
    for (event, line, _) in all() {
        let lines = Lines::default();
        tracing::subscriber::with_default(lines.subscriber(Level::DEBUG), || {
            FleetLog::new().on_event(&key(), &event);
        });

        let text = lines.text();
        let text = text.replace("circuit_breaker: ", "");
        assert!(text.starts_with(line), "{text}\nand not\n{line}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn each_thing_is_one_event_of_a_span_with_its_figures() {
    for (event, _, written) in all() {
        let told = FleetSpanEvent::of(&event).unwrap();

        let details = told.attributes.iter().map(|it| {
            let key = it.key.as_str();
            let short = key.rsplit('.').next().unwrap();
            format!(" {short}={}", it.value.as_str())
        });
        let name = told.name.strip_prefix("circuit_breaker.fleet.").unwrap();
        assert_eq!(format!("{name}{}", details.collect::<String>()), written);
    }
}

#[test]
fn several_instances_in_one_process_are_told_apart() {
    let lines = Lines::default();
    tracing::subscriber::with_default(lines.subscriber(Level::INFO), || {
        FleetLog::of_instance("A").on_event(&key(), &FleetEvent::Localised);
    });

    let text = lines.text();
    assert!(
        text.contains(r#"others are fine instance="A" breaker="db""#),
        "{text}"
    );
}

/// The refusal comes with each heartbeat; the line comes once, and one more when it is over.
#[tokio::test(start_paused = true)]
async fn an_instance_whose_name_is_in_use_says_so_once() {
    let lines = Lines::default();
    let _default = tracing::subscriber::set_default(lines.subscriber(Level::INFO));
    let clock = RuntimeClock::new();
    let engine = Arc::new(Memory::with_clock(clock));
    let join = || {
        let name = InstanceId::new("a").unwrap();
        let host = Host::builder(name, Arc::clone(&engine) as _).listener(FleetLog::new());
        let breaker = fusebox::Breaker::with_clock("db", fusebox::Config::default(), clock);
        let settings = Settings::builder(Mode::Quorum).build().unwrap();
        host.build().join(key(), breaker, settings).unwrap()
    };
    let first = join();
    tokio::time::sleep(500 * MS).await;

    let _second = join();
    tokio::time::sleep(20_000 * MS).await;

    let said = |what: &str| lines.text().matches(what).count();
    assert_eq!(
        said("decides alone: its fleet refuses this instance"),
        1,
        "{}",
        lines.text()
    );
    assert_eq!(lines.text().lines().count(), 1, "{}", lines.text());
    first.leave().await;
    tokio::time::sleep(3000 * MS).await;
    assert_eq!(said("has rejoined its fleet"), 1, "{}", lines.text());
    assert_eq!(lines.text().lines().count(), 2, "{}", lines.text());
}

#[tokio::test(start_paused = true)]
async fn who_cannot_reach_the_engine_says_so_once_with_its_name_and_its_trouble() {
    let lines = Lines::default();
    let _default = tracing::subscriber::set_default(lines.subscriber(Level::INFO));
    let log = FleetLog::of_instance("A").with_engine("redis 127.0.0.1:1");
    let host = Host::builder(InstanceId::new("a").unwrap(), Arc::new(Nowhere));
    let host = host.listener(log.clone()).build();
    let breaker = fusebox::Breaker::new("db", fusebox::Config::default());
    let settings = Settings::builder(Mode::Quorum).build().unwrap();
    let participant = host.join(key(), breaker, settings).unwrap();
    log.explain_by(participant.reader());

    tokio::time::sleep(30_000 * MS).await;

    let text = lines.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    let said = "circuit breaker decides alone: its fleet is not heard instance=\"A\" breaker=\"db\" \
                engine=\"redis 127.0.0.1:1\" reason=\"stale\" trouble=\"";
    assert!(text.contains(said), "{text}");
    assert!(text.contains("nobody is there"), "{text}");
}

/// An engine that is not running.
struct Nowhere;

fn nobody<'a, T: Send + 'a, R: Send + 'a>() -> Answer<'a, Result<T, EngineError<R>>> {
    let why = Unavailable::new("nobody is there");
    Box::pin(ready(Err(EngineError::Unavailable(why))))
}

impl Engine for Nowhere {
    fn report<'a>(
        &'a self,
        _: &'a BreakerKey,
        _: &'a Report,
    ) -> Answer<'a, Result<View, EngineError<ReportRefused>>> {
        nobody()
    }

    fn acquire<'a>(
        &'a self,
        _: &'a BreakerKey,
        _: &'a Acquire,
    ) -> Answer<'a, Result<Lease, EngineError<AcquireRefused>>> {
        nobody()
    }

    fn settle<'a>(
        &'a self,
        _: &'a BreakerKey,
        _: &'a Settlement,
    ) -> Answer<'a, Result<View, EngineError<Fenced>>> {
        nobody()
    }

    fn leave<'a>(
        &'a self,
        _: &'a BreakerKey,
        _: &'a Sender,
    ) -> Answer<'a, Result<(), EngineError<Infallible>>> {
        nobody()
    }

    fn events(&self, key: &BreakerKey) -> Box<dyn Events> {
        Memory::new().events(key)
    }
}

impl Operator for Nowhere {
    fn order<'a>(
        &'a self,
        _: &'a BreakerKey,
        _: Order,
    ) -> Answer<'a, Result<View, EngineError<Infallible>>> {
        nobody()
    }

    fn peek<'a>(
        &'a self,
        _: &'a BreakerKey,
    ) -> Answer<'a, Result<Standing, EngineError<Infallible>>> {
        nobody()
    }
}
