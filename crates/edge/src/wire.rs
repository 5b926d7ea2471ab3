//! HTTP/1.1 to the cells: a request and its answer in the task that wants it.
//!
//! ```text
//! request ─▶ wires: a kept wire, or a new one ─▶ head and body in one write ─▶ head read ─▶ body as it comes
//!              ▲                                                                              │
//!              └────────────────────── kept again once all of the answer was read ────────────┘
//! ```
//!
//! A client of the library has a task for every connection: each request wakes it, each answer and each
//! piece of a body wakes the asker again. At an edge those changes of tasks cost more than all that is
//! said of a request. What is larger than an edge holds, and so is sent while it comes, still goes
//! through the library ([`crate::upstream`]): then both directions go on at once.
//!
//! What cells say is read strictly: what could be understood in two ways is an error. Limits: bytes and
//! lines of a head, of the lines around a chunk, unused wires, how long they are kept.

mod body;
mod chunks;
mod head;
mod kept;

use std::io;
use std::pin::Pin;
use std::task::{Context, Waker};

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::response;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

pub(crate) use self::body::WireBody;
use self::head::Answered;
pub(crate) use self::kept::{Held, Wires};

/// Room for the first read: a head, and with it most bodies.
const BUFFER_BYTES: usize = 8 << 10;
/// Largest head of an answer.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// What carries bytes to a cell and back.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum WireError {
    /// The wire was closed before anything of the request was written.
    #[error("the connection was closed before the request")]
    Unsent(#[source] io::Error),
    /// It broke.
    #[error("the connection broke")]
    Broken(#[from] io::Error),
    /// The cell does not speak HTTP/1.1, or says what can be understood in two ways.
    #[error("the answer is not understood: {0}")]
    Wrong(&'static str),
}

/// One connection to a cell, with one request at a time.
pub(crate) struct Wire {
    stream: Box<dyn Stream>,
}

impl Wire {
    pub(crate) fn new(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream) }
    }

    /// Whether an unused wire is still good: a cell that says something unasked has closed it, or is not
    /// to be believed.
    fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        let mut context = Context::from_waker(Waker::noop());
        let read = Pin::new(&mut self.stream).poll_read(&mut context, &mut ReadBuf::new(&mut byte));
        read.is_pending()
    }

    /// Writes a request.
    async fn write(&mut self, request: &[u8]) -> Result<(), WireError> {
        let first = self.stream.write(request).await.map_err(WireError::Unsent)?;
        if first == 0 {
            return Err(WireError::Unsent(io::ErrorKind::WriteZero.into()));
        }
        self.stream.write_all(&request[first..]).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// Reads the head of an answer to a request; what follows it stays in the buffer.
    async fn read(&mut self, asked: &Parts, buffer: &mut BytesMut) -> Result<Answered, WireError> {
        loop {
            if let Some(answered) = head::read(buffer, &asked.method)? {
                return Ok(answered);
            }
            if buffer.len() > HEAD_BYTES_MAX {
                return Err(WireError::Wrong("its head has no end"));
            }
            buffer.reserve(BUFFER_BYTES - buffer.len() % BUFFER_BYTES);
            if self.stream.read_buf(buffer).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }
}

/// Sends a request over a wire; gives the answer, whose body may still be coming.
///
/// # Errors
/// [`WireError`]; the wire is closed then.
pub(crate) async fn exchange(
    mut wire: Held,
    asked: &Parts,
    body: &Bytes,
) -> Result<(response::Parts, WireBody), WireError> {
    let mut buffer = BytesMut::with_capacity(BUFFER_BYTES);
    head::write(asked, body.len(), &mut buffer);
    buffer.extend_from_slice(body);
    wire.wire.write(&buffer).await?;
    buffer.clear();
    let Answered { parts, left, stays } = wire.wire.read(asked, &mut buffer).await?;
    Ok((parts, WireBody::new(wire, stays, left, buffer)))
}

#[cfg(test)]
mod tests;
