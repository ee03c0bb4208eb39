//! The faults of a server, in words that cannot contain a password.
//!
//! Texts of the server are not passed on. Redis 5 answers a greeting that it does not know by repeating it, with the
//! password in it. Only the first word of an error, its code, is passed on.

use std::error::Error;
use std::io;
use std::sync::Arc;

use ::redis::{ErrorKind, RedisError};

use crate::engine::Unavailable;

/// The codes that a server may answer with. Any other first word may repeat anything that was sent.
const CODES: [&str; 10] = [
    "ERR",
    "BUSYKEY",
    "DENIED",
    "EXECABORT",
    "MASTERDOWN",
    "NOPROTO",
    "NOREPLICAS",
    "NOSCRIPT",
    "TRYAGAIN",
    "UNBLOCKED",
];

/// The names that our own scripts use for a field that makes no sense.
const FIELDS: [&str; 20] = [
    "back",
    "command",
    "earliest",
    "entry",
    "epoch",
    "expires",
    "failed",
    "fence",
    "good",
    "incarnation",
    "leases",
    "next",
    "number",
    "pool",
    "revision",
    "round",
    "rules",
    "since",
    "suspects",
    "voters",
];

/// What a failed request says about the connection that it was sent over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    /// It works.
    Fine,
    /// It may have ended.
    Lost,
    /// Another one may lead to another server, or greet it with the password again.
    Renew,
}

/// What to report of an error, and what to do with the connection.
pub(super) fn tell(error: &RedisError) -> (Unavailable, Connection) {
    let Some(code) = error.code() else {
        return (Unavailable::new(without_code(error)), Connection::Lost);
    };
    let connection = match code {
        "NOAUTH" | "READONLY" | "MASTERDOWN" | "UNBLOCKED" => Connection::Renew,
        _ => Connection::Fine,
    };
    (Unavailable::new(of_code(code, error.detail())), connection)
}

/// Whether the server does not know the greeting of RESP3: it is older than Redis 6, or a proxy.
pub(super) fn is_too_old(error: &RedisError) -> bool {
    error.kind() == ErrorKind::RESP3NotSupported
        || error.code() == Some("NOPROTO")
        || (error.code() == Some("ERR")
            && error
                .detail()
                .is_some_and(|detail| detail.starts_with("unknown command")))
}

fn of_code(code: &str, detail: Option<&str>) -> String {
    match code {
        "WRONGPASS" | "NOAUTH" => {
            format!("the server does not accept the user or the password ({code})")
        }
        "NOPERM" => "the server does not let this user do it (NOPERM): see the permissions in the \
                     documentation of fusebox_fleet::engine::redis"
            .to_owned(),
        "OOM" => "the server has no memory left (OOM)".to_owned(),
        "READONLY" => "the server is a read-only replica (READONLY)".to_owned(),
        "LOADING" => "the server is loading its data (LOADING)".to_owned(),
        "BUSY" => "the server is busy with a script (BUSY)".to_owned(),
        "MISCONF" => "the server cannot save its data and takes no writes (MISCONF)".to_owned(),
        "MOVED" | "ASK" | "CLUSTERDOWN" | "CROSSSLOT" => {
            format!("the server is a node of a cluster that does not keep this key ({code})")
        }
        "WRONGTYPE" => {
            "a key of the ledger holds something else (WRONGTYPE): delete the keys with the \
                        breaker's name, or choose another prefix"
                .to_owned()
        }
        // From our own scripts, which know where a field is, but not what is in it.
        "GARBAGE" => of_garbage(detail.unwrap_or_default()),
        "ERR" if detail.is_some_and(|detail| detail.contains("WRONGTYPE")) => {
            of_code("WRONGTYPE", None)
        }
        "ERR" if detail.is_some_and(|detail| detail.contains("OOM command not allowed")) => {
            of_code("OOM", None)
        }
        "ERR" if detail.is_some_and(|detail| detail.contains("READONLY")) => {
            of_code("READONLY", None)
        }
        code => match known(code, &CODES) {
            Some(code) => format!("the server answered with the error {code}"),
            None => "the server answered with an error of an unknown kind".to_owned(),
        },
    }
}

/// The error for a report whose ledger makes no sense in this field.
pub(super) fn garbage(field: &str) -> Unavailable {
    Unavailable::new(of_garbage(field))
}

fn of_garbage(field: &str) -> String {
    format!(
        "the ledger on the server is not readable (field {}): delete the keys with the breaker's name",
        known(field, &FIELDS).unwrap_or("unknown")
    )
}

/// The first word, if it is among these.
fn known(text: &str, words: &[&'static str]) -> Option<&'static str> {
    let first = text.split_whitespace().next()?;
    words.iter().find(|word| **word == first).copied()
}

fn without_code(error: &RedisError) -> String {
    if error.is_timeout() {
        return "the server did not answer in time".to_owned();
    }
    match error.kind() {
        ErrorKind::Io => format!("no connection to the server: {}", of_io(error)),
        ErrorKind::AuthenticationFailed => of_code("WRONGPASS", None),
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => {
            "the answer is not one of a Redis server: check the address".to_owned()
        }
        ErrorKind::RESP3NotSupported => "the server does not speak RESP3".to_owned(),
        kind => format!("the request failed ({kind:?})"),
    }
}

/// By its kind alone: the text of an error may contain anything.
fn of_io(error: &RedisError) -> &'static str {
    let source = error.source();
    // The client wraps it once.
    let wrapped = source.and_then(|source| source.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let Some(error) = wrapped.and_then(|error| error.downcast_ref().map(io::Error::kind)) else {
        return "it was lost";
    };
    match error {
        io::ErrorKind::ConnectionRefused => "it was refused",
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::NotConnected => "it was closed",
        io::ErrorKind::FileTooLarge => "an answer was longer than any of a ledger",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "the network is unreachable"
        }
        io::ErrorKind::NotFound => "the host is not known",
        io::ErrorKind::InvalidData => "the certificate or the encryption does not match",
        _ => "the name or the address could not be used",
    }
}
