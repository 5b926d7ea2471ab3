//! Sends requests to cells over kept connections: plain, or over TLS where both sides show who they are.
//!
//! One connection of HTTP/2 to each cell carries all requests at once. A stream's window is small, so that
//! who reads slowly holds up nobody else and little is held for them, and the connection's is as large as
//! all of them together. It is asked for a sign of life while it says nothing: a machine that was taken
//! away closes no connection. WebSockets have a connection of HTTP/1.1 each.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use fleet::CellId;
use http::header::UPGRADE;
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::Connect;
use hyper_util::client::legacy::{Builder, Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use runtime::net::HttpConnector;
use thiserror::Error;

use crate::body::Passing;
use crate::settings::EdgeSettings;
use crate::tls::{Connector, Mutual, Setup, Spoken};

/// Unused connections are closed after this long.
const IDLE: Duration = Duration::from_secs(30);
/// A connection that says nothing for so long is asked whether it is there.
const SILENT: Duration = Duration::from_secs(5);
/// It has so long to answer.
const ALIVE_WITHIN: Duration = Duration::from_secs(5);
/// Bytes of an answer that a cell sends before any of them were taken.
const STREAM_WINDOW: u32 = 128 << 10;

/// What is sent to a cell.
pub(crate) type Sent = Passing<Incoming>;

/// A request that was not answered.
#[derive(Debug, Error)]
pub(crate) enum SendError {
    /// There was no connection, so nothing was sent.
    #[error("the cell cannot be reached")]
    Refused(#[source] hyper_util::client::legacy::Error),
    /// The connection broke before an answer.
    #[error("the connection to the cell broke")]
    Broken(#[source] hyper_util::client::legacy::Error),
    /// The cell was found gone while its answer was awaited.
    #[error("the cell is gone")]
    Gone,
    /// The answer broke off, or is too large.
    #[error("the answer broke off or is too large")]
    Cut,
    /// No answer in time.
    #[error("the cell did not answer in time")]
    Late,
    /// The request cannot be sent on at all.
    #[error("the request has no valid address")]
    Address(#[from] http::Error),
}

/// Connections to all cells, and to the control plane, which is asked in the clear: what it says is signed.
#[derive(Clone, Debug)]
pub struct Upstream {
    control: Client<HttpConnector, Sent>,
    cells: Cells,
    answer_within: Duration,
}

#[derive(Clone, Debug)]
enum Cells {
    Plain(Connections<HttpConnector>),
    Mutual(Connections<Connector>, Mutual),
}

/// Connections that are opened in one way.
#[derive(Clone, Debug)]
struct Connections<C> {
    /// HTTP/2: many requests each.
    shared: Client<C, Sent>,
    /// HTTP/1.1: for what changes the protocol.
    single: Client<C, Sent>,
}

impl<C: Connect + Clone + Send + Sync + 'static> Connections<C> {
    fn new(settings: &EdgeSettings, [shared, single]: [C; 2]) -> Self {
        let streams = settings.cell_requests_max.get();
        let window = u64::from(STREAM_WINDOW).saturating_mul(streams).min(1 << 30) as u32;
        let mut http2 = pool(settings);
        http2
            .http2_only(true)
            .timer(TokioTimer::new())
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(window)
            .http2_keep_alive_interval(SILENT)
            .http2_keep_alive_timeout(ALIVE_WITHIN)
            .http2_keep_alive_while_idle(true);
        Self { shared: http2.build(shared), single: pool(settings).build(single) }
    }

    fn request(&self, request: Request<Sent>) -> ResponseFuture {
        if request.headers().contains_key(UPGRADE) {
            self.single.request(request)
        } else {
            self.shared.request(request)
        }
    }
}

impl Cells {
    fn scheme(&self) -> Scheme {
        match self {
            Self::Plain(_) => Scheme::HTTP,
            Self::Mutual(..) => Scheme::HTTPS,
        }
    }

    fn request(&self, request: Request<Sent>) -> ResponseFuture {
        match self {
            Self::Plain(connections) => connections.request(request),
            Self::Mutual(connections, _) => connections.request(request),
        }
    }
}

impl Upstream {
    /// No connection yet.
    #[must_use]
    pub fn new(settings: &EdgeSettings) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(settings.connect_ms.ms()));
        let control = pool(settings).build(connector.clone());
        let cells = Connections::new(settings, [connector.clone(), connector]);
        Self { control, cells: Cells::Plain(cells), answer_within: settings.answer_ms.ms() }
    }

    /// No connection yet; before servers that are no cells of ours and speak HTTP/1.1 only.
    #[must_use]
    pub fn over_http1(settings: &EdgeSettings) -> Self {
        let mut upstream = Self::new(settings);
        if let Cells::Plain(cells) = &mut upstream.cells {
            cells.shared = cells.single.clone();
        }
        upstream
    }

    /// No connection yet; those to cells will be over TLS.
    ///
    /// # Errors
    /// [`Setup`] if the file of the authority is refused.
    pub fn over_tls(settings: &EdgeSettings, mutual: Mutual) -> Result<Self, Setup> {
        let within = settings.connect_ms.ms();
        let connectors =
            [mutual.connector(Spoken::Http2, within)?, mutual.connector(Spoken::Http1, within)?];
        let cells = Cells::Mutual(Connections::new(settings, connectors), mutual);
        Ok(Self { cells, ..Self::new(settings) })
    }

    /// Which cell is at which address from now on.
    pub fn expect(&self, cells: impl IntoIterator<Item = (CellId, SocketAddr)>) {
        if let Cells::Mutual(_, mutual) = &self.cells {
            mutual.expect(cells);
        }
    }

    /// Sends a request with the head of another; waits for the head of the answer.
    pub(crate) async fn send(
        &self,
        cell: &Authority,
        head: &Parts,
        body: Sent,
    ) -> Result<Response<Incoming>, SendError> {
        let mut uri = Uri::builder().scheme(self.cells.scheme()).authority(cell.clone());
        uri = uri.path_and_query(head.uri.path_and_query().map_or("/", |path| path.as_str()));
        let mut request = Request::new(body);
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = uri.build()?;
        *request.headers_mut() = head.headers.clone();
        let answer = self.cells.request(request);
        match tokio::time::timeout(self.answer_within, answer).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => Err(SendError::Refused(error)),
            Ok(Err(error)) => Err(SendError::Broken(error)),
            Err(_) => Err(SendError::Late),
        }
    }

    /// Gets a small document of the control plane; `None` for anything but a whole one.
    pub(crate) async fn get(
        &self,
        address: SocketAddr,
        path: &str,
        within: Duration,
        bytes_max: usize,
    ) -> Option<(StatusCode, Bytes)> {
        let answer = self.control.request(small_request(&Scheme::HTTP, address, path)?);
        tokio::time::timeout(within, take_small(answer, bytes_max)).await.ok().flatten()
    }

    /// Asks the control plane for something; gives its answer with whatever status.
    pub(crate) async fn ask_control(
        &self,
        request: Request<Sent>,
        within: Duration,
        bytes_max: usize,
    ) -> Result<Response<Bytes>, SendError> {
        let asked = async {
            let answered = self.control.request(request).await.map_err(|error| {
                if error.is_connect() {
                    SendError::Refused(error)
                } else {
                    SendError::Broken(error)
                }
            });
            let (head, body) = answered?.into_parts();
            let body = Limited::new(body, bytes_max).collect().await;
            let body = body.map_err(|_| SendError::Cut)?;
            Ok::<_, SendError>(Response::from_parts(head, body.to_bytes()))
        };
        tokio::time::timeout(within, asked).await.unwrap_or(Err(SendError::Late))
    }

    /// The same of a cell, with one more header if there is one.
    pub(crate) async fn get_from_cell(
        &self,
        (cell, path): (SocketAddr, &str),
        header: Option<(HeaderName, HeaderValue)>,
        within: Duration,
        bytes_max: usize,
    ) -> Option<(StatusCode, Bytes)> {
        let request = small_request(&self.cells.scheme(), cell, path)?;
        let answer = self.cells.request(with(request, header));
        tokio::time::timeout(within, take_small(answer, bytes_max)).await.ok().flatten()
    }
}

fn pool(settings: &EdgeSettings) -> Builder {
    let mut pool = Client::builder(TokioExecutor::new());
    pool.pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(settings.cell_requests_max.size())
        // The host a client wanted is passed on, not the cell's.
        .set_host(false);
    pool
}

fn small_request(scheme: &Scheme, address: SocketAddr, path: &str) -> Option<Request<Sent>> {
    Request::builder()
        .method(Method::GET)
        .uri(format!("{scheme}://{address}{path}"))
        .header(http::header::HOST, address.to_string())
        .body(Sent::default())
        .ok()
}

fn with(mut request: Request<Sent>, header: Option<(HeaderName, HeaderValue)>) -> Request<Sent> {
    request.headers_mut().extend(header);
    request
}

async fn take_small(answer: ResponseFuture, bytes_max: usize) -> Option<(StatusCode, Bytes)> {
    let response = answer.await.ok()?;
    let status = response.status();
    let body = Limited::new(response.into_body(), bytes_max).collect().await.ok()?;
    Some((status, body.to_bytes()))
}

#[cfg(test)]
mod tests;
