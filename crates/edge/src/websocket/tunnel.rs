//! Copies an open WebSocket both ways until its end.
//!
//! A side that has said all is told on: the other's half of the connection is closed, and what that one
//! still says passes. Once both have sent their close frames nobody says anything more, and the end of one
//! is the end of both. A side that breaks off takes the other connection with it. Whatever else ends it
//! (nothing passes, it is old, its cell is gone, the edge stops), both sides are told in a frame of our own
//! at the next end of a frame, as a server and as a client that go away; then they have
//! [`CLOSE_WITHIN`] to take it.
//!
//! Limits: bytes under way in each direction, time without any, time in all.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use runtime::{Moment, Shutdown};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::frames::{Frames, close_to_client, close_to_server};
use super::open::{Ended, Open};
use super::settings::WebSocketSettings;
use crate::body::Ticket;
use crate::cells::{CellState, Edge};

/// Time for both sides to take a frame that says goodbye.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// A WebSocket that a cell has opened.
pub(super) struct Tunnel {
    /// The client's connection, once it has its 101.
    pub(super) client: OnUpgrade,
    /// The cell's.
    pub(super) upstream: OnUpgrade,
    pub(super) cell: Arc<CellState>,
    pub(super) open: Open,
    /// Its places among the requests, given back at the end.
    pub(super) places: Vec<Ticket>,
}

impl Tunnel {
    pub(super) async fn run(self, edge: Arc<Edge>) {
        let Self { client, upstream, cell, open, places } = self;
        let settings = edge.websockets.settings();
        let both = async { tokio::try_join!(client, upstream) };
        let opened = tokio::time::timeout(edge.parts.settings.write_ms.ms(), both).await;
        let ended = match opened {
            Ok(Ok((client, upstream))) => {
                open.on_opened();
                let sides = (TokioIo::new(client), TokioIo::new(upstream));
                let mask = (edge.chance() as u32).to_le_bytes();
                copy(sides, settings, (&open, mask), told_to_stop(&edge, &cell)).await
            }
            Ok(Err(_)) | Err(_) => Ended::Unopened,
        };
        open.on_ended(ended);
        tracing::debug!(cell = ?cell.name, %ended, "a WebSocket has ended");
        drop(places);
    }
}

/// Comes to its end when it must end for the sake of the edge or the cell.
async fn told_to_stop(edge: &Edge, cell: &CellState) -> Ended {
    let stops = async {
        edge.parts.shutdown.begun().await;
        tokio::time::sleep(edge.websockets.settings().drain_ms.ms()).await;
    };
    let total = Duration::from_secs(edge.websockets.settings().total_s.get());
    tokio::select! {
        biased;
        () = stops => Ended::Stopping,
        () = edge.is_lost(cell) => Ended::CellGone,
        () = tokio::time::sleep(total) => Ended::Old,
    }
}

/// Copies both ways; `until` says when it must end for another reason than the two sides.
async fn copy<C, U>(
    (client, upstream): (C, U),
    settings: &WebSocketSettings,
    (open, mask): (&Open, [u8; 4]),
    until: impl Future<Output = Ended>,
) -> Ended
where
    C: AsyncRead + AsyncWrite,
    U: AsyncRead + AsyncWrite,
{
    let (from_client, to_client) = tokio::io::split(client);
    let (from_cell, to_cell) = tokio::io::split(upstream);
    let (busy, closing) = (Busy::new(runtime::now()), Shutdown::default());
    let farewells = AtomicU8::new(0);
    let bytes = settings.buffer_bytes.size();
    let up = Way {
        from: from_client,
        to: to_cell,
        frames: Frames::default(),
        buffer: vec![0; bytes],
        goodbye: close_to_server(mask),
    };
    let down = Way {
        from: from_cell,
        to: to_client,
        frames: Frames::default(),
        buffer: vec![0; bytes],
        goodbye: close_to_client(),
    };
    let ways = async {
        tokio::try_join!(
            up.run((&busy, &farewells), &closing, |bytes| open.on_bytes_from_client(bytes)),
            down.run((&busy, &farewells), &closing, |bytes| open.on_bytes_to_client(bytes)),
        )
    };
    let mut ways = std::pin::pin!(ways);
    let why = tokio::select! {
        biased;
        // First: where much passes, copying uses up all that a task may do at once, and a timer that is
        // asked after that does not tell.
        why = until => why,
        () = busy.is_over(settings.idle_ms.ms()) => Ended::Idle,
        ended = ways.as_mut() => return match ended {
            Ok(_) | Err(Over::Closed) => Ended::Closed,
            Err(Over::Broken) => Ended::Broken,
        },
    };
    closing.begin();
    // Whoever does not take it in time is cut off.
    let _ = tokio::time::timeout(CLOSE_WITHIN, ways).await;
    why
}

