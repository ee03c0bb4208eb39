//! Tests of who may change something.

use super::*;

fn verdict(token: Option<&str>, peer: &str, headers: &[(HeaderName, &str)]) -> &'static str {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.clone(), value.parse().unwrap());
    }
    let peer = Peer(SocketAddr::new(peer.parse().unwrap(), 4711));
    let token = token.map(|token| token.parse::<Token>().unwrap());
    match Control::new(token.as_ref()).check(Some(peer), &map) {
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
fn with_a_token_any_host_will_do_and_the_scheme_has_no_case() {
    for (value, expected) in [
        ("Bearer s3cret", "allowed"),
        ("bearer s3cret", "allowed"),
        ("BEARER   s3cret", "allowed"),
        ("Bearers3cret", "token_required"),
        ("Basic s3cret", "token_required"),
    ] {
        let headers = [(HOST, "lab.example"), (AUTHORIZATION, value)];
        assert_eq!(
            verdict(Some("s3cret"), "192.0.2.7", &headers),
            expected,
            "{value}"
        );
    }
}

#[test]
fn behind_a_proxy_with_tls_a_page_of_ones_own_needs_the_token() {
    let page = [
        (HOST, "lab.example"),
        (ORIGIN, "https://lab.example"),
        (AUTHORIZATION, "Bearer s3cret"),
    ];
    assert_eq!(verdict(Some("s3cret"), "192.0.2.7", &page), "allowed");
    assert_eq!(verdict(Some("other"), "192.0.2.7", &page), "token_required");

    let own = [(HOST, "localhost"), (ORIGIN, "https://localhost")];
    assert_eq!(verdict(None, "127.0.0.1", &own), "foreign_origin");
}

#[test]
fn web_pages_of_other_sites_are_refused() {
    let own = "http://localhost:8001";
    for (headers, expected) in [
        (vec![(ORIGIN, own)], "allowed"),
        (vec![(ORIGIN, "http://localhost:3000")], "foreign_origin"),
        (vec![(ORIGIN, "https://evil.example")], "foreign_origin"),
        (vec![(ORIGIN, "null")], "foreign_origin"),
        (
            vec![(ORIGIN, own), (ORIGIN, "https://evil.example")],
            "foreign_origin",
        ),
        (vec![(SEC_FETCH_SITE, "same-origin")], "allowed"),
        (vec![(SEC_FETCH_SITE, "cross-site")], "foreign_site"),
        (vec![(SEC_FETCH_SITE, "same-site")], "foreign_site"),
        (
            vec![(SEC_FETCH_SITE, "none"), (SEC_FETCH_SITE, "cross-site")],
            "foreign_site",
        ),
        (vec![(REFERER, "http://localhost:8001/page?a")], "allowed"),
        (vec![(REFERER, "http://localhost:3000/")], "foreign_referer"),
        (
            vec![(REFERER, "http://localhost:8001.evil.example/")],
            "foreign_referer",
        ),
    ] {
        let headers = [vec![(HOST, "localhost:8001")], headers].concat();
        assert_eq!(
            verdict(None, "127.0.0.1", &headers),
            expected,
            "{headers:?}"
        );
    }
}

#[test]
fn pages_of_other_sites_read_nothing_and_links_to_the_page_may_be_followed() {
    let local = (HOST, "127.0.0.1:8080");
    let site = |value| (SEC_FETCH_SITE, value);
    for (token, headers, expected) in [
        (None, vec![local.clone()], Ok(())),
        (None, vec![local.clone(), site("same-origin")], Ok(())),
        (
            None,
            vec![local.clone(), site("cross-site")],
            Err("foreign_site"),
        ),
        (
            None,
            vec![
                local.clone(),
                site("cross-site"),
                (SEC_FETCH_MODE, "navigate"),
            ],
            Ok(()),
        ),
        (None, vec![(HOST, "evil.example:8080")], Err("foreign_host")),
        (None, vec![], Err("foreign_host")),
        (Some("s3cret"), vec![(HOST, "lab.example")], Ok(())),
    ] {
        let mut map = HeaderMap::new();
        for (name, value) in &headers {
            map.append(name.clone(), value.parse().unwrap());
        }
        let token = token.map(|token: &str| token.parse::<Token>().unwrap());
        let verdict = Control::new(token.as_ref()).check_reader(&map);
        assert_eq!(
            verdict.map_err(|(_, code, _)| code),
            expected,
            "{headers:?}"
        );
    }
}

#[test]
fn a_host_name_that_is_not_this_services_is_refused() {
    for host in ["evil.example:8001", "127.0.0.1.evil.example"] {
        assert_eq!(verdict(None, "127.0.0.1", &[(HOST, host)]), "foreign_host");
    }
    assert_eq!(verdict(None, "127.0.0.1", &[]), "foreign_host");
}
