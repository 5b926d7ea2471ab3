use http_body_util::Full;
use hyper::service::service_fn;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// Where somebody answers who says that he is here.
async fn here(limits: HttpLimits) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let service = service_fn(|_| async { Ok(Response::new(Full::new(Bytes::from("here")))) });
    tasks.spawn(serve_http(listener, service, limits, tasks.clone(), shutdown));
    address
}

/// A connection to a listener that gives a head 200 ms.
async fn connected() -> TcpStream {
    let limits = HttpLimits { head_within: Duration::from_millis(200), ..HttpLimits::default() };
    TcpStream::connect(here(limits).await).await.unwrap()
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
async fn a_client_that_has_as_many_connections_as_it_may_is_closed_the_next_until_it_closes_one() {
    let address = here(HttpLimits { connections_per_client: 1, ..HttpLimits::default() }).await;
    let ask = async |last: bool| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let end = if last { "connection: close\r\n" } else { "" };
        let request = format!("GET / HTTP/1.1\r\nhost: a\r\n{end}\r\n");
        // It may be closed before it has written.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut first = [0; 12];
        let read = stream.read_exact(&mut first).await;
        (stream, read.is_ok() && &first == b"HTTP/1.1 200")
    };
    let (first, answered) = ask(false).await;
    assert!(answered);
    assert!(!ask(true).await.1);
    drop(first);
    for _ in 0..200 {
        if ask(true).await.1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the place of a closed connection is not given back");
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

/// A service that goes on with every connection by itself: it says what it hears.
async fn takes_over(
    tasks: TaskSet,
    mut request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let taken = hyper::upgrade::on(&mut request);
    tasks.spawn(async move {
        let (mut from, mut to) = tokio::io::split(TokioIo::new(taken.await.unwrap()));
        let _ = tokio::io::copy(&mut from, &mut to).await;
    });
    let answer = Response::builder().status(101).header("connection", "upgrade");
    Ok(answer.header("upgrade", "own").body(Full::default()).unwrap())
}

#[tokio::test]
async fn a_connection_that_a_service_has_taken_over_keeps_its_place_until_its_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = HttpLimits { connections: 1, ..HttpLimits::default() };
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let taking = tasks.clone();
    let service = service_fn(move |request| takes_over(taking.clone(), request));
    tasks.spawn(serve_http(listener, service, limits, tasks.clone(), shutdown.clone()));
    let ask = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: own\r\n\r\n";
    let taken_over = async || {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(ask).await.unwrap();
        let (mut answer, mut piece) = (Vec::new(), [0; 256]);
        while !answer.ends_with(b"\r\n\r\n") {
            let read = stream.read(&mut piece).await.unwrap();
            answer.extend_from_slice(&piece[..read]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"));
        stream.write_all(b"hello").await.unwrap();
        stream.read_exact(&mut piece[..5]).await.unwrap();
        assert_eq!(&piece[..5], b"hello");
        stream
    };
    let first = taken_over().await;
    // Long after its task has ended, its place is not another's.
    let waits = tokio::time::timeout(Duration::from_millis(300), taken_over()).await;
    assert!(waits.is_err(), "two connections at once");
    drop(first);
    let last = tokio::time::timeout(Duration::from_secs(30), taken_over()).await.unwrap();
    // Whoever took it over hears of the end by itself.
    shutdown.begin();
    assert!(!tasks.drain(Duration::from_millis(50)).await);
    drop(last);
    assert!(tasks.drain(Duration::from_secs(5)).await);
}
