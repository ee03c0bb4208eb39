//! The controls of the page: orders that are passed on to the service that they are for, and leave a mark.
//!
//! Services refuse requests from a page of another origin, and to them the lab's page is one. So the page gives its
//! orders to the lab, which guards these routes as the services guard theirs, and passes them on with the token that
//! came along.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::{delete, patch, post, put};
use serde_json::Value;

use super::orders::refused;
use super::plan_orders::Naming;
use super::{Feed, PlanOrders};
use crate::operation::Operation;
use crate::serve::{Routes, error, read_json};

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// The possible answers of a service to an order, and of the lab itself.
const ANSWERS: [u16; 8] = [200, 400, 401, 403, 404, 409, 502, 503];

/// Passes orders on.
#[derive(Clone, Debug)]
struct Controls {
    feed: Arc<Feed>,
    operation: Operation,
    client: reqwest::Client,
    plan_orders: PlanOrders,
}

/// An order on its way.
struct Order {
    method: Method,
    url: String,
    authorization: Option<HeaderValue>,
    body: Option<Value>,
}

/// Adds the controls for what `feed` shows.
pub(super) fn with_controls(
    routes: Routes,
    (feed, plan_orders): (&Arc<Feed>, &PlanOrders),
    operation: &Operation,
) -> Routes {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    let controls = Controls {
        feed: Arc::clone(feed),
        operation: operation.clone(),
        client: client.build().expect("a client without TLS can be built"),
        plan_orders: plan_orders.clone(),
    };
    with_breakers(with_faults(routes, &controls), controls)
}

/// Adds the orders to the unreliable service.
fn with_faults(routes: Routes, controls: &Controls) -> Routes {
    let (set, clear, preset) = (controls.clone(), controls.clone(), controls.clone());
    routes
        .add_control(
            "PUT",
            "/api/faults",
            &ANSWERS,
            put(async move |request: Request| set.put_faults(request).await),
        )
        .add_control(
            "DELETE",
            "/api/faults",
            &ANSWERS,
            delete(async move |headers: HeaderMap| clear.clear_faults(&headers).await),
        )
        .add_control(
            "POST",
            "/api/faults/presets/{name}",
            &ANSWERS,
            post(async move |Path(name): Path<String>, headers: HeaderMap| {
                preset.play_preset(&name, &headers).await
            }),
        )
}

/// Adds the orders to instances.
fn with_breakers(routes: Routes, controls: Controls) -> Routes {
    let (mode, reset) = (controls.clone(), controls.clone());
    let (settings, fleet) = (controls.clone(), controls);
    routes
        .add_control(
            "PUT",
            "/api/instances/{name}/breaker/mode",
            &ANSWERS,
            put(async move |Path(name): Path<String>, request: Request| {
                mode.set_mode(&name, request).await
            }),
        )
        .add_control(
            "POST",
            "/api/instances/{name}/breaker/reset",
            &ANSWERS,
            post(async move |Path(name): Path<String>, headers: HeaderMap| {
                reset.reset(&name, &headers).await
            }),
        )
        .add_control(
            "PATCH",
            "/api/instances/{name}/breaker/settings",
            &ANSWERS,
            patch(async move |Path(name): Path<String>, request: Request| {
                settings.change_settings(&name, request).await
            }),
        )
        .add_control(
            "PUT",
            "/api/fleet/mode",
            &ANSWERS,
            put(async move |request: Request| fleet.order_fleet(request).await),
        )
}

impl Controls {
    /// Answers `PUT /api/faults`.
    async fn put_faults(&self, request: Request) -> Response {
        let authorization = authorization(request.headers());
        let plan: Value = match read_json(request).await {
            Ok(plan) => plan,
            Err(refusal) => return refusal,
        };
        let text = format!("faults: {}", named(&plan));
        let order = Order {
            method: Method::PUT,
            url: self.faults(""),
            authorization,
            body: Some(plan),
        };
        self.change_plan(order, text).await
    }

    /// Answers `DELETE /api/faults`.
    async fn clear_faults(&self, headers: &HeaderMap) -> Response {
        let order = Order {
            method: Method::DELETE,
            url: self.faults(""),
            authorization: authorization(headers),
            body: None,
        };
        self.change_plan(order, "faults cleared".to_owned()).await
    }

    /// Answers `POST /api/faults/presets/{name}`.
    async fn play_preset(&self, name: &str, headers: &HeaderMap) -> Response {
        // The name becomes a part of a path.
        if !is_name(name) {
            let message = format!("there is no preset `{name}`");
            return error(StatusCode::NOT_FOUND, "not_found", &message);
        }
        let order = Order {
            method: Method::POST,
            url: self.faults(&format!("/presets/{name}")),
            authorization: authorization(headers),
            body: None,
        };
        self.change_plan(order, format!("preset {name}")).await
    }

