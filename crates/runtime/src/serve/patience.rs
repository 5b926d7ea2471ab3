//! A stream that gives up on a reader who takes nothing for too long, and on a client that does not begin.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::HttpLimits;
use super::greeting::PREFACE;
use super::places::Place;

/// A stream whose writes may stand still for so long only.
pub(super) struct Patience<T> {
    stream: T,
    within: Option<Duration>,
    stalled: Option<Pin<Box<Sleep>>>,
    beginning: Option<Beginning>,
    /// Given back with the stream, whoever has that in the end.
    _place: Option<Place>,
}

/// Waits for the first bytes of a client.
struct Beginning {
    missing: usize,
    until: Pin<Box<Sleep>>,
}

impl<T> Patience<T> {
    /// Without a time, it waits for ever.
    pub(super) fn new(stream: T, within: Option<Duration>) -> Self {
        Self { stream, within, stalled: None, beginning: None, _place: None }
    }

    /// The same stream, which has a place among those at once.
    pub(super) fn in_place(self, place: Place) -> Self {
        Self { _place: Some(place), ..self }
    }

    /// The same for a client that must send the preface of HTTP/2 within the time for a head.
    pub(super) fn beginning(stream: T, limits: HttpLimits) -> Self {
        let until = Box::pin(tokio::time::sleep(limits.head_within));
        let beginning = Some(Beginning { missing: PREFACE.len(), until });
        Self { beginning, ..Self::new(stream, limits.write_within) }
    }

    /// Starts the time when a write stands still, and forgets it when it goes on.
    fn judge<R>(
        &mut self,
        context: &mut Context<'_>,
        wrote: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if wrote.is_ready() {
            self.stalled = None;
            return wrote;
        }
        let Some(within) = self.within else { return wrote };
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Patience<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if let Some(beginning) = &mut this.beginning {
            match &read {
                Poll::Ready(_) => {
                    let came = buffer.filled().len() - before;
                    beginning.missing = beginning.missing.saturating_sub(came);
                    if beginning.missing == 0 {
                        this.beginning = None;
                    }
                }
                Poll::Pending if beginning.until.as_mut().poll(context).is_ready() => {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                Poll::Pending => {}
            }
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Patience<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.judge(context, wrote)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.judge(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        this.judge(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_takes_nothing_ends_the_writing_and_a_slow_one_does_not() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut stream = Patience::new(ours, Some(Duration::from_secs(3)));
        let slow = async {
            let mut taken = [0; 2];
            for _ in 0..4 {
                tokio::time::sleep(Duration::from_secs(2)).await;
                theirs.read_exact(&mut taken).await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(stream.write_all(b"12345678"), slow);
        written.unwrap();
        let stuck = stream.write_all(b"123456789").await.unwrap_err();
        assert_eq!(stuck.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_must_begin_in_time_and_may_rest_afterwards() {
        let limits = HttpLimits { head_within: Duration::from_secs(3), ..HttpLimits::default() };
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut stream = Patience::beginning(ours, limits);
        let mut taken = [0; 64];
        theirs.write_all(&PREFACE[..20]).await.unwrap();
        assert_eq!(stream.read(&mut taken).await.unwrap(), 20);
        let late = stream.read(&mut taken).await.unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);

        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut stream = Patience::beginning(ours, limits);
        theirs.write_all(PREFACE).await.unwrap();
        assert_eq!(stream.read(&mut taken).await.unwrap(), PREFACE.len());
        let rests = tokio::time::timeout(Duration::from_secs(3_600), stream.read(&mut taken));
        assert!(rests.await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_time_it_waits() {
        let (ours, _theirs) = tokio::io::duplex(4);
        let mut stream = Patience::new(ours, None);
        let write = stream.write_all(b"12345678");
        assert!(tokio::time::timeout(Duration::from_secs(3_600), write).await.is_err());
    }
}
