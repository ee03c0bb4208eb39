//! The socket to a server, encrypted if the address says so.

use std::io;
use std::net::SocketAddr;

use ::redis::{ConnectionAddr, RedisResult};
use futures_util::future::select_ok;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};

use super::bounded::Bounded;

/// The stream that a connection is read from and written to.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// Opens a socket, and bounds what the server may answer over it.
pub(super) async fn open(address: &ConnectionAddr) -> RedisResult<Bounded<Box<dyn Stream>>> {
    let stream: Box<dyn Stream> = match address {
        ConnectionAddr::Tcp(host, port) => Box::new(connect(host, *port).await?),
        #[cfg(feature = "redis-tls")]
        ConnectionAddr::TcpTls { host, port, .. } => {
            Box::new(encrypt(host, connect(host, *port).await?).await?)
        }
        _ => return Err(io::Error::from(io::ErrorKind::Unsupported).into()),
    };
    Ok(Bounded::new(stream))
}

async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    first_of(lookup_host((host, port)).await?).await
}

/// A socket to the first of these addresses that answers.
async fn first_of(addresses: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    // All attempts start at once: an address that does not answer must not use up the time of the others.
    let attempts: Vec<_> = addresses
        .map(|address| Box::pin(TcpStream::connect(address)))
        .collect();
    if attempts.is_empty() {
        return Err(io::ErrorKind::AddrNotAvailable.into());
    }
    let (socket, _) = select_ok(attempts).await?;
    // A request is written at once and complete, so waiting for more data would only delay it.
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// Encrypts the stream. The server needs a certificate for this host, from an authority that this machine trusts.
#[cfg(feature = "redis-tls")]
async fn encrypt(
    host: &str,
    socket: TcpStream,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut authorities = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    authorities.add_parsable_certificates(found.certs);
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(authorities)
        .with_no_client_auth();
    let name = rustls::pki_types::ServerName::try_from(host.to_owned())
        .map_err(|_| io::ErrorKind::InvalidInput)?;
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    connector.connect(name, socket).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::{TcpListener, TcpSocket};
    use tokio::task::JoinSet;
    use tokio::time::timeout;

    use super::*;

    /// More attempts than find room at a server that accepts nobody.
    const ENOUGH: usize = 16;
    /// How long loopback takes at most, on a machine that is busy.
    const PATIENCE: Duration = Duration::from_secs(5);

    /// A server that does not answer attempts to connect at all, as a host behind a wall does not.
    struct Silent {
        address: SocketAddr,
        _listener: TcpListener,
        _found_room: Vec<TcpStream>,
        _unanswered: JoinSet<io::Result<TcpStream>>,
    }

    impl Silent {
        async fn start() -> Self {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let listener = socket.listen(1).unwrap();
            let address = listener.local_addr().unwrap();
            let mut attempts = JoinSet::new();
            for _ in 0..ENOUGH {
                attempts.spawn(TcpStream::connect(address));
            }
            let mut found_room = Vec::new();
            let quiet = Duration::from_millis(200);
            while let Ok(Some(found)) = timeout(quiet, attempts.join_next()).await {
                found_room.push(found.unwrap().unwrap());
            }
            assert!(found_room.len() < ENOUGH, "nobody is left unanswered");
            Self {
                address,
                _listener: listener,
                _found_room: found_room,
                _unanswered: attempts,
            }
        }
    }

    /// An address where nobody listens.
    async fn refusing() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    }

    #[tokio::test]
    async fn of_a_name_with_several_addresses_the_first_that_answers_is_taken() {
        let silent = Silent::start().await;
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = server.local_addr().unwrap();
        let refusing = refusing().await;

        for addresses in [
            [silent.address, good, refusing],
            [refusing, silent.address, good],
            [good, refusing, silent.address],
        ] {
            let socket = timeout(PATIENCE, first_of(addresses.into_iter())).await;
            let socket = socket.expect("the others hold nobody up").unwrap();
            assert_eq!(socket.peer_addr().unwrap(), good, "{addresses:?}");
        }
    }

    #[tokio::test]
    async fn a_name_of_which_no_address_answers_is_an_error() {
        let refused = first_of([refusing().await].into_iter()).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);

        let none = first_of(std::iter::empty()).await.unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::AddrNotAvailable);
    }
}