    /// Answers `PUT /api/instances/{name}/breaker/mode`.
    async fn set_mode(&self, name: &str, request: Request) -> Response {
        let authorization = authorization(request.headers());
        let mode: Value = match read_json(request).await {
            Ok(mode) => mode,
            Err(refusal) => return refusal,
        };
        let said = mode.get("mode").unwrap_or(&mode).as_str();
        let text = format!("{name}: {}", said.unwrap_or("mode").replace('_', " "));
        let order = Order {
            method: Method::PUT,
            url: "/breaker/mode".to_owned(),
            authorization,
            body: Some(mode),
        };
        self.order_instance(name, order, Some(text)).await
    }

    /// Answers `PATCH /api/instances/{name}/breaker/settings`. The feed notices the change.
    async fn change_settings(&self, name: &str, request: Request) -> Response {
        let authorization = authorization(request.headers());
        let change: Value = match read_json(request).await {
            Ok(change) => change,
            Err(refusal) => return refusal,
        };
        let order = Order {
            method: Method::PATCH,
            url: "/breaker/settings".to_owned(),
            authorization,
            body: Some(change),
        };
        let _setting = self.feed.sets(Some(name));
        self.order_instance(name, order, None).await
    }

    /// Answers `PUT /api/fleet/mode`: any instance accepts an order for all.
    async fn order_fleet(&self, request: Request) -> Response {
        let authorization = authorization(request.headers());
        let mode: Value = match read_json(request).await {
            Ok(mode) => mode,
            Err(refusal) => return refusal,
        };
        let name = match self.operation.any_working() {
            Ok(name) => name,
            Err(why) => return refused(&why),
        };
        let said = mode.get("mode").unwrap_or(&mode).as_str();
        let text = format!("fleet: {}", said.unwrap_or("mode").replace('_', " "));
        let order = Order {
            method: Method::PUT,
            url: "/fleet/mode".to_owned(),
            authorization,
            body: Some(mode),
        };
        self.order_instance(name, order, Some(text)).await
    }

    /// Answers `POST /api/instances/{name}/breaker/reset`.
    async fn reset(&self, name: &str, headers: &HeaderMap) -> Response {
        let order = Order {
            method: Method::POST,
            url: "/breaker/reset".to_owned(),
            authorization: authorization(headers),
            body: None,
        };
        self.order_instance(name, order, Some(format!("{name}: reset")))
            .await
    }

    fn faults(&self, rest: &str) -> String {
        let base = self.feed.downstream();
        format!("{}/faults{rest}", base.trim_end_matches('/'))
    }

    /// The feed notices that the plan has changed; the name for the mark must be known before.
    async fn change_plan(&self, order: Order, text: String) -> Response {
        let it = self.clone();
        let order = move |naming: Arc<Naming>| async move {
            naming.expect(text);
            it.send(order).await
        };
        self.plan_orders.carry_out(order).await
    }

    /// Passes an order on to an instance, and marks it with `text` once it is carried out.
    async fn order_instance(&self, name: &str, order: Order, text: Option<String>) -> Response {
        if let Err(why) = self.operation.working(name) {
            return refused(&why);
        }
        let url = self.feed.url_of(name).unwrap_or_default();
        let url = format!("{}{}", url.trim_end_matches('/'), order.url);
        let answer = self.send(Order { url, ..order }).await;
        if let Some(text) = text.filter(|_| answer.status().is_success()) {
            self.feed.mark("operator", text);
        }
        answer
    }

    /// What the service answers.
    async fn send(&self, order: Order) -> Response {
        let mut request = self.client.request(order.method, &order.url);
        if let Some(authorization) = order.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(body) = order.body {
            request = request.json(&body);
        }
        let answer = async {
            let answer = request.send().await?;
            let (status, kind) = (answer.status(), answer.headers().get(CONTENT_TYPE).cloned());
            Ok::<_, reqwest::Error>((status, kind, answer.bytes().await?))
        };
        match answer.await {
            Ok((status, kind, bytes)) => {
                let mut answer = Response::new(Body::from(bytes));
                *answer.status_mut() = status;
                if let Some(kind) = kind {
                    answer.headers_mut().insert(CONTENT_TYPE, kind);
                }
                answer
            }
            Err(broken) => {
                let message = format!("the service does not answer: {}", broken.without_url());
                error(StatusCode::BAD_GATEWAY, "no_answer", &message)
            }
        }
    }
}

fn authorization(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(AUTHORIZATION).cloned()
}

/// Letters, digits, `-` and `_`.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

/// The name that a plan gives its first phase or rule.
fn named(plan: &Value) -> &str {
    let phase = plan["phases"][0]["name"].as_str();
    let rule = || plan["rules"].as_object()?.keys().next().map(String::as_str);
    phase.or_else(rule).unwrap_or("changed")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mark_says_what_a_plan_calls_its_first_phase_or_rule() {
        for (plan, name) in [
            (
                json!({"phases": [{"name": "down", "failure_ratio": 1}]}),
                "down",
            ),
            (json!({"rules": {"only B": {}}}), "only B"),
            (json!({}), "changed"),
        ] {
            assert_eq!(named(&plan), name);
        }
    }

    #[test]
    fn the_name_of_a_preset_leads_nowhere_else() {
        for (name, expected) in [
            ("flapping", true),
            ("..", false),
            ("a/b", false),
            ("", false),
        ] {
            assert_eq!(is_name(name), expected, "{name}");
        }
    }
}
