//! Sends requests to cells over kept connections.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use thiserror::Error;

use crate::body::Passing;
use crate::settings::EdgeSettings;

/// Unused connections are closed after this long.
const IDLE: Duration = Duration::from_secs(30);

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
    /// No answer in time.
    #[error("the cell did not answer in time")]
    Late,
    /// The request cannot be sent on at all.
    #[error("the request has no valid address")]
    Address(#[from] http::Error),
}

/// Connections to all cells.
#[derive(Clone, Debug)]
pub struct Upstream {
    client: Client<HttpConnector, Sent>,
    answer_within: Duration,
}

impl Upstream {
    /// No connection yet.
    #[must_use]
    pub fn new(settings: &EdgeSettings) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(settings.connect_ms.ms()));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(settings.cell_requests_max.size())
            // The host a client wanted is passed on, not the cell's.
            .set_host(false)
            .build(connector);
        Self { client, answer_within: settings.answer_ms.ms() }
    }

    /// Sends a request with the head of another; waits for the head of the answer.
    pub(crate) async fn send(
        &self,
        cell: &Authority,
        head: &Parts,
        body: Sent,
    ) -> Result<Response<Incoming>, SendError> {
        let mut uri = Uri::builder().scheme(Scheme::HTTP).authority(cell.clone());
        uri = uri.path_and_query(head.uri.path_and_query().map_or("/", |path| path.as_str()));
        let mut request = Request::new(body);
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = uri.build()?;
        *request.headers_mut() = head.headers.clone();
        let answer = self.client.request(request);
        match tokio::time::timeout(self.answer_within, answer).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => Err(SendError::Refused(error)),
            Ok(Err(error)) => Err(SendError::Broken(error)),
            Err(_) => Err(SendError::Late),
        }
    }

    /// Gets a small document; `None` for anything but a whole one with status 200.
    pub(crate) async fn get(
        &self,
        address: SocketAddr,
        path: &str,
        within: Duration,
        bytes_max: usize,
    ) -> Option<(http::StatusCode, Bytes)> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(format!("http://{address}{path}"))
            .header(http::header::HOST, address.to_string())
            .body(Sent::default())
            .ok()?;
        let work = async {
            let response = self.client.request(request).await.ok()?;
            let status = response.status();
            let body = Limited::new(response.into_body(), bytes_max).collect().await.ok()?;
            Some((status, body.to_bytes()))
        };
        tokio::time::timeout(within, work).await.ok().flatten()
    }
}
