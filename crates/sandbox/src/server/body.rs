//! Bodies of answers: whole, in parts over time, or broken off.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// How long what was sent may take to reach the socket before a connection is broken off.
const BEFORE_BREAK: Duration = Duration::from_millis(15);

/// A body.
#[derive(Debug)]
pub(super) struct Sending {
    frames: VecDeque<Bytes>,
    /// Wait before each frame but the first.
    pause: Duration,
    breaks: bool,
    timer: Option<Pin<Box<Sleep>>>,
    /// The wait before the next frame is over.
    ready: bool,
}

impl Sending {
    /// A body in one piece.
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::parts([bytes.into()], Duration::ZERO)
    }

    /// A body in pieces, with a pause between.
    pub(super) fn parts(frames: impl IntoIterator<Item = Bytes>, pause: Duration) -> Self {
        let frames = frames.into_iter().filter(|frame| !frame.is_empty()).collect();
        Self { frames, pause, breaks: false, timer: None, ready: true }
    }

    /// The same, but after its last byte the connection breaks.
    pub(super) fn then_breaks(mut self) -> Self {
        self.breaks = true;
        self
    }

    fn wait(&mut self, time: Duration, context: &mut Context<'_>) -> Poll<()> {
        if time.is_zero() {
            return Poll::Ready(());
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
        let waited = timer.as_mut().poll(context);
        if waited.is_ready() {
            self.timer = None;
        }
        waited
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.frames.is_empty() {
            if !self.breaks {
                return Poll::Ready(None);
            }
            if self.wait(BEFORE_BREAK, context).is_pending() {
                return Poll::Pending;
            }
            self.breaks = false;
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        if !self.ready {
            let pause = self.pause;
            if self.wait(pause, context).is_pending() {
                return Poll::Pending;
            }
        }
        self.ready = false;
        Poll::Ready(self.frames.pop_front().map(|frame| Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && !self.breaks
    }

    fn size_hint(&self) -> SizeHint {
        if self.breaks {
            return SizeHint::default();
        }
        SizeHint::with_exact(self.frames.iter().map(|frame| frame.len() as u64).sum())
    }
}
