//! Looks whether cells are there and take work.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fleet::health::Probed;
use futures_util::future::join_all;
use runtime::Shutdown;

use crate::cells::Edge;
use crate::upstream::Upstream;

/// Where a cell says whether it takes work.
const READY: &str = "/readyz";
/// Largest answer that is read.
const BYTES_MAX: usize = 4_096;

/// Asks a cell whether it takes work.
pub async fn look_at(upstream: &Upstream, cell: SocketAddr, within: Duration) -> Probed {
    match upstream.get_from_cell(cell, READY, within, BYTES_MAX).await {
        Some((status, _)) if status.is_success() => Probed::Ready,
        Some(_) => Probed::NotReady,
        None => Probed::Unreachable,
    }
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
