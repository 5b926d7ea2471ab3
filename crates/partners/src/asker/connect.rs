//! Opens connections: TCP or TLS, then HTTP/1.1 or HTTP/2.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use runtime::net::{HttpConnector, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tower_service::Service as _;

use super::AskerSettings;
use super::resolve::Resolver;

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
type Driver = http1::Connection<Stream, Full<Bytes>>;

/// Longest head of an answer, bytes; also what one connection buffers.
const HEAD_BYTES_MAX: usize = 32 << 10;

/// Opens connections.
#[derive(Clone)]
pub(super) struct Connector {
    http1: HttpsConnector<HttpConnector<Resolver>>,
    http2: HttpsConnector<HttpConnector<Resolver>>,
}

/// An HTTP/1.1 connection. Whoever uses it drives it: see [`Http1::drive`].
pub(super) struct Http1 {
    sender: http1::SendRequest<Full<Bytes>>,
    /// Gone once the connection has ended.
    driver: Option<Box<Driver>>,
    /// Counts it among the open ones until it is dropped.
    _permit: OwnedSemaphorePermit,
}

/// The two halves of an HTTP/2 connection.
pub(super) struct Http2Parts {
    pub(super) sender: http2::SendRequest<Full<Bytes>>,
    pub(super) driver: http2::Connection<Stream, Full<Bytes>, TaskExecutor>,
}

/// Starts hyper's own tasks among ours.
#[derive(Clone)]
pub(super) struct TaskExecutor(pub(super) runtime::TaskSet);

impl<F> hyper::rt::Executor<F> for TaskExecutor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        drop(self.0.spawn(task));
    }
}

impl Connector {
    pub(super) fn new(settings: &AskerSettings) -> io::Result<Self> {
        let mut http = HttpConnector::new_with_resolver(Resolver::new(settings.names_ms.ms()));
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(settings.connect_ms.ms()));
        let tls = || {
            HttpsConnectorBuilder::new()
                .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
                .map(HttpsConnectorBuilder::https_or_http)
                .map_err(io::Error::other)
        };
        Ok(Self {
            http1: tls()?.enable_http1().wrap_connector(http.clone()),
            http2: tls()?.enable_http2().wrap_connector(http),
        })
    }

    pub(super) async fn http1(
        &self,
        to: Uri,
        permit: OwnedSemaphorePermit,
    ) -> io::Result<Box<Http1>> {
        let stream = self.http1.clone().call(to).await.map_err(io::Error::other)?;
        let handshake = http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .handshake(stream)
            .await
            .map_err(io::Error::other)?;
        let (sender, driver) = handshake;
        Ok(Box::new(Http1 { sender, driver: Some(Box::new(driver)), _permit: permit }))
    }

    pub(super) async fn http2(&self, to: Uri, executor: TaskExecutor) -> io::Result<Http2Parts> {
        let stream = self.http2.clone().call(to).await.map_err(io::Error::other)?;
        let (sender, driver) = http2::Builder::new(executor)
            .max_header_list_size(HEAD_BYTES_MAX as u32)
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(4 << 20)
            .handshake(stream)
            .await
            .map_err(io::Error::other)?;
        Ok(Http2Parts { sender, driver })
    }
}

impl Http1 {
    /// Whether a kept connection can take a request; notices one that the partner has closed.
    pub(super) fn is_usable(&mut self) -> bool {
        let mut context = Context::from_waker(std::task::Waker::noop());
        self.poll_driver(&mut context);
        self.driver.is_some() && self.sender.is_ready()
    }

    fn poll_driver(&mut self, context: &mut Context<'_>) {
        if let Some(driver) = &mut self.driver
            && Pin::new(driver.as_mut()).poll(context).is_ready()
        {
            // How it ended shows in the request or body that used it.
            self.driver = None;
        }
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        let answer = self.sender.send_request(request);
        self.drive(answer).await
    }

    /// Waits for something this connection brings, reading and writing it meanwhile.
    pub(super) async fn drive<T>(&mut self, wanted: impl Future<Output = T>) -> T {
        let mut wanted = std::pin::pin!(wanted);
        std::future::poll_fn(|context| {
            if let Poll::Ready(value) = wanted.as_mut().poll(context) {
                return Poll::Ready(value);
            }
            self.poll_driver(context);
            // What the driver has just brought would otherwise cost another wake-up.
            wanted.as_mut().poll(context)
        })
        .await
    }
}
