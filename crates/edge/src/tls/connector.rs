//! Connects over TLS, name lookup, connection and handshake within one time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream, ResolveServerName};
use runtime::net::HttpConnector;
use rustls::ClientConfig;
use tower_service::Service;

type Inner = HttpsConnector<HttpConnector>;

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// Opens connections over TLS for a pool of `hyper-util`; `http` is refused.
#[derive(Clone, Debug)]
pub struct Connector {
    inner: Inner,
    within: Duration,
}

impl Connector {
    /// Believes whom the configuration believes. `names` tells what a server of an address must show.
    pub fn new<N>(config: ClientConfig, names: N, spoken: Spoken, within: Duration) -> Self
    where
        N: ResolveServerName + Send + Sync + 'static,
    {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.enforce_http(false);
        let builder = HttpsConnectorBuilder::new().with_tls_config(config).https_only();
        let builder = builder.with_server_name_resolver(names);
        let inner = match spoken {
            Spoken::Http1 => builder.enable_http1().wrap_connector(http),
            Spoken::Http2 => builder.enable_http2().wrap_connector(http),
        };
        Self { inner, within }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<<HttpConnector as Service<Uri>>::Response>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connect = tokio::time::timeout(self.within, self.inner.call(to));
        Box::pin(async move {
            connect.await.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
        })
    }
}
