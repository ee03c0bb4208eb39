//! The host that a request names, read from its `Host` header (RFC 9110 §7.2).

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use axum::http::header::HOST;

/// A valid host: a name or an address, with an optional port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Host<'a> {
    /// The host as in a URL: an IPv6 address has its brackets.
    pub(crate) name: &'a str,
    ip: Option<IpAddr>,
}

/// The reason why there is no valid host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoHost {
    /// There is no header.
    Missing,
    /// It is not the name or address of a host.
    Invalid,
}

/// Whether there is more than one `Host` line. A proxy between the client and this service may have used the other
/// one, so RFC 9112 §3.2 requires that such a request is refused.
pub(super) fn has_several(headers: &HeaderMap) -> bool {
    headers.get_all(HOST).iter().nth(1).is_some()
}

impl<'a> Host<'a> {
    /// The host in these headers.
    pub(crate) fn of(headers: &'a HeaderMap) -> Result<Self, NoHost> {
        let value = headers.get(HOST).ok_or(NoHost::Missing)?;
        let text = value.to_str().map_err(|_| NoHost::Invalid)?;
        Self::parse(text).ok_or(NoHost::Invalid)
    }

    fn parse(text: &'a str) -> Option<Self> {
        let end = match text.strip_prefix('[') {
            Some(rest) => rest.find(']')? + 2,
            None => text.find(':').unwrap_or(text.len()),
        };
        let (name, port) = text.split_at(end);
        if !port.is_empty() {
            let digits = port.strip_prefix(':')?;
            let _port: u16 = digits.parse().ok()?;
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then_some(())?;
        }
        let ip = match name.strip_prefix('[') {
            Some(inner) => Some(inner.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.into()),
            None => name.parse().ok(),
        };
        (ip.is_some() || is_name(name)).then_some(Self { name, ip })
    }

    /// Whether it can only be this machine's own name: an address or `localhost`. A page that lets its own host name
    /// point here (DNS rebinding) has neither.
    pub(super) fn is_own(&self) -> bool {
        self.ip.is_some() || self.name.eq_ignore_ascii_case("localhost")
    }

    /// Whether the host means this machine: a loopback address or `localhost`.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.ip {
            Some(ip) => ip.is_loopback(),
            None => self.name.eq_ignore_ascii_case("localhost"),
        }
    }
}

/// Checks labels of letters, digits, `-` and `_`, none of which begins or ends with `-`.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253
        && name
            .strip_suffix('.')
            .unwrap_or(name)
            .split('.')
            .all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_addresses_with_a_port_are_hosts() {
        for (text, name, own) in [
            ("localhost", "localhost", true),
            ("LOCALHOST:8001", "LOCALHOST", true),
            ("127.0.0.1:8001", "127.0.0.1", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("[::1]:8001", "[::1]", true),
            ("host.docker.internal:8080", "host.docker.internal", false),
            ("my_host", "my_host", false),
            ("evil.example.", "evil.example.", false),
        ] {
            let host = Host::parse(text).unwrap();
            assert_eq!((host.name, host.is_own()), (name, own), "{text}");
        }
        for text in [
            "",
            ":8001",
            "a b",
            "a\"b",
            "host:",
            "host:port",
            "host:99999",
            "host:+1",
            "[::1",
            "[::1]x",
            "[127.0.0.1]",
            "a..b",
            "-a",
            "a-",
            "user@host",
            "host/path",
            "a,b",
            "a:1:2",
            "::1",
        ] {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }
}
