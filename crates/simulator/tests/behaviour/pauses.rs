//! Pauses: instances that stand still, one pause after another, and what happens to others meanwhile.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use experiment::events::CallEvent;
use experiment::outcome::ClientOutcome;
use simulator::{Cancel, Performed, perform};

use crate::told::{Told, outcomes, performed, scenario, seconds};

fn pauses(spans: &[[&str; 2]]) -> String {
    let spans = spans.iter();
    let pauses =
        spans.map(|[at, long]| format!("[[instance.A.pause]]\nat = \"{at}\"\nfor = \"{long}\"\n"));
    pauses.collect()
}

/// The run, unless it goes on for ever.
fn ended(text: String) -> (Told, Performed) {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(Box::new(performed(&text))));
    *told.recv_timeout(Duration::from_secs(60)).unwrap()
}

#[test]
fn two_pauses_side_by_side_are_as_one() {
    let paused = |spans: &[[&str; 2]], timeout: &str| {
        ended(format!(
            r#"
            duration = "5s"
            [breaker]
            consecutive_failures = 3
            [fleet]
            size = 1
            call_timeout = "700ms"
            [load]
            rate = 50
            timeout = "{timeout}"
            [faults]
            phases = [{{ name = "hangs", hang_ratio = 0.2, hang = "10s", latency = "40ms" }}]
            {}
            "#,
            pauses(spans)
        ))
    };
    for timeout in ["5s", "1500ms", "300ms"] {
        let (one, whole) = paused(&[["1s", "2s"]], timeout);
        let (two, halves) = paused(&[["1s", "1s"], ["2s", "1s"]], timeout);
        let (turned, thirds) = paused(
            &[["2500ms", "500ms"], ["1s", "1s"], ["2s", "500ms"]],
            timeout,
        );

        assert_eq!(one, two, "{timeout}");
        assert_eq!(one, turned, "{timeout}");
        assert_eq!(outcomes(&whole), outcomes(&halves));
        assert_eq!(whole.effort.calls, thirds.effort.calls);
    }
}

#[test]
fn a_pause_beside_a_restart_ends_and_so_does_the_run() {
    let text = |first: &str, second: &str| {
        format!(
            r#"
            duration = "5s"
            [fleet]
            size = 1
            [load]
            process = "constant"
            rate = 50
            [faults]
            phases = [{{ name = "slow", latency = "5ms" }}]
            [[instance.A.{first}]]
            at = "1s"
            for = "1s"
            [[instance.A.{second}]]
            at = "2s"
            for = "1s"
            "#
        )
    };

    let (_, pause_first) = ended(text("pause", "restart"));
    let (_, restart_first) = ended(text("restart", "pause"));
    let (_, restarts) = ended(text("restart", "restart"));

    let [paused, restarted, twice] = [pause_first, restart_first, restarts].map(|it| outcomes(&it));
    // What waited for the paused instance is reset when its process ends; what comes while it is down is refused.
    assert_eq!(paused[ClientOutcome::Reset], 50, "{paused:?}");
    assert_eq!(paused[ClientOutcome::ConnectRefused], 50);
    assert_eq!(restarted[ClientOutcome::ConnectRefused], 50);
    assert_eq!(restarted[ClientOutcome::Ok], 200);
    assert_eq!(twice[ClientOutcome::ConnectRefused], 100);
}

#[test]
fn the_order_in_which_pauses_are_written_makes_no_difference() {
    let text = |spans: &[[&str; 2]]| {
        format!(
            r#"
            duration = "30s"
            [fleet]
            size = 1
            call_timeout = "10s"
            [load]
            process = "constant"
            rate = 1
            timeout = "60s"
            [faults]
            phases = [{{ name = "hangs", hang_ratio = 1, hang = "60s" }}]
            {}
            "#,
            pauses(spans)
        )
    };
    let spans = [["5s", "8s"], ["15s", "8s"]];
    let (told, run) = performed(&text(&spans));
    let (turned, another) = performed(&text(&[spans[1], spans[0]]));

    assert_eq!(told, turned);
    assert_eq!(run.digest, another.digest);
    // The call of 4.5 s has worked for 0.5 s, 2 s and 7.5 s around both pauses.
    let planned = Duration::from_millis(4500);
    let mut ends = told.calls.iter().filter(|it| it.planned == planned);
    assert_eq!(ends.next().unwrap().ended, Duration::from_millis(30_500));
}

