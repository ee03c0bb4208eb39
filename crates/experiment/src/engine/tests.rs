//! Tests of the engine: its queue and its faults.

use fusebox_fleet::{InstanceId, Session};

use super::*;

const S: u64 = 1_000_000_000;

fn slow() -> Engine {
    let plan = EnginePlan {
        service_time: Duration::from_secs(1),
        ..EnginePlan::default()
    };
    Engine::new(&plan, 7)
}

fn farewell() -> Request {
    let sender = Sender::new(InstanceId::new("A").unwrap(), Session::new(1));
    Request::Leave(sender)
}

fn comes(engine: &mut Engine, now: u64) -> (u64, Process) {
    match engine.arrives(now) {
        Served::At(at, process) => (at, process),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_engine_that_comes_back_from_a_crash_has_nothing_to_do() {
    for back in [EngineTurn::ComesBackEmpty, EngineTurn::ComesBackOld] {
        let mut engine = slow();
        let waiting: Vec<_> = (0..5).map(|_| comes(&mut engine, 0)).collect();
        assert_eq!(waiting[4].0, 5 * S);

        engine.turn(EngineTurn::Goes);
        assert!(matches!(engine.arrives(S / 2), Served::Lost));
        engine.turn(back);

        let (at, process) = comes(&mut engine, S);
        assert_eq!(at, 2 * S, "it waits behind the calls of the process before");
        for (at, before) in waiting {
            assert!(matches!(
                engine.serve(at, before, &farewell()),
                Served::Lost
            ));
        }
        assert!(matches!(
            engine.serve(at, process, &farewell()),
            Served::Done(..)
        ));
    }
}

#[test]
fn an_engine_that_comes_back_is_not_frozen() {
    let mut engine = slow();
    engine.turn(EngineTurn::Freezes(60 * S));
    engine.turn(EngineTurn::Goes);
    engine.turn(EngineTurn::ComesBackEmpty);

    let (at, process) = comes(&mut engine, S);

    assert_eq!(at, 2 * S);
    assert!(engine.hinders(at, process).is_none());
}

#[test]
fn what_came_to_an_engine_that_froze_or_was_emptied_is_still_worked_on() {
    let mut engine = slow();
    let (at, process) = comes(&mut engine, 0);
    engine.turn(EngineTurn::Freezes(3 * S));
    engine.turn(EngineTurn::Forgets);

    let later = engine.serve(at, process, &farewell());
    assert!(matches!(later, Served::At(at, _) if at == 3 * S));
    assert!(matches!(
        engine.serve(3 * S, process, &farewell()),
        Served::Done(..)
    ));
}
