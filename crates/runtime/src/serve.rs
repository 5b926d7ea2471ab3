//! Serves HTTP/1.1 and HTTP/2 on one listener, with limits and a graceful end.
//!
//! Limits: connections at once (more wait in the kernel's backlog) and of one client (more are closed), time for
//! a request's head, the first one's from the moment of connecting, time for a client to take what is written to it, size of
//! HTTP/2 settings. When [`Shutdown`] begins, no connection is accepted any more and open ones finish
//! what they are doing. Each request carries its [`Peer`] among its extensions.
//!
//! A service may answer 101 and go on with the connection itself ([`hyper::upgrade`]); it then keeps the
//! connection's place among those at once until it drops it, and hears of the end by itself.
//!
//! What happens on a connection before HTTP is a [`Greeting`]: nothing ([`Plain`]), or a handshake that
//! whoever owns TLS brings along.

mod greeting;
mod patience;
mod places;

use std::convert::Infallible;
use std::fmt::Display;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;

use crate::net::TcpListener;
use crate::tasks::{Shutdown, TaskSet};
pub use greeting::{Greeted, Greeting, Plain, Speaks};
use patience::Patience;
use places::Places;
pub use places::household_of;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Limits of a listener.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Connections open at once.
    pub connections: usize,
    /// Of these, those of one client, by its address; 0: all.
    pub connections_per_client: usize,
    /// Time in which a request's head must arrive.
    pub head_within: Duration,
    /// How long a client may take nothing of what is written to it; `None`: for ever.
    pub write_within: Option<Duration>,
    /// HTTP/2 streams of one connection at once.
    pub streams: u32,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_client: 0,
            head_within: Duration::from_secs(10),
            write_within: None,
            streams: 250,
        }
    }
}

/// What can be served: a service of HTTP, whatever its bodies are.
pub trait HttpService:
    Service<
        Request<Incoming>,
        Response = Response<<Self as HttpService>::Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static
{
    /// Bodies of its answers.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static;
}

impl<S, B> HttpService for S
where
    S: Service<
            Request<Incoming>,
            Response = Response<B>,
            Error = Infallible,
            Future: Send + 'static,
        > + Clone
        + Send
        + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    type Body = B;
}

/// Accepts connections until `shutdown` begins; returns once no more are accepted. Connections run
/// in `tasks`, to be drained by the caller.
pub async fn serve_http(
    listener: TcpListener,
    service: impl HttpService,
    limits: HttpLimits,
    tasks: TaskSet,
    shutdown: Shutdown,
) {
    serve_greeted((listener, Plain), service, limits, tasks, shutdown).await;
}

/// The same where every connection begins with a greeting.
pub async fn serve_greeted(
    (listener, greeting): (TcpListener, impl Greeting),
    service: impl HttpService,
    limits: HttpLimits,
    tasks: TaskSet,
    shutdown: Shutdown,
) {
    let builders = Arc::new(Builders::new(&limits));
    let places = Places::new(limits.connections, limits.connections_per_client);
    loop {
        let Some(free) = places.free().await else { return };
        let accepted = tokio::select! {
            biased;
            () = shutdown.begun() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors or a reset in the backlog: neither ends the service.
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let Some(place) = places.take(free, peer.ip()) else {
            tracing::debug!(%peer, "a client has as many connections as it may");
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (builders, shutdown) = (Arc::clone(&builders), shutdown.clone());
        let (greeting, service) = (greeting.clone(), service.clone());
        tasks.spawn(async move {
            let greeted = tokio::select! {
                biased;
                () = shutdown.begun() => return,
                greeted = greeting.greet(stream, limits) => greeted,
            };
            let Some(Greeted { stream, speaks }) = greeted else { return };
            let stream = match speaks {
                // Nobody else limits the time for the preface.
                Speaks::Http2 => Patience::beginning(stream, limits),
                Speaks::Either | Speaks::Http1 => Patience::new(stream, limits.write_within),
            };
            let stream = TokioIo::new(stream.in_place(place));
            let service = WithPeer { service, peer: Peer(peer) };
            match speaks {
                Speaks::Either => {
                    let either = &builders.either;
                    let connection = either.serve_connection_with_upgrades(stream, service);
                    serve_until(connection, |open| open.graceful_shutdown(), &shutdown).await;
                }
                Speaks::Http1 => {
                    let connection = builders.http1.serve_connection(stream, service);
                    let connection = connection.with_upgrades();
                    serve_until(connection, |open| open.graceful_shutdown(), &shutdown).await;
                }
                Speaks::Http2 => {
                    let connection = builders.http2.serve_connection(stream, service);
                    serve_until(connection, |open| open.graceful_shutdown(), &shutdown).await;
                }
            }
        });
    }
}

/// Serves a connection to its end; once `shutdown` begins it is told to finish what it is doing.
async fn serve_until<C, E>(connection: C, finish: impl FnOnce(Pin<&mut C>), shutdown: &Shutdown)
where
    C: Future<Output = Result<(), E>>,
    E: Display,
{
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = shutdown.begun() => {
            finish(connection.as_mut());
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// How connections are served, by what is spoken on them.
struct Builders {
    either: auto::Builder<TokioExecutor>,
    http1: http1::Builder,
    http2: auto::Builder<TokioExecutor>,
}

impl Builders {
    fn new(limits: &HttpLimits) -> Self {
        let mut either = auto::Builder::new(TokioExecutor::new());
        either.http1().timer(TokioTimer::new()).header_read_timeout(limits.head_within);
        either
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.streams)
            .max_header_list_size(64 << 10)
            .keep_alive_interval(Some(Duration::from_secs(30)))
            .keep_alive_timeout(Duration::from_secs(20));
        // The builder for either version would look for HTTP/2 again.
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(limits.head_within);
        let http2 = either.clone().http2_only();
        Self { either, http1, http2 }
    }
}

/// Tells a service where its requests come from.
struct WithPeer<S> {
    service: S,
    peer: Peer,
}

impl<S: Service<Request<Incoming>>> Service<Request<Incoming>> for WithPeer<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn call(&self, mut request: Request<Incoming>) -> S::Future {
        request.extensions_mut().insert(self.peer);
        self.service.call(request)
    }
}

#[cfg(test)]
mod tests;
