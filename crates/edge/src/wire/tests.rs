use std::sync::Arc;

use http::Request;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::io::DuplexStream;

use super::*;

fn wires() -> Arc<Wires> {
    Wires::new("http://127.0.0.1:1/".parse().unwrap(), 2)
}

fn get(path: &str) -> Parts {
    Request::get(path).header("host", "a").body(()).unwrap().into_parts().0
}

/// A wire, and the cell at its other end.
fn wire(wires: &Arc<Wires>) -> (Held, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    (wires.hold(Wire::new(ours)), theirs)
}

/// Asks a cell that answers this.
async fn asks(wires: &Arc<Wires>, answer: &str) -> (response::Parts, WireBody, DuplexStream) {
    let (wire, mut cell) = wire(wires);
    cell.write_all(answer.as_bytes()).await.unwrap();
    let (parts, body) = exchange(wire, &get("/a"), &Bytes::new()).await.unwrap();
    (parts, body, cell)
}

async fn text(body: WireBody) -> Result<String, WireError> {
    let bytes = body.collect().await?.to_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_request_and_its_body_are_written_together_and_the_answer_is_read() {
    let wires = wires();
    let (wire, mut cell) = wire(&wires);
    let asked = Request::post("/b").header("host", "a").body(()).unwrap().into_parts().0;
    let body = Bytes::from_static(b"xyz");
    let cell_side = async {
        let mut seen = [0; 200];
        let bytes = cell.read(&mut seen).await.unwrap();
        cell.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        String::from_utf8(seen[..bytes].to_vec()).unwrap()
    };
    let (answered, seen) = tokio::join!(exchange(wire, &asked, &body), cell_side);
    assert_eq!(seen, "POST /b HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nxyz");
    let (parts, body) = answered.unwrap();
    assert_eq!((parts.status.as_u16(), body.size_hint().exact()), (201, Some(2)));
    assert_eq!(text(body).await.unwrap(), "ok");
}

#[tokio::test]
async fn a_wire_is_kept_once_all_of_its_answer_was_read_and_asked_again() {
    let wires = wires();
    let (_, body, mut cell) = asks(&wires, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab").await;
    assert!(wires.take().is_none());
    cell.write_all(b"cd").await.unwrap();
    assert_eq!(text(body).await.unwrap(), "abcd");
    let again = wires.take().unwrap();
    cell.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
    let (_, body) = exchange(again, &get("/"), &Bytes::new()).await.unwrap();
    cell.write_all(b"2\r\nef\r\n0\r\n\r\n").await.unwrap();
    assert_eq!(text(body).await.unwrap(), "ef");
    assert!(wires.take().is_some());
}

#[tokio::test]
async fn a_body_that_came_with_its_head_frees_its_wire_at_once() {
    let wires = wires();
    let (_, body, _cell) = asks(&wires, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab").await;
    assert!(wires.take().is_some());
    assert!(!body.is_end_stream());
    assert_eq!(text(body).await.unwrap(), "ab");
}

#[tokio::test]
async fn a_wire_is_not_kept_by_a_cell_that_closes_or_says_too_much() {
    for answer in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nHTTP/1.1",
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nab",
    ] {
        let wires = wires();
        let (_, body, _cell) = asks(&wires, answer).await;
        assert_eq!(text(body).await.unwrap(), "ab", "{answer}");
        assert!(wires.take().is_none(), "{answer}");
    }
}

#[tokio::test]
async fn an_answer_without_a_length_ends_with_its_wire_and_any_other_breaks_off() {
    let wires = wires();
    let (_, body, cell) = asks(&wires, "HTTP/1.1 200 OK\r\n\r\nab").await;
    drop(cell);
    assert_eq!(text(body).await.unwrap(), "ab");
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
    ] {
        let (_, body, cell) = asks(&wires, answer).await;
        drop(cell);
        assert!(matches!(text(body).await, Err(WireError::Broken(_))), "{answer}");
    }
    assert!(wires.take().is_none());
}

#[tokio::test]
async fn pieces_pass_as_they_come() {
    let wires = wires();
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n";
    let (_, mut body, mut cell) = asks(&wires, head).await;
    let piece = |frame: Option<Result<http_body::Frame<Bytes>, WireError>>| {
        frame.unwrap().unwrap().into_data().unwrap()
    };
    assert_eq!(piece(body.frame().await), "one");
    cell.write_all(b"3\r\ntw").await.unwrap();
    assert_eq!(piece(body.frame().await), "tw");
}

#[tokio::test]
async fn a_cell_that_breaks_off_before_its_answer_is_told_from_one_that_saw_nothing() {
    let wires = wires();
    for answer in ["", "HTTP/1.1 200 OK\r\ncont"] {
        let (wire, mut cell) = wire(&wires);
        cell.write_all(answer.as_bytes()).await.unwrap();
        let (asked, none) = (get("/"), Bytes::new());
        let (answered, ()) = tokio::join!(exchange(wire, &asked, &none), async {
            let mut seen = [0; 1_000];
            let _ = cell.read(&mut seen).await.unwrap();
            drop(cell);
        });
        assert!(matches!(answered.unwrap_err(), WireError::Broken(_)));
    }
    let (wire, cell) = wire(&wires);
    drop(cell);
    let answered = exchange(wire, &get("/"), &Bytes::new()).await;
    assert!(matches!(answered.unwrap_err(), WireError::Unsent(_)));
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let answer = format!("HTTP/1.1 200 OK\r\na: {}", "x".repeat(HEAD_BYTES_MAX));
    let (wire, mut cell) = wire(&wires());
    cell.write_all(answer.as_bytes()).await.unwrap();
    let answered = exchange(wire, &get("/"), &Bytes::new()).await;
    assert!(matches!(answered.unwrap_err(), WireError::Wrong(_)));
}
