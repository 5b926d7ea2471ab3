//! Looks whether cells are there and take work.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fleet::health::Probed;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::{HeaderName, HeaderValue};
use runtime::{FixedSet, Shutdown};

use crate::cells::{CellState, Edge};
use crate::upstream::Upstream;

/// Where a cell says whether it takes work.
const READY: &str = "/readyz";
/// Largest answer that is read.
const BYTES_MAX: usize = 4_096;

/// Asks a cell whether it takes work.
pub async fn look_at(upstream: &Upstream, cell: SocketAddr, within: Duration) -> Probed {
    match upstream.get_from_cell((cell, READY), None, within, BYTES_MAX).await {
        Some((status, _)) if status.is_success() => Probed::Ready,
        Some(_) => Probed::NotReady,
        None => Probed::Unreachable,
    }
}

/// Gets a small document of a cell; `None` for anything but a whole one.
pub async fn ask(
    upstream: &Upstream,
    at: (SocketAddr, &str),
    header: (HeaderName, HeaderValue),
    within: Duration,
) -> Option<Bytes> {
    let answer = upstream.get_from_cell(at, Some(header), within, BYTES_MAX).await;
    answer.filter(|(status, _)| status.is_success()).map(|(_, body)| body)
}

/// Looks at all cells again and again, at each by itself: one that says nothing does not hold up the
/// looks at the others.
pub(crate) async fn run_probes(edge: Arc<Edge>, shutdown: Shutdown) {
    let settings = &edge.parts.settings;
    let within = settings.probe_within_ms.ms();
    let mut looks = FuturesUnordered::new();
    let mut under_way: FixedSet<SocketAddr> = FixedSet::default();
    let mut due = runtime::now();
    loop {
        tokio::select! {
            biased;
            () = shutdown.begun() => return,
            Some((cell, probed)) = looks.next() => {
                let cell: Arc<CellState> = cell;
                under_way.remove(&cell.address);
                cell.on_probe(probed);
                if let Some(ways) = edge.ways() {
                    ways.refresh(settings);
                }
            }
            () = tokio::time::sleep_until(due) => {
                due = runtime::now() + settings.probe_ms.ms();
                let ways = edge.ways();
                for cell in ways.iter().flat_map(|ways| ways.cells.values()) {
                    if under_way.insert(cell.address) {
                        let (cell, upstream) = (Arc::clone(cell), &edge.parts.upstream);
                        looks.push(async move {
                            let probed = look_at(upstream, cell.address, within).await;
                            (cell, probed)
                        });
                    }
                }
            }
        }
    }
}
