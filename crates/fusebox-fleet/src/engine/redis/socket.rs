//! The socket to a server, encrypted if the address says so.

use std::io;

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
    let addresses = lookup_host((host, port)).await?;
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
