//! Follows the control plane: pulls the signed topology, and its table when it is another.
//!
//! The same small document is pulled every time, changed or not, so a great change costs no more than
//! none. What is refused is logged once and changes nothing; what is taken up is kept on disk. Without
//! the control plane everything stays as it is, for days if it must.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fleet::Fleet;
use fleet::kept::{self, Kept, KeptError};
use fleet::table::TABLE_BYTES_MAX;
use fleet::take_up::{Offer, TakeUpError};
use fleet::topology::TOPOLOGY_BYTES_MAX;
use runtime::Shutdown;
use thiserror::Error;

use crate::cells::Edge;

/// Path of the signed topology at the control plane.
pub const TOPOLOGY_PATH: &str = "/fleet/topology";
/// Path of the table, followed by its checksum.
pub const TABLE_PATH: &str = "/fleet/table/";
/// Time for one document.
const WITHIN: Duration = Duration::from_secs(2);

/// Where the control plane is.
#[derive(Clone, Copy, Debug)]
pub struct ControlPlane {
    /// Its listener.
    pub address: SocketAddr,
}

/// Why nothing was pulled.
#[derive(Debug, Error)]
enum PullError {
    #[error("the control plane does not answer")]
    Silent,
    #[error("the control plane has no {0}")]
    Missing(&'static str),
    #[error("what the control plane offers is refused")]
    Refused(#[from] TakeUpError),
}

/// The start: what is kept, then what the control plane says if it speaks.
pub(crate) async fn start(edge: &Arc<Edge>) {
    let (disk, verifier) = (Arc::clone(&edge.parts.disk), edge.parts.verifier);
    let kept = edge.parts.workers.run(move || kept::read(&*disk, &verifier)).await;
    match kept {
        Ok(Ok(Some(kept))) => edge.adopt(kept.fleet),
        Ok(Ok(None)) => {}
        Ok(Err(error)) => report(&error, "the kept topology is not used"),
        Err(_) => return,
    }
    if let Err(error) = pull(edge).await {
        report(&error, "starting without the control plane");
    }
}

/// Pulls again and again.
pub(crate) async fn run_follow(edge: Arc<Edge>, shutdown: Shutdown) {
    let mut told = String::new();
    loop {
        tokio::select! {
            biased;
            () = shutdown.begun() => return,
            () = tokio::time::sleep(edge.parts.settings.pull_ms.ms()) => {}
        }
        match pull(&edge).await {
            Ok(()) => told.clear(),
            Err(error) if whole(&error) == told => {}
            Err(error) => {
                report(&error, "the topology stays as it is");
                told = whole(&error);
            }
        }
    }
}

async fn pull(edge: &Edge) -> Result<(), PullError> {
    let signed = get(edge, TOPOLOGY_PATH, 2 * TOPOLOGY_BYTES_MAX, "topology").await?;
    let ways = edge.ways();
    let at_hand = ways.as_ref().map(|ways| &ways.fleet);
    let fleet = match Fleet::consider(at_hand, &signed, &edge.parts.verifier)? {
        Offer::Known => return Ok(()),
        Offer::Ready(fleet) => *fleet,
        Offer::NeedsTable(topology) => {
            let path = format!("{TABLE_PATH}{}", topology.table);
            let table = get(edge, &path, TABLE_BYTES_MAX, "table").await?;
            Fleet::with_table(at_hand, *topology, &table)?
        }
    };
    edge.adopt(fleet.clone());
    let disk = Arc::clone(&edge.parts.disk);
    let kept = Kept { fleet, signed };
    let written = edge.parts.workers.run(move || kept::write(&*disk, &kept)).await;
    if let Ok(Err(error)) = written {
        report(&KeptError::Disk(error), "the topology is used, but not kept");
    }
    Ok(())
}

async fn get(
    edge: &Edge,
    path: &str,
    bytes_max: usize,
    what: &'static str,
) -> Result<Vec<u8>, PullError> {
    let answer = edge.parts.upstream.get(edge.parts.control.address, path, WITHIN, bytes_max).await;
    let (status, bytes) = answer.ok_or(PullError::Silent)?;
    if status.is_success() { Ok(bytes.to_vec()) } else { Err(PullError::Missing(what)) }
}

fn report(error: &(dyn Error + 'static), what: &str) {
    tracing::warn!(error = whole(error), "{what}");
}

/// An error and everything that led to it: an operator acts on the last of it.
fn whole(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use fleet::signed::SignedError;

    use super::*;

    #[test]
    fn what_is_refused_is_told_down_to_the_reason() {
        let refused = PullError::from(TakeUpError::from(SignedError::Format { format: 2 }));
        let expected = "what the control plane offers is refused: a topology is refused: \
                        the signed topology has format 2, 1 is known";
        assert_eq!(whole(&refused), expected);
        assert_eq!(whole(&PullError::Silent), "the control plane does not answer");
    }
}
