//! One open search: who asked what, how it is shown, and the fan-out it reads.

use std::sync::{Arc, Mutex, PoisonError};

use domain::SearchRequest;
use tokio::sync::watch;

use crate::display::Display;
use crate::error::SearchError;
use crate::fan_out::{Bench, FanOut};
use crate::link::LinkSigner;
use crate::snapshot::Snapshot;
use crate::token::{SearchId, Seen};

/// An open search.
#[derive(Debug)]
pub struct Search {
    id: SearchId,
    pub(crate) request: Arc<SearchRequest>,
    pub(crate) display: Arc<Display>,
    pub(crate) fan_out: Arc<FanOut>,
    links: Arc<LinkSigner>,
    bench: Bench,
    latest: Mutex<Option<Arc<Snapshot>>>,
}

impl Search {
    pub(crate) fn new(
        id: SearchId,
        request: Arc<SearchRequest>,
        display: Arc<Display>,
        fan_out: Arc<FanOut>,
        (links, bench): (LinkSigner, Bench),
    ) -> Self {
        let (links, latest) = (Arc::new(links), Mutex::new(None));
        Self { id, request, display, fan_out, links, bench, latest }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> SearchId {
        self.id
    }

    /// Wakes with every new version. Versions may be skipped; the last one never is.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<u32> {
        self.fan_out.subscribe()
    }

    /// What there is to see now.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.fan_out.on_look();
        Seen { run: self.fan_out.run, version: self.fan_out.version() }
    }

    /// Whether every partner has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.fan_out.ended().is_some()
    }

    /// The newest version, merged when it is first looked at.
    ///
    /// # Errors
    /// [`SearchError::Internal`] if merging broke.
    pub async fn snapshot(&self) -> Result<Arc<Snapshot>, SearchError> {
        self.fan_out.on_look();
        if let Some(latest) = self.latest()
            && latest.version == self.fan_out.version()
        {
            return Ok(latest);
        }
        let look = self.fan_out.look();
        let merged = self.fan_out.merged(self.display.currency, look.version, &self.bench).await?;
        let snapshot = Arc::new(Snapshot {
            search: self.id,
            version: look.version,
            run: self.fan_out.run,
            status: look.status,
            request: Arc::clone(&self.request),
            question: Arc::clone(&self.fan_out.question),
            display: Arc::clone(&self.display),
            merged,
            ledger: look.ledger,
            progress: look.progress,
            started_unix_ms: self.fan_out.started_unix_ms,
            links: Arc::clone(&self.links),
        });
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        // Two may have looked at once; the newer one stays.
        if latest.as_ref().is_none_or(|known| known.version <= snapshot.version) {
            *latest = Some(Arc::clone(&snapshot));
        }
        Ok(snapshot)
    }

    fn latest(&self) -> Option<Arc<Snapshot>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
