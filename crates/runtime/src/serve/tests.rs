use http_body_util::Full;
use hyper::service::service_fn;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// A listener that gives a head 200 ms, and one connection to it.
async fn connected() -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = HttpLimits { head_within: Duration::from_millis(200), ..HttpLimits::default() };
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let service = service_fn(|_| async { Ok(Response::new(Full::new(Bytes::from("here")))) });
    tasks.spawn(serve_http(listener, service, limits, tasks.clone(), shutdown));
    TcpStream::connect(address).await.unwrap()
}

/// What comes until the server closes; fails if it does not.
async fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut all)).await;
    // A reset is an end too.
    let _ = read.expect("the connection stays open");
    all
}

#[tokio::test]
async fn a_connection_that_does_not_send_a_head_in_time_is_closed() {
    for sent in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\n"] {
        let mut stream = connected().await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        let answer = until_closed(&mut stream).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{sent:?}");
    }
}

#[tokio::test]
async fn a_head_that_comes_in_pieces_is_served() {
    let mut stream = connected().await;
    for piece in ["G", "ET / HTTP/1.1\r\n", "host: a\r\nconnection: close\r\n\r\n"] {
        stream.write_all(piece.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = String::from_utf8(until_closed(&mut stream).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
}

#[tokio::test]
async fn a_request_says_where_it_comes_from() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let service = service_fn(|request: Request<Incoming>| async move {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.to_string());
        Ok(Response::new(Full::new(Bytes::from(peer.unwrap_or_default()))))
    });
    tasks.spawn(serve_http(listener, service, HttpLimits::default(), tasks.clone(), shutdown));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let ours = stream.local_addr().unwrap().to_string();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let answer = String::from_utf8(until_closed(&mut stream).await).unwrap();
    assert!(answer.ends_with(&ours), "{answer}");
}
