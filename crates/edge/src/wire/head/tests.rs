use http::Request;

use super::*;

fn written(method: &str, uri: &str, lines: &[(&str, &str)], body_bytes: usize) -> String {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let mut into = BytesMut::new();
    write(&request.body(()).unwrap().into_parts().0, body_bytes, &mut into);
    String::from_utf8(into.to_vec()).unwrap()
}

fn found(text: &str, asked: Method) -> Result<Option<(Answered, String)>, WireError> {
    let mut buffer = BytesMut::from(text);
    let answered = read(&mut buffer, &asked)?;
    Ok(answered.map(|answered| (answered, String::from_utf8(buffer.to_vec()).unwrap())))
}

fn answered(lines: &str) -> Answered {
    let text = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
    found(&text, Method::GET).unwrap().unwrap().0
}

fn refused(text: &str) {
    assert!(matches!(found(text, Method::GET), Err(WireError::Wrong(_))), "{text:?}");
}

#[test]
fn a_request_is_written_as_it_is_with_a_length_of_our_own() {
    assert_eq!(
        written("GET", "/a?b=c", &[("host", "x"), ("x-a", "1"), ("x-a", "2")], 0),
        "GET /a?b=c HTTP/1.1\r\nhost: x\r\nx-a: 1\r\nx-a: 2\r\n\r\n"
    );
    let lines =
        [("content-length", "9"), ("transfer-encoding", "chunked"), ("connection", "close")];
    assert_eq!(written("POST", "/", &lines, 3), "POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\n");
}

#[test]
fn a_request_always_has_a_path() {
    for (uri, path) in [("http://a", "/"), ("http://a?b", "/?b"), ("http://a/b", "/b"), ("*", "*")]
    {
        assert_eq!(written("OPTIONS", uri, &[], 0), format!("OPTIONS {path} HTTP/1.1\r\n\r\n"));
    }
}

#[test]
fn a_head_is_read_once_it_is_whole_and_what_follows_stays() {
    let text = "HTTP/1.1 404 Not Found\r\nx-a: 1\r\nContent-Length: 4\r\nx-a: 2\r\n\r\nbody";
    for short in 0..text.len() - "body".len() {
        assert!(found(&text[..short], Method::GET).unwrap().is_none(), "{short}");
    }
    let (answered, rest) = found(text, Method::GET).unwrap().unwrap();
    assert_eq!((answered.parts.status.as_u16(), rest.as_str()), (404, "body"));
    let values: Vec<_> = answered.parts.headers.get_all("x-a").iter().collect();
    assert_eq!(values, ["1", "2"]);
    assert!(answered.stays && matches!(answered.left, Left::Bytes(4)));
}

#[test]
fn words_before_the_answer_are_passed_over_and_another_protocol_is_refused() {
    let text = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    let (answered, rest) = found(text, Method::GET).unwrap().unwrap();
    assert_eq!((answered.parts.status.as_u16(), rest.as_str()), (204, ""));
    assert!(answered.parts.headers.is_empty());
    refused("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n");
}

#[test]
fn the_end_of_an_answer_is_told_in_one_way() {
    assert!(matches!(answered("content-length: 0\r\n").left, Left::Bytes(0)));
    assert!(matches!(answered("transfer-encoding: Chunked\r\n").left, Left::Chunks(_)));
    assert!(matches!(answered("content-length: 5\r\ncontent-length: 5\r\n").left, Left::Bytes(5)));
    let rest = answered("");
    assert!(matches!(rest.left, Left::Rest) && !rest.stays);
    for lines in [
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: 5, 5\r\n",
        "content-length: +5\r\n",
        "content-length: -1\r\n",
        "content-length: 99999999999999999999999\r\n",
        "content-length:\r\n",
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
    ] {
        refused(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n"));
    }
    refused("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
}

#[test]
fn an_answer_without_a_body_has_none_whatever_its_length_says() {
    for (asked, status) in [(Method::HEAD, 200), (Method::GET, 204), (Method::GET, 304)] {
        let text = format!("HTTP/1.1 {status} x\r\ncontent-length: 5\r\n\r\n");
        let (answered, _) = found(&text, asked).unwrap().unwrap();
        assert!(matches!(answered.left, Left::Bytes(0)) && answered.stays, "{status}");
        assert_eq!(answered.parts.headers["content-length"], "5");
    }
}

#[test]
fn a_wire_is_not_kept_if_the_cell_closes_it() {
    assert!(!answered("content-length: 0\r\nconnection: keep-alive, Close\r\n").stays);
    assert!(answered("content-length: 0\r\nconnection: keep-alive\r\n").stays);
    let old = found("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", Method::GET);
    assert!(!old.unwrap().unwrap().0.stays);
}

#[test]
fn what_is_no_head_is_refused() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(LINES_MAX + 1));
    for text in [
        "\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 20 x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\na : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: \u{1}\r\n\r\n",
        "HTTP/1.1 200 OK\n\nHTTP/1.1 200 OK\r\n\r\n",
        &many,
    ] {
        refused(text);
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_a_head_or_refused(bytes: Vec<u8>, lines in "[ -~]{0,80}") {
        let text = [b"HTTP/1.1 200 OK\r\n", lines.as_bytes(), b"\r\n", &bytes, b"\r\n\r\n"].concat();
        let _ = read(&mut BytesMut::from(text.as_slice()), &Method::GET);
        let _ = read(&mut BytesMut::from(bytes.as_slice()), &Method::GET);
    }
}
