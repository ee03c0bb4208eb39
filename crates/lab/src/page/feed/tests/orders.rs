//! Tests of the marks that orders leave.

use super::*;
use crate::page::source::{CoordinationStep, LoadStep, PlanStep, SettingsStep, TurnStep};

/// What is asked of the load from `at_s` on.
fn asked(at_s: f64, rate: f64, paused: bool) -> LoadStep {
    let load = load(rate, paused);
    LoadStep { at_s, load }
}

/// Somebody orders another fault plan.
fn plan(at_s: f64) -> PlanStep {
    PlanStep {
        at_s,
        change: PlanChange::Ordered,
    }
}

/// The marks that a look brings at `millis`, at which these changes of the plan are seen.
fn marks_of(feed: &Feed, plans: &[PlanStep], millis: u64) -> Value {
    feed.note(&Moment {
        plans: plans.to_vec(),
        ..look(millis)
    });
    let position = feed.after(0).1;
    data(&feed.after(position - 1).0)["m"].clone()
}

#[tokio::test(start_paused = true)]
async fn each_change_of_the_fault_plan_is_one_mark_with_the_name_that_was_announced() {
    let feed = feed();
    let marks = |plans: &[PlanStep], millis| marks_of(&feed, plans, millis);

    assert_eq!(marks(&[], 100), Value::Null);
    let changed = marks(&[plan(0.15)], 200);
    assert_eq!(changed, json!([[0.15, "plan", "fault plan changed"]]));
    feed.expect_plan("preset flapping".to_owned());
    let named = marks(&[plan(0.27)], 300);
    assert_eq!(named, json!([[0.27, "plan", "preset flapping"]]));
    let over = PlanStep {
        change: PlanChange::Ended,
        ..plan(0.33)
    };
    let refused = feed.expect_plan("preset nothing".to_owned());
    assert_eq!(
        marks(&[over], 400),
        json!([[0.33, "over", "fault plan is over"]])
    );
    feed.expect_no_more(refused);
    let unnamed = marks(&[plan(0.45)], 500);
    assert_eq!(unnamed, json!([[0.45, "plan", "fault plan changed"]]));
}

#[tokio::test(start_paused = true)]
async fn each_of_two_orders_between_two_looks_leaves_a_mark_of_its_own_where_it_was_given() {
    let feed = feed();
    feed.note(&look(100));
    for text in ["faults: down", "faults cleared"] {
        feed.expect_plan(text.to_owned());
    }
    tokio::time::advance(Duration::from_millis(30)).await;
    feed.mark("operator", "B: forced open".to_owned());
    tokio::time::advance(Duration::from_millis(40)).await;
    feed.mark("operator", "B: auto".to_owned());
    feed.note(&Moment {
        plans: vec![plan(0.12), plan(0.18)],
        settings: vec![step(0, 0.11), step(0, 0.19)],
        loads: vec![asked(0.14, 200.0, false), asked(0.15, 90.0, true)],
        turns: vec![TurnStep(0.125, 1, false), TurnStep(0.16, 1, true)],
        ..look(200)
    });

    let told = data(&feed.after(2).0)["m"].clone();

    let expected = json!([
        [0.11, "operator", "A: open_for = 3s"],
        [0.12, "plan", "faults: down"],
        [0.125, "operator", "B stopped"],
        [0.13, "operator", "B: forced open"],
        [0.14, "operator", "load: 200 calls/s"],
        [0.15, "operator", "load paused: 90 calls/s"],
        [0.16, "operator", "B started"],
        [0.17, "operator", "B: auto"],
        [0.18, "plan", "faults cleared"],
        [0.19, "operator", "A: open_for = 3s"],
    ]);
    assert_eq!(told, expected);
    let kept: Value = serde_json::from_slice(&feed.past().between(0.0, 1.0)).unwrap();
    assert_eq!(kept["m"], expected);
}

/// A breaker that opens for 3 s from `at_s` on.
fn step(instance: usize, at_s: f64) -> SettingsStep {
    let mut settings = crate::settings::BreakerSettings::default().settled();
    settings.open_for = Some("3s".parse().unwrap());
    let config = settings.config(7).unwrap();
    SettingsStep {
        at_s,
        instance,
        rules: (&config).into(),
        settings,
        different: "open_for = 3s".to_owned(),
    }
}

/// The texts of a tick's marks.
fn marks(tick: &Value) -> Vec<String> {
    let marks = tick["m"].as_array().unwrap().iter();
    let texts = marks.map(|mark| mark[2].as_str().unwrap().to_owned());
    texts.collect()
}

