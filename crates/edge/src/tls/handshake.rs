//! Handshakes, limited in time and number.
//!
//! A place among those under way is taken only once the client's first message is whole: who connects
//! and says nothing, or half of it, holds a connection and no place. Whoever speaks plain HTTP is told
//! so in plain HTTP.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use runtime::HttpLimits;
use runtime::net::TcpStream;
use runtime::serve::{Greeted, Greeting, Speaks};
use rustls::crypto::ring;
use rustls::server::{
    Acceptor, NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier,
};
use rustls::{RootCertStore, ServerConfig};
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::identity::{FileError, read_certificates};
use super::settings::TlsSettings;
use super::shown::Shown;

/// How a client of TLS begins.
const HANDSHAKE: u8 = 0x16;
/// For those who do not.
const SPEAK_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\n\
    content-length: 33\r\nconnection: close\r\n\r\nThis port speaks https, not http\n";

/// Why handshakes cannot begin.
#[derive(Debug, Error)]
pub enum Setup {
    /// A file is refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The library refuses what it is given.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The library refuses the authority.
    #[error("the authority of clients cannot be used")]
    Authority(#[from] VerifierBuilderError),
}

/// What connections to a listener begin with.
#[derive(Clone, Debug)]
pub struct Handshakes {
    config: Arc<ServerConfig>,
    places: Arc<Semaphore>,
    within: Duration,
}

impl Handshakes {
    /// Takes any client.
    ///
    /// # Errors
    /// [`Setup`] if the library refuses.
    pub fn with_all(shown: Arc<Shown>, settings: &TlsSettings) -> Result<Self, Setup> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
        let mut config = builder.with_cert_resolver(shown);
        // A client that comes back saves a signature; nothing of it is kept here.
        config.ticketer = ring::Ticketer::new()?;
        Ok(Self::new(config, settings))
    }

    /// Takes only clients that show a certificate of the authority in a file.
    ///
    /// # Errors
    /// [`Setup`] if the file is refused.
    pub fn with_known(
        shown: Arc<Shown>,
        authority: &Path,
        settings: &TlsSettings,
    ) -> Result<Self, Setup> {
        let provider = Arc::new(ring::default_provider());
        let clients = Arc::new(roots(authority)?);
        let clients =
            WebPkiClientVerifier::builder_with_provider(clients, Arc::clone(&provider)).build()?;
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = builder.with_client_cert_verifier(clients).with_cert_resolver(shown);
        // Whoever comes back shows who it is again.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self::new(config, settings))
    }

    fn new(mut config: ServerConfig, settings: &TlsSettings) -> Self {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Self {
            config: Arc::new(config),
            places: Arc::new(Semaphore::new(settings.handshakes_max.size())),
            within: settings.handshake_ms.ms(),
        }
    }

    async fn shake(&self, mut stream: TcpStream) -> io::Result<Greeted<TlsStream<TcpStream>>> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if first[0] != HANDSHAKE {
            if first[0].is_ascii_uppercase() {
                // What has come is read: closing would otherwise reset the connection, answer and all.
                let _ = stream.try_read(&mut [0; 4_096]);
                stream.write_all(SPEAK_TLS).await?;
                stream.shutdown().await?;
            }
            return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no TLS"));
        }
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let _place = self.places.acquire().await.map_err(io::Error::other)?;
        let stream = begun.into_stream(Arc::clone(&self.config)).await?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Greeted { stream, speaks: if http2 { Speaks::Http2 } else { Speaks::Http1 } })
    }
}

/// The certificates of a file as those who are believed.
pub(super) fn roots(authority: &Path) -> Result<RootCertStore, Setup> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(authority)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

impl Greeting for Handshakes {
    type Stream = TlsStream<TcpStream>;

    async fn greet(&self, stream: TcpStream, _: HttpLimits) -> Option<Greeted<Self::Stream>> {
        match tokio::time::timeout(self.within, Box::pin(self.shake(stream))).await {
            Ok(Ok(greeted)) => Some(greeted),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!("a handshake took too long");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
