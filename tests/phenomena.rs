//! The four phenomena to observe, from HTTP and `/metrics` alone, with every part its own process.

use end_to_end::{Client, System, always_failing, eventually, failing, healthy};

/// Quick breakers with equal settings: they differ by chance alone.
const QUICK: [&str; 4] = ["--open-for", "300ms", "--max-open-for", "600ms"];

#[tokio::test]
async fn two_instances_are_in_different_states_at_one_moment() {
    let system = System::start(&failing(0.45), &QUICK).await;
    let _load = system.load(200);

    eventually("two instances in different states", async || {
        // A did not change between the two looks at it, so B's state is of the same moment.
        let before = generation(system.instance(0)).await;
        let (one, other) = (
            system.instance(0).state().await,
            system.instance(1).state().await,
        );
        let after = generation(system.instance(0)).await;
        (before == after && one != other).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_open_instance_answers_503_without_calling_the_downstream() {
    let system = System::with_instances(&["A"], &always_failing(), &["--open-for", "10m"]).await;
    let instance = system.instance(0);
    eventually("A opens", async || {
        (instance.get("/call").await.status == 503).then_some(())
    })
    .await;
    let received = system.received().await;
    let permitted = instance
        .metrics()
        .await
        .sum("circuit_breaker_calls_total", &[]);

    for _ in 0..100 {
        let reply = instance.get("/call").await;
        assert_eq!(reply.status, 503);
        assert_eq!(reply.header("x-breaker-state"), "open");
        let seconds: u64 = reply.header("retry-after").parse().expect("whole seconds");
        assert!((1..=600).contains(&seconds), "{seconds}");
        assert_eq!(reply.json()["outcome"], "fast_failure");
        assert_eq!(reply.json()["error"]["code"], "circuit_open");
    }

    assert_eq!(system.received().await.to_string(), received.to_string());
    assert_eq!(received.to_string(), permitted.to_string());
    let fast = instance.metrics().await;
    let fast = fast.sum("circuit_breaker_fast_failures_total", &[r#"reason="open""#]);
    assert!(fast >= 100.0, "{fast}");
}

#[tokio::test]
async fn a_breaker_flaps_while_its_downstream_stays_down() {
    let system = System::with_instances(&["A"], &always_failing(), &QUICK).await;
    let _load = system.load(100);

    let series = eventually("open → half-open → open, twice", async || {
        let series = system.instance(0).metrics().await;
        let flaps = series.sum(
            "circuit_breaker_transitions_total",
            &[r#"from="half_open""#, r#"to="open""#],
        );
        (flaps >= 2.0).then_some(series)
    })
    .await;

    let transitions = |from: &str, to: &str| {
        let labels = [format!("from=\"{from}\""), format!("to=\"{to}\"")];
        let labels = [labels[0].as_str(), labels[1].as_str()];
        series.sum("circuit_breaker_transitions_total", &labels)
    };
    assert_eq!(transitions("closed", "open").to_string(), "1");
    assert!(transitions("open", "half_open") >= transitions("half_open", "open"));
    let reopened = series.sum("circuit_breaker_trips_total", &[r#"rule="probe_failed""#]);
    assert_eq!(
        reopened.to_string(),
        transitions("half_open", "open").to_string()
    );
}

#[tokio::test]
async fn one_instance_rejects_while_another_serves() {
    let system = System::start(&failing(0.45), &QUICK).await;
    let _load = system.load(200);

    eventually("503 and 200 within one second", async || {
        let clock = tokio::time::Instant::now();
        let (a, b, c) = tokio::join!(
            system.instance(0).get("/call"),
            system.instance(1).get("/call"),
            system.instance(2).get("/call"),
        );
        let statuses = [a.status, b.status, c.status];
        let mixed = statuses.contains(&503) && statuses.contains(&200);
        (mixed && clock.elapsed().as_secs() < 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn instances_that_never_met_a_healthy_downstream_recover_with_it() {
    let system = System::start(&always_failing(), &QUICK).await;
    let _load = system.load(100);
    for (name, instance, _) in &system.instances {
        eventually(&format!("{name} opens"), async || {
            let opened = instance.metrics().await;
            let opened = opened.sum("circuit_breaker_transitions_total", &[r#"to="open""#]);
            (opened > 0.0).then_some(())
        })
        .await;
    }

    system.downstream.put("/faults", &healthy()).await;

    for (name, instance, _) in &system.instances {
        eventually(&format!("{name} closes and serves"), async || {
            let reply = instance.get("/call").await;
            (reply.status == 200 && reply.header("x-breaker-state") == "closed").then_some(())
        })
        .await;
    }
}

async fn generation(instance: &Client) -> u64 {
    let generation = instance.get("/breaker").await.json()["generation"].as_u64();
    generation.expect("the generation is a number")
}
