//! A load generator's HTTP/1.1 client: as little work as possible per request, so that most of the
//! CPU belongs to the server under test.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One kept-alive connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A reply: status, head and body, borrowed from the connection's buffer.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) status: u16,
    head: &'a str,
    pub(crate) body: &'a [u8],
}

impl<'a> Reply<'a> {
    /// The value of a header line.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        value_of(self.head, name)
    }
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 64 << 10] })
    }

    /// Sends a whole request and reads the reply, which must have a content length.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Reply<'_>> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let (head, length, status) = loop {
            filled += self.read_more(filled).await?;
            if let Some(head) = find_head(&self.buffer[..filled]) {
                let text =
                    str::from_utf8(&self.buffer[..head]).context("a head that is not text")?;
                break (head, content_length(text)?, status(text)?);
            }
            if filled > 60 << 10 {
                bail!("a reply head without end");
            }
        };
        let whole = head + length;
        if self.buffer.len() < whole {
            self.buffer.resize(whole, 0);
        }
        while filled < whole {
            filled += self.read_more(filled).await?;
        }
        let (head, body) = self.buffer[..whole].split_at(head);
        Ok(Reply { status, head: str::from_utf8(head).context("a head that is not text")?, body })
    }

    async fn read_more(&mut self, filled: usize) -> Result<usize> {
        let read = tokio::time::timeout(
            Duration::from_secs(30),
            self.stream.read(&mut self.buffer[filled..]),
        )
        .await
        .context("no reply within 30 s")??;
        if read == 0 {
            bail!("the connection was closed in the middle of a reply");
        }
        Ok(read)
    }
}

/// The bytes of a GET.
pub(crate) fn get(path: &str) -> Vec<u8> {
    get_with(path, "")
}

/// The same with further header lines, each with its end.
pub(crate) fn get_with(path: &str, lines: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: identity\r\n{lines}\r\n")
        .into_bytes()
}

/// The bytes of a POST of JSON.
pub(crate) fn post(path: &str, body: &str) -> Vec<u8> {
    post_with(path, "", body)
}

/// The same with further header lines, each with its end.
pub(crate) fn post_with(path: &str, lines: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: identity\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{lines}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn find_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn status(head: &str) -> Result<u16> {
    head.get(9..12).and_then(|code| code.parse().ok()).context("a reply without status")
}

fn content_length(head: &str) -> Result<usize> {
    let value = value_of(head, "content-length").context("a reply without content length")?;
    value.parse().context("a content length that is no number")
}

fn value_of<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
}
