//! How are single settings written? Named addresses, URLs, what other crates know how to read.
//!
//! The same text means the same on the command line, in the environment and in the file.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

pub(crate) use experiment::values::Span;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

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
            .ok_or_else(|| format!("`{text}` is not of the form NAME=VALUE"))?;
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
        local
            .parse()
            .map(Self)
            .map_err(|_| format!("`{text}` is no address; write HOST:PORT like 127.0.0.1:8001"))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The base URL of a service. Only `http`: everything runs on one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl(reqwest::Url);

impl BaseUrl {
    pub(crate) fn of(address: SocketAddr) -> Self {
        let url = format!("http://{address}/");
        Self(url.parse().expect("an address makes a URL"))
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
        let wrong = |why: &str| format!("`{text}` is no URL of a service: {why}");
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
        Ok(Self(url))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_str().trim_end_matches('/').fmt(f)
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
        ] {
            let error = text.parse::<BaseUrl>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
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
