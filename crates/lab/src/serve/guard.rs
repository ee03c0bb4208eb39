//! The guard of routes that change something: it admits local callers or those with the token, and never a foreign
//! web page.
//!
//! A page in the user's browser can send requests to localhost. Its `Origin` gives it away or, in a browser that
//! sends none, `Sec-Fetch-Site` or `Referer`. A page that lets its own host name point here (DNS rebinding) is given
//! away by `Host`, so only addresses and `localhost` are accepted there. No such page knows the token, so with a
//! token any `Host` is accepted.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN, REFERER};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;

use super::host::Host;
use super::reply::error;
use crate::settings::Token;

/// The header in which a browser says how the requesting page is related to this service.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The header in which a browser says what the answer is for.
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// The value for this service's own pages, and for requests of the user without a page.
const OWN_SITES: [&str; 2] = ["same-origin", "none"];

/// The origin of a request, noted on requests that want to change something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Whether a request with this method wants to change something.
pub(super) fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// Guards the routes that change something.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    token: Option<Token>,
}

/// Why a request is refused: status, code and message.
type Refusal = (StatusCode, &'static str, &'static str);

impl Control {
    pub(crate) fn new(token: Option<&Token>) -> Self {
        Self {
            token: token.cloned(),
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

    /// Middleware for a route that only this service's own pages, and programs, may read.
    async fn guard_reading(State(this): State<Self>, request: Request, next: Next) -> Response {
        match this.check_reader(request.headers()) {
            Ok(()) => next.run(request).await,
            Err((status, code, message)) => error(status, code, message),
        }
    }

    /// `route`, closed to pages of other sites.
    pub(super) fn keep_to_own_pages(&self, route: MethodRouter) -> MethodRouter {
        route.route_layer(from_fn_with_state(self.clone(), Self::guard_reading))
    }

    /// A page whose own host name points here (DNS rebinding) could read what only the user should see. A user who
    /// has configured a token wants to reach the service by a name.
    fn check_reader(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let own = Host::of(headers).is_ok_and(|host| host.is_own());
        if !own && self.token.is_none() {
            let message = "the Host header must be an address or localhost";
            return Err((StatusCode::FORBIDDEN, "foreign_host", message));
        }
        // A link that is followed is read by the user, not by the page that it stands on.
        let followed = single(headers, &SEC_FETCH_MODE) == Some("navigate");
        let site = single(headers, &SEC_FETCH_SITE);
        let foreign = site.is_some_and(|site| !OWN_SITES.contains(&site));
        if foreign && !followed {
            let message = "requests that a browser sends for another site are refused";
            return Err((StatusCode::FORBIDDEN, "foreign_site", message));
        }
        Ok(())
    }

    /// `route` behind this guard.
    pub(super) fn protect(&self, route: MethodRouter) -> MethodRouter {
        route.route_layer(from_fn_with_state(self.clone(), Self::guard))
    }

    fn check(&self, peer: Option<Peer>, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = single(headers, &HOST).unwrap_or_default();
        if headers.contains_key(ORIGIN) {
            let origin = single(headers, &ORIGIN);
            let plain = origin.and_then(|origin| origin.strip_prefix("http://"));
            // Who knows the token may stand behind a proxy that speaks TLS.
            let secure = origin.and_then(|origin| origin.strip_prefix("https://"));
            let secure = secure.filter(|_| self.token.is_some());
            if plain.or(secure) != Some(host) {
                let message = "requests of other sites' pages are refused";
                return Err((StatusCode::FORBIDDEN, "foreign_origin", message));
            }
        }
        match &self.token {
            Some(token) => check_token(token, headers),
            None => check_local(peer, host, headers),
        }
    }
}

fn check_token(token: &Token, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = single(headers, &AUTHORIZATION).and_then(bearer);
    if given.is_some_and(|given| same(given.as_bytes(), token.as_str().as_bytes())) {
        return Ok(());
    }
    let message =
        "this route needs the header `Authorization: Bearer TOKEN`, with the control token";
    Err((StatusCode::UNAUTHORIZED, "token_required", message))
}

/// Without a token, only the origin of a request speaks for it.
fn check_local(peer: Option<Peer>, host: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    if !Host::of(headers).is_ok_and(|host| host.is_own()) {
        let message = "the Host header must be an address or localhost";
        return Err((StatusCode::FORBIDDEN, "foreign_host", message));
    }
    let site = single(headers, &SEC_FETCH_SITE);
    if headers.contains_key(&SEC_FETCH_SITE) && !site.is_some_and(|site| OWN_SITES.contains(&site))
    {
        let message = "requests that a browser sends for another site are refused";
        return Err((StatusCode::FORBIDDEN, "foreign_site", message));
    }
    let page = single(headers, &REFERER).and_then(|page| page.strip_prefix("http://"));
    let page = page.map(|page| page.split(['/', '?', '#']).next().unwrap_or_default());
    if headers.contains_key(REFERER) && page != Some(host) {
        let message = "requests that come from another site's page are refused";
        return Err((StatusCode::FORBIDDEN, "foreign_referer", message));
    }
    if peer.is_some_and(|Peer(address)| is_loopback(address.ip())) {
        return Ok(());
    }
    let message = "this route serves only this machine: start the service with --control-token to serve \
        other hosts";
    Err((StatusCode::FORBIDDEN, "not_local", message))
}

/// The value of a header that occurs once: of two, it is unknown which one others have used.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?;
    match lines.next() {
        None => line.to_str().ok(),
        Some(_) => None,
    }
}

/// The part after the scheme, whose case does not matter (RFC 9110 §11.1).
fn bearer(credentials: &str) -> Option<&str> {
    let (scheme, token) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn is_loopback(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
        }
    }
}

/// Compares in constant time, so that the duration does not reveal the place of a difference.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests;
