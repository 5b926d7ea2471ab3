//! What stands between the edge and a cell: a TCP proxy that delays, holds up and resets.
//!
//! ```text
//! edge, control plane ─▶ proxy :PORT ─▶ cell        weather: clear, slow, silent, resetting
//! ```
//!
//! Where nothing listens at the cell, nothing listens here: a dead cell refuses connections, as it does
//! without a proxy. While it is silent, connections are taken (by the kernel) and nothing comes of them.
//!
//! Limits: connections ([`CONNECTIONS_MAX`]), bytes on their way ([`CHUNKS`] of [`CHUNK_BYTES`] each way).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use runtime::Random;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::drill::processes::{address, machine};

const CONNECTIONS_MAX: usize = 16_384;
const CHUNK_BYTES: usize = 16 << 10;
const CHUNKS: usize = 64;
/// Connections that wait to be taken.
const BACKLOG: u32 = 4_096;
/// Time between two looks whether a cell listens again.
const LOOK: Duration = Duration::from_millis(20);
/// Longest life of a connection while connections are reset.
const LIFE_MS_MAX: u64 = 300;

/// What happens to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// They pass.
    Clear,
    /// They pass so much later, each way.
    Slow(Duration),
    /// They do not pass, until the weather changes.
    Silent,
    /// Each connection is reset before long.
    Resetting,
}

/// A running proxy; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    weather: watch::Sender<Weather>,
    _tasks: tokio::task::JoinSet<()>,
}

/// Binds neighbouring ports, one for each cell; gives the first.
pub(crate) fn bind(count: u16) -> Result<(u16, Vec<TcpListener>)> {
    // Below those that outgoing connections get, and not where fleets look first.
    let start = 20_000 + (std::process::id() % 500) as u16 * 20;
    let first = (start..32_000).step_by(usize::from(count)).find_map(|first| {
        let all =
            (first..first + count).map(|port| listen(SocketAddr::from(([127, 0, 0, 1], port))));
        all.collect::<std::io::Result<Vec<_>>>().ok().map(|listeners| (first, listeners))
    });
    first.context("no neighbouring ports are free")
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Proxy {
    /// Stands before a cell (from 0) of the fleet in a data folder, which need not run yet.
    pub(crate) fn start(listener: TcpListener, data: PathBuf, cell: usize) -> Self {
        let (weather, seen) = watch::channel(Weather::Clear);
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move {
            let mut random = Random::from_seed(cell as u64);
            let mut listener = Some(listener);
            let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let ended = serve(&mut listener, &data, cell, (&room, &seen), |carry| {
                    while connections.try_join_next().is_some() {}
                    connections.spawn(carry.run(random.fork()));
                });
                // Too many open files, or an end of the whole run: neither is for a connection to say.
                if ended.await.is_err() {
                    tokio::time::sleep(LOOK).await;
                }
            }
        });
        Self { weather, _tasks: tasks }
    }

    /// Changes the weather, for connections that are open too.
    pub(crate) fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

/// Takes connections until the cell does not; then listens no more until it does.
async fn serve(
    listener: &mut Option<TcpListener>,
    data: &std::path::Path,
    cell: usize,
    (room, weather): (&Arc<Semaphore>, &watch::Receiver<Weather>),
    mut take: impl FnMut(Carry),
) -> Result<()> {
    let here = listener.as_ref().context("nothing listens")?.local_addr()?;
    loop {
        let place = Arc::clone(room).acquire_owned().await?;
        let listening = listener.as_ref().context("nothing listens")?;
        let (client, _) = listening.accept().await?;
        let target = address(&machine(data)?["cells"][cell][1]);
        let reached = match target {
            Ok(target) => TcpStream::connect(target).await.ok().map(|server| (server, target)),
            Err(_) => None,
        };
        match reached {
            Some((server, _)) => {
                take(Carry { client, server, weather: weather.clone(), _place: place });
            }
            None => {
                // Closed before the client is let go, so that the next one is refused.
                *listener = None;
                drop(client);
                *listener = Some(again(here, data, cell).await);
            }
        }
    }
}

/// Listens again once the cell does.
async fn again(here: SocketAddr, data: &std::path::Path, cell: usize) -> TcpListener {
    loop {
        tokio::time::sleep(LOOK).await;
        let Ok(target) = machine(data).and_then(|machine| address(&machine["cells"][cell][1]))
        else {
            continue;
        };
        if TcpStream::connect(target).await.is_ok()
            && let Ok(listener) = listen(here)
        {
            return listener;
        }
    }
}

/// One connection on both sides.
struct Carry {
    client: TcpStream,
    server: TcpStream,
    weather: watch::Receiver<Weather>,
    _place: tokio::sync::OwnedSemaphorePermit,
}

impl Carry {
    async fn run(self, mut random: Random) {
        let Self { mut client, mut server, weather, _place } = self;
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let well = {
            let (from_client, to_client) = client.split();
            let (from_server, to_server) = server.split();
            let both = async {
                tokio::try_join!(
                    pump(from_client, to_server, weather.clone()),
                    pump(from_server, to_client, weather.clone())
                )
            };
            tokio::select! {
                biased;
                () = reset(weather.clone(), &mut random) => false,
                ended = both => ended.is_ok(),
            }
        };
        if !well {
            // Closing with nothing lingering sends RST instead of FIN.
            let _ = (client.set_zero_linger(), server.set_zero_linger());
        }
    }
}

/// Comes to its end when a connection is to be reset.
async fn reset(mut weather: watch::Receiver<Weather>, random: &mut Random) {
    loop {
        if weather.wait_for(|now| *now == Weather::Resetting).await.is_err() {
            return std::future::pending().await;
        }
        tokio::time::sleep(Duration::from_millis(random.below(LIFE_MS_MAX))).await;
        if *weather.borrow() == Weather::Resetting {
            return;
        }
    }
}

/// Passes bytes one way, each when its time has come.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    weather: watch::Receiver<Weather>,
) -> std::io::Result<()> {
    let (sender, mut chunks) = mpsc::channel::<(Instant, Vec<u8>)>(CHUNKS);
    let seen = weather.clone();
    let read = async move {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let bytes = from.read(&mut buffer).await?;
            let delay = match *seen.borrow() {
                Weather::Slow(delay) => delay,
                Weather::Clear | Weather::Silent | Weather::Resetting => Duration::ZERO,
            };
            let chunk = (Instant::now() + delay, buffer[..bytes].to_vec());
            if sender.send(chunk).await.is_err() || bytes == 0 {
                return Ok(());
            }
        }
    };
    let mut weather = weather;
    let write = async move {
        while let Some((due, bytes)) = chunks.recv().await {
            tokio::time::sleep_until(due.into()).await;
            // The sender lives as long as the proxy.
            let _ = weather.wait_for(|now| *now != Weather::Silent).await;
            if bytes.is_empty() {
                return to.shutdown().await;
            }
            to.write_all(&bytes).await?;
        }
        Ok(())
    };
    tokio::try_join!(read, write).map(|((), ())| ())
}

#[cfg(test)]
mod tests;
