use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::header::{CONNECTION, UPGRADE};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use runtime::serve::serve_greeted;
use runtime::{HttpLimits, Shutdown, TaskSet};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::tls::issue::{self, Side};
use crate::tls::{Files, Handshakes, Shown, TlsSettings};

/// A folder with an authority, removed at the end.
struct OwnAuthority {
    folder: PathBuf,
    key: String,
}

impl OwnAuthority {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("fareway-up-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let issued = issue::authority(now_s()).unwrap();
        std::fs::write(folder.join("authority.pem"), issued.certificate).unwrap();
        Self { folder, key: issued.key }
    }

    fn file(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// A certificate that it signs, in use.
    fn signs(&self, name: &str, side: Side) -> Arc<Shown> {
        let issued = issue::signed(&self.key, name, side, now_s()).unwrap();
        let at = |end: &str| self.folder.join(format!("{name}-{side:?}.{end}"));
        let files = Files { certificate: at("pem"), key: at("key") };
        std::fs::write(&files.certificate, issued.certificate).unwrap();
        std::fs::write(&files.key, issued.key).unwrap();
        Shown::open(files, &TlsSettings::default(), now_s()).unwrap()
    }
}

impl Drop for OwnAuthority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn now_s() -> i64 {
    runtime::unix_ms() / 1_000
}

/// Says where it is; whoever asks for another protocol gets back what it sends.
async fn here(
    tasks: TaskSet,
    mut request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if !request.headers().contains_key(UPGRADE) {
        return Ok(Response::new(Full::new(Bytes::from_static(b"here"))));
    }
    let opened = hyper::upgrade::on(&mut request);
    tasks.spawn(async move {
        let (mut from, mut to) = tokio::io::split(TokioIo::new(opened.await.unwrap()));
        tokio::io::copy(&mut from, &mut to).await.unwrap();
        to.shutdown().await.unwrap();
    });
    let answer = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    let answer = answer.header(CONNECTION, "upgrade").header(UPGRADE, "websocket");
    Ok(answer.body(Full::default()).unwrap())
}

/// A cell that shows this, and takes clients of this authority.
async fn cell(shown: Arc<Shown>, clients: &Path) -> SocketAddr {
    let handshakes = Handshakes::with_known(shown, clients, &TlsSettings::default()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let serving = tasks.clone();
    let service = service_fn(move |request| here(serving.clone(), request));
    let limits = HttpLimits::default();
    tasks.spawn(serve_greeted((listener, handshakes), service, limits, tasks.clone(), shutdown));
    address
}

async fn asks(shown: Arc<Shown>, believes: &Path, expects: CellId, at: SocketAddr) -> bool {
    let mutual = Mutual::new(shown, believes);
    let upstream = Upstream::over_tls(&EdgeSettings::default(), mutual).unwrap();
    upstream.expect([(expects, at)]);
    let answer = upstream.get_from_cell((at, "/"), None, Duration::from_secs(10), 100).await;
    answer.is_some_and(|(status, body)| status.is_success() && body == "here")
}

#[tokio::test]
async fn an_edge_and_a_cell_of_one_fleet_talk_and_nobody_else_does() {
    let (ours, theirs) = (OwnAuthority::new("ours"), OwnAuthority::new("theirs"));
    let at = cell(ours.signs("cell-2", Side::Server), &ours.file()).await;
    let edge = ours.signs("edge", Side::Client);
    let two = CellId(2);
    assert!(asks(Arc::clone(&edge), &ours.file(), two, at).await);
    // The edge does not believe another cell, or one of another fleet.
    assert!(!asks(Arc::clone(&edge), &ours.file(), CellId(1), at).await);
    assert!(!asks(edge, &theirs.file(), two, at).await);
    // The cell believes no client of another fleet, and no cell that plays a client.
    assert!(!asks(theirs.signs("edge", Side::Client), &ours.file(), two, at).await);
    assert!(!asks(ours.signs("cell-1", Side::Server), &ours.file(), two, at).await);
    let plain = Upstream::new(&EdgeSettings::default());
    let answer = plain.get(at, "/", Duration::from_secs(10), 1_000).await;
    assert_eq!(answer.map(|(status, _)| status), Some(StatusCode::BAD_REQUEST));
}

#[tokio::test]
async fn a_cell_whose_address_was_not_told_is_not_believed() {
    let ours = OwnAuthority::new("untold");
    let at = cell(ours.signs("cell-2", Side::Server), &ours.file()).await;
    let mutual = Mutual::new(ours.signs("edge", Side::Client), &ours.file());
    let upstream = Upstream::over_tls(&EdgeSettings::default(), mutual).unwrap();
    assert!(upstream.get_from_cell((at, "/"), None, Duration::from_secs(10), 100).await.is_none());
}

#[tokio::test]
async fn a_websocket_is_opened_where_both_sides_show_who_they_are() {
    let ours = OwnAuthority::new("opened");
    let at = cell(ours.signs("cell-2", Side::Server), &ours.file()).await;
    let mutual = Mutual::new(ours.signs("edge", Side::Client), &ours.file());
    let upstream = Upstream::over_tls(&EdgeSettings::default(), mutual).unwrap();
    upstream.expect([(CellId(2), at)]);
    let handshake = Request::get("/").header(CONNECTION, "upgrade").header(UPGRADE, "websocket");
    let head = handshake.body(()).unwrap().into_parts().0;
    let authority = at.to_string().parse().unwrap();
    let mut answer = upstream.send(&authority, &head, Sent::default()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
    let opened = answer.extensions_mut().remove::<OnUpgrade>().unwrap().await.unwrap();
    let mut stream = TokioIo::new(opened);
    stream.write_all(b"hello").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut told = String::new();
    stream.read_to_string(&mut told).await.unwrap();
    assert_eq!(told, "hello");
}
