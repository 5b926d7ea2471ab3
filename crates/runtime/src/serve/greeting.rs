//! What happens on a connection before HTTP is spoken on it.

use std::future::Future;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::HttpLimits;
use crate::net::TcpStream;

/// Makes of a fresh connection one on which HTTP is spoken.
pub trait Greeting: Clone + Send + Sync + 'static {
    /// What HTTP is spoken on.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Greets whoever connected; `None` closes the connection. It limits its own time.
    fn greet(
        &self,
        stream: TcpStream,
        limits: HttpLimits,
    ) -> impl Future<Output = Option<Greeted<Self::Stream>>> + Send;
}

/// A connection on which HTTP can be spoken.
#[derive(Debug)]
pub struct Greeted<T> {
    /// The connection.
    pub stream: T,
    /// Which HTTP.
    pub speaks: Speaks,
}

/// What is known of the version of HTTP that will be spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// Nothing: the first bytes will tell.
    Either,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// No greeting: HTTP from the first byte, of the version that the client begins with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Greeting for Plain {
    type Stream = TcpStream;

    async fn greet(&self, mut stream: TcpStream, limits: HttpLimits) -> Option<Greeted<TcpStream>> {
        match tokio::time::timeout(limits.head_within, speaks(&mut stream)).await {
            Ok(Ok(())) => Some(Greeted { stream, speaks: Speaks::Either }),
            _ => None,
        }
    }
}

/// How a client of HTTP/2 begins.
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Time between two looks at a preface that comes in pieces.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Waits until the client has said enough to tell its version of HTTP. The server's builder waits for
/// that without a limit: its time for a head starts only then.
async fn speaks(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut begins = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut begins).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            seen if seen < PREFACE.len() && PREFACE.starts_with(&begins[..seen]) => {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            _ => return Ok(()),
        }
    }
}
