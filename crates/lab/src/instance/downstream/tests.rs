//! Tests of calls to the downstream.

use std::io;

use axum::http::header::{DATE, RETRY_AFTER};
use axum::response::Response;
use experiment::faults::{Call, Plan, Player};
use fusebox::Verdict;
use fusebox_tower::{Classify, HttpClassifier};

use super::*;

#[test]
fn a_path_below_call_is_the_path_below_data() {
    let downstream = "http://h:1/base".parse().unwrap();
    let caller = Caller::new(
        "A",
        &downstream,
        (Duration::from_secs(1), Arc::new(Stalls::new())),
    );
    for (path, url) in [
        ("/call", "http://h:1/base/data"),
        ("/call/", "http://h:1/base/data"),
        ("/call/orders/7", "http://h:1/base/data/orders/7"),
        ("/call/a..b", "http://h:1/base/data/a..b"),
        ("/call/./x", "http://h:1/base/data/x"),
        ("/call//x", "http://h:1/base/data//x"),
    ] {
        assert_eq!(caller.url_for(path).unwrap().as_str(), url);
    }
    for path in [
        "/call/..",
        "/call/x/%2E%2e/../y",
        "/call/..%2ffaults",
        "/call/..\\faults",
    ] {
        assert_eq!(caller.url_for(path), None, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn time_that_the_process_did_not_run_is_not_the_downstreams() {
    let stalls = Arc::new(Stalls::new());
    let limit = (Duration::from_secs(1), Arc::clone(&stalls));
    let caller = Caller::new("A", &"http://h:1".parse().unwrap(), limit);
    tokio::time::advance(Duration::from_millis(1)).await;
    stalls.pulse();
    // Both the answer and the end of the patience come while the process does not run.
    let late = tokio::time::sleep(Duration::from_millis(5500));
    let answered = caller.patiently(Instant::now(), late);

    let began = Instant::now();
    let answered = async {
        let answered = answered.await;
        (answered, began.elapsed())
    };
    // Without a pulse all the time until then is a stall.
    let (answered, took) = answered.await;

    assert_eq!(answered, Some(()), "{took:?}");
    stalls.pulse();
    let ticking = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            stalls.pulse();
        }
    };
    let hanging = caller.patiently(Instant::now(), std::future::pending::<()>());
    let began = Instant::now();
    tokio::select! {
        biased;
        answered = hanging => assert_eq!(answered, None),
        () = ticking => unreachable!("it ticks for ever"),
    }
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

#[test]
fn a_retry_after_is_a_number_of_seconds_or_a_date() {
    let wait = |pairs: &[(HeaderName, &'static str)]| {
        let pairs = pairs.iter().cloned();
        let pairs = pairs.map(|(name, text)| (name, HeaderValue::from_static(text)));
        retry_after(&pairs.collect())
    };
    let date = (DATE, "Wed, 21 Oct 2026 07:28:00 GMT");
    let at = (RETRY_AFTER, "Wed, 21 Oct 2026 07:28:30 GMT");
    let past = (RETRY_AFTER, "Wed, 21 Oct 2015 07:28:00 GMT");

    assert_eq!(wait(&[(RETRY_AFTER, "7")]), Some(Duration::from_secs(7)));
    assert_eq!(wait(&[date, at]), Some(Duration::from_secs(30)));
    assert_eq!(wait(&[past]), Some(Duration::ZERO));
    assert_eq!(wait(&[(RETRY_AFTER, "soon")]), None);
    assert_eq!(wait(&[]), None);
}

/// What `fusebox-tower` tells a breaker of such an answer.
fn by_tower(status: u16, hint: Option<&'static str>) -> Verdict {
    let mut answer = Response::new(());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    let hint = hint.map(|hint| (RETRY_AFTER, HeaderValue::from_static(hint)));
    answer.headers_mut().extend(hint);
    Classify::<_, io::Error>::classify(&HttpClassifier::new(), Ok(&answer))
}

/// What an instance of the lab tells it.
fn by_instance(status: u16, hint: Option<&'static str>) -> Verdict {
    let hint = hint.map(|hint| (RETRY_AFTER, HeaderValue::from_static(hint)));
    let status = StatusCode::from_u16(status).unwrap();
    let result = CallResult::of_answer(status, &hint.into_iter().collect());
    result.reply().verdict()
}

/// What a simulated instance tells it, whose downstream follows a plan that wants such answers.
fn by_simulator(status: u16, hint: Option<&'static str>) -> Verdict {
    let headers: serde_json::Map<_, _> = hint
        .map(|hint| ("Retry-After".to_owned(), hint.into()))
        .into_iter()
        .collect();
    let effect = serde_json::json!({ "status": { "code": status, "headers": headers } });
    let plan = serde_json::json!({ "rules": { "r": { "effects": [effect] } } });
    let mut player = Player::new(Plan::parse(plan.to_string().as_bytes()).unwrap());
    let call = Call {
        caller: player.caller("A"),
        key: None,
        path: "/data",
    };
    let fate = player.fate(Duration::ZERO, &call);
    Reply::of_fate(&fate, Duration::from_secs(1)).0.verdict()
}

#[test]
fn tower_instance_and_simulator_tell_a_breaker_the_same_of_every_status_and_hint() {
    let hints = [
        "7",
        " 7 ",
        "0",
        "soon",
        "-1",
        "1.5",
        "99999999999999999999999",
    ];
    let hints = hints.map(Some).into_iter().chain([None]);
    for (status, hint) in hints.flat_map(|hint| (100..=999).map(move |it| (it, hint))) {
        let verdict = by_tower(status, hint);

        assert_eq!(by_instance(status, hint), verdict, "{status} {hint:?}");
        // A plan may want any status that HTTP has.
        if (200..=599).contains(&status) {
            assert_eq!(by_simulator(status, hint), verdict, "{status} {hint:?}");
        }
    }
}

#[test]
fn every_status_that_a_client_gets_is_one_that_http_has() {
    for status in 100..=999 {
        let status = Reply::answered(status).client_status();
        assert!((200..=599).contains(&status), "{status}");
    }
}
