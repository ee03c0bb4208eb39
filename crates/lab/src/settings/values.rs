//! The values of single settings: named addresses, URLs, and values that other crates read.
//!
//! The same text means the same on the command line, in the environment and in the file.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

pub(crate) use experiment::values::Span;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

use crate::secrets::{HIDDEN, without_passwords};

/// A setting that another crate knows how to read and show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<T>(pub(crate) T);

impl<T: FromStr> FromStr for Text<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        text.parse().map(Self)
    }
}

impl<T: fmt::Display> fmt::Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Text<T>
where
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// `NAME=VALUE`, as in `A=127.0.0.1:8101`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named<T> {
    pub(crate) name: String,
    pub(crate) value: T,
}

impl<T: FromStr> FromStr for Named<T>
where
    T::Err: fmt::Display,
{
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| {
                let shown = without_passwords(text);
                format!("`{shown}` has no name before it: write NAME=VALUE")
            })?;
        let value = value.parse().map_err(|error: T::Err| error.to_string())?;
        Ok(Self {
            name: name.to_owned(),
            value,
        })
    }
}

/// An address to listen on. Port 0 lets the system choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) SocketAddr);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let local = text.replacen("localhost:", "127.0.0.1:", 1);
        local.parse().map(Self).map_err(|_| {
            let why = why_no_address(&local);
            format!("`{text}` is not an address: {why}; write HOST:PORT, such as 127.0.0.1:8001")
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn why_no_address(text: &str) -> String {
    let Some((host, port)) = text.rsplit_once(':') else {
        return "it has no port".to_owned();
    };
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("`{port}` is not a port");
    }
    if port.parse::<u16>().is_err() {
        return format!("port {port} is larger than 65535");
    }
    let ip = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if ip.is_none() && host.contains(':') {
        return "an IPv6 address stands in brackets, such as [::1]".to_owned();
    }
    format!("`{host}` is not an IP address or localhost, and names are not looked up")
}

/// The base URL of a service. Only `http`: everything runs on one machine.
///
/// A user and a password in it are sent, but shown nowhere: whoever prints it gets [`HIDDEN`] in their place.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BaseUrl(reqwest::Url);

impl BaseUrl {
    pub(crate) fn of(address: SocketAddr) -> Self {
        let url = format!("http://{address}/");
        Self(url.parse().expect("an address makes a URL"))
    }

    /// The whole URL with its password, for those who send it.
    pub(crate) fn with_password(&self) -> String {
        self.0.as_str().trim_end_matches('/').to_owned()
    }

    /// Whether a service that listens on `address` would call itself.
    pub(crate) fn leads_to(&self, address: SocketAddr) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let ip = match host.trim_matches(['[', ']']) {
            "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            host => host.parse().ok(),
        };
        let meets = |ip: IpAddr| {
            ip == address.ip()
                || (ip.is_loopback() || ip.is_unspecified()) && address.ip().is_unspecified()
        };
        address.port() != 0
            && self.0.port_or_known_default() == Some(address.port())
            && ip.is_some_and(meets)
    }

    /// The URL of `route` below this base.
    pub(crate) fn join(&self, route: &str) -> reqwest::Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", route.trim_start_matches('/')));
        url
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shown = without_passwords(text);
        let wrong = |why: &str| format!("`{shown}` is not the URL of a service: {why}");
        let url: reqwest::Url = text
            .parse()
            .map_err(|error| wrong(&format!("{error}; write one like http://127.0.0.1:9000")))?;
        if url.scheme() != "http" {
            return Err(wrong("it must start with http://"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("it has no host"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it must end with the path"));
        }
        if url.username() == HIDDEN {
            return Err(wrong(
                "its user and password were left out when it was printed; write them again",
            ));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        without_passwords(&self.with_password()).fmt(f)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({self})")
    }
}

/// The bearer token that control routes ask for. It is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Token {
    type Error = String;

    /// What no `Authorization` header can carry would lock everybody out, and is refused.
    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Err(
                "control_token is empty: write a token, or leave the setting out".to_owned(),
            );
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(
                "this control token could never match: write visible ASCII characters without a space"
                    .to_owned(),
            );
        }
        Ok(Self(text))
    }
}

impl FromStr for Token {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.to_owned().try_into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({HIDDEN})")
    }
}

/// A setting that is read from its text and shown as its text.
macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

pub(super) use as_text;

as_text!(Address, BaseUrl);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_lead_nowhere_are_refused_with_a_reason() {
        for (text, why) in [
            ("127.0.0.1:9000", "relative URL without a base"),
            ("https://127.0.0.1", "must start with http://"),
            ("http://", "empty host"),
            ("http://localhost:99999", "invalid port number"),
            ("http://localhost/?q", "must end with the path"),
            ("http://REDACTED:REDACTED@h", "write them again"),
        ] {
            let error = text.parse::<BaseUrl>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn passwords_are_hidden_wherever_a_url_is_shown() {
        let url: BaseUrl = "http://user:pa@ss@h:1/below/".parse().unwrap();
        assert_eq!(url.to_string(), "http://REDACTED:REDACTED@h:1/below");
        assert_eq!(
            format!("{url:?}"),
            "BaseUrl(http://REDACTED:REDACTED@h:1/below)"
        );
        assert_eq!(url.with_password(), "http://user:pa%40ss@h:1/below");
    }

    #[test]
    fn a_url_that_leads_back_is_known() {
        for (url, address, same) in [
            ("http://127.0.0.1:8001", "127.0.0.1:8001", true),
            ("http://localhost:8001/x", "127.0.0.1:8001", true),
            ("http://[::1]:8001", "[::1]:8001", true),
            ("http://127.0.0.1:8001", "0.0.0.0:8001", true),
            ("http://127.0.0.1:8001", "127.0.0.2:8001", false),
            ("http://127.0.0.1:9000", "127.0.0.1:8001", false),
            ("http://127.0.0.1", "127.0.0.1:80", true),
            ("http://other:8001", "127.0.0.1:8001", false),
        ] {
            let leads = url
                .parse::<BaseUrl>()
                .unwrap()
                .leads_to(address.parse().unwrap());
            assert_eq!(leads, same, "{url} {address}");
        }
    }

    #[test]
    fn routes_join_below_the_path_of_the_base() {
        for (base, joined) in [
            ("http://h:1", "http://h:1/data"),
            ("http://h:1/", "http://h:1/data"),
            ("http://h:1/below", "http://h:1/below/data"),
        ] {
            let url = base.parse::<BaseUrl>().unwrap().join("data");
            assert_eq!(url.as_str(), joined);
        }
    }
}
