//! How does one service call another? With one kind of HTTP client.

use std::time::Duration;

use reqwest::{Client, redirect};

/// Shorter than a service keeps an idle connection, so that no request meets one that is closing.
const IDLE_TIME: Duration = Duration::from_secs(2);

/// A client for services on this machine: no proxy, no redirects.
pub(crate) fn client() -> Client {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .pool_idle_timeout(IDLE_TIME)
        .build()
        .expect("a client without TLS can be built")
}
