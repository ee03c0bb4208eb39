//! The user's browser, in which the live page is opened on request.
//!
//! The system knows the browser: `xdg-open` on Linux (which honours `BROWSER`), `open` on macOS, `start` on Windows.
//! On a machine without a browser, such as a server, nothing is lost: the address has been printed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Whether the page should be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// No: its address is only printed.
    NotAsked,
    /// Yes: a browser shows the page as soon as it is there.
    Asked,
}

impl From<bool> for Opening {
    fn from(flag: bool) -> Self {
        if flag { Self::Asked } else { Self::NotAsked }
    }
}

impl Opening {
    /// Opens the page at `address`, if that was requested and there is a page. It does not block, because a browser
    /// may take its time. If none can be opened, the log says so in one line.
    pub(crate) fn of_page(self, address: Option<SocketAddr>) {
        let (Self::Asked, Some(address)) = (self, address) else {
            return;
        };
        let url = url(address);
        tokio::task::spawn_blocking(move || {
            if let Err(error) = open::that(&url) {
                let reason = error.to_string();
                let reason = reason.lines().next().unwrap_or_default();
                tracing::warn!(
                    url,
                    reason,
                    "cannot open a browser: open the page at this URL by hand"
                );
            }
        });
    }
}

/// The page's address for a browser on this machine: an address that stands for all interfaces cannot be opened.
fn url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}/", SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_on_all_addresses_is_opened_on_this_machine() {
        for (bound, opened) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080/"),
            ("[::]:80", "http://[::1]:80/"),
        ] {
            assert_eq!(url(bound.parse().unwrap()), opened);
        }
    }
}
