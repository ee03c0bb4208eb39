//! Tests of replies.

use super::*;
use crate::faults::{Call, Plan, Player};

const TIMEOUT: Duration = Duration::from_millis(250);

/// What an instance sees of a call under a plan with these effects.
fn seen(effects: &str) -> (Reply, u64) {
    seen_under(&format!(
        r#"{{"rules": {{"r": {{"effects": [{effects}]}}}}}}"#
    ))
}

fn seen_under(plan: &str) -> (Reply, u64) {
    let mut player = Player::new(Plan::parse(plan.as_bytes()).unwrap());
    let call = Call {
        caller: player.caller("A"),
        key: None,
        path: "/data",
    };
    let (reply, after) = Reply::of_fate(&player.fate(Duration::ZERO, &call), TIMEOUT);
    (reply, u64::try_from(after.as_millis()).unwrap())
}

const BROKEN: Reply = Reply::Broken(Broken::Connection);
const DELAY: &str = r#"{"delay": {"fixed": {"ms": 40}}}"#;

#[test]
fn every_ending_of_a_call_has_the_reply_that_an_instance_sees_of_it() {
    for (effect, reply) in [
        (r#"{"status": {"code": 404}}"#, Reply::answered(404)),
        (r#"{"status": {"code": 503}}"#, Reply::answered(503)),
        (r#"{"hang": {"max_ms": 200}}"#, Reply::answered(504)),
        (r#"{"wrong_body": {"kind": "error"}}"#, Reply::answered(200)),
        (
            r#"{"wrong_body": {"kind": "garbage"}}"#,
            Reply::answered(200),
        ),
        (r#"{"truncate": {}}"#, BROKEN),
        (r#"{"truncate": {"share": 1.0}}"#, BROKEN),
        (r#"{"reset": {}}"#, BROKEN),
        (r#"{"close": {}}"#, BROKEN),
        (r#"{"garbage": {}}"#, BROKEN),
    ] {
        assert_eq!(seen(effect).0, reply, "{effect}");
    }
    assert_eq!(seen(DELAY), (Reply::answered(200), 40));
}

#[test]
fn a_reply_comes_after_the_delay_and_all_of_a_slow_body() {
    let slow = r#"{"slow_body": {"over_ms": 100}}"#;
    assert_eq!(
        seen(&format!("{DELAY}, {slow}")),
        (Reply::answered(200), 140)
    );
    assert_eq!(
        seen(&format!(r#"{DELAY}, {{"reset": {{}}}}"#)),
        (BROKEN, 40)
    );
    // Only the answer that was asked for has a body that can be slow.
    let failure = format!(r#"{DELAY}, {slow}, {{"status": {{"code": 500}}}}"#);
    assert_eq!(seen(&failure), (Reply::answered(500), 40));
}

#[test]
fn what_takes_longer_than_the_call_timeout_is_a_timeout_whatever_would_have_come() {
    let late = r#"{"delay": {"fixed": {"ms": 251}}}"#;
    for effects in [
        late.to_owned(),
        format!(r#"{late}, {{"status": {{"code": 404}}}}"#),
        format!(r#"{late}, {{"reset": {{}}}}"#),
        r#"{"hang": {}}"#.to_owned(),
        r#"{"slow_body": {"over_ms": 251}}"#.to_owned(),
        format!(r#"{DELAY}, {{"slow_body": {{"over_ms": 211}}}}"#),
    ] {
        assert_eq!(seen(&effects), (Reply::TimedOut, 250), "{effects}");
    }
    let just = r#"{"delay": {"fixed": {"ms": 250}}}"#;
    assert_eq!(seen(just), (Reply::answered(200), 250));
}

#[test]
fn a_hang_of_a_phase_is_504_after_its_time_or_a_timeout() {
    let phase = |ms: u32| {
        seen_under(&format!(
            r#"{{"phases": [{{"name": "x", "hang_ratio": 1, "hang_ms": {ms}}}]}}"#
        ))
    };
    assert_eq!(phase(200), (Reply::answered(504), 200));
    assert_eq!(phase(300), (Reply::TimedOut, 250));
}

#[test]
fn the_hint_is_what_the_header_says_in_the_end() {
    let hint = |more: &str| match seen(&format!(r#"{{"status": {{"code": 503{more}}}}}"#)).0 {
        Reply::Answered { retry_after, .. } => retry_after,
        reply => panic!("{reply:?}"),
    };
    let seven = Some(Duration::from_secs(7));

    assert_eq!(hint(""), None);
    assert_eq!(hint(r#", "retry_after_s": 7"#), seven);
    assert_eq!(hint(r#", "headers": {"Retry-After": " 7 "}"#), seven);
    let later = r#", "retry_after_s": 3, "headers": {"retry-after": "7"}"#;
    assert_eq!(hint(later), seven, "further headers are set later");
    let date = r#", "headers": {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}"#;
    assert_eq!(hint(date), None);
    let long = r#", "headers": {"retry-after": "99999999999999999999999"}"#;
    assert_eq!(hint(long), Some(Duration::from_secs(u64::MAX)));
}

#[test]
fn a_reply_says_to_breaker_and_client_what_the_table_says() {
    let hinted = |status| Reply::Answered {
        status,
        retry_after: Some(Duration::from_secs(7)),
    };
    let failure = Verdict::Failure {
        retry_after: Some(Duration::from_secs(7)),
    };
    let broken = ClientOutcome::DownstreamError;
    for (reply, verdict, status, outcome) in [
        (hinted(200), Verdict::Success, 200, ClientOutcome::Ok),
        (hinted(204), Verdict::Success, 200, ClientOutcome::Ok),
        (
            hinted(304),
            Verdict::Success,
            304,
            ClientOutcome::Redirection,
        ),
        (
            hinted(404),
            Verdict::Success,
            404,
            ClientOutcome::ClientError,
        ),
        (hinted(101), Verdict::Success, 502, broken),
        (hinted(429), failure, 502, broken),
        (hinted(500), failure, 502, broken),
        (hinted(503), failure, 502, broken),
        (hinted(999), failure, 502, broken),
        (Reply::TimedOut, Verdict::FAILURE, 504, broken),
        (Reply::REFUSED, Verdict::FAILURE, 502, broken),
        (BROKEN, Verdict::FAILURE, 502, broken),
        (Reply::OwnShortage, Verdict::Ignored, 500, broken),
    ] {
        assert_eq!(reply.verdict(), verdict, "{reply:?}");
        assert_eq!(reply.client_status(), status, "{reply:?}");
        assert_eq!(reply.client_outcome(), outcome, "{reply:?}");
        let against = matches!(verdict, Verdict::Failure { .. });
        assert_eq!(reply.speaks_against(), against, "{reply:?}");
    }
}

#[test]
fn no_reply_of_the_downstream_is_taken_for_a_rejection() {
    for status in 100..=999 {
        assert_ne!(
            Reply::answered(status).client_outcome(),
            ClientOutcome::FastFail
        );
    }
}
