//! Looks whether cells are there and take work.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fleet::health::Probed;
use futures_util::future::join_all;
use http::{HeaderName, HeaderValue};
use runtime::Shutdown;

use crate::cells::Edge;
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

/// Looks at all cells again and again.
pub(crate) async fn run_probes(edge: Arc<Edge>, shutdown: Shutdown) {
    let settings = &edge.parts.settings;
    loop {
        if let Some(ways) = edge.ways() {
            let looks = ways.cells.values().map(|cell| async {
                let within = settings.probe_within_ms.ms();
                (Arc::clone(cell), look_at(&edge.parts.upstream, cell.address, within).await)
            });
            for (cell, probed) in join_all(looks).await {
                cell.on_probe(probed);
            }
            ways.refresh(settings);
        }
        tokio::select! {
            biased;
            () = shutdown.begun() => return,
            () = tokio::time::sleep(settings.probe_ms.ms()) => {}
        }
    }
}