#[test]
fn what_operators_do_is_marked_told_to_all_and_held_for_those_who_come_later() {
    let feed = feed();
    feed.note(&Moment {
        settings: vec![step(0, 0.1), step(1, 0.1)],
        loads: vec![asked(0.1, 90.0, false)],
        ..look(100)
    });
    let first = data(&feed.after(1).0);
    feed.note(&Moment {
        settings: vec![step(0, 0.25), step(1, 0.25)],
        turns: vec![TurnStep(0.2, 1, false)],
        loads: vec![asked(0.2, 200.0, false)],
        ..look(200)
    });
    let all = data(&feed.after(2).0);
    feed.note(&Moment {
        settings: vec![step(1, 0.28)],
        turns: vec![TurnStep(0.3, 1, true)],
        loads: vec![asked(0.3, 200.0, true)],
        ..look(300)
    });
    let one = data(&feed.after(3).0);

    assert_eq!(
        first["m"],
        Value::Null,
        "what was so from the start was nobody's order"
    );
    assert_eq!(first["r"], json!([[0.1, 90.0, false]]));
    assert_eq!(
        marks(&all),
        ["B stopped", "load: 200 calls/s", "all: open_for = 3s"]
    );
    assert_eq!(
        marks(&one),
        ["B: open_for = 3s", "B started", "load paused"]
    );
    assert_eq!(one["o"], json!([[0.3, 1, true]]));
    assert_eq!(all["s"][1][1], json!(1));
    assert_eq!(all["s"][1][2]["open_for_s"], json!(3.0));
    assert_eq!(all["s"][1][3]["open_for"], json!("3s"));
    let now: Value = serde_json::from_slice(&feed.described()).unwrap();
    assert_eq!(now["load"]["paused"], json!(true));
    assert_eq!(now["instances"][0]["settings"]["open_for"], json!("3s"));
    assert_eq!(now["instances"][1]["running"], json!(true));
    let past: Value = serde_json::from_slice(&feed.past().between(0.0, 1.0)).unwrap();
    assert_eq!(past["s"].as_array().unwrap().len(), 5);
    assert_eq!(past["r"].as_array().unwrap().len(), 3);
}

/// What the result has of these orders: each text with its source.
fn recorded(feed: &Feed) -> Vec<(String, OrderSource)> {
    let marks = feed.orders().marks.into_iter();
    marks.map(|mark| (mark.text, mark.source)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_result_tells_orders_through_the_lab_from_settings_that_an_instance_was_given_itself() {
    let feed = feed();
    let wait = async |millis| tokio::time::advance(Duration::from_millis(millis)).await;
    feed.note(&look(1000));
    wait(100).await;
    let both = feed.sets(None);
    wait(10).await;
    drop(both);
    wait(190).await;
    let one = feed.sets(Some("B"));
    feed.note(&Moment {
        settings: vec![step(0, 1.105), step(1, 1.105), step(0, 1.25)],
        turns: vec![TurnStep(1.26, 1, false)],
        loads: vec![asked(1.27, 200.0, false)],
        decisions: vec![CoordinationStep {
            at_s: 1.28,
            mode: "quorum",
            engine: Some("memory"),
            different: "quorum, engine memory".to_owned(),
        }],
        ..look(1300)
    });
    // It is still on its way; the other breaker is changed meanwhile.
    feed.note(&Moment {
        settings: vec![step(0, 1.31), step(1, 1.32)],
        ..look(1400)
    });
    drop(one);
    wait(200).await;
    feed.note(&Moment {
        settings: vec![step(1, 1.55)],
        ..look(1600)
    });

    let (lab, seen) = (OrderSource::Lab, OrderSource::Seen);
    let expected = [
        ("all: open_for = 3s", lab),
        ("A: open_for = 3s", seen),
        ("B stopped", lab),
        ("load: 200 calls/s", lab),
        ("coordination: quorum, engine memory", lab),
        ("A: open_for = 3s", seen),
        ("B: open_for = 3s", lab),
        ("B: open_for = 3s", seen),
    ];
    let expected = expected.map(|(text, source)| (text.to_owned(), source));
    assert_eq!(recorded(&feed), expected);
}

/// A run of which each look finds something new.
struct Busy(Description, u32);

impl Source for Busy {
    fn description(&self) -> Description {
        self.0.clone()
    }

    fn look(&mut self) -> Moment {
        self.1 += 1;
        let at_s = f64::from(self.1);
        Moment {
            loads: vec![asked(at_s, 100.0 * at_s, false)],
            settings: vec![step(0, at_s)],
            ..look(1000 * u64::from(self.1))
        }
    }
}

#[test]
fn what_was_ordered_after_the_last_tick_is_in_the_result() {
    let description = feed().lock().description.clone();
    let feed = Feed::of(Busy(description, 0));
    feed.look();

    let orders = feed.orders();

    let texts: Vec<&str> = orders.marks.iter().map(|mark| &*mark.text).collect();
    assert_eq!(texts, ["A: open_for = 3s", "load: 200 calls/s"]);
    assert_eq!(orders.load.last().map(|load| load.1), Some(200.0));
    assert_eq!(orders.settings.len(), 2);
}
