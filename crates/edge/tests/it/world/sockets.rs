//! WebSockets of a server in the place of a cell.
//!
//! What it does is the last part of the path: `echo`, `hello` (says so first), `headers` (says what it was
//! asked with), `pings`, `closes`, `vanishes` at the first message, `refuses`, `deceives` (opens something
//! else); `deaf` reads nothing. Anything else echoes too.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use runtime::{Shutdown, TaskSet};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role};

use super::{AnyBody, whole};

type Stream = WebSocketStream<TokioIo<Upgraded>>;

pub(crate) struct Sockets {
    /// Open now.
    pub(crate) open: AtomicUsize,
    /// What the last one that ended was told: code, reason.
    pub(crate) told: Mutex<Option<(u16, String)>>,
    tasks: TaskSet,
    shutdown: Shutdown,
}

impl Sockets {
    pub(super) fn new(tasks: TaskSet, shutdown: Shutdown) -> Arc<Self> {
        let (open, told) = (AtomicUsize::new(0), Mutex::new(None));
        Arc::new(Self { open, told, tasks, shutdown })
    }

    /// The code that the last one was closed with; 0: there was none.
    pub(crate) fn code(&self) -> u16 {
        self.told.lock().unwrap().as_ref().map_or(0, |(code, _)| *code)
    }

    pub(super) fn answer(
        self: &Arc<Self>,
        name: u32,
        mut request: Request<Incoming>,
    ) -> Response<AnyBody> {
        let opened = hyper::upgrade::on(&mut request);
        let request = request.map(|_| ());
        let does = request.uri().path().rsplit('/').next().unwrap().to_owned();
        if does == "refuses" {
            let refused = Response::builder().status(403).header("x-why", "because");
            return refused.body(whole("not you")).unwrap();
        }
        let Ok(mut answer) = create_response(&request) else {
            let bad = Response::builder().status(400);
            return bad.body(whole(format!("cell-{name} sees no handshake"))).unwrap();
        };
        if let Some(protocol) = request.headers().get("sec-websocket-protocol") {
            answer.headers_mut().insert("sec-websocket-protocol", protocol.clone());
        }
        if does == "deceives" {
            answer.headers_mut().insert("upgrade", "h2c".parse().unwrap());
        }
        let sockets = Arc::clone(self);
        self.tasks.spawn(async move {
            let Ok(stream) = opened.await else { return };
            sockets.open.fetch_add(1, Ordering::SeqCst);
            let (stream, shutdown) = (TokioIo::new(stream), sockets.shutdown.clone());
            let stream = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            tokio::select! {
                biased;
                // Without a word.
                () = shutdown.begun() => {}
                told = talk(stream, &does, &request) => {
                    *sockets.told.lock().unwrap() = told;
                }
            }
            sockets.open.fetch_sub(1, Ordering::SeqCst);
        });
        answer.map(|()| whole(""))
    }
}

/// Talks until the end; gives what it was told then.
async fn talk(mut stream: Stream, does: &str, asked: &Request<()>) -> Option<(u16, String)> {
    let first = match does {
        "hello" => Some(Message::text("hello")),
        "headers" => {
            let lines = asked.headers().iter();
            let lines: Vec<String> =
                lines.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
            Some(Message::text(lines.join("\n")))
        }
        "pings" => Some(Message::Ping("are you there?".into())),
        "closes" => {
            let close = CloseFrame { code: 4_001.into(), reason: "enough".into() };
            Some(Message::Close(Some(close)))
        }
        _ => None,
    };
    if let Some(first) = first {
        stream.send(first).await.ok()?;
    }
    if does == "deaf" {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
    let mut told = None;
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Text(_) | Message::Binary(_) if does == "vanishes" => return None,
            Message::Text(_) | Message::Binary(_) => stream.send(message).await.ok()?,
            Message::Pong(data) => {
                let data = String::from_utf8_lossy(&data).into_owned();
                stream.send(Message::text(format!("pong: {data}"))).await.ok()?;
            }
            Message::Close(close) => {
                told = close.map(|close| (close.code.into(), close.reason.to_string()));
            }
            Message::Ping(_) | Message::Frame(_) => {}
        }
    }
    told
}
