//! The checked address of a Redis server.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ::redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion};
use url::Url;

/// The longest prefix: with a breaker's name it still makes a short key.
const LONGEST_PREFIX: usize = 64;

/// The address of a Redis or Valkey server, with what to store there and how long to wait.
///
/// The format is `redis://[user[:password]@]host[:port][/database][?option=value&…]`. Port 6379 and database 0 are
/// the defaults; `valkey://` means the same. `rediss://` and `valkeys://` are encrypted and need the feature
/// `redis-tls`. Options:
///
/// | option | default | what it is |
/// |---|---|---|
/// | `timeout` | `250ms` | how long a verb waits for the server, from `1ms` to `60s` |
/// | `prefix` | `cb` | what all keys and channels begin with: letters, digits, `-`, `_`, `.`, `:` |
///
/// User and password are percent-encoded. Neither `Display` nor `Debug` shows them. Nor does an error show any part
/// of an address, because a password that is written in the wrong place may be in any part.
///
/// # Examples
/// ```
/// use fusebox_fleet::engine::redis::Address;
///
/// let address: Address = "redis://app:s3cret@cache.internal/2?timeout=100ms".parse()?;
/// assert_eq!(address.to_string(), "cache.internal:6379/2");
/// assert!(!format!("{address:?}").contains("s3cret"));
///
/// let error = "http://cache.internal".parse::<Address>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the scheme of the engine's address (not shown) is not allowed: write redis, rediss, valkey, or valkeys, \
///      as in redis://127.0.0.1:6379",
/// );
/// # Ok::<(), fusebox_fleet::engine::redis::InvalidAddress>(())
/// ```
#[derive(Clone)]
pub struct Address {
    info: ConnectionInfo,
    timeout: Duration,
    prefix: String,
}

impl Address {
    /// Returns how long a verb waits for the server.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns the prefix of all keys and channels.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn info(&self, protocol: ProtocolVersion) -> ConnectionInfo {
        #[cfg(feature = "redis-tls")]
        if matches!(self.info.addr(), ::redis::ConnectionAddr::TcpTls { .. }) {
            choose_cryptography();
        }
        let settings = self.info.redis_settings().clone();
        self.info
            .clone()
            // The name of the client's library is not worth another permission.
            .set_redis_settings(settings.set_protocol(protocol).set_skip_set_lib_name())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.info.addr())?;
        match self.info.redis_settings().db() {
            0 => Ok(()),
            database => write!(f, "/{database}"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("server", &self.to_string())
            .field("timeout", &self.timeout)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(given: &str) -> Result<Self, InvalidAddress> {
        let mut url = Url::parse(given).map_err(|_| InvalidAddress::unreadable())?;
        let behind = [Some(url.path()), url.query(), url.fragment()];
        // An @ after the host belongs to a password with a /, ? or # in it.
        if !url.has_host() || behind.iter().flatten().any(|part| part.contains('@')) {
            return Err(InvalidAddress::unreadable());
        }
        check_scheme(&url)?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(InvalidAddress::of("host", "write redis://host:6379"));
        }
        check_database(&url)?;
        let mut timeout = Duration::from_millis(250);
        let mut prefix = "cb".to_owned();
        for (option, value) in url.query_pairs() {
            match &*option {
                "timeout" => timeout = read_timeout(&value)?,
                "prefix" => prefix = read_prefix(&value)?,
                _ => return Err(InvalidAddress::unknown_option()),
            }
        }
        url.set_query(None);
        let info = url.into_connection_info().map_err(|_| {
            InvalidAddress::of(
                "user, password or host",
                "percent-encode user and password, and name a host that can be connected to",
            )
        })?;
        Ok(Self {
            info,
            timeout,
            prefix,
        })
    }
}

/// Chooses a cryptography provider if the program has not chosen one.
#[cfg(feature = "redis-tls")]
fn choose_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been quicker; then its choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

fn check_scheme(url: &Url) -> Result<(), InvalidAddress> {
    match url.scheme() {
        "redis" | "valkey" => {}
        "rediss" | "valkeys" if cfg!(feature = "redis-tls") => {}
        "rediss" | "valkeys" => {
            return Err(InvalidAddress::of(
                "scheme",
                "build with the feature redis-tls of fusebox-fleet, or write redis",
            ));
        }
        _ => {
            return Err(InvalidAddress::of(
                "scheme",
                "write redis, rediss, valkey, or valkeys, as in redis://127.0.0.1:6379",
            ));
        }
    }
    match url.fragment() {
        None => Ok(()),
        Some(_) => Err(InvalidAddress::of(
            "fragment",
            "leave out what follows the #; in a password write %23",
        )),
    }
}

fn check_database(url: &Url) -> Result<(), InvalidAddress> {
    let database = url.path().trim_matches('/');
    if database.is_empty() || database.parse::<u16>().is_ok() {
        return Ok(());
    }
    Err(InvalidAddress::of(
        "database",
        "write a number, as in redis://127.0.0.1:6379/0",
    ))
}

fn read_timeout(value: &str) -> Result<Duration, InvalidAddress> {
    let range = Duration::from_millis(1)..=Duration::from_secs(60);
    let read = match (value.strip_suffix("ms"), value.strip_suffix('s')) {
        (Some(number), _) => number.parse().ok().map(Duration::from_millis),
        (None, Some(number)) => number.parse().ok().map(Duration::from_secs),
        (None, None) => None,
    };
    read.filter(|time| range.contains(time))
        .ok_or_else(|| InvalidAddress::of("timeout", "write from 1ms to 60s, as in timeout=250ms"))
}

fn read_prefix(value: &str) -> Result<String, InvalidAddress> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if (1..=LONGEST_PREFIX).contains(&value.len()) && value.bytes().all(allowed) {
        return Ok(value.to_owned());
    }
    Err(InvalidAddress::of(
        "prefix",
        "write 1 to 64 letters, digits, or any of -_.: as in prefix=cb",
    ))
}

/// The error for an address that cannot be used: which part of it is wrong, and what to write instead. It shows no
/// part of the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidAddress {
    text: String,
}

impl InvalidAddress {
    fn of(field: &str, instead: &str) -> Self {
        Self {
            text: format!(
                "the {field} of the engine's address (not shown) is not allowed: {instead}"
            ),
        }
    }

    fn unreadable() -> Self {
        // It is unknown where in the address the password is.
        Self {
            text: "the engine's address cannot be read (it is not shown, because a password may be in \
                   it): write redis://user:password@host:6379/0, with user and password percent-encoded"
                .to_owned(),
        }
    }

    fn unknown_option() -> Self {
        Self {
            text: "the engine's address has an option that is not known (not shown): write timeout or \
                   prefix, as in redis://127.0.0.1:6379?timeout=250ms"
                .to_owned(),
        }
    }
}

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for InvalidAddress {}

#[cfg(all(test, feature = "redis-tls"))]
mod tests {
    use rustls::crypto::CryptoProvider;

    use super::*;

    #[test]
    fn a_program_gets_cryptography_when_it_connects_to_an_encrypted_server_and_not_before() {
        let chosen = || CryptoProvider::get_default().is_some();
        let plain: Address = "redis://localhost".parse().unwrap();
        plain.info(ProtocolVersion::RESP3);
        let encrypted: Address = "rediss://localhost".parse().unwrap();
        assert!(!chosen(), "an address is only read");

        encrypted.info(ProtocolVersion::RESP3);

        assert!(chosen());
    }
}
