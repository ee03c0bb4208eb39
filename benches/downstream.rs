//! The cost of the unreliable service for each call, in addition to the fate of the call.
//!
//! `cargo bench -p benches --bench downstream` measures all rows; words after `--` choose the rows whose name
//! contains one of them. A simulator pays these costs for each call, so they bound its speed. The target is at most
//! [`WANTED_NS`] in addition to the fate while nothing is overloaded.

use std::collections::BTreeMap;
use std::env;
use std::hint::black_box;
use std::time::Duration;

use benches::{Host, Name, Plan as Turns, Results, Row, Threads, measure};
use experiment::downstream::{Downstream, Request, Work};
use experiment::faults::{Call, Plan, Player};

/// How many nanoseconds a meeting may cost over the fate alone.
const WANTED_NS: f64 = 30.0;

/// Phases without faults.
const CALM: &str =
    r#"{"phases": [{"name": "calm", "for": "1h"}, {"name": "then", "for": "1h"}], "loop": true}"#;
/// Phases and a rule that hits by chance.
const HALF: &str = r#"{"phases": [{"name": "calm", "for": "1h", "rules": ["half"]}, {"name": "then", "for": "1h"}],
    "loop": true,
    "rules": {"half": {"gate": {"bernoulli": 0.5}, "effects": [{"status": {"code": 500}}]}}}"#;
/// Eight workers that are busy for four fifths of the time, if a call comes each 2.5 ms.
const QUEUE: &str =
    r#"{"overload": {"workers": 8, "service": {"fixed": {"ms": 16}}, "queue": {"limit": 100}}}"#;

const FATE_CALM: Name = Name::new("player", "fate without faults");
const MEET_CALM: Name = Name::new("downstream", "meeting without faults");
const FATE_HALF: Name = Name::new("player", "fate, a rule hits half of the calls");
const MEET_HALF: Name = Name::new("downstream", "meeting, a rule hits half of the calls");
const MEET_QUEUE: Name = Name::new("downstream", "meeting and its work, overload model");

#[expect(clippy::print_stdout, reason = "the report")]
fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let mut filters = words
        .iter()
        .filter(|word| !word.starts_with('-'))
        .peekable();
    let all = filters.peek().is_none();
    let filters: Vec<&String> = filters.collect();
    let chosen = |row: &Row| {
        let name = row.name().to_string();
        all || filters.iter().any(|word| name.contains(word.as_str()))
    };
    let rows: Vec<Row> = rows().into_iter().filter(chosen).collect();
    // `cargo bench` says so; `cargo test --benches` does not, and wants to see it work only.
    let turns = if words.iter().any(|word| word == "--bench") {
        Turns::MEASURE
    } else {
        Turns::TRY
    };

    println!(
        "# What the unreliable service does for each call\n\n{}",
        Host::this()
    );
    println!(
        "Nanoseconds per call and thread, each thread with a service of its own: median of {} turns of {:?}, \
         interleaved. Spread: what the middle half of the turns covers. `~`: other processes took cores away.\n",
        turns.turns, turns.length
    );
    let results = measure(&rows, turns);
    println!("{results}\n## Wanted\n");
    for (meet, fate) in [(MEET_CALM, FATE_CALM), (MEET_HALF, FATE_HALF)] {
        if let Some(over) = over(&results, meet, fate) {
            let verdict = if over <= WANTED_NS {
                "kept"
            } else {
                "NOT kept"
            };
            println!("- {meet}: {over:.1} ns over the fate alone, up to {WANTED_NS} ns: {verdict}");
        }
    }
}

/// How many nanoseconds more a meeting costs than the fate in it, on one thread.
fn over(results: &Results, meet: Name, fate: Name) -> Option<f64> {
    let meet = results.median_ns(meet, Threads::One)?;
    Some(meet - results.median_ns(fate, Threads::One)?)
}

fn rows() -> Vec<Row> {
    vec![
        Row::new(FATE_CALM, || fate(CALM)),
        Row::new(MEET_CALM, || meeting(CALM)),
        Row::new(FATE_HALF, || fate(HALF)),
        Row::new(MEET_HALF, || meeting(HALF)),
        Row::new(MEET_QUEUE, queue),
    ]
}

fn plan(text: &str) -> Plan {
    Plan::parse(text.as_bytes()).expect("the plan makes sense")
}

/// A call each microsecond.
fn ticks() -> impl FnMut() -> Duration {
    let mut now = Duration::ZERO;
    move || {
        now += Duration::from_micros(1);
        now
    }
}

fn fate(text: &str) -> impl FnMut() + 'static {
    let mut player = Player::new(plan(text));
    let call = Call {
        caller: player.caller("A"),
        key: None,
        path: "/data",
    };
    let mut tick = ticks();
    move || {
        black_box(player.fate(tick(), &call));
    }
}

fn service(text: &str) -> (Downstream, Request<'static>) {
    let mut downstream = Downstream::new(plan(text), BTreeMap::new(), Duration::ZERO);
    let call = Request {
        caller: downstream.caller("A"),
        key: None,
        path: "/data",
    };
    (downstream, call)
}

fn meeting(text: &str) -> impl FnMut() + 'static {
    let (mut downstream, call) = service(text);
    let mut tick = ticks();
    move || {
        black_box(downstream.meet(tick(), &call, None));
    }
}

/// Each call's work begins at once and ends before the ninth call after it.
fn queue() -> impl FnMut() + 'static {
    let (mut downstream, call) = service(QUEUE);
    let mut now = Duration::ZERO;
    let mut at_work = std::collections::VecDeque::new();
    move || {
        now += Duration::from_micros(2500);
        while at_work
            .front()
            .is_some_and(|it: &experiment::overload::Start| it.until <= now)
        {
            let done = at_work.pop_front().expect("there is one");
            downstream.work_done(done.id);
        }
        let meeting = downstream.meet(now, &call, None);
        if let Some(Work::Started(start)) = meeting.work {
            at_work.push_back(start);
        }
        black_box(meeting);
    }
}
