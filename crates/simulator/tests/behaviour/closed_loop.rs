//! The closed loop: clients who sleep between attempts, and the time that each attempt is on its way.

use experiment::outcome::ClientOutcome;

use crate::told::{outcomes, performed};

fn attempts(run: &simulator::Performed) -> u64 {
    let parts = run.repetition.load.targets.iter().flat_map(|it| &it.parts);
    parts.map(|part| part.attempts).sum()
}

#[test]
fn clients_of_a_closed_loop_that_wait_between_attempts_take_no_place_in_the_queue() {
    for queue in [0, 1, 100] {
        let (_, run) = performed(&format!(
            r#"
            duration = "20s"
            [fleet]
            size = 1
            mode = "disabled"
            [load]
            connections = 4
            queue = {queue}
            retries = "exponential:attempts=3,base=20ms,factor=1,jitter=none"
            [faults]
            phases = [{{ name = "bad", failure_ratio = 0.9, latency = "5ms" }}]
            "#
        ));
        let outcomes = outcomes(&run);
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let each = attempts(&run) as f64 / outcomes.planned() as f64;
        // 1 + 0.9 + 0.81; some thousand requests, whose attempts have a standard deviation of 0.6.
        assert!((each - 2.71).abs() < 0.06, "queue = {queue}: {each}");
        assert!(outcomes.planned() > 1000);
    }
}

#[test]
fn each_attempt_of_a_closed_loop_is_on_its_way_for_a_fifth_of_a_millisecond() {
    for retries in ["immediate:attempts=100", "immediate:attempts=2", "none"] {
        let (_, run) = performed(&format!(
            r#"
            duration = "4s"
            [fleet]
            size = 1
            mode = "forced_open"
            [load]
            connections = 2
            retries = "{retries}"
            [faults]
            phases = [{{ name = "calm" }}]
            "#
        ));
        // Two clients, 5,000 attempts a second each; a request that has begun ends.
        let attempts = attempts(&run);
        assert!(
            (39_998..=40_200).contains(&attempts),
            "{retries}: {attempts}"
        );
        let outcomes = outcomes(&run);
        assert_eq!(outcomes[ClientOutcome::FastFail], outcomes.planned());
    }
}

#[test]
fn a_closed_loop_waits_on_its_way_beside_the_wait_for_the_next_attempt() {
    let (_, run) = performed(
        r#"
        duration = "4s"
        [fleet]
        size = 1
        mode = "forced_open"
        [load]
        connections = 1
        retries = "exponential:attempts=2,base=800us,factor=1,jitter=none"
        [faults]
        phases = [{ name = "calm" }]
        "#,
    );
    // 0.2 ms, 0.8 ms, 0.2 ms: 3,333 requests of two attempts.
    let attempts = attempts(&run);
    assert!((6_664..=6_670).contains(&attempts), "{attempts}");
}