/// When something passed last.
struct Busy {
    since: Moment,
    /// Milliseconds from then on.
    last: AtomicU64,
}

impl Busy {
    const fn new(since: Moment) -> Self {
        Self { since, last: AtomicU64::new(0) }
    }

    fn on_bytes(&self) {
        let passed = runtime::now().saturating_duration_since(self.since);
        self.last.store(passed.as_millis() as u64, Ordering::Relaxed);
    }

    /// Comes to its end when nothing has passed for so long.
    async fn is_over(&self, idle: Duration) {
        loop {
            let last = self.last.load(Ordering::Relaxed);
            let due = self.since + Duration::from_millis(last) + idle;
            tokio::time::sleep_until(due).await;
            if self.last.load(Ordering::Relaxed) == last {
                return;
            }
        }
    }
}

/// Why copying is over before both sides have ended.
enum Over {
    /// Both have sent a close frame, and one has ended.
    Closed,
    /// One broke off.
    Broken,
}

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

/// One direction.
struct Way<R, W> {
    from: R,
    to: W,
    frames: Frames,
    buffer: Vec<u8>,
    /// What the receiver is told when it must end.
    goodbye: Vec<u8>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Way<R, W> {
    /// Passes on what comes until no more does, or until it must end and a frame is over.
    ///
    /// `farewells` counts the directions in which a close frame has passed.
    async fn run(
        mut self,
        (busy, farewells): (&Busy, &AtomicU8),
        closing: &Shutdown,
        on_bytes: impl Fn(usize),
    ) -> Result<(), Over> {
        loop {
            let read = tokio::select! {
                biased;
                () = closing.begun(), if self.frames.is_between() => {
                    return Ok(self.close().await?);
                }
                read = self.from.read(&mut self.buffer) => read?,
            };
            if read == 0 {
                self.to.shutdown().await?;
                let both = farewells.load(Ordering::Relaxed) == 2;
                return if both { Err(Over::Closed) } else { Ok(()) };
            }
            busy.on_bytes();
            on_bytes(read);
            let before = self.frames.is_closed();
            self.pass(read, busy).await?;
            if self.frames.is_closed() && !before {
                farewells.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    async fn pass(&mut self, read: usize, busy: &Busy) -> io::Result<()> {
        let mut rest = &self.buffer[..read];
        while !rest.is_empty() {
            let wrote = self.to.write(rest).await?;
            if wrote == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            busy.on_bytes();
            self.frames.on_bytes(&rest[..wrote]);
            rest = &rest[wrote..];
        }
        self.to.flush().await
    }

    async fn close(mut self) -> io::Result<()> {
        if !self.frames.is_closed() {
            self.to.write_all(&self.goodbye).await?;
        }
        self.to.shutdown().await?;
        // A connection that is closed with something unread is reset, goodbye and all.
        while self.from.read(&mut self.buffer).await? > 0 {}
        Ok(())
    }
}

#[cfg(test)]
mod tests;
