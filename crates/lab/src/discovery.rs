//! Service discovery: the lab's own routes, which say where its services are.
//!
//! The format is <https://prometheus.io/docs/prometheus/latest/http_sd/>: a list of targets with labels, so that an
//! instance with another name or port is found without a change of Prometheus' configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use indexmap::IndexMap;
use serde::Serialize;
use telemetry::trace::Tracer;
use telemetry::{Metrics, Telemetry, service_metrics};

use crate::load::{LoadCollector, Record};
use crate::serve::{Control, Host, Listening, NoHost, Routes, error, json, text};
use crate::settings::Instance;

/// Where each service listens: its job, its name and its address.
#[derive(Clone, Debug)]
pub(crate) struct Places(Vec<Place>);

#[derive(Clone, Debug)]
struct Place {
    job: &'static str,
    name: String,
    address: SocketAddr,
}

/// One entry of the list, as Prometheus reads it.
#[derive(Debug, Serialize)]
struct TargetGroup<'a> {
    targets: [String; 1],
    labels: BTreeMap<&'static str, &'a str>,
}

impl Places {
    pub(crate) fn of(
        settings: &IndexMap<String, Instance>,
        instances: &[Listening],
        unreliable: &Listening,
    ) -> Self {
        let instances = settings.keys().zip(instances);
        let mut places: Vec<_> = instances
            .map(|(name, listening)| Place {
                job: "instances",
                name: name.clone(),
                address: listening.address,
            })
            .collect();
        places.push(Place {
            job: "unreliable-service",
            name: "unreliable".to_owned(),
            address: unreliable.address,
        });
        Self(places)
    }

    fn groups(&self, host: Option<Host<'_>>) -> Vec<TargetGroup<'_>> {
        let groups = self.0.iter().map(|place| TargetGroup {
            targets: [reachable(place.address, host)],
            labels: BTreeMap::from([("job", place.job), ("instance", &*place.name)]),
        });
        groups.collect()
    }
}

/// How a client that reached this service as `host` reaches `address`. Inside a container this machine has a name,
/// and addresses like 127.0.0.1 mean the container itself.
fn reachable(address: SocketAddr, host: Option<Host<'_>>) -> String {
    match host.filter(|host| !host.is_loopback()) {
        Some(host) => format!("{}:{}", host.name, address.port()),
        None if address.ip().is_unspecified() => format!("127.0.0.1:{}", address.port()),
        None => address.to_string(),
    }
}

/// Service discovery, and the metrics of the lab itself.
#[derive(Debug)]
pub(crate) struct Discovery {
    places: Places,
    metrics: Metrics,
}

impl Discovery {
    /// It also shows the metrics of the load, which has no service of its own.
    pub(crate) fn new(places: Places, load: Arc<Record>, telemetry: &Telemetry) -> Self {
        let metrics = service_metrics(env!("CARGO_PKG_VERSION"));
        metrics
            .register(LoadCollector::new(load))
            .expect("each metric is registered once");
        telemetry.show_export(&metrics);
        Self { places, metrics }
    }

    /// Its routes, on the port of the lab itself.
    pub(crate) fn routes(mut self, lab: SocketAddr, control: Control) -> Routes {
        self.places.0.push(Place {
            job: "lab",
            name: "lab".to_owned(),
            address: lab,
        });
        let places = Arc::new(self.places);
        let listed = Arc::clone(&places);
        Routes::new(self.metrics, control, Tracer::default())
            .add_own(
                "/api/services",
                &[200, 403],
                get(async move || list(&listed)),
            )
            .add(
                "GET",
                "/api/prometheus-targets",
                &[200, 400],
                get(async move |request: Request| targets(&places, &request)),
            )
    }
}

/// Answers `GET /api/services`: the services, for people.
fn list(places: &Places) -> Response {
    let lines = places
        .0
        .iter()
        .map(|place| format!("{:<12} http://{}\n", place.name, place.address));
    let list = lines.collect();
    text(StatusCode::OK, "text/plain; charset=utf-8", list)
}

/// Answers `GET /api/prometheus-targets`.
fn targets(places: &Places, request: &Request) -> Response {
    // What is listed is scraped: a host that is none must not become an address.
    match Host::of(request.headers()) {
        Ok(host) => json(StatusCode::OK, &places.groups(Some(host))),
        Err(NoHost::Missing) => json(StatusCode::OK, &places.groups(None)),
        Err(NoHost::Invalid) => {
            let message = "the Host header must be a host name or an address, with a port unless it is the default";
            error(StatusCode::BAD_REQUEST, "invalid_host", message)
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use axum::http::header::HOST;

    use super::*;

    #[test]
    fn a_target_is_named_as_the_page_was_reached() {
        for (listens, host, expected) in [
            ("127.0.0.1:8001", "127.0.0.1:8080", "127.0.0.1:8001"),
            ("127.0.0.1:8001", "localhost:8080", "127.0.0.1:8001"),
            ("127.0.0.1:8001", "", "127.0.0.1:8001"),
            (
                "127.0.0.1:8001",
                "host.docker.internal:8080",
                "host.docker.internal:8001",
            ),
            ("0.0.0.0:8001", "127.0.0.1:8080", "127.0.0.1:8001"),
            ("0.0.0.0:8001", "192.0.2.1:8080", "192.0.2.1:8001"),
            ("0.0.0.0:8001", "localhost", "127.0.0.1:8001"),
            ("[::1]:8001", "[::1]:8080", "[::1]:8001"),
        ] {
            let address = listens.parse().unwrap();
            let mut headers = HeaderMap::new();
            if !host.is_empty() {
                headers.insert(HOST, host.parse().unwrap());
            }
            let host = Host::of(&headers).ok();
            assert_eq!(reachable(address, host), expected, "{listens} by {host:?}");
        }
    }
}
