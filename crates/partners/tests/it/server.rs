//! Test servers: a well-behaved one by hyper, and one that writes whatever bytes a test wants.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use runtime::{HttpLimits, Shutdown, TaskSet, serve_http};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// One request as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) version: http::Version,
}

/// A server by hyper.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers each request by `answer`.
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(&Seen) -> Response<Body> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (answer, log) = (Arc::new(answer), Arc::clone(&seen));
        let service = service_fn(move |request: Request<Incoming>| {
            let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
                let seen = Seen { path, headers: head.headers, body, version: head.version };
                log.lock().unwrap().push(seen.clone());
                Ok::<_, Infallible>(answer(&seen))
            }
        });
        let tasks = TaskSet::default();
        let shutdown = Shutdown::default();
        let served = serve_http(listener, service, HttpLimits::default(), tasks.clone(), shutdown);
        tasks.spawn(served);
        Self { endpoint, seen }
    }

    /// Answers every request with one body.
    pub(crate) async fn of(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self::start(move |_| Response::new(full(body.clone()))).await
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

pub(crate) fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).boxed()
}

pub(crate) fn status(status: u16) -> Response<Body> {
    let mut answer = Response::new(full("no"));
    *answer.status_mut() = status.try_into().unwrap();
    answer
}

/// What a raw server does after its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Close,
    Reset,
    Hang,
}

/// Starts a server that reads each request and answers with `bytes`, in pieces with a pause between
/// them if `pause` is given, then does as told. Returns its endpoint and how many connections came.
pub(crate) async fn raw(
    bytes: impl Into<Vec<u8>>,
    pause: Option<Duration>,
    then: Then,
) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let accepted = Arc::new(AtomicUsize::new(0));
    let (count, bytes) = (Arc::clone(&accepted), Arc::new(bytes.into()));
    let tasks = TaskSet::default();
    let own = tasks.clone();
    own.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            tasks.spawn(answer_raw(stream, Arc::clone(&bytes), pause, then));
        }
    });
    (endpoint, accepted)
}

async fn answer_raw(
    mut stream: TcpStream,
    bytes: Arc<Vec<u8>>,
    pause: Option<Duration>,
    then: Then,
) {
    read_request(&mut stream).await;
    let piece = if pause.is_some() { 16 } else { bytes.len().max(1) };
    for piece in bytes.chunks(piece) {
        if stream.write_all(piece).await.is_err() {
            return;
        }
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
    match then {
        Then::Close => drop(stream.shutdown().await),
        Then::Reset => drop(stream.set_zero_linger()),
        Then::Hang => {
            let mut nothing = [0; 64];
            while stream.read(&mut nothing).await.is_ok_and(|read| read > 0) {}
        }
    }
}

async fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let Ok(read @ 1..) = stream.read(&mut buffer).await else { return };
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0) {
            return;
        }
    }
}

/// An HTTP/1.1 answer with a content length that may lie.
pub(crate) fn http1(body: &[u8], content_length: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {content_length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}