#[test]
fn the_probability_of_failure_is_that_of_the_instant_at_which_the_call_was_sent() {
    let (told, _) = performed(
        r#"
        duration = "10s"
        [fleet]
        size = 2
        [load]
        rate = 100
        timeout = "500ms"
        [faults]
        phases = [{ name = "bad", failure_ratio = 0.3, latency = "20ms", for = "4s" }, { name = "calm" }]
        [[instance.A.pause]]
        at = "5s"
        for = "3s"
        "#,
    );

    let left = told
        .calls
        .iter()
        .filter(|it| it.outcome == ClientOutcome::Timeout);
    assert!(
        left.count() > 80,
        "clients do not wait for a paused instance"
    );
    for call in &told.calls {
        let bad = seconds(call.sent.unwrap()) < 4.0;
        assert!(
            (call.p_fail - if bad { 0.3 } else { 0.0 }).abs() < 1e-9,
            "{call:?}"
        );
    }
}

/// A plan that ends after 2 s, while the instance stands still from 1.5 s to 4 s.
fn released(phase: &str, more: &str) -> Told {
    let (told, _) = performed(&format!(
        r#"
        duration = "6s"
        [breaker]
        consecutive_failures = 3
        [fleet]
        size = 1
        call_timeout = "20s"
        [load]
        process = "constant"
        rate = 10
        timeout = "20s"
        [faults]
        ttl = "2s"
        phases = [{{ name = "bad", {phase} }}]
        {more}
        {}
        "#,
        pauses(&[["1500ms", "2500ms"]])
    ));
    told
}

#[test]
fn an_instance_that_stands_still_learns_later_that_the_plan_has_let_go() {
    let hangs = released("hang_ratio = 1, hang = \"60s\"", "");
    // Their failure would come while the instance stands still, but the plan has let go of them before.
    let fails = released("failure_ratio = 1, latency = \"2500ms\"", "");
    let works = released(
        "service_factor = 1000",
        "overload = { workers = 2, service = { fixed = { ms = 15 } } }",
    );

    for told in [hangs, fails, works] {
        let before: Vec<_> = told
            .calls
            .iter()
            .filter(|it| seconds(it.planned) < 1.5)
            .collect();
        assert_eq!(before.len(), 15);
        for call in before {
            let (outcome, ended) = (call.outcome, seconds(call.ended));
            assert_eq!((outcome, ended), (ClientOutcome::Ok, 4.0), "{call:?}");
        }
        assert!(told.changes.is_empty(), "{:?}", told.changes);
    }
}

#[test]
fn a_client_leaves_an_instance_that_stands_still_whatever_the_plan_does() {
    let scenario = scenario(&format!(
        r#"
        duration = "6s"
        [fleet]
        size = 1
        call_timeout = "20s"
        [load]
        process = "constant"
        rate = 10
        timeout = "1s"
        [faults]
        ttl = "2s"
        phases = [{{ name = "bad", hang_ratio = 1, hang = "60s" }}]
        {}
        "#,
        pauses(&[["1500ms", "2500ms"]])
    ));
    let mut told = Told::default();
    perform(&scenario, &Cancel::default(), Some(&mut told));

    let before = |call: &&CallEvent| seconds(call.planned) < 3.0;
    for call in told.calls.iter().filter(before) {
        assert_eq!(call.outcome, ClientOutcome::Timeout, "{call:?}");
        assert_eq!(call.ended, call.planned + Duration::from_secs(1));
    }
}

#[test]
fn a_call_suffers_until_the_downstream_has_answered_not_until_the_answer_is_read() {
    let (told, _) = performed(&format!(
        r#"
        duration = "6s"
        [fleet]
        size = 2
        call_timeout = "20s"
        [load]
        process = "constant"
        rate = 20
        choose = "round_robin"
        timeout = "20s"
        [faults]
        limits = {{ max_active_faults = 1 }}
        phases = [{{ name = "bad", rules = ["slow"] }}]
        rules.slow = {{ effects = [{{ delay = {{ fixed = {{ ms = 60 }} }} }}] }}
        {}
        "#,
        pauses(&[["1030ms", "3s"]])
    ));

    // The call to A at 1.025 s suffers alone until 1.085 s; its answer is read at 4.03 s.
    let slow = |call: &&CallEvent| {
        let took = seconds(call.ended.saturating_sub(call.planned));
        call.instance == 1 && (1.1..4.0).contains(&seconds(call.planned)) && took > 0.05
    };
    assert_eq!(told.calls.iter().filter(slow).count(), 29);
}
