//! The body of an answer on its wire.

use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::io::AsyncReadExt;

use super::chunks::Step;
use super::head::Left;
use super::kept::Held;
use super::{BUFFER_BYTES, WireError};

/// Most that is read at once.
const READ_BYTES_MAX: u64 = 64 << 10;

/// What is still to come of an answer. Dropped before its end, it closes its wire.
pub(crate) struct WireBody {
    /// `None`: all was read.
    wire: Option<Held>,
    /// Whether the wire is kept afterwards.
    stays: bool,
    left: Left,
    buffer: BytesMut,
}

impl fmt::Debug for WireBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireBody").field("left", &self.left).finish_non_exhaustive()
    }
}

impl WireBody {
    /// A body of which the beginning is in a buffer.
    pub(super) fn new(wire: Held, stays: bool, left: Left, mut buffer: BytesMut) -> Self {
        let mut here = false;
        if let Left::Bytes(left) = left {
            // Whoever says more than it said it would is not asked again.
            let more = buffer.len() as u64 > left;
            here = more || buffer.len() as u64 == left;
            if more {
                buffer.truncate(left as usize);
                return Self { wire: None, stays, left: Left::Bytes(left), buffer };
            }
        }
        let mut body = Self { wire: Some(wire), stays, left, buffer };
        if here {
            body.let_go();
        }
        body
    }

    /// All was read from the wire.
    fn let_go(&mut self) {
        if let Some(wire) = self.wire.take().filter(|_| self.stays) {
            wire.keep();
        }
    }

    /// There is nothing more.
    fn end(&mut self) {
        self.left = Left::Bytes(0);
        self.wire = None;
    }

    /// The next piece that is here; `None`: more must be read.
    fn next(&mut self) -> Result<Option<Next>, WireError> {
        match &mut self.left {
            Left::Bytes(0) => Ok(Some(Next::End)),
            Left::Bytes(_) | Left::Rest if self.buffer.is_empty() => Ok(None),
            Left::Bytes(left) => {
                let bytes = (*left).min(self.buffer.len() as u64);
                *left -= bytes;
                let (over, data) = (*left == 0, self.buffer.split_to(bytes as usize).freeze());
                if over {
                    self.stays &= self.buffer.is_empty();
                    self.let_go();
                }
                Ok(Some(Next::Frame(Frame::data(data))))
            }
            Left::Rest => Ok(Some(Next::Frame(Frame::data(self.buffer.split().freeze())))),
            Left::Chunks(chunks) => match chunks.next(&mut self.buffer)? {
                Step::More => Ok(None),
                Step::Data(data) => Ok(Some(Next::Frame(Frame::data(data)))),
                Step::End(trailers) => {
                    self.stays &= self.buffer.is_empty();
                    self.let_go();
                    self.end();
                    let none = trailers.is_empty();
                    Ok(Some(if none { Next::End } else { Next::Frame(Frame::trailers(trailers)) }))
                }
            },
        }
    }

    /// Reads more into the buffer.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Some(held) = &mut self.wire else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let room = match self.left {
            Left::Bytes(left) => left.min(READ_BYTES_MAX) as usize,
            Left::Chunks(_) | Left::Rest => BUFFER_BYTES,
        };
        self.buffer.reserve(room);
        pin!(held.wire.stream.read_buf(&mut self.buffer)).poll(context)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Next, WireError>> {
        loop {
            if let Some(next) = self.next()? {
                return Poll::Ready(Ok(next));
            }
            if ready!(self.poll_more(context))? == 0 {
                if !matches!(self.left, Left::Rest) {
                    return Poll::Ready(Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()));
                }
                self.end();
            }
        }
    }
}

/// What comes next.
enum Next {
    Frame(Frame<Bytes>),
    End,
}

impl http_body::Body for WireBody {
    type Data = Bytes;
    type Error = WireError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WireError>>> {
        let this = self.get_mut();
        Poll::Ready(match ready!(this.poll_next(context)) {
            Ok(Next::Frame(frame)) => Some(Ok(frame)),
            Ok(Next::End) => None,
            Err(error) => {
                this.end();
                Some(Err(error))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.left, Left::Bytes(0))
    }

    fn size_hint(&self) -> SizeHint {
        match self.left {
            Left::Bytes(left) => SizeHint::with_exact(left),
            Left::Chunks(_) | Left::Rest => SizeHint::default(),
        }
    }
}
