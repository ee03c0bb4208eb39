//! The faults, read and changed over HTTP.
//!
//! A change is checked as a whole before anything happens: if a plan is refused, the old one runs on. The revision of
//! the plan is its `ETag`, so `If-Match` keeps two operators from overwriting each other.

use std::sync::{Arc, LazyLock};

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request};
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use experiment::downstream::Conflict;
use experiment::faults::{Plan, WrittenPlan, presets, schema};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::running::Running;
use crate::serve::{self, error, list, read_json};

/// The plan in force.
pub(super) fn show(running: &Running) -> Response {
    let (plan, revision) = running.plan();
    let mut response = serve::json(StatusCode::OK, &plan);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{revision}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Replaces the plan.
pub(super) async fn replace(running: Arc<Running>, request: Request) -> Response {
    let expected = match expected(&running, request.headers()) {
        Ok(expected) => expected,
        Err(message) => return bad_tag(&message),
    };
    match read_plan(&running, request).await {
        Ok(plan) => put(&running, plan, expected),
        Err(refusal) => refusal,
    }
}

/// Changes parts of the plan by a merge patch (RFC 7396); its clock and counters run on.
pub(super) async fn patch(running: Arc<Running>, request: Request) -> Response {
    let expected = match expected(&running, request.headers()) {
        Ok(expected) => expected,
        Err(message) => return bad_tag(&message),
    };
    let patch: Value = match read_json(request).await {
        Ok(patch) => patch,
        Err(refusal) => return refusal,
    };
    let (plan, revision) = running.plan();
    match plan
        .patched(patch)
        .and_then(|plan| running.check(&plan).map(|()| plan))
    {
        // The plan that was merged into must still be the one in force.
        Ok(plan) => match running.patch(plan, expected.or(Some(revision))) {
            Ok(_) => show(&running),
            Err(conflict) => conflicting(conflict),
        },
        Err(message) => invalid(&message),
    }
}

/// Removes all faults from now on.
pub(super) fn clear(running: &Running, headers: &HeaderMap) -> Response {
    match expected(running, headers) {
        Ok(expected) => put(running, Plan::healthy(), expected),
        Err(message) => bad_tag(&message),
    }
}

/// Returns what a plan would do; nothing is applied.
pub(super) async fn dry_run(
    running: Arc<Running>,
    turn: Arc<Semaphore>,
    request: Request,
) -> Response {
    let plan = match read_plan(&running, request).await {
        Ok(plan) => plan,
        Err(refusal) => return refusal,
    };
    // It takes long for a plan that is at the limits. One is computed at a time, beside the calls.
    let turn = turn.acquire_owned().await;
    let computed = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        plan.preview(None)
    });
    match computed.await {
        Ok(preview) => serve::json(StatusCode::OK, &preview),
        Err(broken) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            error(status, "no_preview", &broken.to_string())
        }
    }
}

/// The presets with what they show.
pub(super) fn list_presets() -> Response {
    static PRESETS: LazyLock<Bytes> = LazyLock::new(|| {
        let presets = presets::ALL.iter().map(|preset| {
            json!({
                "name": preset.name,
                "description": preset.description(),
                "plan": preset.plan(),
            })
        });
        serve::json_text(&presets.collect::<Vec<_>>())
    });
    serve::constant(&PRESETS)
}

/// Puts a preset in force.
pub(super) fn apply_preset(
    running: &Running,
    name: Result<Path<String>, PathRejection>,
    headers: &HeaderMap,
) -> Response {
    let name = match name {
        Ok(Path(name)) => name,
        Err(refused) => {
            let message = format!("the name of a preset must be UTF-8: {refused}");
            return error(StatusCode::BAD_REQUEST, "invalid_path", &message);
        }
    };
    let expected = match expected(running, headers) {
        Ok(expected) => expected,
        Err(message) => return bad_tag(&message),
    };
    match presets::preset(&name) {
        Ok(preset) => {
            let plan = preset.plan();
            match running.check(&plan) {
                Ok(()) => put(running, plan, expected),
                Err(message) => invalid(&message),
            }
        }
        Err(message) => error(StatusCode::NOT_FOUND, "no_such_preset", &message),
    }
}

/// The JSON schema of plans.
pub(super) fn show_schema() -> Response {
    static SCHEMA: LazyLock<Bytes> = LazyLock::new(|| serve::json_text(&schema()));
    serve::constant(&SCHEMA)
}

/// Returns the truth now: how likely it is that a call fails, for each caller.
pub(super) async fn show_truth(running: Arc<Running>) -> Response {
    // Beside the calls: it may take a while.
    let truth = match tokio::task::spawn_blocking(move || running.truths()).await {
        Ok(truth) => truth,
        Err(broken) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return error(status, "no_truth", &broken.to_string());
        }
    };
    let callers: serde_json::Map<String, Value> = truth
        .callers
        .iter()
        .map(|(caller, p_fail, states)| {
            let shown = json!({ "p_fail": p_fail, "states": states });
            (caller.clone(), shown)
        })
        .collect();
    let mut shown = json!({
        "t_ms": u64::try_from(truth.elapsed.as_millis()).unwrap_or(u64::MAX),
        "revision": truth.revision,
        "phase": truth.phase,
        "callers": callers,
    });
    if let Some(full) = truth.occupancy {
        shown["overload"] = json!({ "busy_workers": full.busy, "queue_depth": full.waiting });
    }
    serve::json(StatusCode::OK, &shown)
}

fn put(running: &Running, plan: Plan, expected: Option<u64>) -> Response {
    match running.replace(plan, expected) {
        Ok(_) => show(running),
        Err(conflict) => conflicting(conflict),
    }
}

async fn read_plan(running: &Running, request: Request) -> Result<Plan, Response> {
    let written: WrittenPlan = read_json(request).await?;
    let plan = Plan::try_from(written).and_then(|plan| running.check(&plan).map(|()| plan));
    plan.map_err(|message| invalid(&message))
}

/// The revision that `If-Match` asks for: the present one if it is in the list, otherwise one that is no longer in
/// force.
fn expected(running: &Running, headers: &HeaderMap) -> Result<Option<u64>, String> {
    let Some(list) = list(headers, &IF_MATCH) else {
        return Ok(None);
    };
    let tags: Vec<&str> = list.split(',').map(str::trim).collect();
    if tags == ["*"] {
        return Ok(None);
    }
    let revisions = tags.iter().map(|tag| tag.trim_matches('"').parse::<u64>());
    let revisions: Vec<u64> = revisions.collect::<Result<_, _>>().map_err(|_| {
        format!("If-Match: {list} is not allowed: it must be the ETag of GET /faults, or *")
    })?;
    let (_, present) = running.plan();
    Ok(if revisions.contains(&present) {
        Some(present)
    } else {
        revisions.first().copied()
    })
}

fn bad_tag(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, "invalid_if_match", message)
}

fn invalid(message: &str) -> Response {
    error(StatusCode::BAD_REQUEST, "invalid_plan", message)
}

fn conflicting(conflict: Conflict) -> Response {
    let message = format!(
        "the plan has changed: its revision is now {}",
        conflict.revision
    );
    error(StatusCode::PRECONDITION_FAILED, "plan_changed", &message)
}
