use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use runtime::serve::serve_greeted;
use runtime::{Limited, Shutdown, TaskSet};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;
use crate::tls::identity::tests::Folder;

/// A door with these settings, and its files.
async fn door(settings: &TlsSettings) -> (SocketAddr, Folder) {
    let folder = Folder::new();
    let now_s = runtime::unix_ms() / 1_000;
    folder.write_pair(now_s);
    let shown = Shown::open(folder.files.clone(), settings, now_s).unwrap();
    let handshakes = Handshakes::with_all(shown, settings).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let service = service_fn(|request: Request<Incoming>| async move {
        Ok(Response::new(Full::new(Bytes::from(format!("{:?}", request.version())))))
    });
    let limits = HttpLimits { head_within: Duration::from_millis(200), ..HttpLimits::default() };
    tasks.spawn(serve_greeted((listener, handshakes), service, limits, tasks.clone(), shutdown));
    (address, folder)
}

fn impatient(handshakes_max: u64) -> TlsSettings {
    TlsSettings {
        handshake_ms: Limited::literal(300),
        handshakes_max: Limited::new(handshakes_max).unwrap(),
        ..TlsSettings::default()
    }
}

/// A client that offers these protocols.
async fn client(
    address: SocketAddr,
    folder: &Folder,
    alpn: &[&[u8]],
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let mut chain = read_certificates(&folder.files.certificate).unwrap();
    roots.add(chain.remove(0)).unwrap();
    let builder = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect("localhost".try_into().unwrap(), stream).await.unwrap()
}

/// What comes until the server closes; fails if it does not.
async fn until_closed(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Vec<u8> {
    let mut all = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut all)).await;
    // A reset is an end too.
    let _ = read.expect("the connection stays open");
    all
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_client_gets_the_protocol_it_prefers_and_without_one_http1() {
    let (address, folder) = door(&TlsSettings::default()).await;
    for offered in [&[b"http/1.1".as_slice()][..], &[]] {
        let mut stream = client(address, &folder, offered).await;
        stream.write_all(REQUEST).await.unwrap();
        let answer = String::from_utf8(until_closed(&mut stream).await).unwrap();
        assert!(answer.ends_with("HTTP/1.1"), "{answer}");
    }
    let stream = client(address, &folder, &[b"h2", b"http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, driver) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    TaskSet::default().spawn(driver);
    let request = Request::get("https://localhost/").body(Full::new(Bytes::new())).unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().version(), http::Version::HTTP_2);
}

#[tokio::test]
async fn who_speaks_plain_http_is_told_to_speak_https() {
    let (address, _folder) = door(&TlsSettings::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(REQUEST).await.unwrap();
    let answer = String::from_utf8(until_closed(&mut stream).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("speaks https"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
}

#[tokio::test]
async fn garbage_and_half_a_handshake_end_with_the_connection_and_nothing_else() {
    let (address, folder) = door(&impatient(1)).await;
    let huge = [&[HANDSHAKE, 3, 1, 0xFF, 0xFF][..], &vec![7; 70_000]].concat();
    let pieces: [&[u8]; 6] = [
        b"",
        b"\x00\xff\xfe",
        &[HANDSHAKE],
        &[HANDSHAKE, 3, 1, 2, 0, 1, 0, 1],
        b"\x16\x16\x16",
        &huge,
    ];
    for piece in pieces {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let _ = stream.write_all(piece).await;
        let answer = until_closed(&mut stream).await;
        assert!(answer.len() < 16, "{piece:?} is answered with {answer:?}");
    }
    client(address, &folder, &[]).await;
}

#[tokio::test]
async fn who_stops_within_a_handshake_holds_no_place_that_others_need() {
    let settings = TlsSettings { handshake_ms: Limited::literal(5_000), ..impatient(1) };
    let (address, folder) = door(&settings).await;
    let mut idle = Vec::new();
    for half in [&b""[..], &[HANDSHAKE, 3, 1]] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(half).await.unwrap();
        idle.push(stream);
    }
    let mut stream = client(address, &folder, &[]).await;
    stream.write_all(REQUEST).await.unwrap();
    assert!(until_closed(&mut stream).await.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_client_that_says_nothing_after_its_handshake_is_closed() {
    let (address, folder) = door(&impatient(10)).await;
    for protocol in [b"h2".as_slice(), b"http/1.1"] {
        let mut stream = client(address, &folder, &[protocol]).await;
        until_closed(&mut stream).await;
    }
}
