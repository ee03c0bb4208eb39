//! Who may change something? Local callers, or those with the token; never a foreign web page.
//!
//! A page in the user's browser can send requests to localhost. Its `Origin` gives it away; and a
//! page that lets its own host name point here (DNS rebinding) is given away by `Host`, which is
//! why only addresses and `localhost` are accepted there.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;

use super::reply::error;

/// Where a request comes from, noted on those that want to change something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Whether a request with this method wants to change something.
pub(super) fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// Guards the routes that change something.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    token: Option<Arc<str>>,
}

impl Control {
    pub(crate) fn new(token: Option<&str>) -> Self {
        Self {
            token: token.map(Arc::from),
        }
    }

    /// Middleware for a route that changes something.
    async fn guard(State(this): State<Self>, request: Request, next: Next) -> Response {
        let peer = request.extensions().get::<Peer>().copied();
        match this.check(peer, request.headers()) {
            Ok(()) => next.run(request).await,
            Err((status, code, message)) => error(status, code, message),
        }
    }

    /// `route` behind this guard.
    pub(super) fn protect(&self, route: MethodRouter) -> MethodRouter {
        route.route_layer(from_fn_with_state(self.clone(), Self::guard))
    }

    fn check(
        &self,
        peer: Option<Peer>,
        headers: &HeaderMap,
    ) -> Result<(), (StatusCode, &'static str, &'static str)> {
        let host = header(headers, &HOST).unwrap_or_default();
        if !is_own_host(host) {
            let message = "the Host header must be an address or localhost";
            return Err((StatusCode::FORBIDDEN, "foreign_host", message));
        }
        let origin = headers
            .contains_key(ORIGIN)
            .then(|| header(headers, &ORIGIN));
        let own_origin = format!("http://{host}");
        if origin.is_some_and(|origin| origin != Some(own_origin.as_str())) {
            let message = "requests of other sites' pages are refused";
            return Err((StatusCode::FORBIDDEN, "foreign_origin", message));
        }
        match &self.token {
            Some(token) => {
                let given =
                    header(headers, &AUTHORIZATION).and_then(|given| given.strip_prefix("Bearer "));
                if given.is_some_and(|given| same(given.as_bytes(), token.as_bytes())) {
                    Ok(())
                } else {
                    let message = "this route asks for `Authorization: Bearer` with the token";
                    Err((StatusCode::UNAUTHORIZED, "token_required", message))
                }
            }
            None if peer.is_some_and(|Peer(address)| is_loopback(address.ip())) => Ok(()),
            None => {
                let message = "this route serves other hosts only when a token is configured";
                Err((StatusCode::FORBIDDEN, "not_local", message))
            }
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_own_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

fn is_loopback(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
        }
    }
}

/// Compares without telling by the time taken where the difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(token: Option<&str>, peer: &str, headers: &[(HeaderName, &str)]) -> &'static str {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(name.clone(), value.parse().unwrap());
        }
        let peer = Peer(SocketAddr::new(peer.parse().unwrap(), 4711));
        match Control::new(token).check(Some(peer), &map) {
            Ok(()) => "allowed",
            Err((_, code, _)) => code,
        }
    }

    #[test]
    fn local_callers_pass_and_others_do_not() {
        let local = [(HOST, "localhost:8001")];

        assert_eq!(verdict(None, "127.0.0.1", &local), "allowed");
        assert_eq!(verdict(None, "::1", &[(HOST, "[::1]:8001")]), "allowed");
        assert_eq!(verdict(None, "::ffff:127.0.0.1", &local), "allowed");
        assert_eq!(verdict(None, "192.0.2.7", &local), "not_local");
    }

    #[test]
    fn a_token_is_asked_of_everyone_and_admits_from_anywhere() {
        let host = (HOST, "192.0.2.1:8001");
        let bearer = |value| [host.clone(), (AUTHORIZATION, value)];

        assert_eq!(
            verdict(Some("s3cret"), "192.0.2.7", &bearer("Bearer s3cret")),
            "allowed"
        );
        assert_eq!(
            verdict(Some("s3cret"), "127.0.0.1", &bearer("Bearer wrong!")),
            "token_required"
        );
        assert_eq!(
            verdict(Some("s3cret"), "127.0.0.1", std::slice::from_ref(&host)),
            "token_required"
        );
    }

    #[test]
    fn web_pages_of_other_sites_are_refused() {
        let host = (HOST, "localhost:8001");
        for (headers, expected) in [
            (
                vec![host.clone(), (ORIGIN, "http://localhost:8001")],
                "allowed",
            ),
            (
                vec![host.clone(), (ORIGIN, "http://localhost:3000")],
                "foreign_origin",
            ),
            (
                vec![host.clone(), (ORIGIN, "https://evil.example")],
                "foreign_origin",
            ),
            (vec![host.clone(), (ORIGIN, "null")], "foreign_origin"),
            (vec![(HOST, "evil.example:8001")], "foreign_host"),
            (vec![(HOST, "127.0.0.1.evil.example")], "foreign_host"),
            (vec![], "foreign_host"),
        ] {
            assert_eq!(
                verdict(None, "127.0.0.1", &headers),
                expected,
                "{headers:?}"
            );
        }
    }
}
