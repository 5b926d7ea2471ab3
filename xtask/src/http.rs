//! A plain HTTP/1.1 client over loopback, for driving the real binary.
//!
//! One request a connection. Limits: 64 MiB an answer, 30 s without a byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

const BODY_BYTES_MAX: u64 = 64 * 1024 * 1024;
const SILENCE: Duration = Duration::from_secs(30);

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", self.text()))
    }
}

/// `GET url`.
pub(crate) fn get(url: &str) -> Result<Answer> {
    request("GET", url, None)
}

/// `POST url` with a JSON body.
pub(crate) fn post(url: &str, body: &Value) -> Result<Answer> {
    request("POST", url, Some(body.to_string()))
}

/// A connection on which a request was sent and nothing was read yet.
pub(crate) fn open(method: &str, url: &str, body: Option<String>) -> Result<TcpStream> {
    let rest = url.strip_prefix("http://").with_context(|| format!("{url} is not http://"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).with_context(|| format!("{host} does not listen"))?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    let body = body.unwrap_or_default();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let length = body.len();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{kind}Content-Length: {length}\r\n\r\n{body}"
    )?;
    Ok(stream)
}

fn request(method: &str, url: &str, body: Option<String>) -> Result<Answer> {
    let stream = open(method, url, body)?;
    let mut bytes = Vec::new();
    stream
        .take(BODY_BYTES_MAX)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{method} {url}"))?;
    parse(&bytes).with_context(|| format!("{method} {url}"))
}

fn parse(bytes: &[u8]) -> Result<Answer> {
    let end = find(bytes, b"\r\n\r\n").context("the answer has no end of headers")?;
    let head = std::str::from_utf8(&bytes[..end]).context("the headers are not text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.to_lowercase(), value.trim().to_owned()))
        .collect();
    let body = &bytes[end + 4..];
    let mut answer = Answer { status: status.parse()?, headers, body: Vec::new() };
    answer.body = if answer.header("transfer-encoding") == Some("chunked") {
        unchunk(body)?
    } else {
        if let Some(length) = answer.header("content-length")
            && length.parse() != Ok(body.len())
        {
            bail!("{} bytes came, {length} were announced", body.len());
        }
        body.to_vec()
    };
    Ok(answer)
}

fn unchunk(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = find(rest, b"\r\n").context("a chunk has no length")?;
        let length = std::str::from_utf8(&rest[..end])?.split(';').next().unwrap_or_default();
        let length = usize::from_str_radix(length.trim(), 16).context("a chunk's length")?;
        rest = &rest[end + 2..];
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(rest.get(..length).context("a chunk is cut short")?);
        rest = rest.get(length + 2..).context("a chunk has no end")?;
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_and_a_chunked_answer_are_read() {
        let plain =
            parse(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nX-A: b\r\n\r\nhi").unwrap();
        assert_eq!(
            (plain.status, plain.text().as_str(), plain.header("x-a")),
            (404, "hi", Some("b"))
        );
        let chunked = parse(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA;x\r\n0123456789\r\n0\r\n\r\n",
        );
        assert_eq!(chunked.unwrap().text(), "abc0123456789");
    }

    #[test]
    fn an_answer_cut_short_is_an_error() {
        assert!(parse(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi").is_err());
        assert!(
            parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc\r\n").is_err()
        );
        assert!(parse(b"HTTP/1.1 200 OK\r\n").is_err());
    }
}
